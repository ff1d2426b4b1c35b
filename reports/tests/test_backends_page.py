# SPDX-License-Identifier: MIT
"""Allocators as a user brings them: checked, ranked, and shown, or not ranked."""

from __future__ import annotations

import hashlib
import math
import re
import subprocess
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from compiled import BUILD, EXAMPLE, ROOT, SOURCES, compiled, need_build, pmm
from pages import opened, page_text, unfold

from pmm.documents.run import Run, decode_run
from pmm.documents.standings import Standing
from pmm.judge.ranking import Ranking, ordinal
from pmm.render import allocator_charts
from pmm.render.backends import context, first_words

SHIPPED = ("libc", "null")
ROWS = 14
"""Benchmarks of allocators at the sizes of the profile `quick`."""


class Measured:
    """One real `pmm bench` over the user's and some shipped allocators."""

    def __init__(self, folder: Path) -> None:
        self.example = compiled(EXAMPLE, folder / "example.so")
        lossy = compiled(SOURCES / "lossy.c", folder / "lossy.so")
        self.lossy = f"lossy={lossy},prefix=lossy_"
        self.report = folder / "report"
        asked = [*SHIPPED, str(self.example), self.lossy]
        backends = [part for name in asked for part in ("--backend", name)]
        self.answer = pmm("bench", "alloc", *backends, "--out", self.report)
        self.run: Run = decode_run((self.report / "run.json").read_bytes())
        self.standings = {one.label: one for one in self.run.standings}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    need_build()
    return Measured(tmp_path_factory.mktemp("backends"))


def test_a_wrong_allocator_fails_the_run(measured):
    assert measured.answer.returncode == 3, measured.answer.stdout[-2000:]
    assert "Traceback" not in measured.answer.stderr
    kinds = [job.kind for job in measured.run.plan]
    assert kinds.count("backend-check") == kinds.count("bench") == 4
    order = [result.job.split("/")[0] for result in measured.run.results]
    assert order == sorted(order), "checks come first"


def test_only_sound_allocators_have_a_place(measured):
    states = {one.label: (one.state, one.place) for one in measured.run.standings}
    assert states["lossy"] == ("unsound", None)
    assert states["null"] == ("bound", None)
    places = [states[name][1] for name in ("example", "libc")]
    assert sorted(places) == [1, 2]
    lossy = measured.standings["lossy"]
    assert "backend.realloc_data" in lossy.failed
    assert lossy.why.startswith("fails backend.")
    assert (lossy.mean, lossy.best, lossy.tied) == (None, 0, 0)
    assert (lossy.figures, lossy.witnessed) == (ROWS, ROWS)


def test_means_and_marks_are_those_of_the_figures(measured):
    ranking = Ranking(measured.run)
    for spec in ranking.ranked:
        ratios = [row.figures[spec].summary.ratio for row in ranking.rows]
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        one = next(s for s in measured.run.standings if s.spec == spec)
        assert one.mean == pytest.approx(mean)
        assert one.mean_low <= one.mean <= one.mean_high
    for row in ranking.rows:
        medians = {s: row.figures[s].summary.median_ns for s in ranking.ranked}
        best = [spec for spec, mark in row.marks.items() if mark == "best"]
        assert best == [min(medians, key=medians.get)]
    assert sum(s.best for s in measured.run.standings) == len(ranking.rows)


def test_a_plug_in_bears_its_own_name_and_its_hash(measured):
    entry = measured.run.backends[0]
    assert (entry.name, entry.version, entry.origin) == ("example", "1.0", "given")
    assert entry.spec == entry.object == str(measured.example)
    assert entry.sha256 == hashlib.sha256(measured.example.read_bytes()).hexdigest()
    others = {e.name: e for e in measured.run.backends if e.origin == "builtin"}
    assert len(others["libc"].sha256) == 64
    assert others["jemalloc"].sha256 is None, "it was not asked"


def test_rows_are_in_order_of_size(measured):
    out = measured.answer.stdout
    names = re.findall(r"^  (alloc/\S+)", out, re.MULTILINE)
    sizes = [int(n.split("/")[2]) for n in names if n.startswith("alloc/pair/")]
    assert sizes[:7] == [16, 48, 64, 256, 512, 513, 4096]
    assert names[:ROWS] == sorted(names[:ROWS], key=lambda n: n.rsplit("/", 1)[0])


def test_the_console_says_what_its_figures_are(measured):
    out = measured.answer.stdout
    lines = [line.split() for line in out.splitlines()]
    heads = [words for words in lines if words[:1] == ["example"]]
    assert heads[0][:2] == ["example", "lossy"]
    assert {"no rank", "a bound", "1st", "2nd"} <= set(
        re.findall(r"no rank|a bound|1st|2nd", out)
    )
    assert "Median of 5 repetitions in one process, over libc's median" in out
    assert "no rank: lossy: fails backend." in out
    assert out.count("★") == ROWS + 1, "one a row, and the legend"


