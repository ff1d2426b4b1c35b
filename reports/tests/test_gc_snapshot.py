# SPDX-License-Identifier: MIT
"""`pmm gc snapshot`: a program's object graph, and whoever reads it."""

from __future__ import annotations

import subprocess
import sys
from array import array
from pathlib import Path

import msgspec
import pytest
from real import ROOT
from test_cli import call

from pmm.collect.snapshot import Columns, Found, Taken, file_of, read_taken
from pmm.documents.snapshot import HeapFigures, SnapshotReport

BUILD = ROOT / "build"
HEAP = BUILD / "workloads" / "heaps" / "pmm-heap"
PROGRAM = """
import gc, sys, time
gc.disable()
class Node:
    def __init__(self):
        self.me = self
held = [Node() for _ in range(300)]
for _ in range(40):
    Node()
time.sleep(float(sys.argv[1]))
"""
pytestmark = pytest.mark.skipif(not HEAP.is_file(), reason="pmm-heap is not built")


def snapshot(*words: str, folder: Path) -> tuple[int, SnapshotReport | None, str]:
    """Run the verb; return its code, its document, and what it said."""
    path = folder / "report.json"
    done = call("gc", "snapshot", "--build", str(BUILD), "--document", str(path),
                "--out", str(folder / "heap.pmmg"), *words)  # fmt: skip
    found = None
    if path.is_file():
        found = msgspec.json.decode(path.read_bytes(), type=SnapshotReport)
    return done.exit_code, found, " ".join(done.output.split())


def read(path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([HEAP, *words, path], capture_output=True, text=True,
                          check=False)  # fmt: skip


def test_garbage_of_a_program_is_garbage_in_the_reference(tmp_path):
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    code, report, said = snapshot("--at", "0.3", "--times", "--", sys.executable,
                                  str(script), "0.9", folder=tmp_path)  # fmt: skip
    assert code == 0, said
    figures = report.figures
    assert report.garbage >= 40
    assert abs(figures.garbage - report.garbage) <= 5
    assert len(report.collections_ns) > 3
    assert 340 <= figures.kinds["instance"] < figures.tracked
    assert sum(figures.ages) == figures.tracked
    assert figures.tracked <= figures.made_tracked + figures.garbage
    assert "garbage at that moment" in said


def test_it_is_taken_at_a_time_and_the_program_keeps_its_code(tmp_path):
    code, report, said = snapshot(
        "--at", "0.05", "--", sys.executable, "-c",
        "import time, sys; time.sleep(0.3); x = [[1] for n in range(9000)]; exit(7)",
        folder=tmp_path,
    )  # fmt: skip
    assert code == 7, said
    assert report.taken_s < 0.3
    assert report.figures.kinds["list"] < 9000


def test_what_cannot_be_looked_at_is_one_line(tmp_path):
    code, report, said = snapshot("--", "true", folder=tmp_path)
    assert (code, report) == (2, None)
    assert "no Python that can be looked into" in said
    code, report, said = snapshot(
        "--", sys.executable, "-c", "import os; os.kill(os.getpid(), 9)",
        folder=tmp_path,
    )  # fmt: skip
    assert (code, report) == (1, None) or report is not None, said


def a_file() -> bytes:
    """Return a snapshot of a list that holds itself and an int."""
    found = Found(file="", objects=2, targets=2, types=((2, "list"), (0, "int")),
                  seconds=0.0, thresholds=(700,), counts=(0,))  # fmt: skip
    columns = Columns(*(array("q", row) for row in (
        (0, 1), (2, 3), (64, 28), (1, 0), (2, 0), (0, 1),
    )))  # fmt: skip
    return file_of(Taken("x", "3", "cpython", (), found), found, columns, "né")


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "heap.pmmg"
    path.write_bytes(a_file())
    done = read(path, "--load")
    assert done.returncode == 0, done.stderr
    figures = msgspec.json.decode(done.stdout, type=HeapFigures)
    assert (figures.objects, figures.edges, figures.held) == (2, 2, 1)
    assert (figures.tracked, figures.bytes, figures.garbage) == (1, 92, 0)
    assert figures.text.startswith("program: n")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data[:90], "the file ends here"),
        (lambda data: b"x" + data[1:], "this is no heap snapshot"),
        (lambda data: data[:8] + b"\x02" + data[9:], "expected version 1, found 2"),
        (lambda data: data[:-9] + b"harmless!", "expected a zlib stream"),
    ],
)
def test_a_damaged_file_is_told_with_its_place(tmp_path, change, said):
    path = tmp_path / "heap.pmmg"
    path.write_bytes(change(a_file()))
    done = read(path)
    assert (done.returncode, done.stdout) == (3, "")
    assert "offset" in done.stderr
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_nonsense_of_the_tool_is_refused():
    for text in ("", "{}", "{'found': 1}", "["):
        with pytest.raises(Exception, match="wrote nonsense"):
            read_taken(text)
