# SPDX-License-Identifier: MIT
"""Instructions of two, under callgrind: the same programs as in pairs, no clock.

1. Each arm (the candidate, the base, the candidate once more as the control) runs
   N and 2N iterations of each benchmark in a process of its own. What differs
   between the two is N iterations and nothing else.
2. What could make two processes differ is pinned: addresses (valgrind places all
   by itself, and not at random), the variables, the seed of hashes, which variants
   of its functions libc takes.
3. Counts do not depend on what else the machine does, so these jobs share the cores.
"""

from __future__ import annotations

from pmm.base.errors import PmmError
from pmm.discover.world import World
from pmm.documents.instructions import CountPlace
from pmm.documents.jobs import Job
from pmm.documents.speed import SpeedArm, SpeedRole
from pmm.plan.pairs import (
    Subject,
    all_know,
    arm_argv,
    at,
    chosen_rows,
    make_arm,
    two_subjects,
)
from pmm.plan.parts import make_job
from pmm.plan.selection import Selection
from pmm.plan.speed_spec import ALLOCATORS, FILTER, areas_of, filter_of

ITERATIONS = 1024
OBJECTS = 10_000
COUNTS = "counts"
"""The file that callgrind writes, with a number behind it for each benchmark."""
TUNABLES = (
    "glibc.cpu.hwcaps=-AVX512F,-AVX2,-AVX_Fast_Unaligned_Load,-ERMS,-FSRM",
    "glibc.rtld.optional_static_tls=16384",
)
"""One variant of libc's functions, and what pmmi_backend_prepare would ask for."""
PINNED = {
    "GLIBC_TUNABLES": ":".join(TUNABLES), "LD_BIND_NOW": "1",
    "PMM_HUGE_PAGES": "never", "PMM_CPYTHON_ACCOUNT": "none",
}  # fmt: skip
SAID = (
    "addresses", "variables", "seed of hashes", "variants of libc's functions",
    "symbols bound at the start",
)  # fmt: skip


def no_counting(world: World, selection: Selection) -> str | None:
    """Return why nothing can be counted here; None when it can."""
    if world.valgrind is None:
        return "valgrind is not installed (apt install valgrind)"
    areas = areas_of(chosen_rows(world, selection))
    if not all_know(world, selection, areas, "--counted"):
        return "the benchmarks of one of the builds do not know --counted"
    return None


def three_arms(ours: Subject, theirs: Subject) -> tuple[SpeedArm, ...]:
    """Return the candidate, the base and the control, each in its default mode."""
    sides: tuple[tuple[SpeedRole, Subject], ...] = (
        ("ours", ours), ("theirs", theirs), ("again", ours),
    )  # fmt: skip
    return tuple(
        make_arm(role, one, one.modes[0] if one.modes else None) for role, one in sides
    )


def counted_argv(
    world: World, area: str, arm: SpeedArm, times: int, what: str
) -> list[str]:
    """Return how an arm is started under callgrind."""
    timed = "--benchmark_min_time="
    program = [w for w in arm_argv(world, area, arm) if not w.startswith(timed)]
    return [
        "valgrind", "--tool=callgrind", "--quiet",
        *program, "--counted", str(times), f"{FILTER}{what}",
    ]  # fmt: skip


def count_job(argv: list[str], area: str, arm: SpeedArm, times: int) -> Job:
    """One arm of one program, so many iterations."""
    alone = area in ALLOCATORS
    return make_job(
        "bench", f"count-{times}/{area}/{arm.id}", argv,
        output_argv=(
            "--benchmark_out={dir}/document.json", "--benchmark_out_format=json",
        ),
        output_first=(f"--callgrind-out-file={{dir}}/{COUNTS}",), environment=PINNED,
        program=f"pmm-bench-{area}",
        subject=None if alone else arm.subject,
        interpreter=arm.interpreter, backend=arm.backend,
        mode=None if alone else arm.mode, timeout_s=600,
        count=CountPlace(unit=area, role=arm.role, arm=arm.id, iterations=times),
    )  # fmt: skip


def count_jobs(world: World, selection: Selection) -> list[Job]:
    """Plan the counting; raise UsageError for what cannot be compared."""
    missing = no_counting(world, selection)
    if missing is not None:
        raise PmmError(missing)
    spec = tuple(row for row in chosen_rows(world, selection) if row.over is None)
    arms = three_arms(*two_subjects(world, selection))
    jobs = []
    for area in areas_of(spec):
        what = filter_of(spec, area, OBJECTS)
        for arm in arms:
            there = at(world, arm, selection.base_build)
            for times in (ITERATIONS, 2 * ITERATIONS):
                argv = counted_argv(there, area, arm, times, what)
                jobs.append(count_job(argv, area, arm, times))
    return jobs
