# SPDX-License-Identifier: MIT
"""The memory page: phases, figures and ratios of real runs, curves of sparse data."""

from __future__ import annotations

import random
import re

import msgspec
import pytest
from pages import page_text
from real import native, twin
from sample_work import variant, work_document

from pmm.base import formatting
from pmm.documents.programs import Figure, Variant
from pmm.documents.results import WorkResult
from pmm.documents.run import Run
from pmm.render import memory
from pmm.render.memory_charts import Line, left_open, lesson, most_and_least


def form(name: str, costs: dict[str, int], **breaks: int | None) -> Variant:
    """A variant with a cost at each density, and its break-evens."""
    figures = [
        Figure(name=f"bytes_at_{at}_percent", value=cost, unit="bytes", exact=True)
        for at, cost in costs.items()
    ]
    figures += [
        Figure(name=f"break_even_{dense}_density", value=at, unit="1/10000", exact=True)
        for dense, at in breaks.items()
    ]
    made = variant(random.Random(1), name, 4096, False)
    return msgspec.structs.replace(made, figures=tuple(figures))


def sparse_result() -> WorkResult:
    document = msgspec.structs.replace(
        work_document(random.Random(1), "cycles", "reference", "pool"),
        workload="sparse",
        variants=(
            form("array", {"0.1": 8040, "100": 8040}),
            form("csr", {"0.1": 150, "100": 16080}, list=None, array=4950),
        ),
    )
    return WorkResult(
        job="work/sparse", interpreter=None, document=document, command="pmm-work"
    )


def test_both_curves_and_the_break_even_are_drawn():
    (drawn,) = memory._charts([sparse_result()])
    assert "<svg" in drawn.svg
    assert drawn.note.startswith("4 measured points.")
    assert "csr costs more than the array from 49.5 percent" in drawn.alt
    assert "csr costs more than the list at no density" in drawn.alt
    assert "array costs" not in drawn.alt


def test_a_result_without_densities_has_no_curve():
    other = sparse_result()
    other = msgspec.structs.replace(
        other, document=msgspec.structs.replace(other.document, variants=())
    )
    assert memory._charts([other]) == []


# --------------------------------------------------------------- real documents


@pytest.fixture(scope="module")
def native_list() -> WorkResult:
    result = native("list_vs_generator", "--set", "items=20000")
    if result is None:
        pytest.skip("the workloads are not built")
    return result


@pytest.fixture(scope="module")
def twin_list() -> WorkResult:
    return twin("list_vs_generator", "--set", "items=20000")


@pytest.fixture(scope="module")
def small_list() -> WorkResult:
    return twin("list_vs_generator", "--set", "items=2000")


def named(result: WorkResult, version: str) -> WorkResult:
    """The same measurement as that of another CPython."""
    document = msgspec.structs.replace(result.document, subject_version=version)
    return msgspec.structs.replace(result, document=document, job=f"work/{version}")


def drawn_phases(svg: str) -> dict[str, list[tuple[float, float]]]:
    """Where the bars of each variant begin and end, by the drawing's own words."""
    found: dict[str, list[tuple[float, float]]] = {}
    words = r'aria-label="time \(ms\): ([\d.e-]+); name: (\w+); end_ms: ([\d.e-]+);'
    for start, name, end in re.findall(words, svg):
        found.setdefault(name, []).append((float(start), float(end)))
    return found


@pytest.mark.parametrize("which", ["native_list", "twin_list"])
def test_each_variant_has_its_own_phases_in_every_drawing(which, request):
    result = request.getfixturevalue(which)
    for chart in memory._charts([result]):
        drawn = drawn_phases(chart.svg)
        assert list(drawn) == [v.name for v in result.document.variants]
        for one in result.document.variants:
            start = one.series.rows[0][0]
            own = [
                ((p.start_ns - start) / 1e6, (p.end_ns - start) / 1e6)
                for p in one.phases
            ]
            for bar, phase in zip(drawn[one.name], own, strict=True):
                assert bar == pytest.approx(phase, abs=1e-5)
            assert own[-1][1] <= one.elapsed_ns / 1e6


