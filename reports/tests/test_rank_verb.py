# SPDX-License-Identifier: MIT
"""One allocator author's ten minutes as a script: compile, `pmm rank`, one page.

CI runs it for one allocator at the smallest sizes; `ci/test.sh --whole` beside libc,
with a wrong allocator among them.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from compiled import BUILD, EXAMPLE, ROOT, SOURCES, compiled, pmm
from pages import opened
from typer.testing import CliRunner

from pmm.cli.app import app
from pmm.documents.run import decode_run

TRACE = ROOT / "workloads" / "traces" / "data" / "thread_pipeline.pmmt"
PATTERN = """title Few, then none
phase few
alloc 2000 size 16..300 in some
drop 50% random of some
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trace and a pattern of one's own, so small that they take no time."""
    if not (BUILD / "workloads" / "traces" / "pmm-trace").is_file():
        pytest.skip("nothing is built in build/")
    out = tmp_path_factory.mktemp("rank")
    done = pmm("trace", "trim", "--events", "20000", "--out", out / "few.pmmt", TRACE)
    assert done.returncode == 0, done.stderr
    (out / "mine.pattern").write_text(PATTERN)
    return out


def mine(folder: Path) -> Path:
    """The example, by the line of compilation that its head gives."""
    head = EXAMPLE.read_text(encoding="utf-8")
    assert "cc -shared -fPIC -O2 -Iimpl/include -o mine.so" in head
    assert "pmm rank --backend ./mine.so" in head
    return compiled(EXAMPLE, folder / "mine.so")


def test_one_line_gives_one_page(folder):
    library = mine(folder)
    done = pmm(
        "rank", "--backend", library, "--beside", library, "--rounds", "2",
        folder / "few.pmmt", folder / "mine.pattern", "--out", folder / "report",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    run = decode_run((folder / "report" / "run.json").read_bytes())
    table = run.rank
    assert [(r.group, r.name, r.aged) for r in table.rows] == [
        ("trace", "few", False), ("trace", "few", True), ("pattern", "mine", False),
        ("pattern", "mine", True),
    ]  # fmt: skip
    for row in table.rows[:2]:
        assert len(row.cells[0].values) == 2
        assert row.again.ratio > 0
        assert row.price > 0
    assert [one.spec for one in table.memory] == [str(library)] * 4
    trace = next(one for one in table.memory if one.group == "trace")
    assert trace.peak_bytes >= trace.live_peak_bytes > 100_000
    assert len(trace.memory.series) > 50
    own = run.standings[0]
    assert (own.label, own.state, own.witnessed) == ("example", "ranked", 2)
    jobs = [job.id for job in run.plan]
    assert jobs[0].startswith("backend-check/"), "it is checked before it is timed"
    assert any(job.endswith("null price") for job in jobs)
    assert "about 0 s left" in done.stdout
    assert "decide nothing: 6 at the least" in done.stdout
    page = (folder / "report" / "heap.html").read_text(encoding="utf-8")
    assert "few on an aged heap" in page
    all_jobs = (folder / "report" / "run.html").read_text(encoding="utf-8")
    links = re.findall('href="run.html#([^"]+)">replay/rank-memory/few/', page)
    assert len(set(links)) == 2, "a fresh heap and an aged one"
    assert all(f'<tr id="{one}">' in all_jobs for one in links)
    assert "Pattern mine on an aged heap" in page
    assert "A second later" in page


def test_what_is_not_there_is_one_line(folder, monkeypatch):
    monkeypatch.chdir(ROOT)
    for words, said in (
        (["no_such_row"], "no row 'no_such_row'"),
        (["--backend", "null"], "null is a bound"),
        (["--backend", "nothing"], "no backend 'nothing'"),
        (["./absent.pmmt"], "no trace ./absent.pmmt"),
        (["./absent.pattern"], "no pattern ./absent.pattern"),
    ):
        done = CliRunner().invoke(app, ["rank", *words])
        assert (done.exit_code, done.stdout) == (2, "")
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.long
def test_a_wrong_allocator_is_shown_and_not_ranked(folder, browser):
    lossy = compiled(SOURCES / "lossy.c", folder / "lossy.so")
    done = pmm(
        "rank", "--backend", mine(folder), "--backend",
        f"lossy={lossy},prefix=lossy_", "--beside", "libc", "--rounds", "6", "alloc",
        folder / "few.pmmt", "decimal_ledger", "--programs", "--python",
        sys.executable, "--out", folder / "beside",
    )  # fmt: skip
    assert done.returncode == 3, done.stdout[-3000:]
    run = decode_run((folder / "beside" / "run.json").read_bytes())
    places = {one.label: one.place for one in run.standings}
    assert places["lossy"] is None
    assert sorted((places["example"], places["libc"])) == [1, 2]
    assert all(c.low for row in run.rank.rows for c in row.cells if c.why is None)
    assert "FAILED: lossy in few fresh: call" in done.stdout
    assert re.search(r"lossy has no rank: fails backend\.\w+", done.stdout)
    programs = run.rank.programs
    assert [row.name for row in programs.rows] == ["decimal_ledger"]
    assert [one.name for one in programs.settings] == [
        "pymalloc", "malloc of libc", "lossy",
    ]  # fmt: skip
    assert sorted(spec for spec, _ in programs.absent) == sorted(
        one.spec for one in run.standings if one.label == "example"
    )
    page = (folder / "beside" / "backends.html").read_text(encoding="utf-8")
    assert "What failed, and what is not offered" in page
    for name in ("backends", "heap"):
        page = opened(browser, folder / "beside", name, viewport={"width": 320,
                      "height": 800})  # fmt: skip
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert "few on an aged heap" in page.locator("h2").all_inner_texts()
    assert page.locator(".chart svg").count() == 8
