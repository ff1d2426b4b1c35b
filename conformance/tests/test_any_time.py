# SPDX-License-Identifier: MIT
"""Each operation that may be called at any time is asked with an error pending.

The headers of the contract mark such operations by "Any time." in the comment
above them; the case rent.questions_keep_the_error has a row for each.  TAP on
stdout.

Usage: test_any_time.py INCLUDE_FOLDER CASES_C
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

# They end the runtime, or are there to change what is pending.
NOT_ASKED = {"close", "error", "error_clear", "error_set"}
COMMENT = re.compile(r"/\*\*(?:[^*]|\*(?!/))*\*/")
OPERATION = re.compile(r"\(\*(\w+)\)\(pmm_rt \*rt")


def any_time(header: str) -> set[str]:
    """The operations below comments that say so."""
    found = set()
    comments = list(COMMENT.finditer(header))
    if not comments:
        return found
    ends = [m.start() for m in comments[1:]] + [len(header)]
    for comment, end in zip(comments, ends, strict=True):
        if "Any time." in re.sub(r"\s*\*?\s+", " ", comment[0]):
            found |= set(OPERATION.findall(header[comment.end() : end]))
    return found


def unasked(headers: list[str], cases: str) -> set[str]:
    """Those that the cases do not call."""
    wanted = set().union(*map(any_time, headers)) - NOT_ASKED
    return wanted - set(re.findall(r"OPS->(\w+)\(", cases))


def main(include: Path, cases: Path) -> int:
    """Exit code 1 when one is not asked, or the reading finds none."""
    headers = [path.read_text(encoding="utf-8") for path in include.rglob("*.h")]
    text = cases.read_text(encoding="utf-8")
    left = unasked(headers, text)
    blind = unasked(headers, text.replace("OPS->same(", "("))
    results = {"each is asked": left, "one taken away is noticed": blind ^ {"same"}}
    print(f"1..{len(results)}")
    for number, (what, wrong) in enumerate(results.items(), 1):
        print(f"{'not ok' if wrong else 'ok'} {number} - {what}")
        for name in sorted(wrong):
            print(f"# {name} may be called at any time: give it a row in {cases.name}")
    return 1 if any(results.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main(*map(Path, sys.argv[1:])))
