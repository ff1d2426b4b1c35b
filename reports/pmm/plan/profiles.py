# SPDX-License-Identifier: MIT
"""How much is done: the profiles, and all the numbers that decide how long a run is.

A profile says how much is done, never what counts as right. `standard` samples
what `nightly` sweeps, and a run says what it sampled (`pmm.plan.omissions`).

quick     two minutes: every case on the reference over every backend and on the
          newest CPython, a sample on the oldest; short benchmarks, and small
          workloads on the CPythons
standard  ten minutes: also the other lanes over the yardsticks, those of failing
          allocations on a seeded sample, also on the newest CPython; one more
          allocator of a CPython;
          full-sized workloads everywhere, longer benchmarks
nightly   everything there is: all lanes in every mode over every backend, every
          CPython over every allocator it has and with failing allocations
smoke     one minute: the jobs of `standard`, each at its smallest size, without
          failing allocations on a CPython; a check of the plan and of the programs,
          whose figures mean nothing

Times are those of two quiet cores on which `ci/test.sh gcc` takes 130 s; they are
held by `ci/timing.sh`, which prints each command's time beside its limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Reach = Literal["one", "yardsticks", "every"]
"""The first of a kind, pool and libc, or all there are."""

SMALLEST = 10**6
"""A share so small that one case of each area is left of it."""


@dataclass(frozen=True)
class Profile:
    """How much one profile does; each field is one decision."""

    summary: str
    lanes: Reach
    """Over which backends the lanes beyond the plain one run; `one`: over none."""
    modes: Reach
    """Over which backends the plain lane runs in every collector mode."""
    modes_in_lanes: bool
    """Whether the other lanes run in every mode, too."""
    cpythons: Literal["ends", "every"]
    """`ends`: the oldest and the newest; those between wait for `nightly`."""
    allocators: Reach
    """Of the baseline CPython: its own, one more that the seed picks, all of all."""
    whole_twins: Literal["none", "newest", "every"]
    """Which CPythons run the workloads full-sized."""
    leaks: Reach
    """Over which backends valgrind looks at the leaks workload."""
    millions: Reach
    """Over which backends benchmarks of size 1,000,000 run; `one`: over none."""
    bench_seconds: float
    """Least time of one repetition of one benchmark."""
    repetitions: int
    failing_sample: int = 1
    """Lanes of failing allocations take one case in so many of each area. A whole
    lane takes 150 CPU seconds over the pool; there are four in `standard`."""
    cpython_failing: bool = False
    """Whether allocations are made to fail on the CPythons, each over its own
    allocator: a whole lane takes ten minutes, and what fails may be theirs."""
    sample: int = 1
    """The other lanes take one case in so many."""
    oldest_sample: int = 1
    """The oldest of two CPythons takes one case in so many: a column takes 35 CPU
    seconds, a native one 3."""
    smallest: bool = False
    """Workloads and benchmarks at their smallest sizes only."""


PROFILES: dict[str, Profile] = {
    "quick": Profile(
        summary="two minutes: every case once, short benchmarks",
        lanes="one", modes="one", modes_in_lanes=False, cpythons="ends",
        allocators="one", whole_twins="none", leaks="yardsticks",
        millions="one", bench_seconds=0.005, repetitions=5, oldest_sample=4,
    ),
    "standard": Profile(
        summary="ten minutes: a sample of what nightly sweeps",
        lanes="yardsticks", modes="every", modes_in_lanes=False, cpythons="ends",
        allocators="yardsticks", whole_twins="every", leaks="yardsticks",
        millions="yardsticks", bench_seconds=0.02, repetitions=5, failing_sample=12,
    ),
    "nightly": Profile(
        summary="hours: every lane, mode, backend, CPython and allocator",
        lanes="every", modes="every", modes_in_lanes=True, cpythons="every",
        allocators="every", whole_twins="every", leaks="every", millions="every",
        bench_seconds=0.5, repetitions=5, cpython_failing=True,
    ),
    "smoke": Profile(
        summary="one minute: the plan of standard at its smallest sizes",
        lanes="yardsticks", modes="every", modes_in_lanes=False, cpythons="ends",
        allocators="yardsticks", whole_twins="newest", leaks="yardsticks",
        millions="one", bench_seconds=0.001, repetitions=2,
        failing_sample=SMALLEST, sample=SMALLEST, smallest=True,
    ),
}  # fmt: skip

YARDSTICKS = ("pool", "libc")
"""The backends that the others are compared with."""
FAILING = ("oom-once", "oom-persist")
"""The lanes that fail one allocation after another: the longest by far."""


def reaches(reach: Reach, backend: str | None) -> bool:
    """Tell whether what a profile does over some backends is done over this one.

    `one` is the first yardstick; a subject without a backend stands for it.
    """
    if reach == "every" or backend is None:
        return True
    return backend in (YARDSTICKS if reach == "yardsticks" else YARDSTICKS[:1])
