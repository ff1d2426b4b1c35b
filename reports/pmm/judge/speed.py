# SPDX-License-Identifier: MIT
"""From the documents of a plan of pairs to the speed table.

1. A job's figures are those that any benchmark process gives (collect.bench).
2. A round of a unit counts whole or not at all: it is dropped when one of its
   processes waited for the machine, whichever arm that was, and missing when
   one of them failed.
3. Each row is judged over its pairs (pair_stats); then all rows together.
4. The control compares the first subject with itself. If it shows a difference,
   or too many rounds were dropped, nothing in the table is decided.

Judging is pure: the same documents give the same table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import msgspec

from pmm.collect.bench import BenchOutput, bare_name
from pmm.documents.jobs import Job, JobResult
from pmm.documents.programs import BenchContext, BenchEntry
from pmm.documents.speed import (
    DroppedPair,
    SpeedArm,
    SpeedRow,
    SpeedSample,
    SpeedSpread,
    SpeedTable,
    SpeedVerdict,
)
from pmm.documents.verdict import Problem
from pmm.plan.pair_rules import Estimate, direction
from pmm.plan.speed_spec import ALLOCATORS, FULL_SIZE, RowSpec, is_named, read_spec

WAITED_SHARE = 0.2
WAITED_NS = 200_000_000
"""A process that waited longer than both was disturbed; its round is dropped."""
DROPPED_SHARE = 0.2
"""Share of a unit's rounds that may be dropped."""
FEWEST = 6
"""Pairs below which the signed-rank interval does not exist."""

Figures = Mapping[str, Sequence[BenchEntry]]
"""A job's repetitions by benchmark, named as its row is."""


@dataclass
class Pairs:
    """What the processes of a plan of pairs measured."""

    figures: dict[str, Figures] = field(default_factory=dict)
    """By job id."""
    said: dict[str, BenchContext] = field(default_factory=dict)
    """What an arm's program said of itself, by the arm's id."""
    objects: int = 0


def pairs_of(outputs: Iterable[BenchOutput]) -> Pairs:
    """Sort what was measured by job; memory that another served does not count."""
    pairs = Pairs()
    for output in outputs:
        if output.job.pair is None or output.served is False:
            continue
        figures: dict[str, list[BenchEntry]] = {}
        for run_name, entries in output.repetitions.items():
            whole = bare_name(run_name)
            name, _, size = whole.rpartition("/")
            if output.job.pair.unit in ALLOCATORS:
                name, size = whole, ""
            figures.setdefault(name, []).extend(entries)
            pairs.objects = int(size) if size.isdigit() else pairs.objects
        pairs.figures[output.job.id] = figures
        pairs.said[output.job.pair.arm.id] = output.context
    return pairs


def waited(result: JobResult) -> str | None:
    """Return why a process was disturbed: it was ready and did not run."""
    if result.user_ns is None or result.system_ns is None or not result.elapsed_ns:
        return None
    idle = result.elapsed_ns - result.user_ns - result.system_ns
    if idle <= WAITED_NS or idle <= WAITED_SHARE * result.elapsed_ns:
        return None
    return f"{result.job} waited {idle / result.elapsed_ns:.0%} of its time"


def find_dropped(
    plan: Sequence[Job], results: Mapping[str, JobResult]
) -> tuple[DroppedPair, ...]:
    """Return the rounds that do not count, once each."""
    dropped: dict[tuple[str, int], DroppedPair] = {}
    for job in plan:
        why = waited(results[job.id]) if job.pair and job.id in results else None
        if job.pair is not None and why is not None:
            place = (job.pair.unit, job.pair.round)
            dropped.setdefault(
                place, DroppedPair(round=place[1], unit=place[0], why=why)
            )
    return tuple(dropped.values())


def value_of(figures: Figures, row: RowSpec) -> float | None:
    """Return a row's figure from one job's document."""

    def one(benchmark: str) -> float | None:
        found = [getattr(entry, row.figure) for entry in figures.get(benchmark, ())]
        known = [value for value in found if value is not None]
        return median(known) if known else None

    value = one(row.benchmark)
    if row.over is None or value is None:
        return value
    below = one(row.over)
    return value / below if below else None


