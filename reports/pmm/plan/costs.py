# SPDX-License-Identifier: MIT
"""What a job is expected to cost, before any has run: seconds on one quiet core.

The figures are those of a machine on which `ci/test.sh gcc` takes 130 s. They need
not be right: only how much longer one job is than another has to be, as a run soon
knows how its machine compares (`pmm.cli.progress`). What is not listed here costs what
its kind does on average.
"""

from __future__ import annotations

from pmm.documents.jobs import Job
from pmm.plan.bench_jobs import SMALLEST_SIZES
from pmm.plan.profiles import FAILING

LANES = {"plain": 3.4, "gc-stress": 4.2, "shuffle": 3.4, "debug": 5.0}
"""Of the native cases."""
FAILING_OVER = {"pool": 340.0}
FAILING_OVER_OTHERS = 145.0
"""Of all native cases, as their samples say: those are heavier than the average.
The pool has more allocations of its own that can fail."""
COLUMN_OF_A_CPYTHON = 30.0
FAILING_ON_A_CPYTHON = 600.0
PLAIN_PYTHON = 20.0
"""The cases in plain Python, one process each."""
MOST_SHARES = 60
"""A smaller share than this one leaves no less: an area keeps one case."""
TWINS = {
    "sparse": 6.0, "tuple_sharing": 4.0, "list_vs_generator": 4.0, "cycles": 4.0,
    "file_read": 3.4, "articles": 5.0, "str_concat": 1.3, "leaks": 0.7,
}  # fmt: skip
"""Full-sized, on a CPython."""
WORKLOADS = {
    "file_read": 0.7, "sparse": 0.3, "list_vs_generator": 0.25, "leaks": 0.02,
    "str_concat": 0.2, "list_concat": 0.05,
}  # fmt: skip
"""Full-sized, on the reference."""
SMALL_SHARE = 0.15
BENCHES = {
    "gc": (0.5, 16.0), "pause": (0.1, 15.0), "list": (0.25, 4.5),
    "refcount": (0.15, 0.15), "tuple": (0.1, 0.1), "alloc": (0.1, 0.1),
}  # fmt: skip
"""Without and with the size of 1,000,000: what the iterations in the source take."""
TIMED = {"alloc": 14, "refcount": 5, "tuple": 9}
"""How many benchmarks are repeated until the least time is up."""
OVERRUN = 1.4
"""A repetition is longer than the least time by so much."""
OTHERS = {
    "conform": 3.0, "backend-check": 10.0, "work": 1.0, "bench": 3.0, "leaks": 1.0,
    "replay": 1.9, "pattern": 2.0, "program": 0.5, "facts": 0.5,
}  # fmt: skip
TIMED_REPLAY = 0.25
"""The timed pass of a replay alone."""
RANKED_BENCHMARKS = 1.3
"""The allocators' benchmarks in one process of a ranking."""


def cost(job: Job) -> float:
    """Return the seconds that a job is expected to keep one core."""
    if job.kind == "conform":
        return cost_of_cases(job)
    if job.kind == "work":
        return cost_of_workload(job)
    if job.kind == "bench" and job.place is not None:
        return RANKED_BENCHMARKS
    if job.kind == "bench" and job.pair is None:
        return cost_of_benchmarks(job)
    if job.kind == "replay" and "--time-only" in job.argv:
        return TIMED_REPLAY
    return OTHERS[job.kind] / share_of(job)


def group(job: Job) -> str:
    """Return the name that jobs share which are wrongly guessed alike."""
    if job.kind == "conform":
        where = "cpython" if job.interpreter else "native"
        return f"{where} {'failing' if job.lane in FAILING else 'cases'}"
    if job.kind == "work":
        return f"{job.workload} {'twin' if job.interpreter else 'native'}"
    if job.place is not None:
        whole = "" if "--time-only" in job.argv else " whole"
        return f"{job.place.row}{whole}"
    return job.program if job.kind == "bench" else job.kind


def cost_of_cases(job: Job) -> float:
    """The cases in one lane, or a share of them."""
    whole = LANES.get(job.lane or "plain", OTHERS["conform"])
    if job.plain_python:
        whole = PLAIN_PYTHON
    elif job.interpreter is not None:
        failing = job.lane in FAILING
        whole = FAILING_ON_A_CPYTHON if failing else COLUMN_OF_A_CPYTHON
    elif job.lane in FAILING:
        whole = FAILING_OVER.get(job.backend or "pool", FAILING_OVER_OTHERS)
    return whole / share_of(job)


def share_of(job: Job) -> int:
    """Return N where a job takes one case in N of each area, else 1."""
    return min(int(value_of(job, "--sample") or 1), MOST_SHARES)


def cost_of_workload(job: Job) -> float:
    """One workload, full-sized or small."""
    table = TWINS if job.interpreter is not None else WORKLOADS
    whole = table.get(job.workload or "", 0.15)
    return whole * (SMALL_SHARE if is_small(job) else 1.0)


def is_small(job: Job) -> bool:
    """Tell whether a workload is not at its full size: something sets another."""
    return "--set" in job.argv


def cost_of_benchmarks(job: Job) -> float:
    """One benchmark program: its fixed iterations and its least times."""
    area = job.program.removeprefix("pmm-bench-")
    small, whole = BENCHES.get(area, (OTHERS["bench"], OTHERS["bench"]))
    filtered = any(part.startswith("--benchmark_filter=-/1") for part in job.argv)
    fixed = small if filtered else whole
    if SMALLEST_SIZES in job.argv:
        fixed = small / 2
    seconds = float(value_of(job, "--benchmark_min_time") or 0)
    rounds = int(value_of(job, "--benchmark_repetitions") or 1)
    return fixed + TIMED.get(area, 0) * seconds * rounds * OVERRUN


def value_of(job: Job, option: str) -> str | None:
    """Return an option's value in a job's command, however it is spelt."""
    for part, following in zip(job.argv, (*job.argv[1:], ""), strict=True):
        if part == option:
            return following
        if part.startswith(f"{option}="):
            return part.partition("=")[2]
    return None
