# SPDX-License-Identifier: MIT
"""Tests of the index page: its colours say what the verdict says."""

from __future__ import annotations

import msgspec
import pytest
from sample import column

from pmm.documents import Score
from pmm.render.index import conformance_tone

BLANK = column("reference", "0.1.0", "pool", "gcc")

ALL = Score(must_passed=10, must_applicable=10, must_total=12)
SHORT = Score(must_passed=9, must_applicable=10, must_total=12)


@pytest.mark.parametrize(
    ("counts", "score", "tone"),
    [
        ({"PASS": 10}, ALL, "good"),
        ({"PASS": 10, "WARN": 1, "UNSUPPORTED": 2}, ALL, "good"),
        ({"PASS": 9, "XFAIL": 1}, SHORT, "warn"),
        ({"PASS": 9, "FAIL": 1}, SHORT, "bad"),
        ({"PASS": 10, "LEAK": 1}, ALL, "bad"),
        ({"PASS": 10, "FAIL": 0}, ALL, "good"),
    ],
)
def test_red_is_for_what_nobody_expected(counts, score, tone):
    good = msgspec.structs.replace(BLANK, counts={"PASS": 10}, score=ALL)
    judged = msgspec.structs.replace(BLANK, counts=counts, score=score)
    assert conformance_tone([good, judged]) == tone
