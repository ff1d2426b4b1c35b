# SPDX-License-Identifier: MIT
"""history.py refuses an entry that says nothing, or names what does not exist.

TAP on stdout.

Usage: test_history.py CASES_JSON
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import history

GOOD = {
    "issue": "x #1", "url": "https://x", "year": 2020, "kind": "weak map",
    "essence": "It is wrong.", "requirements": ["LST-001"], "wanted": "a case",
}  # fmt: skip


def faults(listing: Path, **change: object) -> str:
    """What is said of the good entry with a change; None takes a key away."""
    bug = {k: v for k, v in {**GOOD, **change}.items() if v is not None}
    return "\n".join(history.all_faults([bug], listing))


def checks(listing: Path) -> dict[str, bool]:
    """Each thing that is looked at, and whether it holds."""
    first = json.loads(listing.read_text())["cases"][0]
    case = {"wanted": None, "cases": [first["id"]]}
    asked = first["requirements"]
    twice = "\n".join(history.all_faults([GOOD, GOOD], listing))
    seeded = history.load(HERE.parent / "faults" / "wrf.toml")["fault"][0]
    assert not set(asked).intersection(seeded["requirements"])
    other = {**case, "requirements": asked, "fault": seeded["id"]}
    return {
        "a good entry": not faults(listing),
        "a case": not faults(listing, **case, requirements=asked),
        "no case": "no case x.y" in faults(listing, wanted=None, cases=["x.y"]),
        "no requirement": "no requirement X-1" in faults(
            listing, requirements=["X-1"]),
        "no fault": "no seeded fault z" in faults(listing, **case, fault="z"),
        "a fault of another": "is no case of" in faults(listing, **other),
        "nothing said": "not none" in faults(listing, wanted=None),
        "two things said": "one of cases" in faults(listing, out_of_reach="why"),
        "an unknown key": "no key 'mood'" in faults(listing, mood="good"),
        "a holdout": not faults(listing, holdout=1, first="missed"),
        "a holdout without a first score": "come together" in faults(
            listing, holdout=1),
        "a first score of no holdout": "come together" in faults(
            listing, first="caught"),
        "a score in other words": "caught or missed" in faults(
            listing, holdout=1, first="nearly"),
        "a year in words": "year is missing or no int" in faults(listing, year="one"),
        "twice": "there twice" in twice,
    }  # fmt: skip


def main() -> int:
    """Exit code 1 when one does not hold."""
    results = checks(Path(sys.argv[1]))
    print(f"1..{len(results)}")
    for number, (name, good) in enumerate(results.items(), 1):
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
    return 0 if all(results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
