# SPDX-License-Identifier: MIT
"""How far a run is and how long it will still take.

The estimate adds up, by kind of job, what such a job took on average in this
run (before the first one: a guess). On a terminal a bar moves; elsewhere each
finished job is one plain line, so that a log can be read.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from pmm.jobs import Job, JobResult

GUESS_S = {
    "conform": 3.0,
    "backend-check": 1.0,
    "work": 3.0,
    "bench": 6.0,
    "leaks": 6.0,
}


class Estimate:
    """Seconds left, learnt from the jobs that are done."""

    def __init__(self, jobs: Sequence[Job], cores: int) -> None:
        self.open = {job.id: job for job in jobs}
        self.cores = max(1, cores)
        self.taken: dict[str, list[float]] = {}

    def done(self, job: Job, seconds: float) -> None:
        """Learn from a finished job."""
        self.open.pop(job.id, None)
        self.taken.setdefault(job.kind, []).append(seconds)

    def expected(self, kind: str) -> float:
        """Return what a job of a kind takes."""
        times = self.taken.get(kind)
        return sum(times) / len(times) if times else GUESS_S[kind]

    def left(self) -> float:
        """Return the seconds that are left; checks share the cores."""
        return sum(
            self.expected(job.kind) / (1 if job.measured else self.cores)
            for job in self.open.values()
        )


def spoken(seconds: float) -> str:
    """Say a duration: `45 s`, `2 min 5 s`."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


class Display:
    """Tells of jobs as they start and end; a context manager."""

    def __init__(self, jobs: Sequence[Job], cores: int, console: Console) -> None:
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
        return f"about {spoken(self.estimate.left())} left"
