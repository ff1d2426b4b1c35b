# SPDX-License-Identifier: MIT
"""Allocators side by side: the plan of `pmm rank`.

1. A row is a trace or a pattern, on a fresh or on an aged heap, or the allocators'
   own benchmarks. Its arms are the allocators, the first of them once more as a
   control, and for a trace the harness alone.
2. A round runs each row once, every arm in a fresh process; the arms of a row
   follow one another, so that they share what the machine does. Rows and arms
   are in random order; every second round is the one before it backwards.
3. Before, memory is asked for: the other passes of each trace, and the patterns,
   once each. These share the cores, as what is resident does not depend on time.

The same seed gives the same plan. Which litter an aged heap has differs from
round to round, so that an interval holds what it matters.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec

from pmm.base.errors import FaultError, UsageError
from pmm.base.paths import shown
from pmm.base.typed_names import choose, is_own
from pmm.discover.pattern_set import SUFFIX as PATTERN
from pmm.discover.pattern_set import find_pattern
from pmm.discover.pattern_set import shipped as patterns_of
from pmm.discover.trace_set import SUFFIX as TRACE
from pmm.discover.trace_set import find_trace, place_of, read_set
from pmm.discover.world import World
from pmm.documents.jobs import Job
from pmm.documents.rank import RankGroup, RankPlace
from pmm.plan.conform_jobs import backend_jobs
from pmm.plan.parts import command, make_job
from pmm.plan.rank_programs import Programs, program_jobs, witnesses
from pmm.plan.selection import Chosen, RankOrder, Selection, resolve_backends

HARNESS = "null"
MICRO = "alloc"
"""The row of the allocators' own benchmarks."""
REPETITIONS = 4
"""Of a replay's timed pass: the first meets untouched memory."""
PASS_SECONDS = 20
JOB_SECONDS = 90
CASE_SECONDS = 10
"""What one case of the check may take: a hundred times what it does."""
BENCH_OPTIONS = (
    "--benchmark_min_time=0.005", "--benchmark_repetitions=1",
)  # fmt: skip
DOCUMENT = ("--json", "{dir}/document.json")
BENCH_DOCUMENT = (
    "--benchmark_out={dir}/document.json", "--benchmark_out_format=json",
)  # fmt: skip


class Order(NamedTuple):
    """A command, and what makes it write its document."""

    argv: list[str]
    output: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """One workload of the plan."""

    group: RankGroup
    name: str
    path: Path | None = None
    aged: bool = False


@dataclass(frozen=True)
class Arm:
    """One process of a row in a round."""

    spec: str
    role: str = "asked"


@dataclass(frozen=True)
class Ranking:
    """What a plan is made of: all that was found of what was asked for."""

    world: World
    selection: Selection
    specs: tuple[str, ...]
    rows: tuple[Row, ...]
    whole: Programs
    rounds: int


def rank_jobs(ranking: Ranking) -> list[Job]:
    """Plan the checks and what is asked of memory, then the rounds."""
    world, selection, specs = ranking.world, ranking.selection, ranking.specs
    draw = random.Random(selection.seed)  # noqa: S311 - an order, not a secret
    jobs = [*checks(world, selection, specs), *witnesses(world, ranking.whole)]
    held = [one for one in ranking.rows if one.group != "micro"]
    jobs += [memory(ranking, row, spec) for row in held for spec in specs]
    timed = [one for one in ranking.rows if one.group != "pattern"]
    kept: list[tuple[Row, list[Arm]]] = []
    for number in range(1, ranking.rounds + 1):
        if number % 2:
            kept = [(one, mixed(draw, arms_of(one, specs))) for one in timed]
            draw.shuffle(kept)
        else:
            kept = [(row, arms[::-1]) for row, arms in kept[::-1]]
        for row, arms in kept:
            jobs += [timing(ranking, row, arm, number) for arm in arms]
        jobs += program_jobs(world, ranking.whole, number, draw)
    return jobs


def mixed(draw: random.Random, arms: list[Arm]) -> list[Arm]:
    """Return arms in random order."""
    return draw.sample(arms, len(arms))


def ranked_specs(
    world: World, selection: Selection, order: RankOrder
) -> tuple[str, ...]:
    """Return the allocators as programs are told of them: the user's, then peers.

    Raises UsageError for a bound, and FaultError for a library that cannot be loaded.
    """
    named = resolve_backends(world, selection) if selection.backends else ()
    mine = sorted(named, key=lambda spec: not is_own(spec))
    others = resolve_backends(world, Selection(backends=order.beside))
    peers = others if order.beside else with_fetched(
        world, [spec for spec in others if not world.is_bound(spec)]
    )  # fmt: skip
    found = tuple(dict.fromkeys((*mine, *peers)))
    for spec in found:
        entry = world.entry_of(spec)
        if entry is not None and entry.is_bound:
            raise UsageError(f"{entry.name} is a bound, not an allocator to rank")
        if entry is not None and is_own(spec) and not entry.available:
            raise FaultError(f"{entry.name} cannot be ranked: {entry.reason}")
    return found


def with_fetched(world: World, shipped: Sequence[str]) -> tuple[str, ...]:
    """Put what was fetched in the place of what it stands for, or behind all."""
    stands = {one.instead_of: one.spec for one in world.fetched if one.instead_of}
    rest = [one.spec for one in world.fetched if one.instead_of not in shipped]
    return (*(stands.get(spec, spec) for spec in shipped), *rest)


