# SPDX-License-Identifier: MIT
"""Make the file that file_read reads by default; prints its path.

A real text that every machine with a Python has: the sources of the standard
library.  The C programs and the Python twins both ask this one script.

1. Find the libraries under /usr/lib and /usr/local/lib; where there are none,
   take the library of the interpreter that runs this.
2. Take their *.py files in sorted order, only those of pure ASCII, so that
   one byte is one character, however the file is read.
3. Write whole files, again from the first, until the size is reached, into
   $XDG_CACHE_HOME/pmm (or ~/.cache/pmm); an existing file is used again.

Invariant: the file appears under its name only when it is complete.
"""

from __future__ import annotations

import argparse
import glob
import os
import sys
import sysconfig
import tempfile
from typing import Iterator

DEFAULT_BYTES = 64 * 1024 * 1024
ROOTS = ("/usr/lib/python3.*", "/usr/local/lib/python3.*")
SKIPPED = ("site-packages", "dist-packages", "__pycache__")


def libraries() -> list[str]:
    """Directories of standard libraries, sorted."""
    found = [d for root in ROOTS for d in glob.glob(root) if holds_library(d)]
    return sorted(found) or [sysconfig.get_paths()["stdlib"]]


def holds_library(directory: str) -> bool:
    return os.path.isfile(os.path.join(directory, "os.py"))


def sources(directory: str) -> Iterator[str]:
    """Paths of the *.py files below `directory`, sorted."""
    for folder, folders, names in os.walk(directory):
        folders[:] = sorted(f for f in folders if f not in SKIPPED)
        for name in sorted(names):
            if name.endswith(".py"):
                yield os.path.join(folder, name)


def ascii_text(path: str) -> bytes | None:
    """The file's bytes, or None when it is not readable as ASCII."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return None
    return data if data and max(data) < 128 else None


def cache_directory() -> str:
    """Where the file is kept between runs; made when it is missing."""
    home = os.path.expanduser("~")
    usual = os.path.join(home, ".cache") if os.path.isabs(home) else ""
    base = os.environ.get("XDG_CACHE_HOME") or usual or tempfile.gettempdir()
    path = os.path.join(base, "pmm")
    os.makedirs(path, exist_ok=True)
    return path


def write_sources(path: str, least: int) -> None:
    """Write at least `least` bytes of whole source files to `path`."""
    paths = [p for library in libraries() for p in sources(library)]
    written = 0
    handle, unfinished = tempfile.mkstemp(dir=os.path.dirname(path))
    try:
        with os.fdopen(handle, "wb") as out:
            while written < least:
                before = written
                for source in paths:
                    written += out.write(ascii_text(source) or b"")
                    if written >= least:
                        break
                if written == before:
                    raise OSError("no Python source to concatenate")
        os.replace(unfinished, path)
    except BaseException:
        os.unlink(unfinished)
        raise


def make_input(least: int = DEFAULT_BYTES) -> str:
    """Path of a file of at least `least` bytes.  Raises OSError."""
    path = os.path.join(cache_directory(), "sources-%d.txt" % least)
    if not os.path.isfile(path) or os.path.getsize(path) < least:
        write_sources(path, least)
    return path


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Make the input of file_read and print its path.")
    parser.add_argument("--bytes", type=int, default=DEFAULT_BYTES,
                        help="least size of the file (default: %(default)s)")
    least = parser.parse_args().bytes
    if least < 1:
        parser.error("--bytes must be at least 1")
    try:
        print(make_input(least))
    except OSError as error:
        print(f"input.py: cannot make the input: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
