# SPDX-License-Identifier: MIT
"""How the figures of the speed table read, on its page and on the console alike."""

from __future__ import annotations

from pmm.base import formatting
from pmm.documents.speed import SpeedRow


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
