# SPDX-License-Identifier: MIT
"""What the history of many runs keeps: runs, and figures that they have in common."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Value:
    """One figure of one run."""

    series: str
    unit: str
    exact: bool
    value: float


@dataclass(frozen=True)
class Entry:
    """A run as the history keeps it."""

    name: str
    machine: str
    created: str
    commit: str | None
    verdict: str | None
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Point:
    """One value of a series, and the run that it is of."""

    run: str
    created: str
    commit: str | None
    value: float


@dataclass(frozen=True)
class Listed:
    """One figure, and what its runs have been between."""

    name: str
    unit: str
    exact: bool
    runs: int
    least: float
    most: float


@dataclass(frozen=True)
class Series:
    """One figure over the runs of one kind of machine, the oldest first."""

    name: str
    unit: str
    exact: bool
    machine: str
    points: tuple[Point, ...]
