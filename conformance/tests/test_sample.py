# SPDX-License-Identifier: MIT
"""`pmm-conform --sample N`: some cases of each area, and all of them in the end.

The program is started as a user starts it.  TAP on stdout.

Usage: test_sample.py PMM_CONFORM
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

EVERY = 8


def listed(tool: str, *options: str) -> list[str]:
    """Ids of the cases that a run with these options would take."""
    done = subprocess.run(
        [tool, "--list", "--json", *options],
        capture_output=True, text=True, timeout=60, check=True,
    )
    return [case["id"] for case in json.loads(done.stdout)["cases"]]


def area(case: str) -> str:
    return case.partition(".")[0]


def sampled(tool: str, seed: int, *options: str) -> list[str]:
    return listed(tool, "--sample", str(EVERY), "--seed", str(seed), *options)


def refusal(tool: str, text: str) -> tuple[int, str]:
    done = subprocess.run(
        [tool, "--list", "--sample", text],
        capture_output=True, text=True, timeout=60, check=False,
    )
    return done.returncode, done.stderr


def checks(tool: str) -> Iterator[tuple[str, bool]]:
    """Each check's sentence, and whether it holds."""
    every = listed(tool)
    samples = [sampled(tool, seed) for seed in range(1, EVERY + 1)]
    areas = {area(case) for case in every}
    yield "one in one is all", listed(tool, "--sample", "1") == every
    yield "the same seed takes the same", sampled(tool, 1) == samples[0]
    yield "another seed takes others", samples[0] != samples[1]
    yield "no area is left out", all(
        {area(case) for case in sample} == areas for sample in samples
    )
    yield "a sample is in the order of ids", samples[0] == sorted(samples[0])
    yield "seeds in a row take every case", set().union(*samples) == set(every)
    large = [a for a in areas if sum(area(c) == a for c in every) >= EVERY]
    yield "and large areas' cases once", all(
        sum(area(c) == a for s in samples for c in s)
        == sum(area(c) == a for c in every)
        for a in large
    )
    yield "at most a case an area beyond the share", all(
        len(sample) <= len(every) / EVERY + len(areas) for sample in samples
    )
    yield "a sample larger than an area takes one of it", (
        len(listed(tool, "--sample", "9223372036854775807")) == len(areas)
    )
    refs = [case for case in every if area(case) == "ref"]
    within = sampled(tool, 3, "--case", "ref.*")
    yield "globs come first", set(within) < set(refs) and len(within) > 0
    for text in ("0", "-1", "many", ""):
        code, said = refusal(tool, text)
        yield f"'{text}' is refused", code == 2 and "--sample" in said


def main() -> int:
    failed = number = 0
    for number, (sentence, good) in enumerate(checks(sys.argv[1]), 1):
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {sentence}")
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
