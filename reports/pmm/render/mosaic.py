# SPDX-License-Identifier: MIT
"""The whole suite in one small picture: a row a subject, a cell an area.

A cell shows the gravest of what its cases came to; those that were not offered or
not run count only where nothing else did.
"""

from __future__ import annotations

from typing import NamedTuple

from pmm.collect.specification import for_subjects
from pmm.documents.programs import CLASSES, CaseClass
from pmm.documents.results import Column
from pmm.documents.run import Run

QUIET = ("NOT_RUN", "UNSUPPORTED", "WAIVED", "PASS")
"""Outcomes that do not stand before others, the weakest first."""


class Row(NamedTuple):
    """Columns of one subject that came out alike in every area."""

    label: str
    others: list[str]
    outcomes: list[CaseClass | None]
    """One an area; None where no case is."""


class Mosaic(NamedTuple):
    """The picture."""

    areas: list[str]
    rows: list[Row]


def weight(outcome: CaseClass) -> int:
    """How much an outcome says of its area."""
    if outcome in QUIET:
        return QUIET.index(outcome) - len(QUIET)
    return CLASSES.index(outcome)


def worst_of(run: Run) -> dict[tuple[str, str], CaseClass]:
    """Return the gravest outcome by column and area."""
    areas = {one.id: one.area for one in for_subjects(run.requirements)}
    found: dict[tuple[str, str], CaseClass] = {}
    for case in run.cases:
        for area in {areas[name] for name in case.requirements if name in areas}:
            key = case.column, area
            before = found.get(key)
            if before is None or weight(case.outcome) > weight(before):
                found[key] = case.outcome
    return found


def mosaic(run: Run) -> Mosaic | None:
    """Make the picture; None where no case ran."""
    columns = [one for one in run.columns if one.kind == "subject"]
    worst = worst_of(run)
    met = {area for _, area in worst}
    areas = [a for a in dict.fromkeys(r.area for r in run.requirements) if a in met]
    if not columns or not areas:
        return None
    rows: dict[tuple[object, ...], Row] = {}
    for column in columns:
        outcomes = [worst.get((column.id, area)) for area in areas]
        add(rows, column, outcomes)
    return Mosaic(areas, list(rows.values()))


def add(
    rows: dict[tuple[object, ...], Row],
    column: Column,
    outcomes: list[CaseClass | None],
) -> None:
    """Add a column, to the row of those of its subject that came out alike."""
    key = column.subject, column.subject_version, column.build, *outcomes
    if key in rows:
        rows[key].others.append(column.label)
    else:
        rows[key] = Row(column.label, [], outcomes)
