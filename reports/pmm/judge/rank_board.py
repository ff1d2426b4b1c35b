# SPDX-License-Identifier: MIT
"""What the processes of a ranking measured, sorted by row, allocator and round.

1. A replay gives its best repetition after the first, in nanoseconds a call; what
   the harness takes in the same round is taken off.
2. A benchmark gives the median of its process, with its harness.
3. One that failed in any round has no figure in that row, and its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

from pmm.collect.bench import BenchOutput
from pmm.collect.replays import Measured
from pmm.documents.jobs import NOT_RUN, Job, JobResult
from pmm.documents.rank import RankGroup, RankPlace
from pmm.documents.replays import ReplayDocument
from pmm.judge.bench import make_rows
from pmm.judge.replays import best


class Key(NamedTuple):
    """A row of the table."""

    group: RankGroup
    name: str
    aged: bool


class Why(NamedTuple):
    """Why an allocator has no figure in a row."""

    said: str
    supported: bool = True


Who = tuple[str, str]
"""Spec and role of an arm."""
Rounds = dict[int, float]


@dataclass
class Board:
    """Everything that was measured of time."""

    rounds: int
    specs: tuple[str, ...]
    values: dict[Key, dict[Who, Rounds]] = field(default_factory=dict)
    prices: dict[Key, Rounds] = field(default_factory=dict)
    whys: dict[tuple[Key, str], Why] = field(default_factory=dict)
    faults: dict[tuple[RankGroup, str, bool, str], str] = field(default_factory=dict)
    """Of jobs that left no figure: group, unit, aged, spec."""
    units: dict[Key, str] = field(default_factory=dict)
    """What a row's jobs are called in the plan."""
    titles: dict[Key, str] = field(default_factory=dict)
    unproven: set[tuple[Key, str]] = field(default_factory=set)

    def add(self, key: Key, place: RankPlace, spec: str, value: float) -> None:
        """Keep a figure."""
        self.units.setdefault(key, place.row)
        if place.role == "price":
            self.prices.setdefault(key, {})[place.round] = value
            return
        arms = self.values.setdefault(key, {})
        arms.setdefault((spec, place.role), {})[place.round] = value

    def net(self, key: Key, spec: str, role: str = "asked") -> tuple[float | None, ...]:
        """Return an arm's figure in each round, net where the row has a price."""
        found = self.values.get(key, {}).get((spec, role), {})
        price = self.prices.get(key)
        if self.why(key, spec) is not None and role == "asked":
            return (None,) * self.rounds
        return tuple(
            None
            if (value := found.get(number)) is None
            else value
            if price is None
            else value - price[number]
            if number in price
            else None
            for number in range(1, self.rounds + 1)
        )

    def price(self, key: Key) -> float | None:
        """Return what the harness takes."""
        found = self.prices.get(key)
        return median(found.values()) if found else None

    def why(self, key: Key, spec: str) -> Why | None:
        """Return why an allocator has no figure in a row; None where it may."""
        known = self.whys.get((key, spec))
        if known is not None:
            return known
        unit = self.units.get(key, key.name)
        fault = self.faults.get((key.group, unit, key.aged, spec))
        return Why(fault) if fault is not None else None

    @property
    def keys(self) -> tuple[Key, ...]:
        """The rows: traces fresh before aged, benchmarks, patterns."""
        order = ("trace", "program", "micro", "pattern")
        return tuple(
            sorted(self.units, key=lambda one: (order.index(one.group), one.aged))
        )


def make_board(
    plan: Sequence[Job],
    results: Mapping[str, JobResult],
    measured: Iterable[Measured],
    benches: Iterable[BenchOutput],
) -> Board:
    """Sort what was measured."""
    jobs = [job for job in plan if job.place is not None and job.kind != "program"]
    asked = [j.backend for j in jobs if j.place and j.place.role == "asked"]
    specs = [
        job.backend for job in plan
        if job.backend in set(asked) and not job.interpreter
    ]  # fmt: skip
    board = Board(
        rounds=max((job.place.round for job in jobs if job.place), default=0),
        specs=tuple(dict.fromkeys(spec for spec in specs if spec)),
    )
    for job in jobs:
        note_fault(board, job, results[job.id])
    for one in measured:
        take(board, one)
    for output in benches:
        if output.job.place is not None:
            take_benchmarks(board, output, output.job.place)
    return board


def note_fault(board: Board, job: Job, result: JobResult) -> None:
    """Keep why a job left no figure; its row is there all the same."""
    place = job.place
    if place is None or place.role != "asked":
        return
    if place.group != "micro":
        board.units.setdefault(Key(place.group, place.row, place.aged), place.row)
    if result.status not in ("ok", *NOT_RUN):
        key = (place.group, place.row, place.aged, job.backend or "")
        board.faults.setdefault(key, result.reason or result.status)


def take(board: Board, one: Measured) -> None:
    """Keep the figure of a replay, and what is wrong with any of them."""
    place, document = one.job.place, one.document
    if place is None:
        return
    key, spec = Key(place.group, place.row, place.aged), one.job.backend or ""
    if document.error is not None:
        board.whys.setdefault((key, spec), Why(document.error))
    elif isinstance(document, ReplayDocument):
        if document.time is not None:
            board.add(key, place, spec, best(document))
    else:
        board.titles.setdefault(key, document.title)
        if document.unsupported is not None:
            board.whys[key, spec] = Why(document.unsupported, supported=False)


def take_benchmarks(board: Board, output: BenchOutput, place: RankPlace) -> None:
    """Keep the figures of one process of benchmarks."""
    spec = output.job.backend or ""
    for row in make_rows(output):
        key = Key(place.group, row.name, aged=False)
        board.units.setdefault(key, place.row)
        if row.error is not None:
            board.whys.setdefault((key, spec), Why(row.error))
        elif row.repetitions:
            value = median(one.cpu_ns for one in row.repetitions)
            board.add(key, place, spec, value)
        if output.served is not True:
            board.unproven.add((key, spec))


def wrong(board: Board) -> Iterator[tuple[str, str]]:
    """Yield each allocator that misbehaved while it was measured, and how."""
    for (key, spec), why in board.whys.items():
        if why.supported:
            yield spec, f"fails {key.name}: {why.said}"
