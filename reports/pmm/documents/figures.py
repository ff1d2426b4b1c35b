# SPDX-License-Identifier: MIT
"""The figures by which collectors are compared: what `pmm gc figures` writes."""

from __future__ import annotations

from statistics import median
from typing import Literal

import msgspec

from pmm.documents.programs import Strict


class FigureCell(Strict, frozen=True):
    """A row's values in one arm."""

    arm: str
    values: tuple[float, ...]
    """Of each process; empty: not measured, or it does not apply."""


class FigureRow(Strict, frozen=True):
    """One figure, in every arm."""

    title: str
    unit: str | None
    """None: a ratio."""
    goal: float | None
    """For the reference; less is better."""
    worst: bool
    """Whether the worst process is the figure; else the median."""
    cells: tuple[FigureCell, ...]

    def value(self, arm: str) -> float | None:
        """Return the figure of an arm."""
        values = next(cell.values for cell in self.cells if cell.arm == arm)
        if not values:
            return None
        return max(values) if self.worst else median(values)

    def ends(self, arm: str) -> tuple[float, float] | None:
        """Return the least and the most value of an arm."""
        values = next(cell.values for cell in self.cells if cell.arm == arm)
        return (min(values), max(values)) if values else None


class FigureArm(Strict, frozen=True):
    """Who is compared: the reference first."""

    id: str
    fault: str | None
    """Why it has no figures, or fewer."""


class Figures(Strict, frozen=True):
    """One invocation of `pmm gc figures`."""

    schema: Literal["pmm.gc.figures"]
    version: Literal[1]
    created: str
    elapsed_ns: int
    command: str
    commit: str | None
    objects: int
    rounds: int
    arms: tuple[FigureArm, ...]
    rows: tuple[FigureRow, ...]


def encode_figures(figures: Figures) -> bytes:
    """Return the figures as JSON."""
    return msgspec.json.encode(figures, order="deterministic") + b"\n"
