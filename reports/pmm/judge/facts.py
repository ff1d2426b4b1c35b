# SPDX-License-Identifier: MIT
"""What differs from CPython to CPython, fact by fact.

Interpreters stand in the order of their versions; neighbours in which every fact is
the same are one column. A cell is marked where it is not what the column to the left
has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from pmm.base import formatting
from pmm.base.typed_names import by_number
from pmm.documents.facts import Fact, FactSheet, FactValue
from pmm.documents.run import Run


class Column(NamedTuple):
    """Interpreters in which every fact is the same."""

    label: str
    sheets: list[FactSheet]


class Cell(NamedTuple):
    """One fact in one column."""

    text: str
    changed: bool
    """Whether it is another one than in the column to the left."""


class Row(NamedTuple):
    """One fact in every column."""

    key: str
    group: str
    title: str
    unit: str
    cells: list[Cell]

    @property
    def differs(self) -> bool:
        """Whether any column has another value than the one before."""
        return any(cell.changed for cell in self.cells)


def label(sheet: FactSheet) -> str:
    """Version and what is unusual about the build, as the job is called."""
    return sheet.job.removeprefix("facts/").removeprefix("cpython-")


def sheets_of(run: Run) -> list[FactSheet]:
    """The oldest interpreter first, ordinary builds before unusual ones."""
    return sorted(
        run.facts,
        key=lambda one: (
            by_number(one.document.subject_version), one.document.build, one.job
        ),
    )  # fmt: skip


def values(sheet: FactSheet) -> dict[str, FactValue]:
    """A sheet's values by key."""
    return {fact.key: fact.value for fact in sheet.document.facts}


def columns_of(sheets: Sequence[FactSheet]) -> list[Column]:
    """Fold neighbours that have every value in common."""
    found: list[Column] = []
    for sheet in sheets:
        if found and values(found[-1].sheets[0]) == values(sheet):
            last = found.pop()
            names = dict.fromkeys([*last.label.split(", "), label(sheet)])
            found.append(Column(", ".join(names), [*last.sheets, sheet]))
        else:
            found.append(Column(label(sheet), [sheet]))
    return found


def text_of(value: FactValue) -> str:
    """A value as it is read."""
    if value is None:
        return formatting.DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(str(one).replace("-", "−") for one in value)
    return value if isinstance(value, str) else formatting.number(value)


def rows_of(columns: Sequence[Column]) -> list[Row]:
    """A row a fact, in the order in which they were measured."""
    facts: dict[str, Fact] = {}
    for column in columns:
        for fact in column.sheets[0].document.facts:
            facts.setdefault(fact.key, fact)
    known = [values(column.sheets[0]) for column in columns]
    rows = []
    for key, fact in facts.items():
        mine = [one.get(key) for one in known]
        cells = [
            Cell(text_of(value), at > 0 and value != mine[at - 1])
            for at, value in enumerate(mine)
        ]
        rows.append(Row(key, fact.group, fact.title, fact.unit, cells))
    return rows


def steps(columns: Sequence[Column], rows: Sequence[Row]) -> list[dict[str, Any]]:
    """How many facts changed with each column."""
    found = []
    for at, column in enumerate(columns[1:], 1):
        count = sum(row.cells[at].changed for row in rows)
        found.append({"name": column.label, "count": count, "label": str(count)})
    return found


def sentence(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    """Answer the page's question in a sentence."""
    many = sum(len(column.sheets) for column in columns)
    if len(columns) == 1:
        return (
            f"{formatting.plural(len(rows), 'fact')} measured in {columns[0].label}; "
            "with two CPythons of different versions this page shows what changed."
        )
    differ = sum(row.differs for row in rows)
    best = max(steps(columns, rows), key=lambda one: int(one["count"]))
    ends = [label(columns[0].sheets[0]), label(columns[-1].sheets[-1])]
    return (
        f"Of {len(rows)} measured facts {differ} differ among the {many} CPythons "
        f"from {ends[0]} to {ends[1]}; most changed with {best['name']} "
        f"({best['count']})."
    )
