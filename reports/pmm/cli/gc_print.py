# SPDX-License-Identifier: MIT
"""The ledger of collectors on the console: a sentence, then a table a size."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pmm.base import formatting
from pmm.documents.ledger import Ledger, LedgerArm, LedgerCell, LedgerRow
from pmm.judge.ledger import (
    POINTS,
    collector_ns,
    differs,
    examined,
    garbage,
    joined,
    middle,
    never_collects,
    pauses,
    percentile,
    sentence,
    time_share,
    waiting_share,
)

MUCH = 0.9
"""Share of all garbage that waits, from which on a row is marked."""


def mark(cell: LedgerCell) -> str:
    """Mark a collector that lets nearly everything wait."""
    if never_collects(cell):
        return "[dim]○[/] "
    return "[red]✗[/] " if waiting_share(cell) >= MUCH else ""


def pause_cells(cell: LedgerCell) -> tuple[str, ...]:
    """Return the percentiles of the pauses, and the worst."""
    found = pauses(cell)
    parts = [percentile(found, point) for point in (*POINTS, 100)]
    return tuple(formatting.duration(one) for one in parts)


def count_row(arm: LedgerArm, cell: LedgerCell) -> tuple[str, ...]:
    """Return what was counted in a collector."""
    counts = cell.counts
    if counts is None:
        return (escape(arm.id),)
    ratio = examined(counts)
    return (
        f"{mark(cell)}{escape(arm.id)}",
        f"{counts.most:,}", f"{waiting_share(cell):.0%}", f"{counts.p95:,}",
        f"{counts.left:,}", joined(counts.collections),
        joined(counts.candidates),
        formatting.DASH if ratio is None else f"{ratio:.2f}",
    )  # fmt: skip


def time_row(arm: LedgerArm, cell: LedgerCell) -> tuple[str, ...]:
    """Return a collector's times."""
    share = time_share(cell)
    return (
        escape(arm.id), f"{len(pauses(cell)):,}", *pause_cells(cell),
        formatting.duration(middle(cell, collector_ns)),
        formatting.DASH if share is None else f"{share:.0%}",
        formatting.size(middle(cell, lambda one: one.peak_bytes)),
    )  # fmt: skip


def headed(title: str, heads: tuple[str, ...]) -> Table:
    """Return a table of figures without a row."""
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left")
    for number, head in enumerate(heads):
        table.add_column(head, justify="right" if number else "left", no_wrap=True)
    return table


def size_tables(ledger: Ledger, name: str) -> list[Table]:
    """Return the tables of one size, who lets most wait first."""
    rows = [(arm, cell) for arm in ledger.arms for cell in arm.cells
            if cell.name == name]  # fmt: skip
    rows.sort(key=lambda two: -waiting_share(two[1]))
    counts = headed(
        size_title(name, rows[0][1]),
        ("collector", "waiting", "of all", "95 %", "left", "collections", "examined",
         "for each freed"),
    )  # fmt: skip
    for arm, cell in rows:
        counts.add_row(*count_row(arm, cell))
    times = headed(
        f"{name}: times, by processes of their own",
        ("collector", "pauses", *(f"{point} %" for point in POINTS), "worst", "in all",
         "of the program", "peak memory"),
    )  # fmt: skip
    timed = [(arm, cell) for arm, cell in rows if cell.times]
    for arm, cell in timed:
        times.add_row(*time_row(arm, cell))
    return [counts, times] if timed else [counts]


def size_title(name: str, one: LedgerCell) -> str:
    """Say what was made, and what lived beside it."""
    beside = f", beside {one.live:,} live lists" if one.live else ""
    return (
        f"{name}: {one.made:,} objects, the last {one.window:,} held{beside}; "
        f"{garbage(one):,} become garbage"
    )


def pair_table(ledger: Ledger) -> Table:
    """Return the figures of two collectors, side by side; what differs first."""
    ours, theirs = (arm.id for arm in ledger.arms)
    table = Table(title=escape(f"{ours} and {theirs}"), box=box.SIMPLE_HEAD,
                  title_justify="left")  # fmt: skip
    table.add_column("figure")
    for name in (ours, theirs, "ratio", "95 % interval"):
        table.add_column(escape(name), justify="right")
    table.add_column("verdict", no_wrap=True)
    for row in sorted(ledger.rows, key=lambda row: not differs(row)):
        table.add_row(
            escape(f"{row.figure} ({row.cell})"), escape(row.ours), escape(row.theirs),
            formatting.DASH if row.ratio is None else f"{row.ratio:.3g}",
            interval(row), verdict(row),
        )  # fmt: skip
    return table


def interval(row: LedgerRow) -> str:
    """Show the limits of a ratio."""
    if row.low is None or row.high is None:
        return formatting.DASH
    return f"{row.low:.3g} … {row.high:.3g}"


def verdict(row: LedgerRow) -> str:
    """Show a verdict by glyph, word and colour."""
    state = formatting.LEDGER_VERDICTS[row.verdict]
    colour = {"good": "green", "bad": "red", "mute": "dim"}[state.tone]
    return f"[{colour}]{state.glyph} {state.word}[/]"


HOW = (
    "waiting: the most garbage that waited at once, and how much of all garbage that "
    "is; 95 %: what it did not exceed 95 % of the time; left: at the end; collections "
    "and examined objects: young / middle / old. ✗ nearly all garbage waits; ○ it "
    "collects when asked only. Times are CPU times: all pauses of all processes at "
    "percentiles; time in all, its share of the program's and memory are medians."
)


def print_ledger(ledger: Ledger, console: Console) -> None:
    """Print the sentence, the tables, and who has no figures."""
    console.print(sentence(ledger), markup=False, highlight=False, style="bold")
    names = dict.fromkeys(cell.name for arm in ledger.arms for cell in arm.cells)
    for name in names:
        for table in size_tables(ledger, name):
            console.print(table)
    if names:
        console.print(HOW, highlight=False, markup=False)
    if ledger.rows:
        console.print(pair_table(ledger))
    for arm in ledger.arms:
        for glyph, colour, why in (("✗", "red", arm.fault), ("○", "dim", arm.absence)):
            if why is not None:
                line = f"[{colour}]{glyph}[/] {escape(arm.id)}: {escape(why)}"
                console.print(line, highlight=False, soft_wrap=True)
