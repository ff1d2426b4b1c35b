# SPDX-License-Identifier: MIT
"""Two subjects, allocators or builds side by side: a plan of interleaved pairs.

1. A unit is one benchmark program; its arms are the two, the first one once more
   as a control, and of two subjects the first one in each collector mode where a
   row asks for it.
2. A round runs every arm of every unit once, each in a fresh process; the arms
   of a unit follow one another, so that a pair shares what the machine does.
3. Units and arms are in random order; every second round is the one before it
   backwards (ABBA), so that a drift falls on both arms alike.
4. Each process shifts its stack and its heap by an amount of its own: where they
   lie below a page is luck, which pairs that all had the same would take for speed.
   Where functions lie is fixed when a program is linked: of two builds, the rounds
   take programs linked in several orders in turn, where there are any.
5. The iterations of a benchmark are fixed in its source: the same for all. Of
   an allocator by itself they are as many as fit into a fixed time.

The same seed gives the same plan. A plan with so few pairs that no verdict
could come of it is refused.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from pmm.base.errors import PmmError, UsageError
from pmm.base.paths import Paths, shown
from pmm.base.typed_names import choose, id_part, unknown
from pmm.discover.bench_options import knows
from pmm.discover.cpythons import CPython, host_script, primary
from pmm.discover.world import World, find_modes
from pmm.documents.jobs import Job, PairPlace
from pmm.documents.speed import SpeedArm, SpeedRole
from pmm.plan.pair_rules import least_pairs
from pmm.plan.parts import command, make_job
from pmm.plan.selection import Selection, no_subject, resolve_backends
from pmm.plan.speed_spec import (
    ALLOCATORS,
    FILTER,
    SIZES,
    RowSpec,
    areas_of,
    filter_of,
    read_spec,
)

UNTOUCHED = {"PMM_CPYTHON_ACCOUNT": "none"}
"""No hooks on the interpreter's allocators while it is timed."""
WITHOUT_COLLECTIONS = "counting"
"""A mode in which nobody collects has no pause to compare."""
SPARE = 2
"""Pairs beyond the fewest that decide: some may be disturbed and dropped."""
BENCH_MODULE = "bench/pmm_bench.so"
ORDERS = 3
"""In how many orders the programs of a build are linked."""
STEP, PAGE = 16, 4096
"""By what, and up to what, a process shifts its stack and its heap."""
ALLOCATOR_SECONDS = 0.05
"""How long a row of an allocator by itself is measured in one process."""


@dataclass(frozen=True)
class Subject:
    """One of the two that are compared."""

    name: str
    """How ids and tables call it."""
    subject: str
    """What the program is to say that it is."""
    version: str | None
    backend: str | None
    modes: tuple[str, ...]
    """Collector modes to compare, the default first; empty: not known."""
    interpreter: str | None


def pair_jobs(world: World, selection: Selection) -> list[Job]:
    """Plan the rounds; raise UsageError for what cannot be compared."""
    spec = chosen_rows(world, selection)
    ours, theirs = two_subjects(world, selection)
    rounds = count_rounds(selection, spec, ours)
    units = [
        (area, arms_of(spec, area, ours, theirs))
        for area in areas_of(spec)
    ]  # fmt: skip
    elsewhere = selection.base_build
    order = random.Random(selection.seed)  # noqa: S311 - an order, not a secret
    luck = random.Random(f"{selection.seed} layout")  # noqa: S311 - as above
    shifted = all_know(world, selection, areas_of(spec), "--layout")
    jobs: list[Job] = []
    kept: list[tuple[str, list[SpeedArm]]] = []
    for number in range(1, rounds + 1):
        if number % 2:
            kept = [(a, order.sample(arms, len(arms))) for a, arms in units]
            order.shuffle(kept)
        else:
            kept = [(area, arms[::-1]) for area, arms in kept[::-1]]
        for area, arms in kept:
            what = filter_of(spec, area, selection.objects)
            for arm in arms:
                shift = layout(luck) if shifted else []
                more = [*shift, f"{FILTER}{what}"]
                there = at(world, arm, elsewhere)
                job = pair_job(there, area, arm, number, more)
                jobs.append(in_order(job, there.paths.build, number))
    return jobs


def at(world: World, arm: SpeedArm, elsewhere: Path | None) -> World:
    """Return the world with the build that an arm's programs are of."""
    if elsewhere is None or arm.role != "theirs":
        return world
    return replace(world, paths=Paths(root=world.paths.root, build=elsewhere))


