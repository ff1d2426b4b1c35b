# SPDX-License-Identifier: MIT
"""What collectors do to programs of a shape: its two variants, round by round."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pmm.collect.shapes import ON_OFF, SHAPES, WORKERS
from pmm.documents.shapes import ShapeArm, ShapeRun, Shapes
from pmm.judge.spreads import Spread, is_above, is_below, ratios, spread_of

DEAR = 1.5
"""Times as long, from which on a shape is marked."""
Figure = Callable[[ShapeRun], int | None]


def runs_of(arm: ShapeArm, shape: str, variant: str) -> tuple[ShapeRun, ...]:
    """Return the processes of a variant."""
    return next((one.runs for one in arm.cells
                 if (one.shape, one.variant) == (shape, variant)), ())  # fmt: skip


def known(runs: tuple[ShapeRun, ...], figure: Figure) -> list[int]:
    """Return a figure of the processes that tell it."""
    return [value for run in runs if (value := figure(run)) is not None]


class ShapeRow(NamedTuple):
    """A shape in an interpreter, collector on and off."""

    shape: str
    first: ShapeRun
    on: Spread
    off: Spread
    ratio: Spread
    collecting: Spread | None
    worst: Spread | None
    most: int | None
    """The most garbage that waited, where the shape makes any."""
    full_on: Spread | None
    """A full collection behind it."""
    full_off: Spread | None

    @property
    def mark(self) -> str:
        """Return what the collector costs: dear, some, open (not told apart), less."""
        if is_above(self.ratio, 1):
            return "dear" if self.ratio.middle >= DEAR else "some"
        return "less" if is_below(self.ratio, 1) else "open"


class WorkersRow(NamedTuple):
    """The memory of forked workers that collect."""

    arm: ShapeArm
    plain: Spread
    frozen: Spread
    ratio: Spread


def row_of(arm: ShapeArm, shape: str) -> ShapeRow | None:
    """Return a shape's figures; None where there are none."""
    on, off = (runs_of(arm, shape, one) for one in ON_OFF)
    spent = [known(runs, lambda run: run.program_ns) for runs in (on, off)]
    ends = [spread_of(values) for values in spent]
    ratio = ratios(*spent)
    if ends[0] is None or ends[1] is None or ratio is None:
        return None
    full = [spread_of(run.full_ns for run in runs) for runs in (on, off)]
    return ShapeRow(
        shape=shape, first=on[0], on=ends[0], off=ends[1], ratio=ratio,
        collecting=spread_of(run.collector_ns for run in on),
        worst=spread_of(run.worst_ns for run in on),
        most=max(known(on, lambda run: run.most)) if shape == "growth" else None,
        full_on=full[0], full_off=full[1],
    )  # fmt: skip


def rows_of(arm: ShapeArm) -> list[ShapeRow]:
    """Return an interpreter's shapes, those that its collector costs most first."""
    rows = [row for shape in SHAPES if (row := row_of(arm, shape)) is not None]
    return sorted(rows, key=lambda row: -row.ratio.middle)


def workers_of(arm: ShapeArm) -> WorkersRow | None:
    """Return what forked workers have; None where it was not measured."""
    frozen, plain = (known(runs_of(arm, "workers", one), lambda run: run.pss_bytes)
                     for one in WORKERS)  # fmt: skip
    ratio, ends = ratios(frozen, plain), [spread_of(plain), spread_of(frozen)]
    if ratio is None or ends[0] is None or ends[1] is None:
        return None
    return WorkersRow(arm, ends[0], ends[1], ratio)


def sentence(made: Shapes) -> str:
    """Say which shape a collector costs most, and what freezing does at best."""
    found = [(arm, row) for arm in made.arms for row in rows_of(arm)]
    workers = [one for arm in made.arms if (one := workers_of(arm)) is not None]
    said = []
    if found:
        arm, row = max(found, key=lambda two: two[1].ratio.middle)
        said.append(
            f"The collector costs most where {SHAPES[row.shape]}: {arm.id} takes "
            f"{row.ratio.middle:.2g} times as long as without it"
        )
    if workers:
        best = min(workers, key=lambda one: one.ratio.middle)
        said.append(
            f"{'behind' if said else 'Behind'} gc.freeze a forked worker of "
            f"{best.arm.id} has {best.ratio.middle:.2g} times the memory"
        )
    return "; ".join(said) + "." if said else "No shape could be measured."
