# SPDX-License-Identifier: MIT
"""What differs from CPython to CPython, as a table on the console."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pmm.documents.run import Run
from pmm.judge.facts import Row, columns_of, rows_of, sentence, sheets_of


def print_facts(run: Run, console: Console) -> None:
    """Print the facts that differ, where a run is about nothing else."""
    if not run.facts or any(job.kind != "facts" for job in run.plan):
        return
    columns = columns_of(sheets_of(run))
    rows = rows_of(columns)
    table = Table(title="Facts that differ", box=box.SIMPLE_HEAD, title_justify="left")
    table.add_column("fact")
    for column in columns:
        table.add_column(escape(column.label), justify="right")
    group = None
    for row in rows:
        if not row.differs:
            continue
        if row.group != group:
            group = row.group
            table.add_row(f"[bold]{escape(group)}[/]")
        table.add_row(name_of(row), *(shown(row)))
    console.print(table)
    console.print(sentence(columns, rows), markup=False, highlight=False)


def name_of(row: Row) -> str:
    """A fact with its unit."""
    return escape(f"  {row.title} ({row.unit})" if row.unit else f"  {row.title}")


def shown(row: Row) -> list[str]:
    """The cells of a fact; one that differs from that to its left is marked."""
    return [
        f"[bold]◆ {escape(cell.text)}[/]" if cell.changed else escape(cell.text)
        for cell in row.cells
    ]
