# SPDX-License-Identifier: MIT
"""What differs from CPython to CPython?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from pmm.documents.run import Run
from pmm.judge.facts import Column, Row, columns_of, rows_of, sentence, sheets_of, steps
from pmm.render import charts
from pmm.render.figures import Figure, csv_of


def grouped(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Rows by group, in their order."""
    return [(name, list(mine)) for name, mine in groupby(rows, lambda r: r.group)]


def table_of(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    """The whole table as CSV."""
    heads = ["group", "fact", "unit", *(column.label for column in columns)]
    return csv_of(
        heads,
        ([r.group, r.title, r.unit, *(cell.text for cell in r.cells)] for r in rows),
    )


def changes(columns: Sequence[Column], rows: Sequence[Row]) -> Figure | None:
    """Draw how much changed with each version."""
    if len(columns) == 1:
        return None
    found = steps(columns, rows)
    title = "Facts that changed with each version"
    svg = charts.bars(found, value="count", title="facts that changed")
    return Figure("facts-by-version", title, svg, table_of(columns, rows))


def context(run: Run) -> dict[str, Any]:
    """Values of facts.html."""
    columns = columns_of(sheets_of(run))
    rows = rows_of(columns) if columns else []
    figure = changes(columns, rows) if columns else None
    same = [row for row in rows if not row.differs]
    return {
        "columns": columns,
        "differing": grouped([row for row in rows if row.differs]),
        "same": grouped(same),
        "alike": len(same),
        "sentence": sentence(columns, rows) if columns else None,
        "figure": figure,
        "figures": [figure] if figure is not None else [],
    }
