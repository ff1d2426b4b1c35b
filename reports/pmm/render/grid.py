# SPDX-License-Identifier: MIT
"""The grid of collectors as a page of its own: a table for each interpreter."""

from __future__ import annotations

from typing import Any, NamedTuple

from pmm.base import formatting
from pmm.base.formatting import State
from pmm.documents.grid import Grid, GridArm, GridCell
from pmm.judge.grid import (
    collecting_ns,
    is_stable,
    sentence,
    share,
    spread,
    worst_ns,
)
from pmm.judge.spreads import Spread, confidence
from pmm.render.standalone import standalone

MARKS = {
    "stable": State("✓", "stable", "good"),
    "rises": State("▲", "still rises", "bad"),
}


class Row(NamedTuple):
    """A cell's figures; the middle of each, and its ends."""

    cell: GridCell
    time: Spread | None
    collecting: Spread | None
    worst: Spread | None
    most: Spread | None
    peak: Spread | None
    share: float
    mark: str


class Table(NamedTuple):
    """An interpreter, and its cells, those that let most wait first."""

    arm: GridArm
    rows: list[Row]


def row_of(cell: GridCell) -> Row:
    """Return a cell's figures."""
    return Row(
        cell=cell, time=spread(cell, lambda run: run.program_ns),
        collecting=spread(cell, collecting_ns), worst=spread(cell, worst_ns),
        most=spread(cell, lambda run: run.most),
        peak=spread(cell, lambda run: run.peak_bytes), share=share(cell),
        mark="stable" if is_stable(cell) else "rises",
    )  # fmt: skip


def table_of(arm: GridArm) -> Table:
    """Return an interpreter's table."""
    rows = sorted(map(row_of, arm.cells), key=lambda row: (-row.share, row.cell.size))
    return Table(arm, rows)


def page_text(grid: Grid, document: str) -> str:
    """Return the page; `document` is the name of the file that lies beside it."""
    values: dict[str, Any] = {
        "grid": grid, "sentence": sentence(grid), "document": document, "marks": MARKS,
        "tables": [table_of(arm) for arm in grid.arms],
        "confidence": confidence(grid.repetitions), "dash": formatting.DASH,
    }  # fmt: skip
    return standalone("grid.html", **values)