def chosen_rows(world: World, selection: Selection) -> tuple[RowSpec, ...]:
    """Return the rows that were asked for."""
    if selection.objects not in SIZES:
        known = [str(size) for size in SIZES]
        raise unknown("number of objects", str(selection.objects), known)
    versus = selection.versus
    spec = tuple(
        row
        for row in read_spec(world.paths.root)
        if versus == "build" or row.is_allocators == (versus == "backend")
    )
    if selection.rows:
        known = [row.benchmark for row in spec]
        kept = choose("benchmark", selection.rows, known)
        spec = tuple(row for row in spec if row.benchmark in kept)
    areas = areas_of(spec)
    wanted = choose("area", selection.benches, areas) if selection.benches else areas
    missing = [area for area in wanted if area not in world.benches]
    if missing:
        raise PmmError(f"pmm-bench-{missing[0]} is not built")
    return tuple(row for row in spec if row.area in wanted)


def count_rounds(selection: Selection, spec: Sequence[RowSpec], ours: Subject) -> int:
    """Return how many pairs to run; raise UsageError for too few."""
    rows = sum(max(1, len(ours.modes)) if row.modes else 1 for row in spec)
    least = least_pairs(rows)
    if selection.pairs is None:
        wanted = least + SPARE
        return wanted + wanted % 2
    if selection.pairs < least:
        raise UsageError(
            f"{selection.pairs} pairs cannot decide anything: a table of {rows} rows "
            f"needs {least} (see bench/METHODOLOGY.md)"
        )
    return selection.pairs


def refuse_at_once(selection: Selection) -> None:
    """Raise UsageError for a number of subjects that nobody has to look for."""
    if selection.arms and len(selection.arms) != 2:
        raise UsageError(
            "name two subjects to compare: pmm bench --subject reference "
            "--subject cpython-3.11"
        )


def two_allocators(world: World, names: Sequence[str]) -> tuple[Subject, Subject]:
    """Find both allocators, each of which is measured by itself."""
    ours, theirs = (resolve_backends(world, Selection(backends=(n,))) for n in names)
    if len({*ours, *theirs}) != 2:
        raise UsageError(
            f"'{names[0]}' and '{names[1]}' are not two allocators; to compare one "
            "with itself name it twice, as a=PATH and b=PATH"
        )
    first, second = (
        Subject(
            name=world.label(spec), subject="allocator", version=None, backend=spec,
            modes=(), interpreter=None,
        )
        for spec in (ours[0], theirs[0])
    )  # fmt: skip
    return first, second


def two_builds(world: World) -> tuple[Subject, Subject]:
    """Return the reference of either build, in its default mode over the pool."""
    ours = find_subject(world, "reference", "pool")
    ours = replace(ours, modes=ours.modes[:1])
    return ours, replace(ours, name=f"{ours.name} of the base")


def two_subjects(world: World, selection: Selection) -> tuple[Subject, Subject]:
    """Find the two that are compared."""
    refuse_at_once(selection)
    if selection.versus == "backend":
        return two_allocators(world, selection.arms)
    if selection.versus == "build":
        return two_builds(world)
    backends = resolve_backends(world, selection) if selection.backends else ("pool",)
    if len(backends) != 1:
        raise UsageError("one backend at a time serves a comparison of subjects")
    ours, theirs = (find_subject(world, n, backends[0]) for n in selection.arms)
    if ours.name == theirs.name:
        raise UsageError(
            f"'{selection.arms[0]}' and '{selection.arms[1]}' are the same subject; "
            "to compare one with itself name it twice, as a=PATH and b=PATH"
        )
    return ours, theirs


def find_subject(world: World, name: str, backend: str) -> Subject:
    """Find one subject; raise UsageError when there is no such one."""
    if name == "reference":
        return Subject(
            name=f"{name}/{world.label(backend)}", subject=name, version=None,
            backend=backend, modes=comparable(world.modes), interpreter=None,
        )  # fmt: skip
    for plugin in world.named.subjects:
        if name in plugin.typed and plugin.said.fault:
            raise UsageError(f"{name} cannot be measured: {plugin.said.fault}")
        if name in plugin.typed:
            return Subject(
                name=id_part(plugin.label), subject=plugin.spec, version=None,
                backend=None, modes=comparable(find_modes(world, plugin.spec)),
                interpreter=None,
            )  # fmt: skip
    one = world.cpython_named(name) or find_cpython(world, name)
    if not one.hosts:
        raise UsageError(f"{one.id} cannot be measured: {one.reason}")
    return Subject(
        name=one.id, subject="cpython", version=one.version, backend=None,
        modes=(), interpreter=one.interpreter,
    )  # fmt: skip


