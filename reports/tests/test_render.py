# SPDX-License-Identifier: MIT
"""The pages in a real browser: offline, without script, in both themes."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from altair.utils import schemapi
from axe_playwright_python.sync_playwright import Axe
from pages import opened

from pmm.base import formatting
from pmm.documents.run import decode_run
from pmm.judge.groups import groups_of
from pmm.render.site import PAGES, render


@pytest.mark.parametrize("name", PAGES)
def test_page_asks_for_nothing_and_complains_of_nothing(browser, report, name):
    page = browser.new_context(offline=True).new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append("a hostile name ran"))
    page.goto((report / f"{name}.html").as_uri())
    page.wait_for_load_state()
    foreign = [u for u in asked if not u.startswith(("file:", "data:"))]
    assert foreign == []
    assert complaints == []
    assert page.title().startswith(PAGES[name][0])


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_violation(browser, report, name, theme):
    page = opened(browser, report, name, color_scheme=theme)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    result = Axe().run(page)
    found = {
        v["id"]: [n["html"][:120] for n in v["nodes"]][:3]
        for v in result.response["violations"]
    }
    assert found == {}


@pytest.mark.parametrize("name", PAGES)
def test_page_reads_the_same_without_script(browser, report, name):
    texts = []
    for script in (True, False):
        page = opened(browser, report, name, java_script_enabled=script)
        texts.append(page.locator("main").inner_text())
    assert texts[0].replace("↕", "") == texts[1]


def test_verdict_and_problems_are_those_of_the_document(browser, report, run):
    page = opened(browser, report, "index")
    assert run.verdict.sentence in page.locator(".verdict").inner_text()
    groups = groups_of(run.verdict)
    assert page.locator(".problems > li").count() == len(groups)
    assert sum(len(group.members) for group in groups) == len(run.verdict.problems)
    for problem in run.verdict.problems:
        if problem.reproduce:
            assert page.get_by_text(problem.reproduce, exact=True).count() >= 1


def test_matrix_shows_the_worst_case_of_each_requirement(browser, report, run):
    page = opened(browser, report, "conformance")
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    columns = [c for c in run.columns if c.kind == "subject"]
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
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
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


def test_link_into_a_folded_part_opens_it(browser, report, run):
    area = run.requirements[0].area
    page = browser.new_context().new_page()
    page.goto((report / "conformance.html").as_uri() + f"#area-{area}")
    assert page.locator(f"#area-{area}").is_visible()
    assert page.locator("details.area[open]").count() == 1


def test_every_link_between_pages_has_its_target(browser, report):
    for name in PAGES:
        page = opened(browser, report, name)
        for href in page.locator("main a[href]").evaluate_all(
            "links => links.map(a => a.getAttribute('href'))"
        ):
            if href.startswith("http"):
                continue
            file, _, fragment = href.partition("#")
            target = report / (file or f"{name}.html")
            assert target.is_file(), href
            if fragment:
                assert f'id="{fragment}"' in target.read_text(encoding="utf-8"), href


def test_same_run_gives_same_bytes(run, report, tmp_path, drawn_once):
    drawn_once.clear()
    again = render(
        decode_run((report / "run.json").read_bytes()), tmp_path / "b"
    ).parent
    for name in PAGES:
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


def test_without_a_grade_the_page_says_how_to_make_one(run, tmp_path):
    bare = msgspec.structs.replace(run, grade=None)
    page = render(bare, tmp_path / "out").with_name("grade.html")
    text = page.read_text(encoding="utf-8")
    assert "not graded" in text
    assert "pmm grade --run latest" in text


def test_coverage_page_lists_what_nothing_takes_and_why(report, run):
    text = (report / "coverage.html").read_text(encoding="utf-8")
    for gap in run.coverage.gaps:
        assert f"<code>{gap.function}</code>" in text
    assert "it is &lt;odd&gt;" in text
    assert "nobody has said why" in text
    assert "An assert counts as a line" in text


def test_empty_run_has_pages_that_say_so(run, tmp_path):
    empty = msgspec.structs.replace(
        run, work=(), bench=(), leaks=(), leak_tally=(), coverage=None, cases=(),
        baseline=None, backends=(), speed=None,
    )  # fmt: skip
    folder = render(empty, tmp_path / "empty").parent
    assert "No workload ran" in (folder / "memory.html").read_text()
    assert "No benchmark ran" in (folder / "backends.html").read_text()
    assert "not measured" in (folder / "coverage.html").read_text()
    assert "No two subjects" in (folder / "speed.html").read_text()


def test_failure_to_write_leaves_the_earlier_report(run, report, tmp_path, monkeypatch):
    folder = render(run, tmp_path / "kept").parent
    before = (folder / "index.html").read_bytes()

    def full(*_args: object, **_kwargs: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
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
def test_a_busy_machine_is_said_at_once(run, tmp_path, load, busy):
    environment = msgspec.structs.replace(
        run.environment, load_average=(load, 1.0, 1.0), cpu_count=2
    )
    page = render(msgspec.structs.replace(run, environment=environment), tmp_path / "o")
    head = (page.parent / "run.html").read_text().split('id="repeat"')[0]
    assert f"The load was {load} on 2 cores" in head
    assert ("the machine was busy" in head) == busy
