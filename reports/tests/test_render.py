# SPDX-License-Identifier: MIT
"""The pages in a real browser: offline, without script, in both themes."""

from __future__ import annotations

import html
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import vl_convert
from altair.utils import schemapi
from looks import LOOKS, stops, violations
from pages import SHOWN, Seen, only, opened, page_text, unfold, watched
from playwright.sync_api import BrowserContext

from pmm.base import formatting
from pmm.documents.run import decode_run
from pmm.judge.groups import groups_of
from pmm.render.conformance import context
from pmm.render.site import PAGES, bar, page_texts, render

HREF = re.compile(r'<a [^>]*href="([^"]*)"')


@pytest.fixture(scope="module", params=SHOWN)
def seen(request, window, report) -> Iterator[Seen]:
    """Each page, loaded once for all that only looks at it."""
    one = watched(window, report / f"{request.param}.html")
    yield one
    one.page.close()


@pytest.fixture(scope="module")
def silent(browser) -> Iterator[BrowserContext]:
    """A window that runs no script."""
    context = browser.new_context(java_script_enabled=False)
    yield context
    context.close()


def test_page_asks_for_nothing_and_complains_of_nothing(seen):
    foreign = [u for u in seen.asked if not u.startswith(("file:", "data:"))]
    assert foreign == []
    assert seen.said == []
    assert seen.page.title().startswith(PAGES[seen.name][0])


def test_page_reads_the_same_without_script(silent, report, seen):
    page = silent.new_page()
    page.goto((report / f"{seen.name}.html").as_uri())
    assert page.locator("main").text_content() == seen.text
    page.close()


FOLDS = 4
"""Folds of a page that axe looks into here: the others are made alike."""
ANSWER = ".verdict .sentence, main > .sentence"
PICTURES = {
    "index": ".problems", "conformance": ".matrix", "memory": ".chart",
    "film": ".chart", "facts": ".chart", "backends": ".chart", "speed": ".chart",
    "leaks": ".finding", "claims": "table", "coverage": "table", "grade": "table",
    "run": ".command",
}  # fmt: skip
"""What a page shows first, beside its answer."""


def test_the_first_screen_has_the_answer_and_a_picture(seen):
    page = seen.page
    page.set_viewport_size({"width": 1280, "height": 900})
    answer = page.locator(ANSWER).first
    assert answer.bounding_box()["y"] < 300
    assert len(answer.inner_text()) > 30
    picture = page.locator(f"main {PICTURES[seen.name]}").first
    assert picture.bounding_box()["y"] < 900


def test_the_keyboard_goes_through_without_a_trap(seen):
    if seen.name in ("index", "speed"):  # one with folds, one with a filter
        reached, there = stops(seen.page)
        assert reached == there


@pytest.mark.sampled
def test_axe_finds_no_violation(seen):
    """In one look, which differs from page to page and, by PMM_PART=I/N, from commit
    to commit; test_looks.py has all of them, on runs that were made.
    """
    part = int(os.environ.get("PMM_PART", "1/1").partition("/")[0])
    theme, width = LOOKS[(SHOWN.index(seen.name) + part) % len(LOOKS)]
    assert violations(seen.page, theme, width, FOLDS) == {}


def test_verdict_and_problems_are_those_of_the_document(browser, report, run):
    page = opened(browser, report, "index")
    assert run.verdict.sentence in page.locator(".verdict").inner_text()
    groups = groups_of(run.verdict)
    assert groups, "the sample holds one of everything"
    assert page.locator(".problems > li").count() == len(groups)
    assert sum(len(group.members) for group in groups) == len(run.verdict.problems)
    for problem in run.verdict.problems:
        if problem.reproduce:
            assert page.get_by_text(problem.reproduce, exact=True).count() >= 1


def test_matrix_shows_the_worst_case_of_each_requirement(browser, report, run):
    page = opened(browser, report, "conformance")
    unfold(page)
    shown_as = {c.label: c for c in run.columns if c.kind == "subject"}
    columns = [shown_as[fold.label] for fold in context(run)["folds"]]
    for requirement in run.requirements[:8]:
        row = page.locator("details .matrix tbody tr").filter(
            has=page.locator("abbr", has_text=requirement.id)
        )
        shown = [cell.strip() for cell in row.first.locator("td").all_inner_texts()]
        for column, text in zip(columns, shown, strict=True):
            classes = [
                c.outcome for c in run.cases
                if c.column == column.id and requirement.id in c.requirements
            ]  # fmt: skip
            assert len(classes) == 1
            assert formatting.STATES[classes[0]].word in text


def test_bench_figures_equal_the_document(browser, report, run):
    page = opened(browser, report, "backends")
    unfold(page)
    shown = {
        float(v)
        for v in page.locator("td.num[data-value]").evaluate_all(
            "cells => cells.map(c => c.dataset.value)"
        )
    }
    medians = {row.summary.median_ns for row in run.bench if row.summary}
    assert medians
    assert medians <= shown


