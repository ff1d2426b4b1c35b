# SPDX-License-Identifier: MIT
"""TAP, as the suite's own scripts print it: a plan, then a line for each test."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

PLAN = re.compile(r"1\.\.(\d+)")
TEST = re.compile(r"(ok|not ok)(?: \d+)? - (.*)")


@dataclass
class Tap:
    """What was read: names of tests, in order."""

    planned: int | None = None
    good: list[str] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)

    @property
    def done(self) -> int:
        """How many tests have ended."""
        return len(self.good) + len(self.bad)

    def complaint(self) -> str | None:
        """Return why the script did not end as it should; None where it did."""
        if self.planned is None:
            return "it printed no test plan"
        if self.done != self.planned:
            return f"it announced {self.planned} tests and reported {self.done}"
        return None


def read_tap(lines: Iterable[str], tell: Callable[[int, int], None]) -> Tap:
    """Read until the script ends; `tell` hears how far it is."""
    tap = Tap()
    for line in lines:
        if (plan := PLAN.fullmatch(line)) and tap.planned is None:
            tap.planned = int(plan[1])
        elif test := TEST.fullmatch(line):
            (tap.good if test[1] == "ok" else tap.bad).append(test[2])
            tell(tap.done, tap.planned or tap.done)
    return tap
