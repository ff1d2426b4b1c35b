# SPDX-License-Identifier: MIT
"""Instructions of two: read from callgrind's files, judged, and really counted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sample import build_sample
from typer.testing import CliRunner

from pmm.cli.app import app
from pmm.collect.counts import NO_WINDOWS, read_counts
from pmm.documents.instructions import Counted, CountPlace, InstructionTable
from pmm.documents.jobs import Job
from pmm.judge.instructions import (
    TOLERANCE,
    counted_in_words,
    make_instructions,
    more_problems,
    undecided_problems,
)
from pmm.plan.parts import make_job
from pmm.render import markdown, speed

ROOT = Path(__file__).resolve().parents[2]
KNOWN = ROOT / "build" / "bench" / "known"
NEEDS_VALGRIND = pytest.mark.skipif(
    shutil.which("valgrind") is None, reason="valgrind is not here"
)
ROLES = ("ours", "theirs", "again")
Counts = dict[str, list[Counted]]


def plan_of(per_iteration: dict[str, float]) -> tuple[list[Job], Counts]:
    """Jobs that count one benchmark, at so many instructions an iteration."""
    plan, counts = [], {}
    for role in ROLES:
        for times in (1024, 2048):
            place = CountPlace(unit="alloc", role=role, arm=role, iterations=times)
            job = make_job("bench", f"count-{times}/{role}", ["x"], count=place)
            plan.append(job)
            if role in per_iteration:
                total = 5000 + round(times * per_iteration[role])
                counts[job.id] = [
                    Counted(
                        benchmark=f"alloc/pair/48/iterations:{times}",
                        iterations=times, instructions=total,
                    )
                ]  # fmt: skip
    return plan, counts


def table(**per_iteration: float) -> InstructionTable:
    found = make_instructions(ROOT, *plan_of(per_iteration))
    assert found is not None
    return found


def test_what_both_start_with_does_not_count():
    (row,) = table(ours=100, theirs=80, again=100).rows
    assert (row.ours, row.theirs) == (100, 80)
    assert row.ratio == pytest.approx(1.25)
    assert row.verdict == "more"


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [(1000, "same"), (1001, "same"), (1003, "more"), (999, "same"), (990, "less")],
)
def test_up_to_the_tolerance_two_counts_are_the_same(ours, verdict):
    assert TOLERANCE == 0.002
    (row,) = table(ours=ours, theirs=1000, again=ours).rows
    assert row.verdict == verdict


def test_a_candidate_that_differs_from_itself_decides_nothing():
    found = table(ours=1100, theirs=1000, again=1101)
    assert found.rows[0].verdict == "undecided"
    assert "differs from itself" in (found.rows[0].note or "")
    assert more_problems(found, "old.so") == []


def test_more_is_a_failure_that_says_by_how_much():
    (problem,) = more_problems(table(ours=1100, theirs=1000, again=1100), "old.so")
    assert problem.severity == "failure"
    assert problem.title.startswith("more instructions than old.so: ")
    assert "1.1000 times: 1,000.0 → 1,100.0 an iteration" in problem.detail


def test_what_only_one_of_the_two_has_is_gone():
    found = table(ours=100, again=100)
    (problem,) = undecided_problems(found, "old.so", "fail")
    assert (problem.kind, problem.severity) == ("gone", "failure")


def test_a_plan_that_counts_nothing_has_no_table():
    assert make_instructions(ROOT, [make_job("bench", "x", ["x"])], {}) is None


# -------------------------------------------------------------- callgrind's files


def entry(name: str) -> dict[str, object]:
    return {"name": name, "run_name": name, "run_type": "iteration",
            "iterations": 8, "real_time": 1.0, "cpu_time": 1.0, "time_unit": "ns"}


def test_each_dump_is_of_the_benchmark_in_its_place(tmp_path):
    names = [f"alloc/pair/{n}" for n in range(12)]
    document = {"context": {}, "benchmarks": [entry(name) for name in names]}
    (tmp_path / "document.json").write_text(json.dumps(document))
    assert read_counts(tmp_path) == ((), NO_WINDOWS)
    (tmp_path / "counts").write_text("summary: 99\n")
    for at in range(12):
        (tmp_path / f"counts.{at + 1}").write_text(f"events: Ir\nsummary: {at}\n\n")
    found, complaint = read_counts(tmp_path)
    assert complaint is None
    assert [(one.benchmark, one.instructions) for one in found] == [
        (name, at) for at, name in enumerate(names)
    ]
    (tmp_path / "counts.12").unlink()
    assert read_counts(tmp_path) == ((), "callgrind counted 11 runs of 12")


# ---------------------------------------------------------------- pages, programs


def test_pages_and_markdown_say_what_differs():
    run = build_sample()
    run = msgspec.structs.replace(
        run, speed=None, instructions=table(ours=1100, theirs=1000, again=1100)
    )
    said = markdown.summary(run)
    assert "### Instructions" in said
    assert "| 1.1000 | more |" in said
    assert speed.context(run)["said"] == counted_in_words(run.instructions)


def compared(percent: int) -> tuple[int, dict[str, Any]]:
    """Compare two allocators one of which takes so much more."""
    words = [
        f"{name}={KNOWN}/slow_{n}.so,prefix=slow_"
        for name, n in (("old", 0), ("new", percent))
    ]
    only = ["--row", "alloc/pair/48", "--no-exact", "--no-time", "--json"]
    done = CliRunner().invoke(app, ["compare", *words, *only])
    return done.exit_code, json.loads(done.stdout)


@NEEDS_VALGRIND
def test_two_per_cent_more_are_found(monkeypatch):
    monkeypatch.chdir(ROOT)
    code, worse = compared(2)
    assert code == 3, worse["verdict"]["sentence"]
    (row,) = worse["instructions"]["rows"]
    assert row["ratio"] == pytest.approx(1.02, abs=0.001)
    assert row["ours"] == row["again"]
    assert worse["verdict"]["problems"][0]["kind"] == "change"


@pytest.mark.long
@NEEDS_VALGRIND
def test_the_same_is_the_same(monkeypatch):
    monkeypatch.chdir(ROOT)
    code, same = compared(0)
    assert code == 0, same["verdict"]["sentence"]
    assert [row["ratio"] for row in same["instructions"]["rows"]] == [1.0]