def test_leaks_show_stack_and_source_line(browser, report, run):
    page = opened(browser, report, "leaks")
    finding = next(f for f in run.leaks if f.frames and f.frames[0].excerpt)
    text = page.locator("main").inner_text()
    assert f"{finding.frames[0].file}:{finding.frames[0].line}" in text
    assert finding.frames[0].excerpt[0].text in text


def test_table_sorts_by_keyboard(browser, report):
    page = opened(browser, report, "index")
    head = page.locator("#subjects ~ .scroll th").first
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    rows = page.locator("#subjects ~ .scroll tbody tr th").all_inner_texts()
    assert rows == sorted(rows, key=str.lower, reverse=True)


def test_theme_is_chosen_and_remembered(browser, report):
    page = opened(browser, report, "index", color_scheme="light")
    button = page.locator("[data-theme-button]")
    button.click()
    button.click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    ink = "getComputedStyle(document.body).color"
    assert page.evaluate(ink) == "rgb(233, 234, 236)"
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(ink) == "rgb(28, 30, 33)", "paper is light in every theme"


def test_a_filter_stands_in_the_address_and_can_be_linked(browser, report, run):
    page = opened(browser, report, "conformance")
    one = run.requirements[3]
    page.locator("[data-search-box]").fill(f"{one.id} {one.title[:4].lower()}")
    shown = page.locator("details .matrix tbody tr:visible")
    assert [text.split()[0] for text in shown.all_inner_texts()] == [one.id]
    assert " have these words." in page.locator("[data-found]").inner_text()
    link = page.url
    assert f"#q={one.id}" in link
    page.locator("[data-search-box]").fill("")
    assert page.locator("tr[hidden], li[hidden]").count() == 0
    again = browser.new_context(offline=True).new_page()
    again.goto(link)
    assert again.locator("details .matrix tbody tr:visible").count() == 1


def test_a_choice_of_claims_stands_in_the_address(browser, report):
    page = opened(browser, report, "claims")
    page.locator("#show-false").check()
    assert page.url.endswith("#show=show-false")
    page.reload()
    assert page.locator("#show-false").is_checked()


def test_the_changes_of_a_verdict_can_be_shown_alone_and_linked(browser, report, run):
    counts = Counter(one.verdict for one in run.baseline.changes)
    page = opened(browser, report, "index")
    shown = page.locator(".changes tbody tr:visible")
    assert shown.count() == sum(counts[one] for one in ("worse", "changed", "better"))
    page.locator("#show-better").check()
    assert shown.count() == counts["better"] > 0
    page.locator("[data-search-box]").fill("x")
    assert page.evaluate("location.hash") == "#q=x&show=show-better"


def test_a_command_is_copied_by_its_button(browser, report, run):
    page = opened(browser, report, "run")
    page.evaluate("""
        window.copied = [];
        navigator.clipboard.writeText = (text) => {
          copied.push(text);
          return Promise.resolve();
        };
        0;
    """)
    button = page.get_by_role("button", name="Copy the command").first
    button.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("copied") == [run.command]
    assert button.get_attribute("data-said") == "Copied"


def test_only_what_scrolls_is_a_stop_for_the_keyboard(browser, report):
    view = {"width": 1280, "height": 900}
    page = opened(browser, report, "conformance", viewport=view)
    idle = """
        [...document.querySelectorAll('[tabindex="0"]')].filter(
          (part) => part.checkVisibility({contentVisibilityAuto: true})
            && part.scrollWidth <= part.clientWidth
            && part.scrollHeight <= part.clientHeight + 1).length
    """
    assert page.evaluate(idle) == 0
    unfold(page)
    for _ in range(100):  # the page's own rules keep wait_for_function from looking
        if page.evaluate(idle) == 0:
            return
        page.wait_for_timeout(50)
    assert page.evaluate(idle) == 0


def test_link_into_a_folded_part_opens_it(browser, report, run):
    area = run.requirements[0].area
    page = browser.new_context().new_page()
    page.goto((report / "conformance.html").as_uri() + f"#area-{area}")
    assert page.locator(f"#area-{area}").is_visible()
    assert page.locator("details.area[open]").count() == 1


def test_every_link_between_pages_has_its_target(report):
    texts = {name: (report / f"{name}.html").read_text("utf-8") for name in SHOWN}
    for name, text in texts.items():
        main = text.partition('<main id="main">')[2].partition("</main>")[0]
        for href in {html.unescape(one) for one in HREF.findall(main)}:
            if href.startswith("http"):
                continue
            file, _, fragment = href.partition("#")
            target = report / (file or f"{name}.html")
            assert target.is_file(), href
            if fragment:
                assert f'id="{html.escape(fragment)}"' in texts[target.stem], href


