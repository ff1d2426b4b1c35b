# SPDX-License-Identifier: MIT
"""Fifteen thousand results, every tenth of them failing: the pages stay light."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from large import CASES, COLUMNS, SAMPLES, build_large
from pages import only, unfold

from pmm.documents.run import Run
from pmm.render import conformance, site

MOST_BYTES = 3_000_000
MOST_SECONDS = 2.0
"""Of the browser's main thread, from the first byte until the page is drawn."""
MOST_NODES = 60_000
DRAWN = "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))"


@pytest.fixture(scope="module")
def large() -> Run:
    return build_large()


def written(run: Run, folder: Path, names: tuple[str, ...]) -> dict[str, Path]:
    """Some pages of a run."""
    with only(*names):
        texts = list(site.page_texts(run, lcov=False, pictures=False))
    for name, text, _ in texts:
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in names}


def cost(browser, path: Path) -> dict[str, float]:
    """What loading a page takes of the main thread's own time."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(path.as_uri())
    page.evaluate(DRAWN)
    found = session.send("Performance.getMetrics")["metrics"]
    context.close()
    return {one["name"]: one["value"] for one in found}


def light(browser, path: Path) -> None:
    """Hold a page against what it may weigh and take."""
    assert path.stat().st_size <= MOST_BYTES
    took = cost(browser, path)
    assert took["TaskDuration"] <= MOST_SECONDS, took
    assert took["Nodes"] <= MOST_NODES


def test_the_heaviest_page_is_light_and_says_what_it_leaves_out(
    browser, large, tmp_path
):
    assert len(large.cases) == COLUMNS * CASES == 15_000
    assert sum(case.outcome != "PASS" for case in large.cases) == 1_500
    (path,) = written(large, tmp_path, ("conformance",)).values()
    light(browser, path)
    text = path.read_text(encoding="utf-8")
    assert re.search(rf"The {conformance.MOST_ROWS} worst of \d+ are shown", text)
    wrong = {case.id: case for case in large.cases if case.outcome != "PASS"}
    for name in wrong:
        assert f"--case {name}<" in text, "each finding has its command"


@pytest.mark.long
def test_every_page_is_light(browser, large, tmp_path):
    samples = [len(v.series.rows) for w in large.work for v in w.document.variants]
    assert sum(samples) >= SAMPLES
    for path in written(large, tmp_path, tuple(site.bar(large))).values():
        light(browser, path)
    text = (tmp_path / "memory.html").read_text(encoding="utf-8")
    assert "samples, drawn with" in text


@pytest.mark.long
def test_a_filter_of_many_rows_answers_at_once(browser, large, tmp_path):
    (path,) = written(large, tmp_path, ("conformance",)).values()
    page = browser.new_context().new_page()
    page.goto(path.as_uri())
    unfold(page)
    page.locator("[data-search-box]").fill("case_7")
    assert "rows have these words." in page.locator("[data-found]").inner_text()
