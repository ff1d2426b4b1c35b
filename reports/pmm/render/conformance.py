# SPDX-License-Identifier: MIT
"""Where do subjects disagree with the specification, or with each other?"""

from __future__ import annotations

from typing import Any, NamedTuple

from pmm.base.formatting import STATES
from pmm.collect.conform import BAD
from pmm.collect.specification import for_subjects
from pmm.documents.programs import CLASSES
from pmm.documents.results import CaseResult, Column, Requirement
from pmm.documents.run import Run
from pmm.judge.findings import Saying, sayings, worst_first
from pmm.judge.groups import blurred, rank, said_alike
from pmm.render.census import counted, subjects_of

SILENT = {"PASS", "UNSUPPORTED", "NOT_RUN"}
"""Outcomes that need no explanation."""
KNOWN = ("WARN", "XFAIL", "WAIVED")
"""Outcomes that somebody has explained, or that only warn: told in tables."""
MOST_ROWS = 60
"""Requirements that stand in the matrix of disagreements; all are in their areas."""
MOST_CAUSES = 60
"""Causes that stand as cards; what follows is rows of a table."""
BROKEN = "HARNESS_ERROR"
"""The outcome that says nothing of the subject."""
IDLE = {"UNSUPPORTED", "NOT_RUN", "WAIVED"}
"""Outcomes in which a subject neither keeps a requirement nor differs from it."""


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
    """Whether a subject differs from it, expectedly or not."""
    fails: bool
    """Whether a subject differs unexpectedly."""
    broken: bool
    """Whether the harness failed in it, and no subject did."""
    ran: bool


class Fold(NamedTuple):
    """Columns of one subject that agree in every requirement, shown as one."""

    label: str
    names: list[str]
    """Labels of the others."""

    @property
    def others(self) -> int:
        """How many are not shown."""
        return len(self.names)


class Finding(NamedTuple):
    """What one case shows of one subject."""

    worst: CaseResult
    sayings: list[Saying]
    """Its words, the worst first, each with the columns that it stands in."""
    places: list[tuple[str, str]]
    """Anchor and label of each column."""


class Cause(NamedTuple):
    """Findings that go wrong alike and say the same, numbers aside."""

    first: Finding
    others: list[Finding]

    @property
    def said(self) -> str:
        """What they say."""
        every = (self.first, *self.others)
        return said_alike([one.sayings[0].message for one in every])


class Area(NamedTuple):
    """The requirements of one area."""

    name: str
    rows: list[Row]
    ran: int
    caseless: int


def gravity(row: Row) -> tuple[int, int]:
    """Order requirements: the gravest outcome first, then the most cells with it."""
    said = [c.outcome for c in row.cells if c.outcome is not None]
    ranks = [CLASSES.index(name) for name in said if name not in IDLE]
    worst = max(ranks)
    return -worst, -ranks.count(worst)


class Reason(NamedTuple):
    """Cells that somebody has explained in the same words, or that warn alike."""

    outcome: str
    said: str
    link: str | None
    anchor: str
    cases: list[str]
    columns: list[str]
    amount: int
    reproduce: str


def anchor(case: CaseResult) -> str:
    """Stable id of a case in a column."""
    return f"{case.column}--{case.id}".replace("/", "-").replace(" ", "-")


def _said(case: CaseResult) -> str:
    return case.expectation or blurred(case.message or "no message")


def _reasons(run: Run, labels: dict[str, str]) -> dict[tuple[str, str], Reason]:
    """Known differences by what is said of them, warnings by their pattern."""
    found: dict[tuple[str, str], list[CaseResult]] = {}
    for case in run.cases:
        if case.outcome in KNOWN:
            found.setdefault((case.outcome, _said(case)), []).append(case)
    order = sorted(found, key=lambda key: (KNOWN.index(key[0]), -len(found[key])))
    return {
        key: Reason(
            outcome=key[0],
            said=found[key][0].expectation or found[key][0].message or "no message",
            link=found[key][0].link,
            anchor=f"known-{number}",
            cases=list(dict.fromkeys(case.id for case in found[key])),
            columns=list(dict.fromkeys(labels[case.column] for case in found[key])),
            amount=len(found[key]),
            reproduce=found[key][0].reproduce,
        )
        for number, key in enumerate(order, 1)
    }