def test_same_run_gives_same_bytes(run, report, tmp_path, drawn_once, monkeypatch):
    monkeypatch.setattr(vl_convert, "vegalite_to_svg", drawn_once.draw)
    again = render(
        decode_run((report / "run.json").read_bytes()), tmp_path / "b"
    ).parent
    for name in SHOWN:
        assert (again / f"{name}.html").read_bytes() == (
            report / f"{name}.html"
        ).read_bytes()


def test_speed_page_shows_every_row_with_its_verdict(browser, report, run):
    page = opened(browser, report, "speed")
    rows = page.locator("table").first.locator("tbody tr")
    assert rows.count() == len(run.speed.rows)
    for row, text in zip(run.speed.rows, rows.all_inner_texts(), strict=True):
        assert row.title in text
        assert formatting.PACES[row.verdict].word in text
        assert f"{row.ratio:.3g}" in text
    assert {row.verdict for row in run.speed.rows} >= {"faster", "slower", "undecided"}


def test_grade_page_shows_parts_areas_and_what_failed(report, run):
    text = (report / "grade.html").read_text(encoding="utf-8")
    assert "3 of 4 seeded faults caught; 98 of 100 mutants killed." in text
    assert "gc.x: a &lt;fault&gt;" in text
    assert text.count('scope="row">GC</th>') == 1
    assert 'scope="row">impl/gc</th>' in text
    assert "95 %" in text
    assert "mutants: 1 explained" in text
    assert "8 -&gt; &lt;9&gt;: it is only &lt;quick&gt;" in text


def test_a_page_with_nothing_to_show_is_not_written(run):
    bare = msgspec.structs.replace(run, grade=None, coverage=None)
    with only("index", "grade", "speed", "coverage"):
        texts = {name: text for name, text, _ in page_texts(bare, False, False)}
    assert set(texts) == {"index", "speed"}
    assert ">Grade</a>" not in texts["index"]
    assert ">Coverage</a>" not in texts["index"]
    assert ">Speed</a>" in texts["index"]


def test_coverage_page_lists_what_nothing_takes_and_why(report, run):
    text = (report / "coverage.html").read_text(encoding="utf-8")
    for gap in run.coverage.gaps:
        assert f"<code>{gap.function}</code>" in text
    assert "it is &lt;odd&gt;" in text
    assert "no reason is recorded" in text
    assert "An assert counts as a line" in text


def test_a_run_of_nothing_has_two_pages(run):
    empty = msgspec.structs.replace(
        run, work=(), bench=(), leaks=(), leak_tally=(), coverage=None, cases=(),
        columns=(), baseline=None, backends=(), standings=(), speed=None, claims=None,
        facts=(), grade=None,
    )  # fmt: skip
    assert list(bar(empty)) == ["index", "run"]
    assert "backends.html" not in page_text(empty, "index")


def test_failure_to_write_leaves_the_earlier_report(run, report, tmp_path, monkeypatch):
    with only("index"):
        folder = render(run, tmp_path / "kept").parent
    before = (folder / "index.html").read_bytes()

    def full(*_args: object, **_kwargs: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with only("index"), pytest.raises(OSError, match="No space"):
        render(run, folder)
    assert (folder / "index.html").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["kept"]


def test_charts_keep_to_the_schema_of_their_library(run, tmp_path):
    with schemapi.debug_mode(True):
        assert render(run, tmp_path / "held").is_file()


def test_units_read_well():
    assert formatting.size(41943040) == "40.0 MiB"
    assert formatting.size(1023.7 * 1024) == "1.0 MiB"
    assert formatting.size(99.97 * 1024**2) == "100 MiB"
    assert [formatting.duration(ns) for ns in (999, 999.6, 999_700, 1500)] == [
        "999 ns", "1 µs", "1 ms", "1.5 µs"
    ]  # fmt: skip
    shown = [formatting.number(n) for n in (0.5, 12345.6, 999.7)]
    assert shown == ["0.5", "12,346", "1,000"]
    assert formatting.size(None) == formatting.DASH
    assert formatting.duration(1_234_000) == "1.23 ms"
    assert formatting.percent(999, 1000) == "99.9 %"
    assert formatting.percent(99999, 100000) == "99.9 %"
    assert formatting.times(70850) == "70,850 ×"


@pytest.mark.parametrize(("load", "busy"), [(0.4, False), (8.3, True)])
def test_a_busy_machine_is_said_at_once(run, load, busy):
    environment = msgspec.structs.replace(
        run.environment, load_average=(load, 1.0, 1.0), cpu_count=2
    )
    loaded = msgspec.structs.replace(run, environment=environment)
    head = page_text(loaded, "run").split('id="repeat"')[0]
    assert f"The load was {load} on 2 cores" in head
    assert ("the machine was busy" in head) == busy
