#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measure this interpreter's memory manager, and film a few programs.

  python3 reports/pmm/inside/facts/run.py --json facts.json

For CPython 3.8 and later, standard library only.  Exit: 0 fine, 1 tool error,
2 usage.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from typing import Any

from film import shoot
from films import FILE_BYTES, PROGRAMS, SETUP
from measures import measured


def given(path: str) -> dict[str, Any]:
    """The names that the programs find."""
    return {"spam": "spam", "eggs": "eggs", "ham": "ham", "word": "word",
            "path": path}


def films() -> list[dict[str, Any]]:
    """Every film, taken in this interpreter."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "file.txt")
        with open(path, "w") as file:
            file.write("x" * FILE_BYTES)
        return [
            {"name": one.name, "article": one.article, "title": one.title,
             "lesson": one.lesson, "source": one.source.splitlines(),
             "frames": shoot(one.source, given(path), SETUP)}
            for one in PROGRAMS
        ]


def build() -> str:
    """What is unusual about this build, in words; empty: nothing."""
    said = []
    if hasattr(sys, "gettotalrefcount"):
        said.append("debug")
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        said.append("free-threaded")
    return ", ".join(said)


def document() -> dict[str, Any]:
    return {
        "type": "facts", "schema": 1, "subject": "cpython",
        "subject_version": platform.python_version(), "build": build(),
        "allocator": os.environ.get("PYTHONMALLOC", ""),
        "facts": measured(), "films": films(),
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", metavar="FILE",
                        help="write the document here; without: to stdout")
    options = parser.parse_args()
    if platform.python_implementation() != "CPython":
        print("run.py: the facts are of CPython", file=sys.stderr)
        return 2
    text = json.dumps(document(), separators=(",", ":")) + "\n"
    if options.json is None:
        sys.stdout.write(text)
        return 0
    try:
        with open(options.json, "w") as file:
            file.write(text)
    except OSError as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
