# SPDX-License-Identifier: MIT
"""Preconditions are asserts: at least 25 for every 1,000 lines, in every folder.

Counts assert() in the C files and headers of impl, the contract's headers and
the tests apart, folder by folder, and fails on a folder that has fewer.  Asserts
of the compiler (_Static_assert) do not count: they cost nothing and check
another thing.

Usage: asserts.py ROOT
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

LEAST = 25.0
APART = ("include", "tests")
ASSERT = re.compile(r"(?<!_)\bassert\(")


def counted(impl: Path) -> tuple[Counter[str], Counter[str]]:
    """Asserts and lines of each folder."""
    asserts: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for path in sorted(impl.rglob("*.[ch]")):
        folder = path.parent.relative_to(impl).as_posix()
        if folder.startswith(APART):
            continue
        text = path.read_text(encoding="utf-8")
        lines[folder] += text.count("\n")
        asserts[folder] += len(ASSERT.findall(text))
    return asserts, lines


def main(root: str) -> int:
    """Print a row for each folder; 1 when one has too few."""
    asserts, lines = counted(Path(root).resolve() / "impl")
    print("# folder              asserts  lines  in 1,000")
    few = []
    for folder in sorted(lines):
        rate = 1000 * asserts[folder] / lines[folder]
        print(f"# {folder:<20} {asserts[folder]:6} {lines[folder]:6} {rate:9.1f}")
        few += [folder] if rate < LEAST else []
    total = 1000 * asserts.total() / lines.total()
    print(f"# all                  {asserts.total():6} {lines.total():6} {total:9.1f}")
    for folder in few:
        print(f"impl/{folder}: fewer than {LEAST:g} asserts in 1,000 lines")
    return 1 if few else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
