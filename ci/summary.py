# SPDX-License-Identifier: MIT
"""Add up JUnit files and print one line for machines.

usage: summary.py DIRECTORY [FAILED_STEP...]

A step that failed without a failing test of its own (it did not build, or a
linter refused) counts as one failure, so that the line can never say 0 while
the run is red.  Exit code 0 when nothing failed, 1 otherwise or when no test
ran at all.
"""

import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

# A test may print bytes that XML 1.0 forbids, and Meson copies them.
FORBIDDEN = re.compile("[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


def count(path: Path) -> tuple[int, int, int]:
    """Passed, failed and skipped test cases of one JUnit file."""
    passed = failed = skipped = 0
    text = FORBIDDEN.sub("?", path.read_text(encoding="utf-8", errors="replace"))
    for case in ET.fromstring(text).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def main(arguments: list[str]) -> int:
    directory, failed_steps = Path(arguments[0]), arguments[1:]
    totals = [0, 0, 0]
    for path in sorted(directory.glob("*.xml")):
        numbers = count(path)
        print(f"   {path.stem}: {numbers[0]} passed, {numbers[1]} failed, "
              f"{numbers[2]} skipped")
        step = path.stem.split("-")[0]
        if step in failed_steps and numbers[1] > 0:
            failed_steps.remove(step)
        totals = [a + b for a, b in zip(totals, numbers, strict=True)]
    for step in failed_steps:
        print(f"   step {step} failed outside its tests")
        totals[1] += 1
    print(f"{totals[0]} passed, {totals[1]} failed, {totals[2]} skipped")
    return 1 if totals[1] or not totals[0] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
