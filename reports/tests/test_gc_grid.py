# SPDX-License-Identifier: MIT
"""`pmm gc grid`: cells of cycles, small; and cyclotron's files."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec
import pytest
from real import ROOT
from test_cli import call

from pmm.collect.grid import Place, fits
from pmm.documents.grid import Grid, GridArm, GridCell, GridRun, decode_cyclotron
from pmm.judge.grid import is_stable, spread, worst_ns
from pmm.judge.spreads import confidence
from pmm.render.grid import page_text

BUILD = ROOT / "build"
SMALL = ("--shape", "chain", "--size", "10", "--payload", "100", "--live", "100",
         "--total", "9000", "--repetitions", "2")  # fmt: skip


def grid(*arguments: object, folder: Path) -> tuple[int, Grid | None, str]:
    """Run the verb; return its code, its document, and what it said."""
    path = folder / "grid.json"
    done = call("gc", "grid", "--build", str(BUILD), "--out", str(path),
                *map(str, arguments))  # fmt: skip
    found = None
    if path.is_file():
        found = msgspec.json.decode(path.read_bytes(), type=Grid)
    return done.exit_code, found, " ".join(done.output.split())


def one_run(**changes: object) -> GridRun:
    fields = {"program_ns": 10, "pauses_ns": (1, 5), "most": 40, "left": 20,
              "garbage": 100, "stable": True, "peak_bytes": None}  # fmt: skip
    return GridRun(**{**fields, **changes})


def test_a_cell_is_run_and_written_as_cyclotron_does(tmp_path):
    files = tmp_path / "files"
    code, found, _ = grid("--python", sys.executable, *SMALL, "--shape", "tree",
                             "--cyclotron", files, folder=tmp_path)  # fmt: skip
    assert code == 0
    cells = found.arms[0].cells
    assert [cell.shape for cell in cells] == ["chain", "tree"]
    for cell in cells:
        assert len(cell.runs) == 2
        for run in cell.runs:
            assert run.garbage == 8900
            assert 0 <= run.left <= run.most <= run.garbage
            assert 0 < sum(run.pauses_ns) < run.program_ns
        assert len({run.most for run in cell.runs}) == 1
    written = next(files.iterdir())
    runs = json.loads(written.read_text())["runs"]
    assert [run["params"]["workload"] for run in runs] == ["chain"] * 2 + ["tree"] * 2
    assert runs[0]["summary"]["Max trash"] == str(cells[0].runs[0].most)
    code, found, _ = grid("--read", written, folder=tmp_path)
    assert code == 0
    again = found.arms[0].cells
    assert [[run.most for run in cell.runs] for cell in again] == [
        [run.most for run in cell.runs] for cell in cells
    ]


def test_what_is_no_file_of_cyclotrons_is_one_line(tmp_path):
    bad = tmp_path / "bad.json"
    bad.write_text("[1]")
    for path in (bad, tmp_path / "absent.json"):
        code, found, said = grid("--read", path, folder=tmp_path / "x")
        assert (code, found) == (2, None)
        assert path.name in said


@pytest.mark.long
def test_an_interpreter_that_misbehaves_is_told(tmp_path):
    code, found, said = grid("--python", "/bin/cat", *SMALL, folder=tmp_path)
    assert code == 3
    assert found.arms[0].cells == ()
    assert "cat: it does not say what it is" in said


def test_figures_of_a_cell():
    runs = (one_run(), one_run(pauses_ns=(9,), stable=False), one_run(pauses_ns=()))
    cell = GridCell(shape="chain", size=10, payload=0, live=100, runs=runs)
    assert spread(cell, worst_ns) == (5, 0, 9, 3)
    assert spread(cell, lambda run: run.peak_bytes) is None
    assert not is_stable(cell)
    assert round(confidence(5), 4) == 0.9375
    assert fits(Place("chain", 10, 100_000, 100), 60_000, 700)
    assert not fits(Place("chain", 10, 300_000, 100), 60_000, 700)


def test_the_page_has_every_cell():
    cells = [GridCell(shape="chain", size=10, payload=0, live=100, runs=(one_run(),)),
             GridCell(shape="tree", size=99, payload=0, live=100,
                      runs=(one_run(stable=False, most=97),))]  # fmt: skip
    arms = [GridArm(id="a<b>", path=None, fault=None, absence=None,
                    cells=tuple(cells)),
            GridArm(id="c", path=None, fault="it ended", absence=None,
                    cells=())]  # fmt: skip
    made = Grid(schema="pmm.gc.grid", version=1, created="2026-01-01T00:00:00Z",
                elapsed_ns=1, command="pmm gc grid", total=100, repetitions=5,
                arms=tuple(arms), left_out=("chain of 1",))  # fmt: skip
    text = page_text(made, "grid.json")
    assert text.index("tree of 99") < text.index("chain of 10")
    assert "a&lt;b&gt; lets most wait in the cell" in text
    assert "still rises" in text
    assert "it ended" in text
    assert "chain of 1." in text


def test_samples_of_cyclotron_count_too():
    text = json.dumps({"runs": [{
        "params": {"cycle_size": 10, "extra_bytes": 0, "live_objects": 100},
        "samples": [{"trash": 70, "rss_kb": 9, "pause_ms": 1.5}],
        "summary": {"Max trash": "60 objects", "Total time": "2.5 s"}}]})  # fmt: skip
    run = decode_cyclotron(text.encode(), "x").cells[0].runs[0]
    assert (run.most, run.peak_bytes, run.pauses_ns) == (70, 9 * 1024, (1_500_000,))
    assert run.program_ns == 2_500_000_000
