# SPDX-License-Identifier: MIT
"""Which of two subjects is faster in which operation, and by how much?"""

from __future__ import annotations

from typing import Any, NamedTuple

from pmm.base import formatting
from pmm.documents.run import Run
from pmm.documents.speed import SpeedArm, SpeedRow, SpeedTable
from pmm.judge.instructions import counted_in_words
from pmm.judge.speed import told
from pmm.render import allocator_charts
from pmm.render.figures import Figure, csv_of_ratios
from pmm.render.speed_figures import row_label, short_label


def _chart(table: SpeedTable) -> tuple[Figure | None, str]:
    """Ratio and interval of each row, and the same in one sentence."""
    shown = [row for row in table.rows if row.ratio and row.low and row.high]
    if not shown:
        return None, ""
    points = [
        {
            "benchmark": short_label(row),
            "name": "ratio",
            "ratio": row.ratio,
            "low": row.low,
            "high": row.high,
        }
        for row in shown
    ]
    best = min(shown, key=lambda row: row.ratio or 1)
    worst = max(shown, key=lambda row: row.ratio or 1)
    said = (
        f"Ratios to {table.rows[0].against}: the lowest is "
        f"{formatting.times(best.ratio)} ({row_label(best)}), the highest "
        f"{formatting.times(worst.ratio)} ({row_label(worst)})."
    )
    against = table.rows[0].against
    svg = allocator_charts.ratios(
        points, names=["ratio"], yardstick=against, what="figure"
    )
    title = f"{table.rows[0].arm.partition('/')[0]} against {against}"
    return Figure("speed-ratios", title, svg, csv_of_ratios(points)), said


def _label(arm: SpeedArm) -> str:
    """Name of an arm with its interpreter."""
    facts = (arm.version, arm.build, arm.interpreter)
    return f"{arm.id} ({', '.join(fact for fact in facts if fact)})"


def _distance(row: SpeedRow) -> float | None:
    """How many times the goal was missed by; 1 or less: reached."""
    return row.ours.median / row.goal if row.goal and row.ours else None


def sentence(table: SpeedTable) -> str:
    """Answer the page's question: who is better in how many rows, and where most."""
    decided = [row for row in table.rows if row.verdict != "undecided"]
    said = f"{told(table)}."
    if table.reason or not decided:
        return said
    best = min(decided, key=lambda row: row.ratio or 1)
    worst = max(decided, key=lambda row: row.ratio or 1)
    if best.ratio and best.ratio < 1:
        said += f" Best is {row_label(best)}, at {best.ratio:.3g} of the other's figure"
        said += "." if worst is best else ""
    if worst.ratio and worst is not best and worst.ratio > 1:
        start = ", worst" if best.ratio and best.ratio < 1 else " Worst is"
        said += f"{start} {row_label(worst)}, at {worst.ratio:.3g}."
    return said if said.endswith(".") else f"{said}."


class Source(NamedTuple):
    """The first job of an arm that ran a program of benchmarks."""

    arm: str
    unit: str
    job: str
    command: str


def sources(run: Run) -> list[Source]:
    """Return what ran each program of benchmarks on each arm, in the first round."""
    commands = {result.job: result.command for result in run.results}
    found: dict[tuple[str, str], Source] = {}
    for job in run.plan:
        if job.pair is not None and job.id in commands:
            key = job.pair.arm.id, job.pair.unit
            found.setdefault(key, Source(*key, job.id, commands[job.id]))
    return list(found.values())


def context(run: Run) -> dict[str, Any]:
    """Values of speed.html."""
    table, counts = run.speed, run.instructions
    counted = {
        "counts": counts,
        "said": counted_in_words(counts) if counts else "",
        "count_states": formatting.LEDGER_VERDICTS,
    }
    if table is None or not table.rows:
        return {"table": None, **counted}
    figure, alt = _chart(table)
    return {
        "table": table, **counted,
        "sentence": sentence(table),
        "sources": sources(run),
        "decided": sum(row.verdict != "undecided" for row in table.rows),
        "chart_figure": figure,
        "figures": [figure] if figure is not None else [],
        "alt": alt,
        "arms": [_label(arm) for arm in table.arms if arm.role != "again"],
        "rows": [
            (row_label(row), short_label(row), row, _distance(row))
            for row in table.rows
        ],
        "controls": [(row_label(row), short_label(row), row) for row in table.controls],
    }