def test_a_line_says_peak_end_and_what_came_back(native_list):
    chart = memory._charts([native_list])[0]
    live = [line for line in chart.lines if line.quantity == "Live memory"]
    for line, one in zip(live, native_list.document.variants, strict=True):
        figures = {f.name: f.value for f in one.figures}
        live = [row[1] for row in one.series.rows]
        assert line.peak == formatting.size(figures["peak_bytes"])
        assert line.end == formatting.size(live[-1])
        taken = figures["peak_bytes"] - live[0]
        back = figures["peak_bytes"] - live[-1]
        assert float(line.back.split()[0]) == pytest.approx(
            100 * back / taken, abs=0.1
        )
        assert f"{line.name} starts at {line.start}, peaks at {line.peak}" in chart.alt


def shown(run: Run) -> str:
    return page_text(run, "memory")


def test_ratios_stand_with_their_size_and_with_no_other(
    native_list, twin_list, small_list, run
):
    results = (small_list, twin_list, native_list)
    page = shown(msgspec.structs.replace(run, work=results))
    tables = re.findall(r"<table.*?</table>", page, re.DOTALL)
    mine = [table for table in tables if "Ratio at" in table]
    assert [re.findall(r"Ratio at ([\d,]+)", table) for table in mine] == [
        ["20,000"], ["2,000"]
    ]  # fmt: skip
    assert [table.count('<th scope="row">') for table in mine] == [2, 1]
    assert "Keeping 20,000 integers" in page
    assert "reference / pool, items 20,000" in page


def test_the_newest_cpython_is_in_front(native_list, twin_list):
    versions = ["3.8.18", "3.11.2", "3.13.0", "3.9.18", "3.11.7"]
    results = [named(twin_list, version) for version in versions]
    results = sorted([*results, native_list], key=memory.rank)
    assert [r.document.subject_version for r in results[1:]] == [
        "3.13.0", "3.11.7", "3.11.2", "3.9.18", "3.8.18"
    ]  # fmt: skip
    assert results[0] is native_list
    titles = [c.title for c in memory._charts(results)]
    assert [t for t in titles if "twin" in t and "3.13.0" not in t] == []


def test_the_phases_stand_in_the_table_of_figures(native_list, run):
    page = shown(msgspec.structs.replace(run, work=(native_list,)))
    for one in native_list.document.variants:
        for phase in one.phases:
            took = formatting.duration(phase.end_ns - phase.start_ns)
            start = formatting.duration(phase.start_ns)
            row = f"<td>phase {phase.name}, from {start}</td>"
            assert f'{row}<td class="num">{took}</td>' in page


# ------------------------------------------------------------------- sentences


def one_line(name: str, taken: int, kept: int = 0) -> Line:
    return Line("q", name, "0", "0", "0", "0", "0", taken, kept)


def test_a_sentence_names_the_most_the_least_and_what_stays():
    lines = [one_line("list", 40 << 20), one_line("generator", 457)]
    assert most_and_least(lines) == [
        "At its peak list takes 40.0 MiB above its start, generator 457 B; in the end "
        "all of it came back."
    ]
    kept = [one_line("list", 40 << 20, 10 << 20), one_line("generator", 457, 400)]
    assert most_and_least(kept)[0].endswith("in the end still held: list 10.0 MiB.")
    assert most_and_least([]) == []


def test_a_sentence_names_who_leaves_a_file_open():
    lines = [one_line("with", 1), one_line("without", 1, 1)]
    assert left_open(lines) == ["Of descriptors without leaves 1 open; with none."]
    assert left_open(lines[:1]) == ["Every descriptor is closed in the end."]
    assert left_open([one_line("a", 0)]) == []


def test_the_lesson_is_that_of_the_picture(native_list):
    (chart,) = memory._charts([native_list])
    (said,) = lesson([chart])
    live = [line for line in chart.lines if line.quantity == "Live memory"]
    most = max(live, key=lambda line: line.taken)
    assert f"{most.name} takes {formatting.size(most.taken)}" in said
    assert chart.figure.csv.startswith("variant,quantity,unit,ms,value\n")
