# SPDX-License-Identifier: MIT
"""How long a ranking may take, and what a single allocator may take of it.

1. When the time is over, no job of the ranking begins: the rounds so far stand.
2. An allocator whose processes took several times as long as those of the others
   took in the middle, and a minute more, is given up: one that hangs in every row
   would leave the others no time.
"""

from __future__ import annotations

import time
from statistics import median

from pmm.documents.jobs import Job, JobStatus

TIMES = 4.0
GRACE_S = 60.0


class Allowance:
    """The clock of a run and the seconds that each allocator has used."""

    def __init__(self, within_s: float | None) -> None:
        """Start the clock; None: there is no limit."""
        self.within_s = within_s
        self.started = time.monotonic()
        self.spent: dict[str, float] = {}

    def left(self) -> float | None:
        """Return the seconds that are left; None without a limit."""
        if self.within_s is None:
            return None
        return max(0.0, self.within_s - (time.monotonic() - self.started))

    def take(self, job: Job, seconds: float) -> None:
        """Note what a process took."""
        if counts(job):
            who = job.backend or ""
            self.spent[who] = self.spent.get(who, 0.0) + seconds

    def refusal(self, job: Job) -> tuple[JobStatus, str] | None:
        """Return why a job is not begun; None where it is."""
        if job.place is None:
            return None
        if self.left() == 0.0:
            minutes = (self.within_s or 0.0) / 60
            return "omitted", f"not begun: {minutes:.3g} minutes were over"
        mine = self.spent.get(job.backend or "", 0.0)
        others = [s for who, s in self.spent.items() if who != job.backend]
        if counts(job) and others and mine > TIMES * median(others) + GRACE_S:
            return "timeout", (
                f"given up: its processes took {mine:.0f} s so far, and those of the "
                f"others {median(others):.0f} s"
            )
        return None


def counts(job: Job) -> bool:
    """Tell whether a job is an allocator's share of a ranking."""
    return job.place is not None and job.place.role == "asked" and bool(job.backend)
