# SPDX-License-Identifier: MIT
"""The ranking of allocators: rows, means and memory, each over fresh processes.

Every figure is one that is better when it is smaller. A ratio is an allocator's
time over the yardstick's, from the processes of the same rounds.
"""

from __future__ import annotations

from typing import Literal

from pmm.documents.programs import Strict
from pmm.documents.replays import (
    PatternFigures,
    Placement,
    ReplayMemory,
    SystemCalls,
)

RankGroup = Literal["trace", "micro", "pattern", "program"]
RankMark = Literal["best", "level", ""]
"""`level`: not told apart from the best."""
WITNESS = "served by"
"""The row in which the loader says who serves malloc."""
RankWord = Literal["faster", "slower", "no clear difference", "unknown"]


class RankCaller(Strict, frozen=True):
    """An interpreter's setting, on the job of a whole program."""

    setting: str
    variables: tuple[str, ...]
    object: str
    """The file that has to serve malloc; empty: whoever does."""


class RankPlace(Strict, frozen=True):
    """Where a job stands in a plan that ranks allocators."""

    group: RankGroup
    row: str
    """The trace, the pattern, the program, or the benchmark program."""
    round: int
    aged: bool = False
    """Whether the heap is littered before."""
    role: Literal["asked", "again", "price"] = "asked"
    """`again` is the first allocator once more; `price` is the harness alone."""
    caller: RankCaller | None = None
    """Of a whole program."""


class RankCell(Strict, frozen=True):
    """One allocator in one row, or in one mean."""

    spec: str
    values: tuple[float | None, ...] = ()
    """Nanoseconds of each round's process, net of the harness where it is priced."""
    middle: float | None = None
    """Median of the values."""
    ratio: float | None = None
    """Hodges-Lehmann estimate over the rounds."""
    low: float | None = None
    high: float | None = None
    """Limits of the exact 95 % signed-rank interval; null: too few rounds."""
    mark: RankMark = ""
    why: str | None = None
    """Why it has no figure; null where it has one."""
    supported: bool = True
    """False: it lacks what the row needs, and that is no failure."""


class RankRow(Strict, frozen=True):
    """One workload over all allocators."""

    group: RankGroup
    name: str
    title: str
    """What it is like, in a few words."""
    aged: bool
    price: float | None
    """Nanoseconds of the harness, which are taken off; null: they are not."""
    shared: bool
    """Whether all that are ranked have a figure, so that means are over it."""
    cells: tuple[RankCell, ...]
    again: RankCell | None
    """The first allocator once more, over its own first figures."""


class RankMean(Strict, frozen=True):
    """Geometric means over the shared rows of a part of the table."""

    key: str
    title: str
    rows: int
    cells: tuple[RankCell, ...]
    again: RankCell | None
    floor: float
    """A ratio of two allocators within this of 1 is noise: at least 1 %, and as
    far as the first allocator is from itself.
    """


class RankVersus(Strict, frozen=True):
    """The first allocator against another, in the mean that decides places."""

    spec: str
    against: str
    ratio: float | None
    low: float | None
    high: float | None
    word: RankWord


class RankMemory(Strict, frozen=True):
    """What one allocator held in one row, and what its process cost the system."""

    group: RankGroup
    name: str
    aged: bool
    spec: str
    live_peak_bytes: int
    peak_bytes: int
    end_live_bytes: int
    end_bytes: int
    drained_bytes: int
    """After everything was given back."""
    after_1s_bytes: int
    user_ns: int
    system_ns: int
    faults: int
    """Page faults, minor and major."""
    memory: ReplayMemory | None = None
    """Over time; of traces."""
    placement: Placement | None = None
    system: SystemCalls | None = None
    pattern: PatternFigures | None = None


class RankSetting(Strict, frozen=True):
    """What an interpreter allocates with, in whole programs."""

    name: str
    variables: tuple[str, ...]
    served_by: str | None
    """The file that serves malloc there; null: nobody could look."""
    why: str | None = None
    """Why it has no figures."""


class ProgramRow(Strict, frozen=True):
    """One program in all settings: processor time, and resident memory."""

    name: str
    title: str
    cells: tuple[RankCell, ...]
    """By the setting's name; ratios are to the interpreter's own allocator."""
    again: RankCell | None
    peak_rss_bytes: dict[str, int]
    """Median over the rounds, of the whole process."""


class RankPrograms(Strict, frozen=True):
    """Whole programs under their interpreter."""

    python: str
    """The interpreter that ran them."""
    settings: tuple[RankSetting, ...]
    """The interpreter's own allocator first."""
    rows: tuple[ProgramRow, ...]
    mean: RankMean | None
    absent: tuple[tuple[str, str], ...]
    """Specs of allocators that cannot stand in front of libc, and why."""


class RankTable(Strict, frozen=True):
    """All of it."""

    rounds: int
    yardstick: str | None
    """The allocator whose time is 1."""
    decides: str | None
    """Key of the mean that places follow; null: no two can be ranked."""
    rows: tuple[RankRow, ...]
    means: tuple[RankMean, ...]
    versus: tuple[RankVersus, ...]
    memory: tuple[RankMemory, ...]
    programs: RankPrograms | None = None
    """Null where none were asked for."""
