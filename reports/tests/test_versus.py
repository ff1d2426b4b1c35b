# SPDX-License-Identifier: MIT
"""`pmm compare` of what is measured: allocators and commits, with known slowdowns."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from pairs import Comparison, noisy
from typer.testing import CliRunner

from pmm.base.errors import PmmError, UsageError
from pmm.base.tools import called
from pmm.cli import refs, versus
from pmm.cli.app import app
from pmm.cli.link_orders import link_command, objects_of, rotated
from pmm.cli.refs import commit_of, needed_of, options_of
from pmm.discover.bench_options import knows
from pmm.judge.confirm import confirmed, lost_problems, slower_problems, suspects
from pmm.plan.pairs import in_order, order_folder
from pmm.plan.parts import make_job

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
KNOWN = BUILD / "bench" / "known"
SHORT = ("--row", "alloc/pair/48", "--no-exact", "--json")


def slow(percent: int, name: str) -> str:
    return f"{name}={KNOWN}/slow_{percent}.so,prefix=slow_"


def compare(*words: str):
    """Call the program in this process."""
    return CliRunner().invoke(app, ["compare", *words])


# ------------------------------------------------------------- the judgement


def test_what_looks_worse_twice_is_worse_and_says_by_how_much():
    first = Comparison(noisy(1.2, only="list/drop_lists")).table()
    second = Comparison(noisy(1.2, seed=2, only="list/drop_lists")).table()
    assert [row.benchmark for row in suspects(first)] == ["list/drop_lists"]
    table = confirmed(first, second)
    (problem,) = slower_problems(table, "old.so")
    assert problem.severity == "failure"
    assert problem.title == "slower than old.so: dropping a large list of lists"
    assert "1.2" in problem.detail
    assert "confirmed on 12 more pairs" in problem.detail


def test_what_looks_worse_once_is_not():
    first = Comparison(noisy(1.2, only="list/drop_lists")).table()
    table = confirmed(first, Comparison(noisy(seed=2)).table())
    assert slower_problems(table, "old.so") == []
    row = next(r for r in table.rows if r.benchmark == "list/drop_lists")
    assert row.verdict == "undecided"
    assert row.note.startswith("not confirmed: 1.0")
    assert table.state == "sound"


def test_a_doubtful_confirmation_decides_nothing():
    first = Comparison(noisy(1.2, only="list/drop_lists")).table()
    second = msgspec.structs.replace(
        Comparison(noisy(1.2, only="list/drop_lists")).table(),
        state="inconclusive", reason="the control differs from itself",
        rows=tuple(
            msgspec.structs.replace(row, verdict="undecided") for row in first.rows
        ),
    )  # fmt: skip
    table = confirmed(first, second)
    assert suspects(table) == []
    assert table.state == "inconclusive"
    assert "while confirming" in table.reason


def test_a_row_that_one_of_them_lacks_is_gone():
    made = Comparison(noisy())
    for job in made.plan:
        if job.pair.arm.role != "theirs":
            made.pairs.figures[job.id].pop("list/drop", None)
    (problem,) = lost_problems(made.table(), "old.so", "fail")
    assert (problem.kind, problem.severity) == ("gone", "failure")
    assert "dropping a large list of ints" in problem.title


# ------------------------------------------------------------- real programs


@pytest.mark.long
def test_twenty_per_cent_more_are_found_and_the_same_is_not(monkeypatch):
    """Other work on the machine may leave a comparison undecided."""
    monkeypatch.chdir(ROOT)
    done = compare(slow(0, "old"), slow(20, "new"), *SHORT)
    answer = json.loads(done.stdout)
    said = answer["verdict"]["sentence"]
    assert done.exit_code in (3, 4), said + done.stderr
    (row,) = answer["speed"]["rows"]
    if done.exit_code == 3:
        assert row["ratio"] == pytest.approx(1.2, abs=0.1)
        assert said.startswith("Fail: 1 × change for the worse")
        assert "confirmed on" in row["note"]
    same = compare(slow(0, "old"), slow(0, "new"), *SHORT)
    assert same.exit_code in (0, 4), same.stdout + same.stderr


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("nothing", "libc"), "'nothing' is no stored run, and nothing to measure"),
        (("libc", "reference"), "libc is a backend and reference a subject"),
        (("libc", "libc"), "are not two allocators"),
        (("libc", "pool", "--row", "nothing*"), "no benchmark 'nothing*'"),
        (("libc", "pool", "--pairs", "3", "--no-exact"), "cannot decide anything"),
        (("--base-ref", "nowhere"), "'nowhere' is no commit"),
        (("--base-ref", "HEAD"), "there is nothing to compare"),
        ((), "name what to compare with"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_anything_runs(
    monkeypatch, words, reason
):
    monkeypatch.chdir(ROOT)
    done = compare(*words)
    assert done.exit_code == 2, done.stdout + done.stderr
    assert reason in done.stderr
    assert done.stdout == ""


def test_commits_are_built_with_the_options_of_the_clone():
    assert commit_of(ROOT, "HEAD") == commit_of(ROOT, "HEAD~0")
    with pytest.raises(UsageError, match="is no commit"):
        commit_of(ROOT, "--all")
    assert "-Dbuildtype=debugoptimized" in options_of(BUILD)
    assert refs.SAME[0] == "buildtype"


def test_of_a_commit_only_what_the_runner_needs_is_built(tmp_path):
    assert needed_of(BUILD) == ["runner"]
    rule = "rule touch\n  command = touch $out\nbuild all: touch\n"
    (tmp_path / "build.ninja").write_text(rule)
    assert needed_of(tmp_path) == []


def test_a_build_folder_is_known_by_its_programs(tmp_path):
    assert versus.is_build(str(BUILD))
    assert versus.kind_of(str(tmp_path), None) is None


# ----------------------------------------------------------------- link orders


def test_objects_are_rotated_and_all_else_stays():
    argv = ["c++", "-o", "x", "a.o", "-Wl,--start-group", "l.a", "-lm"]
    made = rotated(argv, ["a.o", "b.o", "c.o"], 1, Path("/out/x"))
    assert made == [
        "c++", "-o", "/out/x", "b.o", "c.o", "a.o", "-Wl,--start-group", "-lm",
    ]  # fmt: skip


def test_a_program_in_another_order_is_another_program_that_works(tmp_path):
    argv = link_command(BUILD, "bench/pmm-bench-list")
    objects = objects_of(argv, BUILD)
    assert "bench/pmm-bench-list.p/list.cc.o" in objects
    out = tmp_path / "pmm-bench-list"
    called(rotated(argv, objects, 1, out), BUILD)
    assert out.read_bytes() != (BUILD / "bench" / "pmm-bench-list").read_bytes()
    few = ("--counted", "1", "--benchmark_filter=list/pop/10000")
    assert "list/pop" in called((out, *few), tmp_path).decode()
    with pytest.raises(PmmError):
        link_command(BUILD, "bench/nothing")


def test_rounds_take_the_orders_in_turn(tmp_path):
    made = order_folder(tmp_path, 1)
    made.mkdir(parents=True)
    (made / "pmm-bench-list").touch()
    job = make_job("bench", "x", ["build/bench/pmm-bench-list", "--layout", "16"])
    programs = [in_order(job, tmp_path, number).argv[0] for number in (1, 2, 3, 4)]
    other, own = str(made / "pmm-bench-list"), "build/bench/pmm-bench-list"
    assert programs == [other, own, own, other]


def test_a_build_of_old_is_compared_without_what_its_programs_lack(tmp_path):
    old = tmp_path / "pmm-bench-list"
    old.write_text("#!/bin/sh\necho '  --backend SPEC'\n")
    old.chmod(0o755)
    assert not knows(old, "--layout")
    assert not knows(tmp_path / "nothing", "--layout")
    assert knows(BUILD / "bench" / "pmm-bench-list", "--layout")
    assert knows(BUILD / "bench" / "pmm-bench-alloc", "--counted")
