# SPDX-License-Identifier: MIT
"""Can the suite itself be believed?"""

from __future__ import annotations

from typing import Any, NamedTuple

from pmm.base import formatting
from pmm.documents.grade import Grade, PartName, Share
from pmm.documents.run import Run
from pmm.judge.verdicts import score

REFERENCE = "reference"
BY_AREA: tuple[PartName, ...] = ("faults", "history", "flakes")
"""Parts whose shares are areas of the specification."""


class Cell(NamedTuple):
    """So much of so much; how it shows."""

    good: int
    total: int

    @property
    def tone(self) -> str:
        """The class of a figure that is not whole."""
        return "bad" if self.good < self.total else ""


class Row(NamedTuple):
    """An area or a folder, and its figures; None: nothing was counted."""

    name: str
    cells: list[Cell | None]


def shares_of(grade: Grade | None, name: PartName) -> dict[str, Share]:
    """Return a part's shares by name."""
    part = grade.part(name) if grade is not None else None
    return {one.name: one for one in part.shares} if part is not None else {}


def cell(share: Share | None) -> Cell | None:
    """Show a share; None where there is none."""
    return Cell(share.good, share.total) if share is not None else None


def kept(run: Run) -> dict[str, Cell]:
    """Return the MUST requirements that the reference keeps in this run, by area."""
    mine = {c.id for c in run.columns
            if c.kind == "subject" and c.subject == REFERENCE}  # fmt: skip
    cases = [case for case in run.cases if case.column in mine]
    found = {}
    for area in dict.fromkeys(one.area for one in run.requirements):
        needs = [one for one in run.requirements if one.area == area]
        sums = score(cases, needs)
        if sums.must_applicable:
            found[area] = Cell(sums.must_passed, sums.must_applicable)
    return found


def covered(run: Run) -> dict[str, Cell]:
    """Return the branches taken of those there are, by folder."""
    found: dict[str, Cell] = {}
    for file in run.coverage.files if run.coverage else ():
        folder = file.path.rpartition("/")[0]
        before = found.get(folder, Cell(0, 0))
        found[folder] = Cell(
            before.good + file.branches_hit, before.total + file.branches_found
        )
    return found


def area_rows(run: Run) -> list[Row]:
    """Return a row an area of the specification."""
    musts = kept(run)
    parts = [shares_of(run.grade, name) for name in BY_AREA]
    names = sorted({*musts, *(name for shares in parts for name in shares)})
    return [
        Row(name, [musts.get(name), *(cell(shares.get(name)) for shares in parts)])
        for name in names
    ]


def folder_rows(run: Run) -> list[Row]:
    """Return a row a folder of the reference's sources."""
    branches, mutants = covered(run), shares_of(run.grade, "mutants")
    names = sorted({*branches, *mutants})
    return [
        Row(name, [cell(mutants.get(name)), branches.get(name)]) for name in names
    ]


def sentence(grade: Grade) -> str:
    """Answer the page's question in a sentence."""
    figures = [f"{one.good:,} of {one.total:,} {one.counted}"
               for one in grade.parts if one.state != "skipped"]  # fmt: skip
    text = "; ".join(figures) or "nothing could be tried"
    return f"{text[:1].upper()}{text[1:]}."


def context(run: Run) -> dict[str, Any]:
    """Values of grade.html."""
    grade = run.grade
    return {
        "sentence": sentence(grade) if grade is not None else None,
        "areas": area_rows(run) if grade is not None else [],
        "folders": folder_rows(run) if grade is not None else [],
        "grades": formatting.GRADES,
        "goal": {one.name: f"{100 * one.goal:g} %" for one in grade.parts}
        if grade is not None
        else {},
    }
