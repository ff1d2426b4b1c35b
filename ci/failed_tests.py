# SPDX-License-Identifier: MIT
"""Print what each failed test of a Meson log said last.

usage: failed_tests.py TESTLOG.json

Of a test's output come the checks that failed with what they told, or, where no
check failed, its last lines; then the last lines of its errors.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

GOOD = ("OK", "SKIP", "EXPECTEDFAIL")
MOST = 12
"""Lines of one stream of one test."""
TESTS = 10
"""Tests told in full; the others are named."""


def failed_checks(lines: list[str]) -> list[str]:
    """Return the `not ok` lines of TAP, and the remarks beside them."""
    found = []
    for number, line in enumerate(lines):
        if line.startswith(("not ok", "Bail out!")):
            before = number
            while before and lines[before - 1].startswith("#"):
                before -= 1
            found += lines[before:number + 1]  # fmt: skip
    return found


def words(test: dict[str, Any]) -> list[str]:
    """Return the last words of a test."""
    out, error = (test.get(name, "").splitlines() for name in ("stdout", "stderr"))
    return (failed_checks(out) or out)[-MOST:] + error[-MOST:]


def main() -> int:
    """Print them; returns the exit code."""
    lines = Path(sys.argv[1]).read_text(encoding="utf-8", errors="replace").splitlines()
    tests = [json.loads(line) for line in lines]
    bad = [test for test in tests if test["result"] not in GOOD]
    for number, test in enumerate(bad):
        print(f"   {test['result']} {test['name']} after {test['duration']:.1f} s, "
              f"exit code {test['returncode']}")  # fmt: skip
        for line in words(test) if number < TESTS else []:
            print(f"      {line[:300]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
