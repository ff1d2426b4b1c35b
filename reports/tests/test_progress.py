# SPDX-License-Identifier: MIT
"""The time that is left, held against a real run of the standard profile.

`data/standard_run.jsonl` is what each job of one took, in seconds of its core. The
run is replayed as the executor runs it: checks share two cores, measured jobs
follow one by one. Other machines are the same run, slower as a whole or in part.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pmm.cli.progress import Estimate
from pmm.documents.jobs import Job
from pmm.plan.parts import make_job

RECORD = Path(__file__).parent / "data" / "standard_run.jsonl"
CORES = 2
MINUTE_TWO, NEARLY_OVER, TICK = 120.0, 30.0, 1.0
Event = tuple[float, Job, float | None]
"""When, which job, and how long it took when it ended."""


def recorded() -> list[tuple[Job, float]]:
    """The jobs of the run in the order of the plan, with what each took."""
    out = []
    for line in RECORD.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        seconds, kind, name = row.pop("seconds"), row.pop("kind"), row.pop("id")
        job = make_job(kind, name.partition("/")[2], row.pop("argv"), **row)
        out.append((job, seconds))
    return out


def side_by_side(
    jobs: list[tuple[Job, float]], start: float, cores: int
) -> list[Event]:
    """What happens when jobs are run on some cores from a moment on."""
    free = [start] * cores
    events: list[Event] = []
    for job, seconds in jobs:
        begun = heapq.heappop(free)
        events += [(begun, job, None), (begun + seconds, job, seconds)]
        heapq.heappush(free, begun + seconds)
    return sorted(events, key=lambda event: event[0])


def replayed(jobs: list[tuple[Job, float]]) -> list[Event]:
    """The whole run: checks on the cores, then measured jobs one by one."""
    checks = side_by_side([pair for pair in jobs if not pair[0].measured], 0.0, CORES)
    start = checks[-1][0] if checks else 0.0
    measured = [pair for pair in jobs if pair[0].measured]
    return checks + side_by_side(measured, start, 1)


def guesses(jobs: list[tuple[Job, float]]) -> Iterator[tuple[float, float, float]]:
    """Each moment, the seconds that were left, and those that were told."""
    events = replayed(jobs)
    end, now = events[-1][0], 0.0
    estimate = Estimate([job for job, _ in jobs], CORES)
    while now < end:
        while events and events[0][0] <= now:
            at, job, seconds = events.pop(0)
            if seconds is None:
                estimate.begin(job, at)
            else:
                estimate.done(job, seconds)
        yield now, end - now, estimate.left(now)
        now += TICK


MACHINES: dict[str, Callable[[Job], float]] = {
    "as recorded": lambda job: 1.0,
    "half as fast": lambda job: 2.0,
    "twice as fast": lambda job: 0.5,
    "slow at processes": lambda job: 1.25 if job.kind == "conform" else 1.0,
    "slow in memory": lambda job: 1.3 if job.kind in ("bench", "work") else 1.0,
    "slow interpreters": lambda job: 1.3 if job.interpreter else 1.0,
}


@pytest.mark.parametrize("machine", MACHINES)
def test_the_time_left_is_right_within_a_third_from_minute_two_on(machine):
    jobs = [(job, took * MACHINES[machine](job)) for job, took in recorded()]
    judged = [
        (now, left, told)
        for now, left, told in guesses(jobs)
        if now >= MINUTE_TWO and left >= NEARLY_OVER
    ]
    assert judged
    wrong = [row for row in judged if abs(row[2] - row[1]) > row[1] / 3]
    assert wrong == []


def test_a_job_that_hangs_does_not_make_the_time_left_negative():
    jobs = recorded()
    estimate = Estimate([job for job, _ in jobs], CORES)
    first = jobs[0][0]
    estimate.begin(first, 0.0)
    told = [estimate.left(float(now)) for now in range(0, 4000, 100)]
    assert min(told) > 0


def test_nothing_is_left_of_a_run_that_is_over():
    jobs = recorded()
    estimate = Estimate([job for job, _ in jobs], CORES)
    for job, seconds in jobs:
        estimate.done(job, seconds)
    assert estimate.left(0.0) == 0
