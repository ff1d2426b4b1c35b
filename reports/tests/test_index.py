# SPDX-License-Identifier: MIT
"""Tests of the index page: its colours say what the verdict says."""

from __future__ import annotations

import msgspec
import pytest
from pages import page_text
from sample import build_sample, column

from pmm.documents.results import Score
from pmm.documents.verdict import Change, Problem, ProblemGroup
from pmm.render import conformance, site
from pmm.render.index import conformance_tone, difference, ran_on
from pmm.render.mosaic import mosaic, weight

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


def test_each_kind_is_in_front_of_the_fold_and_the_rest_in_it():
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
    text = page_text(msgspec.structs.replace(run, verdict=verdict), "index")
    front, fold = text.split("21 more findings")
    for title in ("CRASH: 0", "FAIL: 0", "gone: 0", "WARN: 0"):
        assert f"<strong>{title}</strong>" in front
    assert "<strong>CRASH: 29</strong>" in fold


def test_figures_stand_before_warnings_and_behind_failures():
    run = build_sample()
    for severity, first in (("warning", "At a glance"), ("failure", "Problems")):
        problem = Problem("case", severity, "key", "title", "why", None, "pmm again")
        verdict = msgspec.structs.replace(run.verdict, problems=(problem,))
        text = page_text(msgspec.structs.replace(run, verdict=verdict), "index")
        headings = ("At a glance", "Warnings", "Problems")
        assert min((h for h in headings if h in text), key=text.index) == first


@pytest.mark.parametrize(
    ("before", "after", "unit", "said"),
    [
        (36_072_448, 36_072_512, "bytes", "+64 bytes (+0.000177 %)"),
        (10, 8, None, "−2 (-20 %)"),
        (0, 3, None, "+3"),
        ("PASS", "FAIL", None, "–"),
        (None, 3, None, "–"),
    ],
)
def test_a_change_says_by_how_much(before, after, unit, said):
    change = Change(
        kind="counter", key="k", label="l", before=before, after=after, unit=unit,
        verdict="worse",
    )  # fmt: skip
    assert difference(change) == said


def test_the_picture_of_the_suite_shows_the_gravest_of_each_area():
    run = build_sample()
    picture = mosaic(run)
    areas = {one.id: one.area for one in run.requirements}
    shown = {}
    for row in picture.rows:
        for label in (row.label, *row.others):
            shown[label] = dict(zip(picture.areas, row.outcomes, strict=True))
    columns = [c for c in run.columns if c.kind == "subject"]
    assert set(shown) == {c.label for c in columns}
    for one in columns:
        for area in picture.areas:
            mine = [
                c.outcome for c in run.cases
                if c.column == one.id and area in {areas[r] for r in c.requirements}
            ]  # fmt: skip
            worst = shown[one.label][area]
            assert (worst is None) == (not mine)
            assert worst is None or weight(worst) == max(map(weight, mine))
    assert weight("WARN") > weight("PASS") > weight("UNSUPPORTED")


def test_the_first_screen_says_what_ran_on_what():
    run = build_sample()
    said = ran_on(run)
    assert said.startswith(f"{len(run.plan)} jobs on {run.environment.cpu}")
    last = msgspec.structs.replace(run.results[-1], status="skipped")
    cut = msgspec.structs.replace(run, results=(*run.results[:-1], last))
    assert ran_on(cut).startswith(f"{len(run.plan) - 1} of {len(run.plan)} jobs on")


def test_who_could_not_be_asked_neither_differs_nor_was_tested():
    run = build_sample()
    broken = tuple(
        msgspec.structs.replace(case, outcome="HARNESS_ERROR") for case in run.cases
    )
    text = page_text(msgspec.structs.replace(run, cases=broken), "conformance")
    told = conformance.context(msgspec.structs.replace(run, cases=broken))
    assert (told["ran"], told["failing"]) == (0, 0)
    assert f"On {told['broken']} a subject could not be asked" in text
    assert "differs unexpectedly" not in text


def test_findings_beyond_the_cards_are_rows(monkeypatch):
    run = build_sample()
    monkeypatch.setattr(conformance, "MOST_CAUSES", 1)
    monkeypatch.setattr(site, "PAGES", {"conformance": site.PAGES["conformance"]})
    told = conformance.context(run)
    assert len(told["causes"]) == 1
    assert len(told["more"]) > 1
    ((_, text, _),) = site.page_texts(run, lcov=False, pictures=False)
    for finding in told["more"]:
        for place, _ in finding.places:
            assert f'id="{place}"' in text
