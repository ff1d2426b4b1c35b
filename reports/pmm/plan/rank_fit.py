# SPDX-License-Identifier: MIT
"""A ranking that fits into the time given: which rounds and traces it has.

1. What was named is planned as it was named.
2. Else rounds go first, down to the six that an interval needs; then patterns on an
   aged heap; then the traces that are not committed, the last of the set first.
3. What does not fit even so is cut when the time is over (`pmm.execute.allowance`).

What is left out, and which allocators of this machine have newer versions, is said.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from pmm.discover.trace_set import read_set
from pmm.discover.world import World
from pmm.documents.jobs import Job
from pmm.documents.results import Skipped
from pmm.fetch.pins import AbsentError, catalogue, pins_for
from pmm.fetch.private_apt import this_machine
from pmm.plan.costs import cost
from pmm.plan.rank_jobs import Ranking, Row, rank_jobs, ranked_specs, rows_of
from pmm.plan.rank_programs import whole_programs
from pmm.plan.selection import RankOrder, Selection

ROUNDS = 7
LEAST_ROUNDS = 6
"""With fewer no exact interval of 95 % exists."""
SHARE = 0.9
"""Of the time that is planned: machines differ."""


def fitted(
    world: World, selection: Selection, order: RankOrder
) -> tuple[list[Job], tuple[Skipped, ...]]:
    """Plan a ranking within its time; raise UsageError for what is not there."""
    specs = ranked_specs(world, selection, order)
    whole = whole_programs(world, order, specs)
    rows = tuple(rows_of(world, order))
    ranking = Ranking(world, selection, specs, rows, whole, order.rounds or ROUNDS)
    left: list[str] = []
    jobs = rank_jobs(ranking)
    for name, less in shorter(ranking, order):
        if order.within_s is None or seconds_of(jobs) <= SHARE * order.within_s:
            break
        ranking = less(ranking)
        left += [name] if name else []
        jobs = rank_jobs(ranking)
    return jobs, (*left_out(left, order), *outdated(world, order, specs))


Less = Callable[[Ranking], Ranking]


def shorter(ranking: Ranking, order: RankOrder) -> Iterator[tuple[str, Less]]:
    """Yield what makes a ranking shorter, step by step, and what is lost by it."""
    if order.rounds is None:
        yield "", lambda one: replace(one, rounds=LEAST_ROUNDS)
    if order.rows:
        return
    if any(row.group == "pattern" for row in ranking.rows):
        yield (
            "patterns on an aged heap",
            lambda one: with_rows(
                one, lambda row: row.group != "pattern" or not row.aged
            ),
        )
    for name in reversed(optional_traces(ranking)):
        yield (
            f"trace {name}",
            lambda one, gone=name: with_rows(  # type: ignore[misc]
                one, lambda row: row.name != gone
            ),
        )


def with_rows(ranking: Ranking, stays: Callable[[Row], bool]) -> Ranking:
    """Return a ranking with some of its rows."""
    return replace(ranking, rows=tuple(row for row in ranking.rows if stays(row)))


def optional_traces(ranking: Ranking) -> list[str]:
    """Return the traces that are here and not committed, in their order."""
    named = {row.name for row in ranking.rows if row.group == "trace"}
    every = read_set(ranking.world.paths.root).program
    return [one.name for one in every if one.name in named and not one.committed]


def seconds_of(jobs: Sequence[Job]) -> float:
    """Return how long jobs are expected to take on this machine."""
    cores = len(os.sched_getaffinity(0))
    shared = sum(cost(job) for job in jobs if not job.measured) / cores
    return shared + sum(cost(job) for job in jobs if job.measured)


def left_out(names: Sequence[str], order: RankOrder) -> Iterator[Skipped]:
    """Say which traces the time has no room for."""
    if names:
        minutes = (order.within_s or 0.0) / 60
        yield Skipped(
            what=", ".join(names),
            why=f"they do not fit into {minutes:.3g} minutes",
            lost="their rows", remedy="pmm rank --minutes 30", choice=True,
        )  # fmt: skip


def outdated(world: World, order: RankOrder, specs: Sequence[str]) -> Iterator[Skipped]:
    """Name the peers of which a newer version can be fetched, and those to be had."""
    if order.beside:
        return
    here = {one.label for one in world.fetched}
    versions = {entry.name: entry.version for entry in world.backends}
    for name, version in to_be_had().items():
        old = catalogue().allocator[name].instead_of
        if name in here or (old is not None and old not in specs):
            continue
        if old is not None and is_newer(versions.get(old), version):
            yield Skipped(
                what=f"{name} {version}",
                why=f"not fetched: the {old} here is the older {versions[old]}",
                lost=f"how {old} of today compares", remedy=f"pmm fetch {name}",
                choice=True,
            )  # fmt: skip
        elif old is None:
            yield Skipped(
                what=f"{name} {version}", why="not fetched",
                lost="one more allocator to compare with",
                remedy=f"pmm fetch {name}", choice=True,
            )  # fmt: skip


def to_be_had() -> dict[str, str]:
    """Return the allocators that are pinned for this machine, with their versions."""
    found: dict[str, str] = {}
    try:
        machine = this_machine()
    except AbsentError:
        return found
    for name, one in catalogue().allocator.items():
        try:
            found[name] = pins_for(machine, one.packages)[one.packages[0]].upstream
        except AbsentError:
            continue
    return found


def is_newer(here: str | None, there: str) -> bool:
    """Tell whether a version is later than the one that is here."""
    return numbers(there) > numbers(here or "")


def numbers(version: str) -> list[int]:
    """Return the numbers of a version."""
    return [int(part) for part in version.split(".") if part.isdigit()]