class Matrix:
    """The cells of a run, by requirement and column."""

    def __init__(self, run: Run, columns: list[Column], labels: dict[str, str]) -> None:
        """Sort the cases by requirement and column."""
        self.columns = columns
        self.reasons = _reasons(run, labels)
        self.index: dict[tuple[str, str], list[CaseResult]] = {}
        for case in run.cases:
            for name in case.requirements:
                self.index.setdefault((name, case.column), []).append(case)

    def cell(self, requirement: Requirement, column: Column) -> Cell:
        """Return the worst of a requirement's cases in a column."""
        cases = self.index.get((requirement.id, column.id), [])
        if not cases and requirement.caseless:
            return Cell(None, None, f"no case: {requirement.caseless}")
        if not cases and column.attach == "python":
            return Cell(None, None, "no case in plain Python")
        if not cases:
            return Cell("NOT_RUN", None, "its cases were not run in this column")
        worst = max(cases, key=lambda c: CLASSES.index(c.outcome))
        if worst.outcome == "PASS":
            return Cell("PASS", None, "")
        said = worst.message or worst.feature or ""
        note = f"{worst.id}: {STATES[worst.outcome].word}"
        linked = None if worst.outcome in SILENT else anchor(worst)
        if worst.outcome in KNOWN:
            linked = self.reasons[worst.outcome, _said(worst)].anchor
        return Cell(worst.outcome, linked, note + (f", {said}" if said else ""))

    def row(self, requirement: Requirement) -> Row:
        """Return a requirement over all columns."""
        cells = [self.cell(requirement, column) for column in self.columns]
        said = {c.outcome for c in cells if c.outcome is not None} - IDLE
        fails = bool(said & BAD - {BROKEN})
        return Row(
            requirement,
            cells,
            disagrees=bool(said - {"PASS"}),
            fails=fails,
            broken=BROKEN in said and not fails,
            ran=any(c.outcome not in (None, "NOT_RUN", BROKEN) for c in cells),
        )


def _fold(columns: list[Column], rows: list[Row]) -> tuple[list[Fold], list[Row]]:
    """Show columns that agree as one; a row keeps the cells of the first of them."""
    first: dict[tuple[object, ...], int] = {}
    folds: dict[int, Fold] = {}
    for at, column in enumerate(columns):
        outcomes = tuple(row.cells[at].outcome for row in rows)
        key = column.subject, column.subject_version, column.build, outcomes
        if key in first:
            folds[first[key]].names.append(column.label)
        else:
            first[key] = at
            folds[at] = Fold(column.label, [])
    kept = [row._replace(cells=[row.cells[at] for at in folds]) for row in rows]
    return list(folds.values()), kept


def _areas(rows: list[Row]) -> list[Area]:
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row.requirement.area, []).append(row)
    return [
        Area(
            name,
            members,
            ran=sum(r.ran for r in members),
            caseless=sum(r.requirement.caseless is not None for r in members),
        )
        for name, members in grouped.items()
    ]


def _findings(run: Run, labels: dict[str, str]) -> list[Finding]:
    """What each case shows of each subject, in all its columns."""
    subjects = {
        c.id: (c.subject, c.subject_version, c.build) if c.kind == "subject" else c.id
        for c in run.columns
    }
    found: dict[tuple[str, object], list[CaseResult]] = {}
    for case in run.cases:
        if case.outcome in BAD and case.outcome != "NOT_RUN":
            key = case.id, subjects.get(case.column)
            found.setdefault(key, []).append(case)
    rows = [
        Finding(
            worst_first(cases)[0],
            sayings(cases, labels),
            [(anchor(case), labels[case.column]) for case in cases],
        )
        for cases in found.values()
    ]
    return sorted(rows, key=lambda one: (rank(one.worst.outcome), one.worst.id))


def causes_of(findings: list[Finding]) -> list[Cause]:
    """Put findings together by what went wrong; the gravest, then the most, first."""
    found: dict[tuple[object, ...], list[Finding]] = {}
    for one in findings:
        case, said = one.worst, one.sayings[0].message
        key = case.outcome, case.signal, case.phase, blurred(said)
        found.setdefault(key, []).append(one)
    return sorted(
        (Cause(members[0], members[1:]) for members in found.values()),
        key=lambda one: (rank(one.first.worst.outcome), -len(one.others)),
    )


def context(run: Run) -> dict[str, Any]:
    """Values of conformance.html."""
    columns = [c for c in run.columns if c.kind == "subject"]
    labels = {c.id: c.label for c in run.columns}
    matrix = Matrix(run, columns, labels)
    every = [matrix.row(one) for one in for_subjects(run.requirements)]
    folds, rows = _fold(columns, every)
    checked = [c for c in run.columns if c.kind == "backend"]
    causes = causes_of(_findings(run, labels))
    more = [f for one in causes[MOST_CAUSES:] for f in (one.first, *one.others)]
    ran = sum(row.ran for row in rows)
    caseless = sum(row.requirement.caseless is not None for row in rows)
    return {
        "columns": columns,
        "folds": folds,
        "folded": len(folds) < len(columns),
        "checked_backends": checked,
        "unsound": [c.backend or c.label for c in checked if BAD & c.counts.keys()],
        "classes": [
            name for name in CLASSES if any(name in c.counts for c in run.columns)
        ],
        "areas": _areas(rows),
        "disagreements": sorted((row for row in rows if row.disagrees), key=gravity),
        "most_rows": MOST_ROWS,
        "failing": sum(row.fails for row in rows),
        "broken": sum(row.broken for row in rows),
        "ran": ran,
        "caseless": caseless,
        "left": len(rows) - ran - caseless,
        "total": len(rows),
        "known": list(matrix.reasons.values()),
        "causes": causes[:MOST_CAUSES],
        "more": more,
        "labels": labels,
        "subjects": counted(subjects_of(run)),
    }
