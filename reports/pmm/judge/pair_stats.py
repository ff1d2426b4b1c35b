# SPDX-License-Identifier: MIT
"""Judging pairs: an estimate, an exact interval, a verdict over many rows.

1. A pair gives one log ratio. Their Hodges-Lehmann estimate (the median of the
   averages of all two of them) is the row's ratio.
2. The Wilcoxon signed-rank test is exact, as is its interval: both come from
   the distribution of the rank sum over all 2^n ways to choose signs.
3. Benjamini-Hochberg keeps the share of wrong verdicts of a whole table at 5 %.
4. What follows from the figures, a verdict, is in pair_rules.

Sources: Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, ch. 3;
Benjamini and Hochberg 1995.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from pmm.plan.pair_rules import LEVEL, Estimate

POWER = 0.8


def rank_sums(ranks: Sequence[int]) -> NDArray[np.float64]:
    """Return how probable each sum of a random part of the ranks is."""
    chances = np.zeros(sum(ranks) + 1)
    chances[0] = 1.0
    for rank in ranks:
        moved = np.zeros_like(chances)
        moved[rank:] = chances[: len(chances) - rank]
        chances = (chances + moved) / 2
    return chances


def p_value(logs: Sequence[float]) -> float:
    """Return the exact two-sided p-value of the signed-rank test.

    Zeros say nothing and are left out; ties share the mean of their ranks, so
    ranks are counted in halves.
    """
    values = np.array([value for value in logs if value != 0.0])
    if not len(values):
        return 1.0
    doubled = np.rint(2 * stats.rankdata(np.abs(values))).astype(int)
    chances = rank_sums([int(rank) for rank in doubled])
    positive = int(doubled[values > 0].sum())
    smaller = min(positive, int(doubled.sum()) - positive)
    return min(1.0, 2 * float(chances[: smaller + 1].sum()))


def averages(logs: Sequence[float]) -> NDArray[np.float64]:
    """Return the averages of all two values, a value with itself included."""
    values = np.asarray(logs, dtype=float)
    first, second = np.triu_indices(len(values))
    return np.sort((values[first] + values[second]) / 2)


def interval_cut(pairs: int) -> int:
    """Return how many averages lie outside the interval on each side, plus one.

    0: so few pairs have no interval at this level.
    """
    below = np.cumsum(rank_sums(list(range(1, pairs + 1))))
    return int(np.searchsorted(below, LEVEL / 2, side="right"))


def detectable(logs: Sequence[float]) -> float | None:
    """Return the relative change that would be found with the usual power."""
    pairs = len(logs)
    if pairs < 3:
        return None
    reach = stats.t.ppf(1 - LEVEL / 2, pairs - 1) + stats.t.ppf(POWER, pairs - 1)
    spread = float(np.std(np.asarray(logs), ddof=1))
    return math.expm1(float(reach) * spread / math.sqrt(pairs))


def estimate(pairs: Sequence[tuple[float, float]]) -> Estimate | None:
    """Judge one row's pairs; None without any, or where a figure is not above 0."""
    if not pairs or any(ours <= 0 or theirs <= 0 for ours, theirs in pairs):
        return None
    logs = [math.log(ours / theirs) for ours, theirs in pairs]
    walsh = averages(logs)
    cut = interval_cut(len(logs))
    return Estimate(
        ratio=math.exp(float(np.median(walsh))),
        low=math.exp(float(walsh[cut - 1])) if cut else None,
        high=math.exp(float(walsh[len(walsh) - cut])) if cut else None,
        p_value=p_value(logs),
        detectable=detectable(logs),
    )


def adjusted(p_values: Sequence[float]) -> list[float]:
    """Return the p-values after Benjamini-Hochberg, in the given order."""
    if not p_values:
        return []
    return [float(p) for p in stats.false_discovery_control(list(p_values))]
