# SPDX-License-Identifier: MIT
"""What pairs say: the test, the interval, and verdicts over many rows."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pairs import Comparison, noisy
from scipy import stats

from pmm.judge import pair_stats
from pmm.plan import pair_rules


@settings(max_examples=60)
@given(
    st.lists(st.floats(-1, 1).filter(lambda x: abs(x) > 1e-6), min_size=2, max_size=12)
)
def test_p_value_is_that_of_scipy_where_that_one_is_exact(values):
    if len({abs(v) for v in values}) == len(values):
        expected = stats.wilcoxon(values, method="exact").pvalue
        assert pair_stats.p_value(values) == pytest.approx(expected)


def test_p_value_with_ties_and_zeros_is_that_of_all_signs():
    values = [0.0, 0.5, 0.5, -0.5, 1.0]
    ranks = [2, 2, 2, 4]
    sums = [
        sum(r for r, plus in zip(ranks, signs, strict=True) if plus)
        for signs in itertools.product((0, 1), repeat=4)
    ]
    smaller = 2.0
    expected = 2 * sum(s <= smaller for s in sums) / len(sums)
    assert pair_stats.p_value(values) == pytest.approx(min(1.0, expected))
    assert pair_stats.p_value([0.0, 0.0]) == 1.0


@pytest.mark.parametrize(("rows", "pairs"), [(1, 6), (40, 11), (100, 12), (200, 13)])
def test_fewest_pairs_are_those_of_the_rule(rows, pairs):
    assert pair_rules.least_pairs(rows) == pairs
    best = 2.0 ** (1 - pairs)
    assert best <= pair_rules.LEVEL / rows < 2 * best


def test_the_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(2000):
        pairs = [(float(np.exp(x)), 1.0) for x in rng.normal(0.2, 0.1, 10)]
        found = pair_stats.estimate(pairs)
        covered += found.low <= np.exp(0.2) <= found.high
    assert 0.935 <= covered / 2000 <= 0.965


def test_few_pairs_have_no_interval_and_a_figure_of_nothing_no_ratio():
    found = pair_stats.estimate([(1.0, 2.0)] * 5)
    assert (found.low, found.high) == (None, None)
    assert pair_rules.direction(found, 0.0) == 0
    assert pair_stats.estimate([(0.0, 1.0)] * 9) is None
    assert pair_stats.estimate([]) is None


def test_a_table_of_equal_subjects_rarely_has_a_verdict():
    wrong = sum(
        any(
            row.verdict != "undecided" for row in Comparison(noisy(seed=s)).table().rows
        )
        for s in range(60)
    )
    assert wrong <= 3
