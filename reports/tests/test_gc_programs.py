# SPDX-License-Identifier: MIT
"""`pmm gc programs`, `shapes` and `figures`: small, and what goes wrong in them."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest
from real import ROOT
from test_cli import call

from pmm.collect.figures import GC, Course, rows_of, sample_of
from pmm.discover.program_set import Package, read_programs, script_of
from pmm.documents.collected import (
    Collected,
    ProgramArm,
    ProgramCell,
    ProgramFigures,
)
from pmm.documents.figures import Figures
from pmm.documents.shapes import ShapeArm, ShapeCell, ShapeRun, Shapes
from pmm.judge.collected import row_of
from pmm.render import collected, shapes

BUILD = ROOT / "build"
TRICKS = {
    "fails": ("raise ValueError('no')", "it raised ValueError: no"),
    "leaves": ("import os; os._exit(0)", "it ended its process by itself"),
    "hangs": ("import time; time.sleep(60)", "no answer within 2 s"),
    "says no": ("import sys; sys.exit(9)", "it ended with 9"),
}
NOTED = {
    "deaf": ("import gc; gc.callbacks.clear()", "it took our callback out"),
    "off": ("import gc; gc.disable()", "it disabled the collector"),
}


def verb(name: str, *words: object, kind: type, folder: Path):
    """Run a verb of `pmm gc`; return its code, its document, and what it said."""
    path = folder / "out.json"
    done = call("gc", name, "--build", str(BUILD), "--out", str(path),
                *map(str, words))  # fmt: skip
    found = None
    if path.is_file():
        found = msgspec.json.decode(path.read_bytes(), type=kind)
    return done.exit_code, found, " ".join(done.output.split())


def run_own(text: str, folder: Path) -> tuple[int, ProgramCell, str]:
    """Run a program of the user's in this interpreter, once."""
    script = folder / "own.py"
    script.write_text(text)
    code, found, said = verb(
        "programs", "--python", sys.executable, "--rounds", 1, "--limit", 2, "--",
        script, kind=Collected, folder=folder,
    )  # fmt: skip
    return code, found.arms[0].cells[0], said


def test_garbage_of_a_program_is_counted(tmp_path):
    code, cell, said = run_own(
        "import gc, os\n"
        "for _ in range(1500):\n"
        "    one = []; one.append(one)\n"
        "if os.fork() == 0:\n"
        "    raise SystemExit\n"
        "os.wait()\n",
        tmp_path,
    )
    assert code == 0, said
    on, off = cell.on[0], cell.off[0]
    assert on.garbage >= 1499
    assert off.left >= 1499 > on.left
    assert sum(off.collections) == 0 < sum(on.collections)


@pytest.mark.parametrize("trick", TRICKS)
def test_a_program_that_goes_wrong_is_told(tmp_path, trick):
    text, expected = TRICKS[trick]
    code, cell, said = run_own(text, tmp_path)
    assert code == 3
    assert expected in cell.fault
    assert expected in said


@pytest.mark.parametrize("trick", NOTED)
def test_what_moves_the_figures_is_noted(tmp_path, trick):
    text, expected = NOTED[trick]
    code, _, said = run_own(text, tmp_path)
    assert code == 0
    assert expected in said


def test_every_program_is_there_and_pinned():
    programs = read_programs(ROOT)
    assert len(programs) >= 8
    for one in programs:
        assert script_of(ROOT, one).is_file()
        assert all("==" in package.pin for package in one.packages)
    both = Package("a==1", since="3.9", below="3.12")
    assert [both.is_for(v) for v in ("3.8.2", "3.9", "3.11.7", "3.12.0")] == [
        False, True, True, False,
    ]  # fmt: skip


def test_a_program_of_the_set_runs(tmp_path):
    code, found, said = verb(
        "programs", "--python", sys.executable, "--program", "asyncio_load",
        "--rounds", 1, kind=Collected, folder=tmp_path,
    )  # fmt: skip
    assert code == 0, said
    assert found.arms[0].cells[0].on[0].garbage > 0
    assert list(found.titles) == ["asyncio_load"]
    assert "asyncio_load" in (tmp_path / "out.html").read_text()


def test_shapes_are_measured_in_both_variants(tmp_path):
    code, found, said = verb(
        "shapes", "--python", sys.executable, "--objects", 4000, "--rounds", 1,
        "--shape", "growth", "--shape", "workers", kind=Shapes, folder=tmp_path,
    )  # fmt: skip
    assert code == 0, said
    cells = {(one.shape, one.variant): one.runs[0] for one in found.arms[0].cells}
    assert cells["growth", "off"].most == 1000
    assert cells["growth", "on"].most < 1000
    assert cells["workers", "frozen"].pss_bytes > 0
    assert "behind gc.freeze" in said
    assert "Forked workers that collect" in (tmp_path / "out.html").read_text()


def test_figures_are_taken_and_a_snapshot_of_the_users(tmp_path):
    heap = next((ROOT / "workloads" / "heaps" / "data").glob("*.pmmg"))
    code, found, said = verb(
        "figures", "--area", "heap", "--heap", heap, "--objects", 10000, "--rounds", 1,
        kind=Figures, folder=tmp_path,
    )  # fmt: skip
    assert code == 0, said
    assert [row.title for row in found.rows] == [f"full collection, heap/{heap.stem}"]
    assert found.rows[0].value("reference") > 0
    code, _, said = verb("figures", "--heap", tmp_path / "absent", kind=Figures,
                         folder=tmp_path)  # fmt: skip
    assert code == 2
    assert "there is no" in said


