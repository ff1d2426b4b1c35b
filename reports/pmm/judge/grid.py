# SPDX-License-Identifier: MIT
"""What the grid of collectors says: each cell's figures, and which one is worst.

A figure's ends over a cell's processes hold its median (judge/spreads.py).
"""

from __future__ import annotations

from collections.abc import Callable

from pmm.documents.grid import Grid, GridArm, GridCell, GridRun
from pmm.judge.spreads import Spread, spread_of


def spread(
    cell: GridCell, figure: Callable[[GridRun], float | None]
) -> Spread | None:
    """Return a figure's median and its ends; None where it is unknown."""
    return spread_of(map(figure, cell.runs))


def worst_ns(run: GridRun) -> float:
    """Return the longest pause of a process."""
    return float(max(run.pauses_ns, default=0))


def collecting_ns(run: GridRun) -> float:
    """Return the time that a process waited for its collector."""
    return float(sum(run.pauses_ns))


def is_stable(cell: GridCell) -> bool:
    """Tell whether what waits had stopped rising in every process."""
    return all(run.stable for run in cell.runs)


def share(cell: GridCell) -> float:
    """Return the most that waited, as a share of all garbage; 0 where unknown."""
    return max(
        (run.most / run.garbage for run in cell.runs if run.garbage), default=0.0
    )


def name_of(cell: GridCell) -> str:
    """Say which cell it is."""
    return (
        f"{cell.shape} of {cell.size:,}, {cell.payload:,} B, {cell.live:,} live"
    )


def measured(grid: Grid) -> list[tuple[GridArm, GridCell]]:
    """Return every cell of every arm."""
    return [(arm, cell) for arm in grid.arms for cell in arm.cells]


def sentence(grid: Grid) -> str:
    """Say where most waits, and how many cells still rise."""
    known = measured(grid)
    if not known:
        return "No cell could be measured."
    arm, cell = max(known, key=lambda two: share(two[1]))
    rising = sum(not is_stable(cell) for _, cell in known)
    said = (
        f"{arm.id} lets most wait in the cell '{name_of(cell)}': "
        f"{share(cell):.0%} of all garbage"
    )
    return f"{said}; in {rising} of {len(known)} cells what waits still rises."
