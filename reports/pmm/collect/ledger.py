# SPDX-License-Identifier: MIT
"""Ask collectors for their ledgers: each figure from processes of its own.

1. What is counted is counted twice, and has to be equal.
2. An interpreter that does not tell what its collections examine is asked a third
   time, by a run that lists the generations; its figures count when its collections
   are those of the other runs.
3. Times are taken in rounds: every collector once, then every collector once more,
   in the opposite order, so that what slows the machine slows them all.

A collector that does something wrong has a fault, one in which nothing can be
counted an absence; the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from pmm.base.errors import PmmError
from pmm.collect.script_figures import CannotError, MisbehavedError, read_figures
from pmm.discover.asking import ask
from pmm.discover.collectors import Collector
from pmm.documents.ledger import LedgerArm, LedgerCell, LedgerCounts, LedgerTimes

Document = TypeVar("Document", LedgerCounts, LedgerTimes)
Note = Callable[[str], None]


class Size(NamedTuple):
    """How large the program is."""

    name: str
    made: int
    live: int
    window: int


SIZES = (
    Size("alone", 30_000, 0, 1000),
    Size("beside", 100_000, 200_000, 1000),
    Size("old", 400_000, 2_000, 60_000),
)
"""As collectors were argued about: garbage alone, and beside a large live heap; and
garbage that dies in the oldest generation."""


@dataclass
class Asked:
    """A collector, and what came of it so far."""

    collector: Collector
    fault: str | None = None
    absence: str | None = None
    counts: dict[str, LedgerCounts] = field(default_factory=dict)
    times: dict[str, list[LedgerTimes]] = field(default_factory=dict)

    @property
    def is_out(self) -> bool:
        """Whether nothing more is to be asked of it."""
        return self.fault is not None or self.absence is not None


def command(collector: Collector, what: str, size: Size) -> list[str]:
    """Return the command line of one process."""
    if collector.mode is None:
        sizes = [str(size.made), str(size.live), str(size.window)]
        return [*collector.argv, what, *sizes]
    return [
        *collector.argv, what, "--mode", collector.mode, "--made", str(size.made),
        "--live", str(size.live), "--window", str(size.window),
    ]  # fmt: skip


def once(
    collector: Collector, what: str, size: Size, seconds: float, kind: type[Document]
) -> Document:
    """Run one process to its end; raise for one that has none."""
    answer = ask(command(collector, what, size), Path.cwd(), seconds)
    return read_figures(answer, kind)


def counted(collector: Collector, size: Size, seconds: float) -> LedgerCounts:
    """Count twice; raise MisbehavedError when the two are not equal."""
    first, second = (
        once(collector, "count", size, seconds, LedgerCounts) for _ in range(2)
    )
    if first != second:
        apart = [
            name for name in first.__struct_fields__
            if getattr(first, name) != getattr(second, name)
        ]  # fmt: skip
        raise MisbehavedError(f"two equal runs differ in {', '.join(apart)}")
    is_incremental = first.thresholds[-1:] == (0,)
    if first.candidates is None and collector.mode is None and not is_incremental:
        looked = once(collector, "look", size, seconds, LedgerCounts)
        if looked.collections == first.collections:
            return msgspec.structs.replace(first, candidates=looked.candidates)
    return first


def count_all(
    asked: Sequence[Asked], sizes: Sequence[Size], seconds: float, note: Note
) -> None:
    """Count in every collector."""
    for one in asked:
        if one.is_out:
            continue
        note(one.collector.id)
        try:
            for size in sizes:
                one.counts[size.name] = counted(one.collector, size, seconds)
        except CannotError as error:
            one.absence = str(error)
        except PmmError as error:
            one.fault = str(error)


def time_all(
    asked: Sequence[Asked], sizes: Sequence[Size], rounds: int, seconds: float,
    note: Note,
) -> None:  # fmt: skip
    """Take the rounds of times."""
    for number in range(rounds):
        note(f"times, round {number + 1} of {rounds}")
        for size in sizes:
            for one in asked if number % 2 == 0 else reversed(asked):
                if one.is_out:
                    continue
                try:
                    found = once(one.collector, "time", size, seconds, LedgerTimes)
                except PmmError as error:
                    one.fault = str(error)
                    continue
                one.times.setdefault(size.name, []).append(found)


def name_of(one: Asked) -> str:
    """Return a collector's name, with the version that it said meanwhile."""
    said = next(iter(one.counts.values()), None)
    name = one.collector.id
    if said is None or said.version is None or said.version in name:
        return name
    return f"{name} (CPython {said.version})"


def arm_of(one: Asked, sizes: Sequence[Size]) -> LedgerArm:
    """Return the arm of a collector with what there is of its cells."""
    cells = [
        LedgerCell(
            name=size.name, made=size.made, live=size.live, window=size.window,
            counts=one.counts.get(size.name),
            times=tuple(one.times.get(size.name, ())),
        )
        for size in sizes
        if size.name in one.counts
    ]  # fmt: skip
    return LedgerArm(
        id=name_of(one), path=one.collector.path, fault=one.fault,
        absence=one.absence, cells=tuple(cells),
    )  # fmt: skip


def asked_of(collectors: Sequence[Collector]) -> list[Asked]:
    """Return the collectors, nothing asked yet."""
    return [Asked(one, fault=one.fault, absence=one.absence) for one in collectors]
