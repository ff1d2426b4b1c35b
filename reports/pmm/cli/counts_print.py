# SPDX-License-Identifier: MIT
"""The table of counted instructions on the console."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pmm.base import formatting
from pmm.documents.instructions import InstructionTable
from pmm.judge.instructions import counted_in_words

COLOURS = {"good": "green", "bad": "red", "mute": "dim"}


def print_instructions(table: InstructionTable | None, console: Console) -> None:
    """Print the rows, and what they rest on."""
    if table is None:
        return
    if table.rows:
        console.print(rows_of(table))
    words = f"{counted_in_words(table)}; callgrind"
    if table.pinned:
        words += f", pinned: {', '.join(table.pinned)}; the same up to "
        words += f"{table.tolerance:.1%}"
    console.print(words, markup=False, highlight=False, soft_wrap=True)


def rows_of(table: InstructionTable) -> Table:
    """Return the rows as a table for the console."""
    shown = Table(
        title="Instructions of one iteration", box=box.SIMPLE_HEAD,
        title_justify="left",
    )  # fmt: skip
    shown.add_column("what")
    for name in (table.arm, table.against, "ratio"):
        shown.add_column(escape(name), justify="right", no_wrap=True)
    shown.add_column("verdict", no_wrap=True)
    for row in table.rows:
        state = formatting.LEDGER_VERDICTS[row.verdict]
        shown.add_row(
            escape(row.title), formatting.number(row.ours),
            formatting.number(row.theirs),
            formatting.DASH if row.ratio is None else f"{row.ratio:.4f}",
            f"[{COLOURS[state.tone]}]{state.glyph} {state.word}[/]",
        )  # fmt: skip
    return shown
