# SPDX-License-Identifier: MIT
"""A made-up comparison of two subjects: what each process said, and its table."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from pmm.documents.jobs import Job, JobResult, PairPlace
from pmm.documents.programs import BenchEntry
from pmm.documents.speed import SpeedArm, SpeedTable
from pmm.judge.speed import Pairs, make_speed
from pmm.plan.parts import make_job
from pmm.plan.speed_spec import FULL_SIZE, read_spec

ROOT = Path(__file__).resolve().parents[2]
MS = 1_000_000
FIGURES = {
    "per_object_ns": 10.0, "longest_step_ns": 2e6, "collector_ns": 5e8,
    "most_garbage": 250_000.0, "rss_growth_bytes": 8e7,
}  # fmt: skip
ARMS = (
    ("reference/pool/generational", "ours", "generational"),
    ("reference/pool/full", "ours", "full"),
    ("cpython-3.11.2", "theirs", None),
    ("reference/pool/generational again", "again", "generational"),
)
Factor = Callable[[SpeedArm, str, int], float]
"""Arm, benchmark and round -> what its figures are multiplied by."""


def arm(name: str, role: str, mode: str | None) -> SpeedArm:
    """One side."""
    theirs = role == "theirs"
    return SpeedArm(
        id=name, role=role, version=None, build="gcc 12 -O2", mode=mode,  # type: ignore[arg-type]
        subject="cpython" if theirs else "reference",
        backend=None if theirs else "pool",
        interpreter="/usr/bin/python3.11" if theirs else None,
    )  # fmt: skip


def entry(benchmark: str, factor: float) -> BenchEntry:
    """What one benchmark said of itself."""
    return BenchEntry(
        name=benchmark, run_name=benchmark, run_type="iteration",
        **{name: value * factor for name, value in FIGURES.items()},
    )  # fmt: skip


def quiet(job: Job) -> JobResult:
    """A process that ran without being disturbed."""
    return JobResult(
        job=job.id, status="ok", reason=None, exit_code=0, signal=None,
        started="2025-01-01T12:00:00Z", elapsed_ns=1000 * MS, user_ns=950 * MS,
        system_ns=40 * MS, peak_rss_bytes=1 << 26, command=" ".join(job.argv),
        stderr_tail="", log=None,
    )  # fmt: skip


class Comparison:
    """Jobs, results and figures, to be bent by a test before they are judged."""

    def __init__(self, factor: Factor, rounds: int = 12) -> None:
        self.plan: list[Job] = []
        self.results: dict[str, JobResult] = {}
        self.pairs = Pairs(objects=FULL_SIZE)
        self.spec = [row for row in read_spec(ROOT) if not row.is_allocators]
        for number in range(1, rounds + 1):
            for area in dict.fromkeys(row.area for row in self.spec):
                for one in ARMS:
                    self.add(area, arm(*one), number, factor)

    def add(self, area: str, one: SpeedArm, number: int, factor: Factor) -> None:
        """Add one process."""
        job = make_job(
            "bench", f"pair-{number:02d}/{area}/{one.id}", [f"pmm-bench-{area}"],
            subject=one.subject, backend=one.backend, mode=one.mode, measured=True,
            pair=PairPlace(round=number, unit=area, arm=one),
        )  # fmt: skip
        names = {row.benchmark for row in self.spec if row.area == area}
        names |= {row.over for row in self.spec if row.area == area and row.over}
        self.plan.append(job)
        self.results[job.id] = quiet(job)
        self.pairs.figures[job.id] = {
            name: [entry(name, factor(one, name, number))] for name in sorted(names)
        }

    def table(self) -> SpeedTable:
        """Judge it."""
        found = make_speed(ROOT, self.plan, self.results, self.pairs)
        assert found is not None
        return found


def noisy(
    ratio: float = 1.0, noise: float = 0.01, seed: int = 1, only: str = ""
) -> Factor:
    """Ours takes `ratio` of theirs, in all benchmarks or in one."""
    draw = random.Random(seed)

    def factor(one: SpeedArm, benchmark: str, number: int) -> float:
        mine = one.role != "theirs" and benchmark.startswith(only)
        return (ratio if mine else 1.0) * draw.lognormvariate(0.0, noise)

    return factor


def sample_table() -> SpeedTable:
    """A table with one of each verdict, as the sample run has it."""

    def factor(one: SpeedArm, benchmark: str, number: int) -> float:
        if one.role == "theirs" or benchmark == "gc/build_off":
            return steady(one, benchmark, number)
        worse = benchmark.startswith("list/")
        return (1.7 if worse else 0.4) * steady(one, benchmark, number)

    steady = noisy()
    return Comparison(factor).table()
