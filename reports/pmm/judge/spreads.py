# SPDX-License-Identifier: MIT
"""The middle of a figure over some processes, and its ends.

The least and the most of five processes hold the median 94 times in 100 (the sign
test), whatever the figures are like; more processes do so more often.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

DECIDING = 5
"""So many processes have to agree before two sides are told apart."""


class Spread(NamedTuple):
    """A figure over some processes."""

    middle: float
    least: float
    most: float
    processes: int
    """How many there were."""


def spread_of(values: Iterable[float | None]) -> Spread | None:
    """Return a figure's median and its ends; None where it is unknown."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return Spread(median(known), min(known), max(known), len(known))


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Spread | None:
    """Return how much more the first is, round by round; None where unknown."""
    pairs = zip(ours, theirs, strict=False)
    return spread_of(one / other for one, other in pairs if other)


def confidence(processes: int) -> float:
    """Return how often the ends hold the median."""
    return 1 - 2 * 0.5**processes if processes else 0.0


def is_above(found: Spread | None, border: float) -> bool:
    """Tell whether every process, of enough, is above a border."""
    return found is not None and found.processes >= DECIDING and found.least > border


def is_below(found: Spread | None, border: float) -> bool:
    """Tell whether every process, of enough, is below a border."""
    return found is not None and found.processes >= DECIDING and found.most < border
