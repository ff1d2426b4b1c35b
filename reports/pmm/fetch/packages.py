# SPDX-License-Identifier: MIT
"""Packages that a program imports, in a folder of the cache for one Python.

Nothing but the pinned wheels is installed: no dependency is looked for, no code of a
package runs. A folder counts when its mark is there, which is made last.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pmm.base.cache import COMPLETE, cache_folder
from pmm.base.errors import PmmError
from pmm.base.last_words import shorten

SECONDS = 180.0
"""For pip: it asks the registry again and again where there is no network."""


def place_of(version: str, pins: Sequence[str]) -> Path:
    """Return the folder that these packages have for that Python."""
    short = ".".join(version.split(".")[:2])
    name = hashlib.sha256("\n".join(sorted(pins)).encode()).hexdigest()[:12]
    return cache_folder() / "packages" / short / name


def pip(version: str, pins: Sequence[str], folder: Path) -> str | None:
    """Install the wheels into a folder; return why not, or None."""
    short = ".".join(version.split(".")[:2])
    argv = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet",
            "install", "--no-deps", "--only-binary=:all:", "--retries", "1",
            "--python-version", short, "--target", str(folder), *pins]  # fmt: skip
    try:
        done = subprocess.run(argv, capture_output=True, text=True,
                              errors="replace", check=False,
                              timeout=SECONDS, stdin=subprocess.DEVNULL)  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"pip did not end within {SECONDS:g} s"
    if done.returncode == 0:
        return None
    words = [line.removeprefix("ERROR: ") for line in done.stderr.splitlines()
             if line.startswith("ERROR: ")]  # fmt: skip
    return shorten(words[-1] if words else done.stderr.strip(), 160)


def packages_for(version: str, pins: Sequence[str]) -> Path | str:
    """Return the folder with these packages, or why there is none."""
    place = place_of(version, pins)
    if (place / COMPLETE).is_file():
        return place
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=".part-", dir=place.parent))
    except OSError as error:
        raise PmmError(f"cannot write into {place.parent}: {error.strerror}") from error
    try:
        why = pip(version, pins, part)
        if why is not None:
            return f"its packages cannot be had: {why}"
        (part / COMPLETE).touch()
        shutil.rmtree(place, ignore_errors=True)
        part.rename(place)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return place
