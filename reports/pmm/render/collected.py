# SPDX-License-Identifier: MIT
"""Real programs as a page of its own: what the collector does in each."""

from __future__ import annotations

from typing import Any, NamedTuple

from pmm.base import formatting
from pmm.base.formatting import State
from pmm.documents.collected import Collected, ProgramArm
from pmm.judge.collected import (
    MUCH,
    SOME,
    ProgramRow,
    notes_of,
    rows_of,
    sentence,
)
from pmm.judge.ledger import joined
from pmm.judge.spreads import confidence
from pmm.render.standalone import standalone

MARKS = {
    "much": State("✗", "much of the time", "bad"),
    "some": State("!", "some of the time", "warn"),
    "little": State("✓", "little of the time", "good"),
    "dearer": State("▲", "slower with it", "warn"),
    "cheaper": State("▽", "faster with it", "good"),
    "open": State("?", "not told apart", "mute"),
    True: State("=", "equal", "good"),
    False: State("≈", "not equal", "warn"),
    None: State("·", "one process", "mute"),
}


class Table(NamedTuple):
    """An interpreter, its programs, and what has to be said beside them."""

    arm: ProgramArm
    rows: list[ProgramRow]
    notes: list[str]


def table_of(arm: ProgramArm) -> Table:
    """Return an interpreter's table."""
    notes = [f"{cell.program}: {note}" for cell in arm.cells for note in notes_of(cell)]
    return Table(arm, rows_of(arm), notes)


def page_text(made: Collected, document: str) -> str:
    """Return the page; `document` is the name of the file that lies beside it."""
    values: dict[str, Any] = {
        "made": made, "sentence": sentence(made), "document": document, "marks": MARKS,
        "tables": [table_of(arm) for arm in made.arms], "joined": joined,
        "much": MUCH, "some": SOME, "confidence": confidence(made.rounds),
        "dash": formatting.DASH,
    }  # fmt: skip
    return standalone("collected.html", **values)
