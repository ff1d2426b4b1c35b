# SPDX-License-Identifier: MIT
"""Which of two subjects is faster at what, and by how much?"""

from __future__ import annotations

from typing import Any

from pmm.base import formatting
from pmm.documents.run import Run
from pmm.documents.speed import SpeedArm, SpeedRow, SpeedTable
from pmm.render import charts
from pmm.render.speed_figures import row_label, short_label


def _chart(table: SpeedTable) -> tuple[str | None, str]:
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
    drawn = charts.ratios(points, names=["ratio"], yardstick=against, what="figure")
    return drawn, said


def _label(arm: SpeedArm) -> str:
    """Name of an arm with its interpreter."""
    facts = (arm.version, arm.build, arm.interpreter)
    return f"{arm.id} ({', '.join(fact for fact in facts if fact)})"


def _distance(row: SpeedRow) -> float | None:
    """How many times the goal was missed by; 1 or less: reached."""
    return row.ours.median / row.goal if row.goal and row.ours else None


def context(run: Run) -> dict[str, Any]:
    """Values of speed.html."""
    table = run.speed
    if table is None or not table.rows:
        return {"table": None}
    svg, alt = _chart(table)
    return {
        "table": table,
        "svg": svg,
        "alt": alt,
        "arms": [_label(arm) for arm in table.arms if arm.role != "again"],
        "rows": [
            (row_label(row), short_label(row), row, _distance(row))
            for row in table.rows
        ],
        "controls": [(row_label(row), short_label(row), row) for row in table.controls],
    }
