# SPDX-License-Identifier: MIT
"""What a verdict over pairs needs: enough of them, and a clear interval.

A verdict needs the interval to lie beyond a floor of 1 %, which a build's layout
alone can shift. The figures come from pair_stats, which takes a second to load
and is wanted only where there are pairs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

LEVEL = 0.05
"""Error rate of an interval, and of the verdicts of a whole table."""
FLOOR = math.log(1.01)


@dataclass(frozen=True)
class Estimate:
    """What pairs say of one row; ratios, not logarithms."""

    ratio: float
    low: float | None
    high: float | None
    p_value: float
    detectable: float | None


def least_pairs(rows: int) -> int:
    """Return the pairs below which no row of so many could get a verdict.

    The smallest p-value of n pairs is 2^(1 - n); Benjamini-Hochberg asks for
    LEVEL / rows where a single row differs.
    """
    return math.ceil(1 + math.log2(max(1, rows) / LEVEL))


def direction(found: Estimate, p_adjusted: float) -> int:
    """Return -1 when ours is smaller, 1 when it is larger, 0 when undecided."""
    if found.low is None or found.high is None or p_adjusted > LEVEL:
        return 0
    if math.log(found.high) < -FLOOR:
        return -1
    return 1 if math.log(found.low) > FLOOR else 0