def test_the_page_lists_who_was_asked_the_users_first(browser, measured):
    page = opened(browser, measured.report, "backends")
    unfold(page)
    rows = page.locator(".asked tbody tr")
    texts = rows.all_inner_texts()
    labels = [text.split()[0] for text in texts]
    assert labels[:2] == ["example", "lossy"]
    assert set(labels[2:]) == set(SHIPPED)
    assert "yours" in texts[0]
    assert str(measured.example) in texts[0]
    assert re.search(r"pass \d\d cases", texts[0])
    assert "prefix lossy_" in texts[1]
    assert "backend.realloc_data" in texts[1]
    assert "no rank" in texts[1]
    folded = page.locator("details", has_text="Not in this run").inner_text()
    assert "jemalloc" in page.content()
    assert "Not in this run" in folded


def test_chart_and_table_hold_every_allocator(browser, measured):
    page = opened(browser, measured.report, "backends")
    svg = page.locator("#figure-backends-alloc svg").inner_html()
    for name in ("example", "lossy (no rank)", "libc", "null (a bound)"):
        assert f">{name}<" in svg
    assert svg.count("★") == ROWS
    heads = page.locator(".ratios thead th").all_inner_texts()
    assert [head.split()[0] for head in heads[1:3]] == ["example", "lossy"]
    assert len(heads) == 5
    assert page.locator(".ratios td.best").count() == ROWS
    assert page.locator(".ratios td.best.unranked").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_allocator_run_shows_no_coverage(measured):
    assert measured.run.coverage is None
    assert not [s for s in measured.run.skipped if s.what == "coverage"]
    folder = (BUILD / "runs" / measured.run.id).resolve()
    assert not (folder / "coverage").exists()
    index = (measured.report / "index.html").read_text(encoding="utf-8")
    assert "Lines of the runtime" not in index


def replaced(run: Run, **fields: object) -> Run:
    """Change a run, and forget what was derived from it."""
    return msgspec.structs.replace(run, standings=(), **fields)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda r: {"results": tuple(
            x for x in r.results if x.job != "backend-check/example")},
         "not checked"),
        (lambda r: {"results": tuple(
            msgspec.structs.replace(x, status="crash", reason="ended by SIGSEGV")
            if x.job.endswith("/example") else x for x in r.results)},
         "ended by SIGSEGV"),
        (lambda r: {"results": tuple(
            msgspec.structs.replace(x, status="failed", reason="no document")
            if x.job == "backend-check/example" else x for x in r.results)},
         "not checked: no document"),
        (lambda r: {"bench": tuple(
            msgspec.structs.replace(x, witness_ok=False, witness_object="/lib/o.so")
            if x.backend == "example" else x for x in r.bench)},
         "/lib/o.so served"),
        (lambda r: {"bench": tuple(
            msgspec.structs.replace(x, summary=None, error="lost a block")
            if (x.backend, x.name) == ("example", "alloc/churn/1000") else x
            for x in r.bench)},
         "fails alloc/churn/1000: lost a block"),
        (lambda r: {"cases": tuple(
            msgspec.structs.replace(x, reported="FAIL", outcome="XFAIL")
            if (x.job, x.id) == ("backend-check/example", "backend.zeroed") else x
            for x in r.cases)},
         "fails backend.zeroed"),
    ],
)  # fmt: skip
def test_whatever_is_wrong_or_unknown_costs_the_rank(measured, change, why):
    run = replaced(measured.run, **change(measured.run))
    mine = next(s for s in Ranking(run).standings if s.label == "example")
    assert mine.state in ("unsound", "unchecked")
    assert mine.place is None
    assert mine.witnessed <= mine.figures
    assert why in mine.why
    values = context(run)
    column = [s.label for s in values["standings"]].index("example")
    cells = [line.cells[column] for area in values["areas"] for line in area.lines]
    assert {cell.mark for cell in cells} == {""}
    assert "example (no rank)" in values["areas"][0].figure.svg


def test_a_run_in_which_all_is_wrong_is_read_at_a_glance(measured):
    bad = {"backend-check/example", "backend-check/libc"}
    cases = tuple(
        msgspec.structs.replace(x, reported="FAIL", outcome="FAIL")
        if x.job in bad else x for x in measured.run.cases
    )  # fmt: skip
    run = replaced(measured.run, cases=cases)
    said = context(run)["answer"]
    told = said.partition("3 allocators have no rank (the table says why): ")[2]
    assert set(told.rstrip(".").split(", ")) == {"example", "lossy", "libc"}
    text = page_text(run, "backends")
    count = sum(case.job == "backend-check/example" for case in cases)
    assert text.count(f"and {count - 8} more</summary>") == len(bad)
    one = replaced(measured.run, cases=tuple(
        x for x in cases if x.job != "backend-check/libc"))  # fmt: skip
    assert "lossy has no rank: fails backend." in context(one)["answer"]