@dataclass(frozen=True)
class Board:
    """The pairs with their places: what rows are made from."""

    jobs: Mapping[tuple[int, str, str], str]
    """Round, unit and arm -> job id."""
    rounds: int
    dropped: frozenset[tuple[str, int]]
    pairs: Pairs

    def value(self, number: int, row: RowSpec, arm: SpeedArm) -> float | None:
        """Return one arm's figure in one round."""
        job = self.jobs.get((number, row.area, arm.id), "")
        return value_of(self.pairs.figures.get(job, {}), row)

    def samples(
        self, row: RowSpec, ours: SpeedArm, theirs: SpeedArm
    ) -> tuple[SpeedSample, ...]:
        """Return the whole pairs of a row that count."""
        out = []
        for number in range(1, self.rounds + 1):
            left, right = (self.value(number, row, arm) for arm in (ours, theirs))
            counts = (row.area, number) not in self.dropped
            if left is not None and right is not None and counts:
                out.append(SpeedSample(round=number, ours=left, theirs=right))
        return tuple(out)

    def goal(self, row: RowSpec, mode: str | None) -> float | None:
        """Return what is to be reached; goals are set for the full size."""
        return row.goal_of(mode) if self.pairs.objects == FULL_SIZE else None


def spread(values: Sequence[float]) -> SpeedSpread | None:
    """Summarise one arm; None without a value."""
    if not values:
        return None
    return SpeedSpread(median=median(values), least=min(values), most=max(values))


def make_row(board: Board, row: RowSpec, ours: SpeedArm, theirs: SpeedArm) -> SpeedRow:
    """Make a row, undecided as yet."""
    from pmm.judge.pair_stats import estimate  # noqa: PLC0415 - takes a second to load

    samples = board.samples(row, ours, theirs)
    found = estimate([(one.ours, one.theirs) for one in samples])
    note = None
    if not samples:
        note = "no complete pair"
    elif found is None:
        note = "a figure is not above 0"
    elif len(samples) < FEWEST:
        note = f"{len(samples)} pairs are too few for an interval"
    return SpeedRow(
        benchmark=row.benchmark, figure=row.figure, over=row.over, title=row.title,
        unit=row.unit, arm=ours.id, against=theirs.id, goal=board.goal(row, ours.mode),
        samples=samples, ours=spread([one.ours for one in samples]),
        theirs=spread([one.theirs for one in samples]),
        ratio=found.ratio if found else None, low=found.low if found else None,
        high=found.high if found else None,
        p_value=found.p_value if found else None, adjusted=None,
        detectable=found.detectable if found else None,
        verdict="undecided", note=note,
    )  # fmt: skip


def word(sign: int, unit: str | None) -> SpeedVerdict:
    """Return the verdict's word: not every figure is a time."""
    if sign == 0:
        return "undecided"
    if unit == "ns":
        return "faster" if sign < 0 else "slower"
    return "less" if sign < 0 else "more"


def judged(rows: Iterable[SpeedRow]) -> tuple[SpeedRow, ...]:
    """Give all rows of a family their verdicts together."""
    from pmm.judge.pair_stats import adjusted  # noqa: PLC0415 - takes a second to load

    rows = tuple(rows)
    known = [row.p_value for row in rows if row.p_value is not None]
    left = iter(adjusted(known))
    out = []
    for row in rows:
        if row.p_value is None or row.ratio is None:
            out.append(row)
            continue
        p = next(left)
        found = Estimate(row.ratio, row.low, row.high, row.p_value, row.detectable)
        verdict = word(direction(found, p), row.unit)
        out.append(msgspec.structs.replace(row, adjusted=p, verdict=verdict))
    return tuple(out)