def test_rows_of_figures():
    document = msgspec.json.encode({"benchmarks": [
        {"name": "gc/build_on/10000/iterations:3/manual_time", "per_object_ns": 30.0},
        {"name": "gc/build_off/10000/iterations:3/manual_time", "per_object_ns": 20.0},
    ]})  # fmt: skip
    course = Course("reference", lambda _: [], is_reference=True)
    course.samples[GC] = [sample_of(document)]
    rows = rows_of([course], 10000)
    assert [(row.title, row.value("reference")) for row in rows] == [
        ("building, collector on : off", 1.5)
    ]
    with pytest.raises(Exception, match="it wrote no figures"):
        sample_of(b"")
    failed = {"benchmarks": [{"name": "x", "error_occurred": True,
                              "error_message": "a count moved"}]}  # fmt: skip
    with pytest.raises(Exception, match="x: a count moved"):
        sample_of(msgspec.json.encode(failed))


def process(**changes: object) -> ProgramFigures:
    """One process of a program, of whose time a tenth is its collector's."""
    known = {
        "version": "3.13.0", "failure": None, "troubles": (), "thresholds": (700,),
        "changed_thresholds": False, "collections": (9, 1, 0), "collected": (5, 2, 0),
        "candidates": None, "uncollectable": 0, "most": 3, "left": 4,
        "pauses_ns": (40, 60), "program_ns": 1000, "cpu_ns": 1000, "peak_bytes": 10,
    }  # fmt: skip
    return ProgramFigures(**{**known, **changes})


def collected_of(*cells: ProgramCell) -> Collected:
    arms = (ProgramArm(id="a<b>", path="/a", fault=None, cells=cells),
            ProgramArm(id="c", path="/c", fault="it ended", cells=()))  # fmt: skip
    return Collected(schema="pmm.gc.programs", version=1, created="2026", elapsed_ns=1,
                     command="pmm gc programs", scale=1, rounds=2, titles={"p": "does"},
                     arms=arms)  # fmt: skip


def cell(name: str, on: tuple, off: tuple, absence: str | None = None) -> ProgramCell:
    return ProgramCell(program=name, on=on, off=off, fault=None, absence=absence)


def test_a_program_is_told_apart_where_every_round_of_five_agrees():
    off = (process(cpu_ns=900), *(process(cpu_ns=950),) * 4)
    row = row_of(cell("p", (*(process(),) * 4, process(most=4)), off))
    assert (row.mark, row.pays, row.equal) == ("some", "dearer", False)
    assert row.ratio.least == pytest.approx(1000 / 950)
    assert row_of(cell("p", (process(),) * 4, off[:4])).pays == "open"
    row = row_of(cell("p", (process(pauses_ns=()),), (process(), process())))
    assert (row.mark, row.pays, row.equal) == ("little", "open", None)


def test_the_page_of_programs_says_what_follows():
    dear = (process(pauses_ns=(200,)),) * 2
    more = (process(peak_bytes=30),) * 2
    made = collected_of(
        cell("calm", (process(),) * 2, (process(),) * 2), cell("dear", dear, more),
        cell("gone", (), (), "packages cannot be had"),
    )  # fmt: skip
    text = collected.page_text(made, "programs.json")
    assert "The collector takes most in dear under a&lt;b&gt;: 20% of the time" in text
    assert "grows more than that of dear, to 3.00 times as much." in text
    assert text.index('nowrap">dear') < text.index('nowrap">calm')
    assert "much of the time" in text
    assert "gone: ○ packages cannot be had" in text
    assert "it ended" in text
    nothing = collected.page_text(collected_of(), "programs.json")
    assert "No program could be run." in nothing


def shapes_of(*cells: ShapeCell) -> Shapes:
    arms = (ShapeArm(id="a<b>", path="/a", fault=None, absence=None, cells=cells),
            ShapeArm(id="c", path=None, fault=None, absence="no callbacks",
                     cells=()))  # fmt: skip
    return Shapes(schema="pmm.gc.shapes", version=1, created="2026", command="x",
                  elapsed_ns=1, objects=100, rounds=2, arms=arms)  # fmt: skip


def timed(shape: str, variant: str, *times: int) -> ShapeCell:
    runs = [ShapeRun(program_ns=one, collections=(3, 0, 0), most=7) for one in times]
    return ShapeCell(shape=shape, variant=variant, runs=tuple(runs))


def test_the_page_of_shapes_says_what_follows():
    worker = [ShapeCell(shape="workers", variant=one, runs=(ShapeRun(pss_bytes=pss),))
              for one, pss in (("frozen", 70), ("not", 100))]  # fmt: skip
    made = shapes_of(
        timed("growth", "on", 10, 12), timed("growth", "off", 11, 11),
        timed("tuples", "on", *[30, 20, 25] * 2), timed("tuples", "off", *[10] * 6),
        *worker,
    )  # fmt: skip
    text = shapes.page_text(made, "shapes.json")
    assert "where a list of tuples of ints is built: a&lt;b&gt; takes 2.5 times" in text
    assert "a forked worker of a&lt;b&gt; has 0.7 times the memory." in text
    assert text.index('nowrap">tuples') < text.index('nowrap">growth')
    assert "at least half as long again" in text
    assert "not told apart" in text
    assert "no callbacks" in text
    assert "No shape could be measured." in shapes.page_text(shapes_of(), "x.json")
