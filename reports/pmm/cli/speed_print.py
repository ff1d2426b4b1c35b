# SPDX-License-Identifier: MIT
"""The speed table on the console."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pmm.base import formatting
from pmm.documents.speed import SpeedRow, SpeedTable
from pmm.plan.speed_spec import FULL_SIZE

COLOURS = {"good": "green", "bad": "red", "mute": "dim"}


def row_label(row: SpeedRow) -> str:
    """Say what a row measures, with its collector mode where there are several."""
    mode = row.arm.rpartition("/")[2] if row.benchmark.startswith("pause/") else ""
    return f"{row.title} ({mode})" if mode else row.title


def short_label(row: SpeedRow) -> str:
    """Name a row by its benchmark, its figure and its mode."""
    over = f" / {row.over.partition('/')[2]}" if row.over else ""
    what = "" if row.figure == "per_object_ns" else f" {row.figure}"
    mode = row.arm.rpartition("/")[2] if row.benchmark.startswith("pause/") else ""
    return f"{row.benchmark}{over}{what} {mode}".rstrip()


def figure(value: float | None, row: SpeedRow) -> str:
    """Write a value of a row in its unit."""
    if row.over is not None:
        return formatting.times(value)
    if row.unit == "objects":
        return formatting.number(None if value is None else round(value))
    return formatting.quantity(value, row.unit)


def reached(row: SpeedRow) -> str:
    """Say whether the goal is reached, or how far off it is."""
    if row.goal is None or row.ours is None:
        return ""
    off = row.ours.median / row.goal
    goal = figure(row.goal, row)
    return f"{goal}: reached" if off <= 1 else f"{goal}: {off:.2g} × off"


def interval(row: SpeedRow) -> str:
    """Write the limits of the ratio."""
    if row.low is None or row.high is None:
        return row.note or formatting.DASH
    return f"{row.low:.3g} – {row.high:.3g}"


def print_speed(table: SpeedTable | None, console: Console) -> None:
    """Print the table, the control and what was dropped."""
    if table is None or not table.rows:
        return
    console.print(speed_table(table))
    lines = [
        f"{table.rounds} rounds of pairs, {table.objects:,} objects; ratio: "
        "Hodges-Lehmann over the pairs, exact 95 % signed-rank interval; verdicts "
        "hold for the whole table (Benjamini-Hochberg, 5 %)",
        said_of_control(table),
    ]
    if table.objects < FULL_SIZE:
        lines.append(
            "a small size tries the command: an interpreter's own objects weigh in "
            "the figures, and goals do not apply"
        )
    if any("assertions" in (arm.build or "") for arm in table.arms):
        lines.append(
            "built with assertions, which the interpreter is not: for figures to "
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
        f"{said}; a change of {max(changes):.1%} would have been seen four times in "
        "five in every row"
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