def doubts(
    controls: Sequence[SpeedRow],
    dropped: Sequence[DroppedPair],
    rounds: int,
) -> str | None:
    """Return why the table decides nothing; None when it may."""
    moved = [row.title for row in controls if row.verdict != "undecided"]
    if moved:
        return f"the control differs from itself: {'; '.join(moved)}"
    for unit in dict.fromkeys(one.unit for one in dropped):
        lost = sum(one.unit == unit for one in dropped)
        if lost > DROPPED_SHARE * rounds:
            return f"{lost} of {rounds} rounds of {unit} were disturbed"
    return None


def make_speed(
    root: Path, plan: Sequence[Job], results: Mapping[str, JobResult], pairs: Pairs
) -> SpeedTable | None:
    """Make the table of a run; None when its plan has no pairs."""
    places = {job.id: job.pair for job in plan if job.pair is not None}
    if not places:
        return None
    dropped = find_dropped(plan, results)
    board = Board(
        jobs={(p.round, p.unit, p.arm.id): name for name, p in places.items()},
        rounds=max(place.round for place in places.values()),
        dropped=frozenset((one.unit, one.round) for one in dropped),
        pairs=pairs,
    )
    arms = {place.arm.id: place.arm for place in places.values()}
    asked = {job.pair.unit: job.argv[-1] for job in plan if job.pair is not None}
    spec = [
        row
        for row in read_spec(root)
        if row.area in asked and is_named(row, asked[row.area])
    ]
    rows, controls = make_rows(board, list(arms.values()), spec)
    reason = doubts(controls, dropped, board.rounds)
    if reason is not None:
        rows = tuple(msgspec.structs.replace(one, verdict="undecided") for one in rows)
    return SpeedTable(
        state="sound" if reason is None else "inconclusive",
        reason=reason,
        rounds=board.rounds,
        objects=pairs.objects,
        arms=tuple(
            introduced(arm, pairs.said.get(name)) for name, arm in sorted(arms.items())
        ),
        rows=rows,
        controls=controls,
        dropped=dropped,
    )


def introduced(arm: SpeedArm, said: BenchContext | None) -> SpeedArm:
    """Add to an arm what its program said of itself."""
    if said is None:
        return arm
    version = said.pmm_subject_version or arm.version
    return msgspec.structs.replace(arm, version=version, build=said.pmm_subject_build)


def make_rows(
    board: Board,
    arms: Sequence[SpeedArm],
    mine: Sequence[RowSpec],
) -> tuple[tuple[SpeedRow, ...], tuple[SpeedRow, ...]]:
    """Return the rows and the control's rows, judged."""
    again = next(arm for arm in arms if arm.role == "again")
    theirs = next(arm for arm in arms if arm.role == "theirs")
    modes = sorted(
        (arm for arm in arms if arm.role == "ours"),
        key=lambda arm: (arm.mode != again.mode, arm.mode or ""),
    )
    rows = [
        make_row(board, row, ours, theirs)
        for row in mine
        for ours in (modes if row.modes else modes[:1])
    ]
    controls = [make_row(board, row, modes[0], again) for row in mine]
    return judged(rows), judged(controls)


def speed_problems(
    table: SpeedTable | None, command: str | None = None
) -> list[Problem]:
    """Return the problem of a table that decides nothing; `command` measured it.

    A table ranks and does not gate: slower is no failure.
    """
    if table is None or table.reason is None:
        return []
    return [
        Problem(
            kind="speed", severity="inconclusive", key="speed",
            title="the comparison is inconclusive", detail=table.reason,
            column=None, reproduce=command,
        )
    ]  # fmt: skip


def counted(rows: Iterable[SpeedRow]) -> str:
    """Say how many rows got which verdict."""
    verdicts = [row.verdict for row in rows]
    words = ("faster", "less", "slower", "more", "undecided")
    parts = [f"{verdicts.count(one)} {one}" for one in words if one in verdicts]
    return ", ".join(parts)


def told(table: SpeedTable) -> str:
    """Say in one clause what a table found."""
    ours = next(row.arm for row in table.rows)
    theirs = table.rows[0].against
    return f"{ours.partition('/')[0]} against {theirs}: {counted(table.rows)}"
