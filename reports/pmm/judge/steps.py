# SPDX-License-Identifier: MIT
"""Where a figure changed for good, in the order of how bad that is.

An exact figure changes at the first run with another value. A time wavers, so its
steps are the change points of the whole series (Pelt with a cost that looks at ranks,
by the library ruptures), where the medians before and after differ by more than the
spread of both. A step informs, and gates nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from pmm.documents.history import Point, Series

FEWEST = 3
"""Runs of a time on either side of a step."""
PENALTY = 3.0
FLOOR = 0.01


@dataclass(frozen=True)
class Step:
    """One change for good: up is worse."""

    series: Series
    at: Point
    """The first run with the later value."""
    before: float
    after: float

    @property
    def share(self) -> float:
        """How much more it is."""
        if self.before == 0:
            return float("inf") if self.after > 0 else 0.0
        return (self.after - self.before) / abs(self.before)


def exact_steps(series: Series) -> list[Step]:
    """Return each change of a figure that is counted."""
    return [
        Step(series, now, was.value, now.value)
        for was, now in pairwise(series.points)
        if was.value != now.value
    ]


def change_points(values: Sequence[float]) -> list[int]:
    """Return at which places a series of times goes on at another level."""
    if len(values) < 2 * FEWEST:
        return []
    import numpy as np  # noqa: PLC0415 - both take a second to load
    import ruptures  # noqa: PLC0415

    search = ruptures.Pelt(model="rank", min_size=FEWEST, jump=1)
    found: list[int] = search.fit_predict(np.array(values), pen=PENALTY)
    return found[:-1]


def spread(values: Sequence[float]) -> float:
    """Return the usual distance from the median, as a standard deviation."""
    middle = median(values)
    return 1.4826 * median(abs(value - middle) for value in values)


def time_steps(series: Series) -> list[Step]:
    """Return the change points of a time that are larger than its spread."""
    values = [one.value for one in series.points]
    edges = [0, *change_points(values), len(values)]
    out = []
    for first, edge, last in zip(edges, edges[1:], edges[2:], strict=False):
        before, after = values[first:edge], values[edge:last]
        was, now = median(before), median(after)
        least = max(2 * (spread(before) + spread(after)), FLOOR * abs(was))
        if abs(now - was) > least:
            out.append(Step(series, series.points[edge], was, now))
    return out


def steps(history: Iterable[Series]) -> list[Step]:
    """Return every step, the worst first."""
    found = [
        step
        for one in history
        for step in (exact_steps(one) if one.exact else time_steps(one))
    ]
    return sorted(found, key=lambda step: (-step.share, step.series.name))
