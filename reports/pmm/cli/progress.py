# SPDX-License-Identifier: MIT
"""How far a run is and how long it will still take.

The estimate weighs each open job by what it is expected to cost (`pmm.plan.costs`) and
by how wrong that was in this run so far: for jobs alike, for jobs of its kind, for
all. Few seconds of experience correct a guess a little, many correct it wholly.
Checks share the cores and measured jobs follow one by one. On a terminal a bar
moves; elsewhere each finished job is one plain line, so that a log can be read.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from pmm.documents.jobs import Job, JobResult
from pmm.plan.costs import cost, group

TRUST_S = {"all": 60.0, "kind": 60.0, "group": 4.0}
"""Experience of so many expected seconds counts as much as the guess does: jobs
alike tell soon, others tell of the machine and not of each other."""


def levels(job: Job) -> tuple[tuple[str, str], ...]:
    """Return the crowds that a job is one of, the widest first, each with its kind."""
    return (("all", "all"), ("kind", job.kind), ("group", f"{job.kind} {group(job)}"))


class Experience:
    """How much longer jobs took than was expected; learnt from those that are done."""

    def __init__(self) -> None:
        self.expected: dict[str, float] = {}
        self.taken: dict[str, float] = {}

    def learn(self, job: Job, seconds: float) -> None:
        """Take a finished job in, at each level that it tells of."""
        for _, level in levels(job):
            self.expected[level] = self.expected.get(level, 0.0) + cost(job)
            self.taken[level] = self.taken.get(level, 0.0) + seconds

    def factor(self, job: Job) -> float:
        """Return by what a job's cost is to be multiplied.

        Each level starts from what the wider one knows.
        """
        known = 1.0
        for trust, level in levels(job):
            taken = self.taken.get(level, 0.0) + TRUST_S[trust] * known
            known = taken / (self.expected.get(level, 0.0) + TRUST_S[trust])
        return known


class Estimate:
    """Seconds left of a run."""

    def __init__(self, jobs: Sequence[Job], cores: int) -> None:
        self.open = {job.id: job for job in jobs}
        self.cores = max(1, cores)
        self.begun: dict[str, float] = {}
        self.experience = Experience()

    def begin(self, job: Job, now: float) -> None:
        """Note that a job has started."""
        self.begun[job.id] = now

    def done(self, job: Job, seconds: float) -> None:
        """Learn from a finished job."""
        self.open.pop(job.id, None)
        self.begun.pop(job.id, None)
        self.experience.learn(job, seconds)

    def rest(self, job: Job, now: float) -> float:
        """Return the seconds that an open job still keeps its core.

        One that has run for longer than expected takes a little longer yet.
        """
        whole = cost(job) * self.experience.factor(job)
        ran = now - self.begun[job.id] if job.id in self.begun else 0.0
        return max(whole - ran, min(whole, ran) / 4)

    def left(self, now: float) -> float:
        """Return the seconds that are left; no core ends before its longest job."""
        checks = [self.rest(j, now) for j in self.open.values() if not j.measured]
        shared = max(sum(checks) / self.cores, max(checks, default=0.0))
        return shared + sum(
            self.rest(job, now) for job in self.open.values() if job.measured
        )


def spoken(seconds: float) -> str:
    """Say a duration: `45 s`, `2 min 5 s`."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


class Display:
    """Tells of jobs as they start and end; a context manager."""

    def __init__(
        self, jobs: Sequence[Job], cores: int, console: Console,
        within_s: float | None = None,
    ) -> None:  # fmt: skip
        """Take the jobs, and the seconds after which none of a ranking begins."""
        self.within_s = within_s
        self.total = len(jobs)
        self.count = 0
        self.bad = 0
        self.estimate = Estimate(jobs, cores)
        self.console = console
        self.started = time.monotonic()
        self.bar: Progress | None = None
        if console.is_terminal:
            self.bar = Progress(
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TextColumn("{task.fields[left]}"),
                TextColumn("{task.description}", markup=False),
                console=console,
                transient=True,
            )
            self.task = self.bar.add_task("", total=self.total, left="")

    def __enter__(self) -> Display:
        if self.bar is not None:
            self.bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.bar is not None:
            self.bar.stop()

    def __call__(self, job: Job, result: JobResult | None) -> None:
        """Take a report of the executor."""
        if result is None:
            self.estimate.begin(job, time.monotonic())
            if self.bar is not None:
                self.bar.update(self.task, description=job.id, left=self.left())
            return
        self.count += 1
        self.bad += result.status != "ok"
        self.estimate.done(job, result.elapsed_ns / 1e9)
        if self.bar is not None:
            self.bar.update(self.task, advance=1, left=self.left())
            if result.status != "ok":
                self.console.print(
                    f"[red]{result.status}[/red] {escape(job.id)}: "
                    f"{escape(result.reason or '')}",
                    highlight=False,
                )
            return
        why = f": {result.reason}" if result.reason else ""
        self.console.print(
            f"[{self.count}/{self.total}] {result.status} {job.id} "
            f"({result.elapsed_ns / 1e9:.1f} s){why}; {self.left()}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )

    def note(self, sentence: str) -> None:
        """Say what the run waits for."""
        self.console.print(sentence, markup=False, highlight=False, soft_wrap=True)

    def left(self) -> str:
        """Say what is left."""
        now = time.monotonic()
        left = self.estimate.left(now)
        if self.within_s is not None:
            left = min(left, max(0.0, self.started + self.within_s - now))
        return f"about {spoken(left)} left"
