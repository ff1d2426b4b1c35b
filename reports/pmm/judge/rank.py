# SPDX-License-Identifier: MIT
"""From what was measured to the ranking: ratios, places, and how sure they are.

1. A ratio is the Hodges-Lehmann estimate over the rounds, with the exact 95 %
   signed-rank interval: each round is a pair of fresh processes (pair_stats).
2. Means are geometric, over the rows in which all that are ranked have a figure.
   Places follow the mean over all traces, fresh and aged; without traces that of
   the benchmarks.
3. The first allocator is measured twice. How far it is from itself, and at least
   1 %, is the noise floor: a difference counts when its interval lies beyond it.
4. One that is not clearly slower than the best is level with it. Where somebody
   is level with the first, there is no clear winner.

Judging is pure: the same documents give the same table.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import geometric_mean, median
from typing import NamedTuple

import msgspec

from pmm.base.typed_names import is_own
from pmm.documents.rank import (
    RankCell,
    RankMark,
    RankMean,
    RankRow,
    RankTable,
    RankVersus,
    RankWord,
)
from pmm.documents.standings import Standing
from pmm.judge.bench import YARDSTICK
from pmm.judge.rank_board import Board, Key
from pmm.judge.ranking import Soundness
from pmm.plan.pair_rules import FLOOR, Estimate

NO_FIGURE = "no figure"
Values = tuple[float | None, ...]


class Part(NamedTuple):
    """A part of the table with a mean of its own."""

    key: str
    title: str
    group: str
    aged: bool | None
    """None: fresh and aged alike."""


PARTS = (
    Part("traces", "all traces", "trace", None),
    Part("fresh", "traces on a fresh heap", "trace", aged=False),
    Part("aged", "traces on an aged heap", "trace", aged=True),
    Part("micro", "benchmarks", "micro", None),
)
DECIDING = ("traces", "micro")
"""The parts that places follow, the first that has rows."""


@dataclass(frozen=True)
class Judge:
    """The board, whom the ratios are to, and who may be ranked."""

    board: Board
    yardstick: str
    ranked: frozenset[str]

    @property
    def first(self) -> str:
        """The allocator that was measured twice."""
        return self.board.specs[0]

    def cells(self, values: Mapping[str, Values], floor: float) -> list[RankCell]:
        """Make a cell of each allocator, marked."""
        made = [cell(spec, mine, values[self.yardstick])
                for spec, mine in values.items()]  # fmt: skip
        marks = marked(values, made, self.ranked, floor)
        return [
            msgspec.structs.replace(one, mark=marks.get(one.spec, "")) for one in made
        ]

    def row(self, key: Key, title: str) -> RankRow:
        """Make a row."""
        board = self.board
        values = {spec: board.net(key, spec) for spec in board.specs}
        twice = board.net(key, self.first, "again")
        again = cell(self.first, twice, values[self.first])
        cells = self.cells(values, floor_of(again))
        return RankRow(
            group=key.group, name=key.name, title=title, aged=key.aged,
            price=board.price(key),
            shared=bool(self.ranked) and all(
                one.ratio is not None for one in cells if one.spec in self.ranked
            ),
            cells=tuple(explained(board, key, one) for one in cells),
            again=again if any(v is not None for v in twice) else None,
        )  # fmt: skip

    def mean(self, part: Part, rows: Sequence[RankRow]) -> RankMean | None:
        """Make the mean of a part; None where no row is shared."""
        keys = [
            Key(row.group, row.name, row.aged) for row in rows
            if row.shared and row.group == part.group
            and part.aged in (None, row.aged)
        ]  # fmt: skip
        if not keys:
            return None
        values = {
            spec: means(self.board.net(key, spec) for key in keys)
            for spec in self.board.specs if spec in self.ranked
        }  # fmt: skip
        twice = means(self.board.net(key, self.first, "again") for key in keys)
        own = means(self.board.net(key, self.first) for key in keys)
        again = cell(self.first, twice, own)
        floor = floor_of(again)
        return RankMean(
            key=part.key, title=part.title, rows=len(keys),
            cells=tuple(self.cells(values, floor)),
            again=again if again.ratio is not None else None, floor=math.exp(floor),
        )  # fmt: skip


def estimate(ours: Values, theirs: Values) -> Estimate | None:
    """Judge the rounds in which both have a figure."""
    from pmm.judge.pair_stats import estimate as of_pairs  # noqa: PLC0415 - takes a second to load

    pairs = [
        (one, other)
        for one, other in zip(ours, theirs, strict=True)
        if one is not None and other is not None
    ]
    return of_pairs(pairs)


def cell(spec: str, ours: Values, theirs: Values) -> RankCell:
    """Make a cell: an arm over another one."""
    known = [one for one in ours if one is not None]
    found = estimate(ours, theirs)
    return RankCell(
        spec=spec, values=ours, middle=median(known) if known else None,
        ratio=found.ratio if found else None, low=found.low if found else None,
        high=found.high if found else None,
    )  # fmt: skip


def explained(board: Board, key: Key, one: RankCell) -> RankCell:
    """Say why a cell has no figure."""
    why = board.why(key, one.spec)
    if why is not None:
        return msgspec.structs.replace(
            one, why=why.said, supported=why.supported, middle=None
        )
    if one.middle is None:
        return msgspec.structs.replace(one, why=NO_FIGURE)
    if one.middle <= 0:
        return msgspec.structs.replace(one, why="not above the price of the harness")
    return one


def floor_of(again: RankCell) -> float:
    """Return the logarithm below which a difference is noise."""
    return max(FLOOR, abs(math.log(again.ratio)) if again.ratio else 0.0)


def marked(
    values: Mapping[str, Values],
    cells: Iterable[RankCell],
    ranked: Collection[str],
    floor: float,
) -> dict[str, RankMark]:
    """Mark the fastest of the ranked, and those not told apart from it."""
    known = {one.spec: one.ratio for one in cells
             if one.spec in ranked and one.ratio is not None}  # fmt: skip
    if len(known) < 2:
        return {}
    best = min(known, key=lambda spec: known[spec])
    out: dict[str, RankMark] = {best: "best"}
    for spec in known:
        if spec != best and not is_slower(values[spec], values[best], floor):
            out[spec] = "level"
    return out


def is_slower(ours: Values, theirs: Values, floor: float) -> bool:
    """Tell whether the whole interval lies above the floor."""
    found = estimate(ours, theirs)
    return bool(found and found.low and math.log(found.low) > floor)


def means(columns: Iterable[Values]) -> Values:
    """Return the geometric mean of each round that is whole."""
    return tuple(
        geometric_mean(one for one in column if one is not None)
        if all(one is not None and one > 0 for one in column)
        else None
        for column in zip(*columns, strict=True)
    )


def word_of(found: Estimate | None, floor: float) -> RankWord:
    """Say how the first stands to another one."""
    if found is None or not found.low or not found.high:
        return "unknown"
    if math.log(found.high) < -floor:
        return "faster"
    return "slower" if math.log(found.low) > floor else "no clear difference"


def versus(first: str, mean: RankMean | None) -> tuple[RankVersus, ...]:
    """Hold the first against each other one, in the mean that decides."""
    cells = {one.spec: one for one in mean.cells} if mean is not None else {}
    if mean is None or first not in cells:
        return ()
    out = []
    for spec, other in cells.items():
        if spec == first:
            continue
        found = estimate(cells[first].values, other.values)
        out.append(
            RankVersus(
                spec=first, against=spec, ratio=found.ratio if found else None,
                low=found.low if found else None, high=found.high if found else None,
                word=word_of(found, math.log(mean.floor)),
            )
        )  # fmt: skip
    return tuple(out)


def make_table(
    board: Board, soundness: Mapping[str, Soundness], titles: Mapping[str, str]
) -> RankTable | None:
    """Make the table of a run, without its memory; None when nothing was ranked."""
    if not board.specs or not board.units:
        return None
    arms = {who for row in board.values.values() for who in row}
    ranked = frozenset(
        spec for spec in board.specs
        if soundness[spec].state == "ranked" and (spec, "asked") in arms
    )  # fmt: skip
    sound = [spec for spec in board.specs if spec in ranked] or list(board.specs)
    yardstick = YARDSTICK if YARDSTICK in sound else sound[0]
    judge = Judge(board, yardstick, ranked)
    rows = tuple(
        judge.row(key, board.titles.get(key) or titles.get(key.name, ""))
        for key in board.keys
    )
    found = [judge.mean(part, rows) for part in PARTS]
    parts = {mean.key: mean for mean in found if mean is not None}
    decides = next((key for key in DECIDING if key in parts), None)
    decides = decides if len(ranked) > 1 else None
    return RankTable(
        rounds=board.rounds, yardstick=yardstick, decides=decides, rows=rows,
        means=tuple(parts.values()),
        versus=versus(judge.first, parts.get(decides or "")), memory=(),
    )  # fmt: skip


# ----------------------------------------------------------------- standings


def deciding(table: RankTable) -> RankMean | None:
    """Return the mean that places follow."""
    return next((one for one in table.means if one.key == table.decides), None)


def places(table: RankTable, ranked: Collection[str]) -> dict[str, int]:
    """Return the places, 1 the fastest."""
    mean = deciding(table)
    known = {
        one.spec: one.ratio for one in (mean.cells if mean else ())
        if one.ratio is not None and one.spec in ranked
    }  # fmt: skip
    return {spec: n for n, spec in enumerate(sorted(known, key=known.__getitem__), 1)}


def standings(
    table: RankTable,
    board: Board,
    soundness: Mapping[str, Soundness],
    labels: Mapping[str, str],
) -> tuple[Standing, ...]:
    """Say where each allocator stands: the user's first, then by place."""
    ranked = [spec for spec in board.specs if soundness[spec].state == "ranked"]
    order = places(table, ranked)
    mean = deciding(table)
    out = []
    for spec in board.specs:
        sound = soundness[spec]
        mine = [(row, c) for row in table.rows for c in row.cells if c.spec == spec]
        figures = [row for row, one in mine if one.middle is not None]
        unproven = sum(
            (Key(r.group, r.name, r.aged), spec) in board.unproven for r in figures
        )
        marks = [one.mark for _, one in mine]
        over = next((c for c in (mean.cells if mean else ()) if c.spec == spec), None)
        if spec not in order:
            over = None
        out.append(
            Standing(
                spec=spec, label=labels[spec], state=sound.state, why=sound.why,
                passed=sound.passed, failed=sound.failed, figures=len(figures),
                witnessed=len(figures) - unproven, place=order.get(spec),
                shared=mean.rows if mean and over else 0,
                mean=over.ratio if over else None, mean_low=over.low if over else None,
                mean_high=over.high if over else None, best=marks.count("best"),
                tied=marks.count("level"),
            )
        )  # fmt: skip
    return tuple(
        sorted(out, key=lambda s: (not is_own(s.spec), s.place or len(out) + 1))
    )
