# SPDX-License-Identifier: MIT
"""Tests of the index page: its colours say what the verdict says."""

from __future__ import annotations

import msgspec
import pytest
from sample import build_sample, column

from pmm.documents.results import Score
from pmm.documents.verdict import Problem, ProblemGroup
from pmm.render.index import conformance_tone
from pmm.render.site import render

BLANK = column("reference", "0.1.0", "pool", "gcc")

ALL = Score(must_passed=10, must_applicable=10, must_total=12)
SHORT = Score(must_passed=9, must_applicable=10, must_total=12)


@pytest.mark.parametrize(
    ("counts", "score", "tone"),
    [
        ({"PASS": 10}, ALL, "good"),
        ({"PASS": 10, "WARN": 1, "UNSUPPORTED": 2}, ALL, "good"),
        ({"PASS": 9, "XFAIL": 1}, SHORT, "good"),
        ({"PASS": 9, "WAIVED": 1}, SHORT, "good"),
        ({"PASS": 9, "FAIL": 1}, SHORT, "bad"),
        ({"PASS": 10, "LEAK": 1}, ALL, "bad"),
        ({"PASS": 10, "FAIL": 0}, ALL, "good"),
    ],
)
def test_red_is_for_what_nobody_expected(counts, score, tone):
    good = msgspec.structs.replace(BLANK, counts={"PASS": 10}, score=ALL)
    judged = msgspec.structs.replace(BLANK, counts=counts, score=score)
    assert conformance_tone([good, judged]) == tone


def test_each_kind_is_in_front_of_the_fold_and_the_rest_in_it(tmp_path):
    run = build_sample()
    problems = tuple(
        Problem(kind, severity, f"{kind} {n}", f"{word}: {n}", f"{n} is", None, "pmm")
        for kind, severity, word, count in (
            ("case", "failure", "CRASH", 30),
            ("case", "failure", "FAIL", 1),
            ("gone", "inconclusive", "gone", 1),
            ("case", "warning", "WARN", 1),
        )
        for n in range(count)
    )
    groups = tuple(
        ProblemGroup(
            word=one.title.partition(":")[0], severity=one.severity, title=one.title,
            said=(), members=(at,), reproduce="pmm",
        )
        for at, one in enumerate(problems)
    )  # fmt: skip
    verdict = msgspec.structs.replace(run.verdict, problems=problems, groups=groups)
    page = render(msgspec.structs.replace(run, verdict=verdict), tmp_path / "out")
    front, fold = page.read_text(encoding="utf-8").split("21 more findings")
    for title in ("CRASH: 0", "FAIL: 0", "gone: 0", "WARN: 0"):
        assert f"<strong>{title}</strong>" in front
    assert "<strong>CRASH: 29</strong>" in fold


def test_figures_stand_before_warnings_and_behind_failures(tmp_path):
    run = build_sample()
    for severity, first in (("warning", "At a glance"), ("failure", "What is wrong")):
        problem = Problem("case", severity, "key", "title", "why", None, "pmm again")
        verdict = msgspec.structs.replace(run.verdict, problems=(problem,))
        out = tmp_path / severity
        out.mkdir()
        render(msgspec.structs.replace(run, verdict=verdict), out, tmp_path)
        text = (out / "index.html").read_text(encoding="utf-8")
        headings = ("At a glance", "Worth a look", "What is wrong")
        assert min((h for h in headings if h in text), key=text.index) == first