def test_two_plug_ins_of_one_name_stay_apart(measured):
    twin = "/elsewhere/example.so"
    entry = msgspec.structs.replace(measured.run.backends[0], spec=twin)
    jobs = [
        msgspec.structs.replace(j, id=f"{j.id}-2", backend=twin)
        for j in measured.run.plan if j.backend == str(measured.example)
    ]  # fmt: skip
    run = replaced(
        measured.run, backends=(entry, *measured.run.backends),
        plan=(*measured.run.plan, *jobs),
    )  # fmt: skip
    labels = [one.label for one in Ranking(run).standings]
    assert len(set(labels)) == len(labels) == 5
    assert {"example", "example #2"} <= set(labels)


def test_a_name_of_a_built_in_stays_the_built_ins(measured):
    entry = msgspec.structs.replace(measured.run.backends[0], name="libc")
    run = replaced(measured.run, backends=(entry, *measured.run.backends[1:]))
    labels = {one.spec: one.label for one in Ranking(run).standings}
    assert labels["libc"] == "libc"
    assert labels[str(measured.example)] == "libc #2"


def test_any_number_of_allocators_is_drawn_each_in_its_own_look():
    names = [f"allocator {number}" for number in range(25)]
    rows = [
        {"benchmark": "alloc/pair/16", "name": name, "ratio": 1 + n / 10,
         "low": 0.5, "high": 4.0, "best": n == 0}
        for n, name in enumerate(names)
    ]  # fmt: skip
    drawn = allocator_charts.ratios(rows, names=names, yardstick="libc")
    for name in names:
        assert f">{name}<" in drawn
    looks = allocator_charts.looks(names, {}, ())
    assert len(set(zip(*looks, strict=True))) == len(names)


def test_places_are_spoken_as_people_do():
    said = [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111)]
    assert said == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "101st",
        "111th",
    ]  # fmt: skip


def test_a_repaired_allocator_says_so(tmp_path):
    need_build()
    listed = pmm("backends", "--json")
    entries = {e["name"]: e for e in msgspec.json.decode(listed.stdout)}
    repairs = entries["mimalloc"]["repairs"]
    if repairs is None:
        pytest.skip("the library at hand needs no repair")
    assert repairs in pmm("backends").stdout
    done = pmm("run", "--only", "backend-check", "-b", "mimalloc", "--out", tmp_path)
    assert done.returncode == 0
    page = (tmp_path / "backends.html").read_text(encoding="utf-8")
    assert "repaired</span>" in page
    assert repairs in page


def test_churn_is_what_the_method_says(tmp_path):
    """What an allocator sees: no lap, equal chances, every block in turn."""
    need_build()
    log = tmp_path / "log"
    library = compiled(SOURCES / "churn_log.c", tmp_path / "l.so", f'-DLOG="{log}"')
    live = 100_000
    subprocess.run(
        [BUILD / "bench" / "pmm-bench-alloc", "--backend", library,
         f"--benchmark_filter=churn/{live}$", "--benchmark_min_time=0.001"],
        check=True, capture_output=True, timeout=300, cwd=ROOT,
    )  # fmt: skip
    steps = [tuple(map(int, line.split())) for line in log.open()]
    assert len(steps) > 4 * live, "the heap is aged before it is timed"
    windows = Counter(zip(*(steps[i:] for i in range(3)), strict=False))
    assert windows.most_common(1)[0][1] == 1, "no three steps come twice"
    asked = Counter(size for _, _, size in steps)
    chance = sum((n / len(steps)) ** 2 for n in asked.values())
    same = sum(freed == size for _, freed, size in steps) / len(steps)
    assert same == pytest.approx(chance, abs=0.005)
    assert chance < 0.2
    # A block lives as long as a fair draw among all lets it: mean L, and of the
    # first ones e^-steps/L are left.
    lifetimes = [age for age, _, _ in steps[3 * live :]]
    past = sum(age > live for age in lifetimes) / len(lifetimes)
    assert past == pytest.approx(math.exp(-1), abs=0.03)


def standing(label: str, place: int, low: float, high: float) -> Standing:
    """An allocator with a place and a range of its mean."""
    return Standing(
        spec=label, label=label, state="ranked", why=None, passed=9, failed=(),
        figures=9, witnessed=9, place=place, shared=9, mean=(low + high) / 2,
        mean_low=low, mean_high=high, best=5, tied=0,
    )  # fmt: skip


def test_ranges_that_overlap_have_no_winner():
    first = standing("a", 1, 0.4, 0.6)
    apart, near = standing("b", 2, 0.7, 0.9), standing("c", 3, 0.55, 1.1)
    assert first_words([first, apart], "libc") == (
        "a is the fastest by geometric mean (0.50 of libc's time) over 9 benchmarks."
    )
    level = first_words([first, apart, near], "libc")
    assert level.startswith("No clear winner: a is first by geometric mean (0.50")
    assert "the ranges of c overlap" in level
