# SPDX-License-Identifier: MIT
"""The speed table on the console."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pmm.base import formatting
from pmm.documents.speed import SpeedTable
from pmm.plan.speed_spec import FULL_SIZE
from pmm.render.speed_figures import figure, interval, reached, row_label

COLOURS = {"good": "green", "bad": "red", "mute": "dim"}


def print_speed(table: SpeedTable | None, console: Console) -> None:
    """Print the table, the control and what was dropped."""
    if table is None or not table.rows:
        return
    console.print(speed_table(table))
    objects = f", {table.objects:,} objects" if table.objects else ""
    lines = [
        f"{table.rounds} rounds of pairs{objects}; ratio: "
        "Hodges-Lehmann over the pairs, exact 95 % signed-rank interval; verdicts "
        "hold for the whole table (Benjamini-Hochberg, 5 %)",
        said_of_control(table),
    ]
    if 0 < table.objects < FULL_SIZE:
        lines.append(
            "a small size only tries the command out: an interpreter's own "
            "objects affect the figures, and goals do not apply"
        )
    if any("assertions" in (arm.build or "") for arm in table.arms):
        lines.append(
            "built with assertions, unlike the interpreter: for figures to "
            "quote, meson setup build-speed --buildtype release"
        )
    if table.dropped:
        lines.append(
            f"dropped as disturbed: {formatting.plural(len(table.dropped), 'round')}"
        )
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def said_of_control(table: SpeedTable) -> str:
    """Say what the control showed, and what the rows could have shown."""
    said = f"control ({table.controls[0].arm} against itself): "
    moved = [row for row in table.controls if row.verdict != "undecided"]
    if not any(row.samples for row in table.controls):
        return f"{said}not measured"
    said += f"differs in {len(moved)} rows" if moved else "no difference"
    changes = [row.detectable for row in table.rows if row.detectable is not None]
    if len(changes) < len(table.rows):
        return said
    return (
        f"{said}; a change of {max(changes):.1%} would have been detected in "
        "every row with a probability of 80 %"
    )


def speed_table(table: SpeedTable) -> Table:
    """Return the rows as a table for the console."""
    against = table.rows[0].against
    ours = table.rows[0].arm.partition("/")[0]
    shown = Table(
        title=f"{ours} against {against} (medians; a ratio below 1 is better)",
        box=box.SIMPLE_HEAD,
        title_justify="left",
    )
    shown.add_column("what")
    for name in (ours, against, "ratio", "95 %"):
        shown.add_column(escape(name), justify="right", no_wrap=True)
    shown.add_column("verdict", no_wrap=True)
    shown.add_column("goal", justify="right", no_wrap=True)
    for row in table.rows:
        state = formatting.PACES[row.verdict]
        colour = COLOURS[state.tone]
        shown.add_row(
            escape(row_label(row)),
            figure(row.ours.median if row.ours else None, row),
            figure(row.theirs.median if row.theirs else None, row),
            formatting.DASH if row.ratio is None else f"{row.ratio:.3g}",
            interval(row),
            f"[{colour}]{state.glyph} {state.word}[/]",
            reached(row),
        )
    return shown
