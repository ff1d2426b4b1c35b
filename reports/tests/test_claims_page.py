# SPDX-License-Identifier: MIT
"""The page of claims in a browser: its figures, its filter, its links."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest
from claims_sample import judged, passing
from pages import only, opened, page_text
from sample import build_sample

from pmm.base import formatting
from pmm.documents.claims import DISAGREE
from pmm.documents.programs import WorkloadEntry
from pmm.judge import claims, verdicts
from pmm.render.site import bar, job_place, render

replace = msgspec.structs.replace


def rows(page):
    """The sentences that can be seen."""
    return page.locator(".claims tbody tr").filter(visible=True)


def test_every_claim_stands_with_its_verdict_and_state(browser, report, run):
    page = opened(browser, report, "claims")
    assert page.locator("table.claims").count() == 4
    assert rows(page).count() == 68
    for one in run.claims.claims:
        text = page.locator(f"#claim-{one.claim.id}").inner_text()
        assert one.claim.text in text
        assert one.claim.why in text
        assert formatting.TRUTHS[one.claim.verdict].word in text
        assert formatting.CLAIM_STATES[one.state].word in text
        for state in one.requirements:
            assert state.id in text


def test_the_counts_are_those_of_the_document(browser, report, run):
    page = opened(browser, report, "claims")
    cells = page.locator("tfoot td").all_inner_texts()
    verdicts = Counter(one.claim.verdict for one in run.claims.claims)
    states = Counter(one.state for one in run.claims.claims)
    assert cells[:-1] == [
        str(verdicts[v]) for v in ("true", "caveat", "false", "not_testable")
    ]
    assert cells[-1] == f"{states['confirmed']} of 67"
    sentence = page.locator(".sentence").inner_text()
    assert f"Of 68 sentences {verdicts['true']} are true" in sentence
    assert f"confirms {states['confirmed']} of 67 verdicts" in sentence


def test_a_reading_leads_to_the_job_that_made_it(browser, report, run):
    page = opened(browser, report, "claims")
    places = page.evaluate(
        "[...document.querySelectorAll('.evidence a')].map(a => a.hash)"
    )
    readings = [
        one
        for judged in run.claims.claims
        for measurement in judged.measurements
        for one in measurement.readings
    ]
    assert readings
    for one in readings:
        jobs = [result.job for result in run.work if result.command == one.command]
        assert any(f"#{job_place(job)}" in places for job in jobs), one.command


def test_disagreements_stand_first_and_link_to_their_claims(browser, report, run):
    page = opened(browser, report, "claims")
    items = page.locator("#disagreements + ol > li")
    wrong = [one for one in run.claims.claims if one.state in DISAGREE]
    assert items.count() == len(wrong) > 0
    for one, text in zip(wrong, items.all_inner_texts(), strict=True):
        assert one.claim.id in text
        assert claims.evidence_against(one) in text
    top = page.locator("#disagreements").bounding_box()
    assert top["y"] < page.locator(".claims").first.bounding_box()["y"]


@pytest.mark.parametrize("script", [True, False])
def test_the_filter_works_by_keyboard_and_without_script(browser, report, run, script):
    page = opened(browser, report, "claims", java_script_enabled=script)
    verdicts = Counter(one.claim.verdict for one in run.claims.claims)
    page.locator("#show-all").focus()
    for name in ("true", "caveat", "false", "not_testable"):
        page.keyboard.press("ArrowRight")
        assert page.locator(f"#show-{name}").is_checked()
        assert rows(page).count() == verdicts[name]
    for name in {one.state for one in run.claims.claims} & {*DISAGREE, "unmeasured"}:
        page.locator(f"#show-{name}").check()
        expected = [one for one in run.claims.claims if one.state == name]
        assert rows(page).count() == len(expected)


def test_a_requirement_leads_to_its_row_of_the_matrix(browser, report, run):
    page = opened(browser, report, "claims")
    known = {need.id for need in run.requirements}
    link = page.locator(".claims a[href^='conformance.html#']").first
    name = link.inner_text()
    assert name in known
    link.click()
    row = page.locator(f"tr[id='{name}']")
    assert row.is_visible()
    assert name in row.inner_text()


def test_a_link_to_a_sentence_shows_it_below_the_head_that_stays(browser, report):
    page = opened(browser, report, "claims", reduced_motion="reduce")
    page.goto(f"{page.url.partition('#')[0]}#claim-001-09")
    row = page.locator("#claim-001-09")
    head = page.locator("table.claims", has=row).locator("thead tr").bounding_box()
    assert row.bounding_box()["y"] >= head["y"] + head["height"] - 1
    assert head["y"] < 20


def test_a_narrow_screen_needs_no_scrolling_to_read_a_claim(browser, report):
    viewport = {"width": 390, "height": 900}
    page = opened(browser, report, "claims", viewport=viewport)
    for table in page.locator("table.claims").all():
        assert table.bounding_box()["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_index_names_a_contradicted_claim(browser, tmp_path):
    sample = build_sample()
    sample = judged(replace(sample, cases=passing(sample.cases)))
    found = claims.claim_problems(sample.claims)
    verdict = verdicts.make_verdict(sample.cases, sample.results, found, True, None)
    with only("index", "claims"):
        folder = render(replace(sample, verdict=verdict), tmp_path / "out").parent
    page = opened(browser, folder, "index")
    first = page.locator(".problems > li").first.inner_text()
    assert "claim 000-13 is stated false, and measured otherwise" in first
    tile = page.locator(".tile", has_text="Verdicts on the tutorials")
    assert "bad" in tile.get_attribute("class")
    tile.locator("a").click()
    assert page.url.endswith("claims.html")


def test_a_run_without_claims_says_so():
    run = build_sample()
    entry = WorkloadEntry(name=run.work[0].document.workload, page="claims")
    bare = replace(run, claims=None, workloads=(entry,))
    assert "has not judged them" in page_text(bare, "claims")


def test_a_run_that_says_nothing_of_the_sentences_has_no_page_of_them():
    run = judged(replace(build_sample(), cases=(), work=()))
    assert "claims" not in bar(run)