def comparable(modes: Sequence[str]) -> tuple[str, ...]:
    """Return the modes in which somebody collects."""
    return tuple(mode for mode in modes if mode != WITHOUT_COLLECTIONS)


def find_cpython(world: World, name: str) -> CPython:
    """Find `cpython` or `cpython-3.11`."""
    best = primary(world.cpythons)
    if name == "cpython" and best is not None:
        return best
    found = [
        one
        for one in world.cpythons
        if one.id == name or one.id.startswith((f"{name}.", f"{name}-"))
    ]
    exact = [one for one in found if one.id == name]
    if len(found) > 1 and not exact:
        several = ", ".join(f"{one.id} ({one.interpreter})" for one in found)
        raise UsageError(f"'{name}' matches several: {several}; name one of them")
    if not found:
        ids = ["reference", *(one.id for one in world.cpythons)]
        raise no_subject(name, ids)
    return (exact or found)[0]


def arms_of(
    spec: Sequence[RowSpec], area: str, ours: Subject, theirs: Subject
) -> list[SpeedArm]:
    """Return the arms of a unit: ours in its modes, theirs, ours again."""
    by_mode = any(row.modes for row in spec if row.area == area)
    modes: list[str | None] = [*ours.modes] or [None]
    return [
        *(make_arm("ours", ours, mode) for mode in modes[: None if by_mode else 1]),
        make_arm("theirs", theirs, theirs.modes[0] if theirs.modes else None),
        make_arm("again", ours, modes[0]),
    ]


def make_arm(role: SpeedRole, one: Subject, mode: str | None) -> SpeedArm:
    """Make an arm; its id tells subject, backend, mode and role apart."""
    name = one.name if mode is None else f"{one.name}/{mode}"
    return SpeedArm(
        id=f"{name} again" if role == "again" else name, role=role,
        subject=one.subject, version=one.version, build=None, backend=one.backend,
        mode=mode, interpreter=one.interpreter,
    )  # fmt: skip


def arm_argv(world: World, area: str, arm: SpeedArm) -> list[str]:
    """Return how an arm's program starts."""
    mode = [] if arm.mode is None else ["--mode", arm.mode]
    if arm.interpreter is None:
        over = [] if arm.backend is None else ["--backend", arm.backend]
        program = command(world, f"pmm-bench-{area}")
        if area in ALLOCATORS:
            time = f"--benchmark_min_time={ALLOCATOR_SECONDS}"
            return [program, *over, time]
        return [program, "--subject", arm.subject, *over, *mode]
    script = host_script(world.paths, arm.version or "", named=True)
    module = shown(world.paths.build / BENCH_MODULE)
    return [arm.interpreter, *script, "--bench-module", module, "bench", area, *mode]


def all_know(
    world: World, selection: Selection, areas: Sequence[str], option: str
) -> bool:
    """Tell whether the programs of both builds take an option: one may be of old."""
    if selection.base_build is None:
        return True
    base = Paths(root=world.paths.root, build=selection.base_build)
    places = (world.paths, base)
    programs = [paths.program(f"pmm-bench-{one}") for paths in places for one in areas]
    return all(one is None or knows(one, option) for one in programs)


def order_folder(build: Path, number: int) -> Path:
    """Return where the programs of a build lie that are linked in another order."""
    return build / "orders" / str(number)


def in_order(job: Job, build: Path, number: int) -> Job:
    """Return the job with the program of its round's link order, if there is one."""
    program = Path(job.argv[0])
    other = order_folder(build, number % ORDERS) / program.name
    if job.interpreter is not None or number % ORDERS == 0 or not other.is_file():
        return job
    return msgspec.structs.replace(job, argv=(shown(other), *job.argv[1:]))


def layout(luck: random.Random) -> list[str]:
    """Return the options that shift a process's stack and heap."""
    return ["--layout", str(luck.randrange(STEP, PAGE, STEP))]


def pair_job(
    world: World, area: str, arm: SpeedArm, number: int, more: list[str]
) -> Job:
    """One arm of one unit in one round; the last of its arguments is the filter."""
    alone = area in ALLOCATORS
    return make_job(
        "bench", f"pair-{number:02d}/{area}/{arm.id}",
        [*arm_argv(world, area, arm), *more],
        output_argv=(
            "--benchmark_out={dir}/document.json", "--benchmark_out_format=json",
        ),
        environment=UNTOUCHED if arm.interpreter else {},
        subject=None if alone else arm.subject,
        interpreter=arm.interpreter, backend=arm.backend,
        mode=None if alone else arm.mode, measured=True, timeout_s=600,
        pair=PairPlace(round=number, unit=area, arm=arm),
    )  # fmt: skip
