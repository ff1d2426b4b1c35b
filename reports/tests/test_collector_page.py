# SPDX-License-Identifier: MIT
"""The pages of `pmm gc` and `pmm museum`, opened in a browser."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from pages import taken_away

from pmm.documents.grid import Grid, GridArm, GridCell, GridRun
from pmm.documents.ledger import (
    Ledger,
    LedgerArm,
    LedgerCell,
    LedgerCounts,
    LedgerRow,
    LedgerTimes,
)
from pmm.documents.museum import Exhibit, Museum, Seen
from pmm.render import collector, grid, museum

HOSTILE = "cpython-<script>alert(1)</script>"


def cell(curve: tuple[int, ...], pauses: tuple[int, ...]) -> LedgerCell:
    counts = LedgerCounts(
        implementation="x", thresholds=(700, 10, 10), collections=(3, 1, 0),
        collected=(1, 2, 0), candidates=(4, 5, 0), most=max(curve), p95=7,
        left=curve[-1], by_callbacks=curve[-1], by_enumeration=curve[-1], apart=0,
        never=0, curve=curve, kinds={"list": True, "tuple of ints": False},
    )  # fmt: skip
    times = LedgerTimes(
        pauses_ns=pauses, program_ns=10 * sum(pauses), peak_bytes=1 << 20,
        clock="thread",
    )  # fmt: skip
    return LedgerCell(
        name="alone", made=400, live=0, window=100, counts=counts, times=(times,)
    )


def arm(name: str, *cells: LedgerCell, absence: str | None = None) -> LedgerArm:
    return LedgerArm(id=name, path=None, fault=None, absence=absence, cells=cells)


def ledger() -> Ledger:
    row = LedgerRow(
        cell="alone", figure="worst pause", unit="ns", exact=False, ours="1 µs",
        theirs="2 µs", ratio=2.0, low=1.5, high=2.5, p_value=0.01, adjusted=0.02,
        verdict="more",
    )  # fmt: skip
    return Ledger(
        schema="pmm.gc", version=1, created="2026-01-01T00:00:00Z", elapsed_ns=1,
        commit=None, command="pmm gc", machine="Linux", rounds=1, rows=(row,),
        arms=(
            arm("reference/full", cell((10, 40, 20, 30), (1000, 2000, 50000))),
            arm(HOSTILE, cell((100, 200, 250, 300), (900, 3000))),
        ),
    )  # fmt: skip


def gallery() -> Museum:
    seen = (Seen(id=HOSTILE, figure=9, shows=True, fault=None),
            Seen(id="pypy", figure=None, shows=False, fault="no answer"))  # fmt: skip
    one = Exhibit(
        id="garbage_waits", title="Garbage waits", issue="gh-148726", versions="3.14",
        story="It was taken out.", figure="objects", bound=5, sound=1, faulty=9,
        wrong="", apart=True, seen=seen,
    )  # fmt: skip
    return Museum(schema="pmm.museum", version=1, created="2026-01-01T00:00:00Z",
                  commit=None, command="pmm museum", exhibits=(one,))  # fmt: skip


def mesh() -> Grid:
    run = GridRun(program_ns=10, pauses_ns=(1, 5), most=40, left=20, garbage=100,
                  stable=False, peak_bytes=None)  # fmt: skip
    cell = GridCell(shape="chain", size=10, payload=0, live=100, runs=(run,))
    return Grid(
        schema="pmm.gc.grid", version=1, created="2026-01-01T00:00:00Z", elapsed_ns=1,
        command="pmm gc grid", total=100, repetitions=1, left_out=(),
        arms=(GridArm(id=HOSTILE, path=None, fault=None, absence=None, cells=(cell,)),),
    )  # fmt: skip


PAGES = {
    "collector": lambda: collector.page(ledger(), "ledger.json").text,
    "museum": lambda: museum.page_text(gallery(), "museum.json"),
    "grid": lambda: grid.page_text(mesh(), "grid.json"),
}
THEMES = {"collector": ("light", "dark"), "museum": ("light",), "grid": ("dark",)}
"""The three share their styles: each theme is looked at twice."""


@pytest.mark.sampled
@pytest.mark.parametrize("name", PAGES)
def test_page_stands_alone(browser, tmp_path, name):
    path = tmp_path / f"{name}.html"
    path.write_text(PAGES[name](), encoding="utf-8")
    for theme in THEMES[name]:
        page = browser.new_context(offline=True, color_scheme=theme).new_page()
        asked: list[str] = []
        complaints: list[str] = []
        page.on("request", lambda request, to=asked: to.append(request.url))
        page.on("console", lambda message, to=complaints: to.append(message.text))
        page.on("dialog", lambda dialog, to=complaints: to.append("a name ran"))
        page.goto(path.as_uri())
        page.evaluate(
            "document.querySelectorAll('details').forEach(d => d.open = true)"
        )
        found = {one["id"] for one in Axe().run(page).response["violations"]}
        foreign = [u for u in asked if not u.startswith(("file:", "data:"))]
        assert (foreign, complaints, found) == ([], [], set())


def test_figures_and_sentences_are_those_of_the_document(browser, tmp_path):
    path = tmp_path / "collector.html"
    path.write_text(PAGES["collector"](), encoding="utf-8")
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(path.as_uri())
    text = page.locator("main").inner_text()
    assert f"reference/full is not {HOSTILE}" not in text
    assert f"{HOSTILE} is not reference/full" in text
    assert "outgrows its memory" in text
    assert page.locator("td[data-value='300']").count() >= 1
    assert page.locator("#alone-pauses").count() == 1
    assert page.locator("details tbody tr", has_text="50 µs").count() == 1


def test_each_drawing_can_be_taken_away_with_its_numbers(tmp_path):
    made = collector.page(ledger(), "ledger.json")
    for name, data in {**made.figures, "index.html": made.text.encode()}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    names = [f"gc-alone-{word}" for word in ("four", "pauses", "waiting")]
    assert taken_away(tmp_path / "index.html") == names
    numbers = made.figures["figures/gc-alone-waiting.csv"].decode()
    assert f"{HOSTILE},400,300\n" in numbers
    assert b"pmm gc, 2026-01-01" in made.figures["figures/gc-alone-four.svg"]


def test_nothing_measured_is_a_page_too():
    empty = Ledger(
        schema="pmm.gc", version=1, created="2026-01-01T00:00:00Z", elapsed_ns=1,
        commit=None, command="pmm gc", machine="Linux", rounds=0, rows=(),
        arms=(arm("pypy", absence="its module gc has no callbacks"),),
    )  # fmt: skip
    text = collector.page(empty, "ledger.json").text
    assert "No collector could be counted." in text
    assert "its module gc has no callbacks" in text