def checks(world: World, selection: Selection, specs: Sequence[str]) -> Iterator[Job]:
    """Let every allocator be checked before it is measured."""
    chosen = Chosen(
        backends=tuple(specs), reference=True, plugins=(), cpythons=(), pythons=(),
        workloads=(), benches=(),
    )  # fmt: skip
    for job in backend_jobs(world, selection, chosen):
        argv = (*job.argv, "--timeout", str(CASE_SECONDS))
        yield msgspec.structs.replace(job, argv=argv)


# ---------------------------------------------------------------------- rows


def rows_of(world: World, order: RankOrder) -> list[Row]:
    """Return the rows that were named, by default all that are here."""
    paths = world.paths
    here = {
        one.name: path
        for one in read_set(paths.root).program
        if (path := place_of(paths, one.name)) is not None
    }
    patterns = patterns_of(paths.root)
    files = [name for name in order.rows if is_own_file(name)]
    names = [name for name in order.rows if not is_own_file(name)]
    known = [*here, MICRO, *patterns]
    if order.python is not None:
        names = [name for name in names if name in known or not in_set(world, name)]
    wanted = choose("row", names, known) if names else ([] if order.rows else known)
    rows = [row for name in wanted for row in rows_named(name, here, patterns)]
    for file in files:
        rows += rows_of_file(world, file)
    return rows


def in_set(world: World, name: str) -> bool:
    """Tell whether a program of the set has a name, though its trace is not here."""
    return any(one.name == name for one in read_set(world.paths.root).program)


def is_own_file(name: str) -> bool:
    """Tell whether a row is named by a path."""
    return "/" in name or name.endswith((TRACE, PATTERN))


def rows_of_file(world: World, name: str) -> list[Row]:
    """Return the rows of a trace or a pattern of the user's own."""
    if name.endswith(PATTERN):
        return both("pattern", find_pattern(world.paths, name))
    return both("trace", find_trace(world.paths, name))


def both(group: RankGroup, path: Path) -> list[Row]:
    """Return the rows of a file: on a fresh heap and on an aged one."""
    return [Row(group, path.stem, path, aged) for aged in (False, True)]


def rows_named(
    name: str, traces: dict[str, Path], patterns: dict[str, Path]
) -> list[Row]:
    """Return the rows of one name."""
    if name == MICRO:
        return [Row("micro", MICRO)]
    if name in traces:
        return both("trace", traces[name])
    return both("pattern", patterns[name])


def arms_of(row: Row, specs: Sequence[str]) -> list[Arm]:
    """Return the processes of a row in one round."""
    arms = [*(Arm(spec) for spec in specs), Arm(specs[0], "again")]
    if row.group == "trace":
        arms.append(Arm(HARNESS, "price"))
    return arms


# ---------------------------------------------------------------------- jobs


def job_of(ranking: Ranking, row: Row, arm: Arm, number: int, order: Order) -> Job:
    """Make the job of one arm in one round; round 0 asks for memory alone."""
    kinds = {"trace": "replay", "micro": "bench", "pattern": "pattern"}
    heap = "" if row.group == "micro" else "/aged" if row.aged else "/fresh"
    role = "" if arm.role == "asked" else f" {arm.role}"
    when = f"rank-{number:02d}" if number else "rank-memory"
    return make_job(
        kinds[row.group],  # type: ignore[arg-type]
        f"{when}/{row.name}{heap}/{ranking.world.label(arm.spec)}{role}",
        order.argv, output_argv=order.output, backend=arm.spec, measured=number > 0,
        timeout_s=JOB_SECONDS,
        place=RankPlace(
            group=row.group, row=row.name, round=number, aged=row.aged,
            role=arm.role,  # type: ignore[arg-type]
        ),
    )  # fmt: skip


def memory(ranking: Ranking, row: Row, spec: str) -> Job:
    """Make the job that asks for what an allocator holds in a row."""
    over, path = ["--backend", spec], shown(row.path or Path())
    if row.group == "pattern":
        aged = ["--aged"] if row.aged else []
        argv = [command(ranking.world, "pmm-pattern"), *over, *aged, path]
    else:
        argv = replay_argv(ranking, row, spec, 1, "--no-time")
    return job_of(ranking, row, Arm(spec), 0, Order(argv, DOCUMENT))


def timing(ranking: Ranking, row: Row, arm: Arm, number: int) -> Job:
    """Make the job that times one arm in one round."""
    if row.group == "micro":
        program = command(ranking.world, f"pmm-bench-{MICRO}")
        argv = [program, "--backend", arm.spec, *BENCH_OPTIONS]
        return job_of(ranking, row, arm, number, Order(argv, BENCH_DOCUMENT))
    argv = replay_argv(ranking, row, arm.spec, number, "--time-only")
    return job_of(ranking, row, arm, number, Order(argv, DOCUMENT))


def replay_argv(
    ranking: Ranking, row: Row, spec: str, number: int, passes: str
) -> list[str]:
    """Return the command of a replay; each round has a litter of its own."""
    return [
        command(ranking.world, "pmm-trace"), "replay", "--backend", spec,
        "--repetitions", str(REPETITIONS), "--timeout", str(PASS_SECONDS),
        "--seed", str(ranking.selection.seed + number),
        *(["--aged"] if row.aged else []), passes, shown(row.path or Path()),
    ]  # fmt: skip
