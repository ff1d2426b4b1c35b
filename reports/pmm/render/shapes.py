# SPDX-License-Identifier: MIT
"""Programs of a shape as a page of its own: what the collector costs in each."""

from __future__ import annotations

from typing import Any, NamedTuple

from pmm.base import formatting
from pmm.base.formatting import State
from pmm.collect.shapes import SHAPES
from pmm.documents.shapes import ShapeArm, Shapes
from pmm.judge.ledger import joined
from pmm.judge.shapes import ShapeRow, rows_of, sentence, workers_of
from pmm.judge.spreads import confidence
from pmm.render.standalone import standalone

MARKS = {
    "dear": State("✗", "at least half as long again", "bad"),
    "some": State("!", "longer", "warn"),
    "open": State("✓", "not told apart", "good"),
    "less": State("▽", "shorter", "good"),
}


class Table(NamedTuple):
    """An interpreter, and its shapes, the dearest first."""

    arm: ShapeArm
    rows: list[ShapeRow]


def page_text(made: Shapes, document: str) -> str:
    """Return the page; `document` is the name of the file that lies beside it."""
    workers = [row for arm in made.arms if (row := workers_of(arm)) is not None]
    values: dict[str, Any] = {
        "made": made, "sentence": sentence(made), "document": document, "marks": MARKS,
        "tables": [Table(arm, rows_of(arm)) for arm in made.arms], "titles": SHAPES,
        "workers": sorted(workers, key=lambda row: row.ratio.middle),
        "joined": joined, "confidence": confidence(made.rounds),
        "dash": formatting.DASH,
    }  # fmt: skip
    return standalone("shapes.html", **values)
