# SPDX-License-Identifier: MIT
"""Where do subjects disagree with the specification, or with each other?"""

from __future__ import annotations

from typing import Any, NamedTuple

from pmm.documents import CaseResult, Column, Requirement, Run
from pmm.programs import CLASSES
from pmm.words import STATES

SILENT = {"PASS", "UNSUPPORTED", "NOT_RUN"}
"""Outcomes that need no explanation in the list of findings."""


class Cell(NamedTuple):
    """A requirement in a column: the worst of its cases, or none."""

    outcome: str | None
    anchor: str | None
    note: str


class Row(NamedTuple):
    """A requirement over all columns."""

    requirement: Requirement
    cells: list[Cell]
    disagrees: bool
    covered: bool


class Area(NamedTuple):
    """The requirements of one area."""

    name: str
    rows: list[Row]
    covered: int


def anchor(case: CaseResult) -> str:
    """Stable id of a case in a column."""
    return f"{case.column}--{case.id}".replace("/", "-").replace(" ", "-")


def _cell(cases: list[CaseResult]) -> Cell:
    if not cases:
        return Cell(None, None, "no case ran")
    worst = max(cases, key=lambda c: CLASSES.index(c.outcome))
    said = worst.message or worst.feature or ""
    note = f"{worst.id}: {STATES[worst.outcome].word}" + (f", {said}" if said else "")
    linked = None if worst.outcome in SILENT else anchor(worst)
    return Cell(worst.outcome, linked, note)


def _rows(run: Run, columns: list[Column]) -> list[Row]:
    index: dict[tuple[str, str], list[CaseResult]] = {}
    for case in run.cases:
        for name in case.requirements:
            index.setdefault((name, case.column), []).append(case)
    rows = []
    for requirement in run.requirements:
        cells = [_cell(index.get((requirement.id, c.id), [])) for c in columns]
        said = {c.outcome for c in cells if c.outcome not in (None, "UNSUPPORTED")}
        rows.append(
            Row(
                requirement,
                cells,
                disagrees=len(said) > 1 or bool(said - {"PASS", "NOT_RUN"}),
                covered=any(c.outcome is not None for c in cells),
            )
        )
    return rows


def _areas(rows: list[Row]) -> list[Area]:
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row.requirement.area, []).append(row)
    return [
        Area(name, members, sum(r.covered for r in members))
        for name, members in grouped.items()
    ]


def _findings(run: Run) -> list[tuple[CaseResult, str]]:
    rows = [c for c in run.cases if c.outcome not in SILENT]
    rows.sort(key=lambda c: (-CLASSES.index(c.outcome), c.id, c.column))
    return [(case, anchor(case)) for case in rows]


def context(run: Run) -> dict[str, Any]:
    """Values of conformance.html."""
    columns = [c for c in run.columns if c.kind == "subject"]
    rows = _rows(run, columns)
    return {
        "columns": columns,
        "checked_backends": [c for c in run.columns if c.kind == "backend"],
        "classes": [
            name for name in CLASSES if any(name in c.counts for c in run.columns)
        ],
        "areas": _areas(rows),
        "disagreements": [row for row in rows if row.disagrees],
        "covered": sum(row.covered for row in rows),
        "findings": _findings(run),
        "labels": {c.id: c.label for c in run.columns},
    }
