# SPDX-License-Identifier: MIT
"""The history of many runs: made anew from them, and its steps, the worst first."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import msgspec
import pytest
from sample import build_sample
from typer.testing import CliRunner

from pmm.base.errors import UsageError
from pmm.cli.app import app
from pmm.collect.benchmark_files import read_runs
from pmm.documents.history import Entry, Point, Series, Value
from pmm.judge.steps import FEWEST, steps
from pmm.store.history import add, all_series, entry_of, opened
from pmm.store.runs import save_run

replace = msgspec.structs.replace


def call(*words: str):
    """Call the program in this process."""
    return CliRunner().invoke(app, ["history", *words])


def series(values: list[float], exact: bool = False) -> Series:
    points = tuple(
        Point(f"run-{at}", f"2026-01-{at:02d}", None, value)
        for at, value in enumerate(values, 1)
    )
    return Series("what", "ns", exact, "a machine", points)


def wavering(level: float, runs: int, seed: int, noise: float = 0.01) -> list[float]:
    draw = random.Random(seed)
    return [level * draw.lognormvariate(0, noise) for _ in range(runs)]


def test_a_count_that_changes_is_a_step_at_the_run_that_changed_it():
    (step,) = steps([series([7, 7, 7, 8, 8], exact=True)])
    assert (step.before, step.after, step.at.run) == (7, 8, "run-4")
    assert steps([series([7] * 20, exact=True)]) == []


@pytest.mark.parametrize("seed", range(5))
def test_a_time_that_slows_down_for_good_is_found_where_it_did(seed):
    values = wavering(100, 10, seed) + wavering(110, 10, seed + 100)
    (step,) = steps([series(values)])
    assert step.at.run in {"run-10", "run-11", "run-12"}
    assert step.share == pytest.approx(0.1, abs=0.02)


def test_a_time_that_only_wavers_has_no_step():
    found = [steps([series(wavering(100, 30, seed))]) for seed in range(20)]
    assert sum(map(bool, found)) <= 1
    assert steps([series(wavering(100, 2 * FEWEST - 1, 1))]) == []


def test_the_worst_comes_first():
    small = series(wavering(100, 8, 1) + wavering(120, 8, 2))
    large = series([100, 200], exact=True)
    better = series([100, 50], exact=True)
    assert [round(one.share, 1) for one in steps([small, better, large])] == [
        1.0, 0.2, -0.5,
    ]  # fmt: skip


# ------------------------------------------------------------------ the file


def test_it_is_made_anew_from_the_runs_and_holds_each_once(tmp_path):
    run = build_sample()
    entries = [entry_of(replace(run, id=f"run-{n}")) for n in range(3)]
    assert entries[0].values
    with opened(tmp_path / "one") as base:
        assert add(base, entries) == 3
        assert add(base, entries) == 0
        first = list(all_series(base))
    with opened(tmp_path / "two") as base:
        add(base, entries)
        assert list(all_series(base)) == first
    assert {len(one.points) for one in first} == {3}


def test_times_of_other_machines_are_kept_apart(tmp_path):
    value = Value("what", "ns", False, 1.0)
    entries = [
        Entry(f"run-{m}-{n}", m, f"2026-01-0{n}", None, None, (value,))
        for m in ("one", "two") for n in (1, 2)
    ]  # fmt: skip
    with opened(tmp_path / "file") as base:
        add(base, entries)
        found = list(all_series(base))
    assert [(one.machine, len(one.points)) for one in found] == [("one", 2), ("two", 2)]


def test_a_file_that_is_none_says_what_to_do(tmp_path):
    (tmp_path / "file").write_text("nothing of the kind" * 100)
    done = call("steps", "--file", str(tmp_path / "file"))
    assert done.exit_code == 1
    assert "it can be deleted, and made anew with pmm history add" in done.stderr


# ------------------------------------------------------------------- the verb


def kept(runs: Path, number: int, more: int) -> None:
    """Keep a run in which each case allocates so much more."""
    run = build_sample()
    cases = tuple(
        replace(case, counters=replace(
            case.counters, allocations=(case.counters.allocations or 0) + more))
        if case.counters is not None else case
        for case in run.cases
    )  # fmt: skip
    folder = runs / f"run-{number}"
    folder.mkdir(parents=True)
    day = f"2026-01-0{number}T00:00:00Z"
    save_run(folder, replace(run, id=folder.name, created=day, cases=cases))


def test_runs_are_added_and_their_steps_listed(tmp_path):
    for number, more in enumerate((0, 0, 2), 1):
        kept(tmp_path / "runs", number, more)
    at = ("--file", str(tmp_path / "file"))
    done = call("add", str(tmp_path / "runs"), *at)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("3 runs added, 0 left: ")
    again = call("add", str(tmp_path / "runs"), *at)
    assert again.stdout.startswith("0 runs added, 3 left: ")
    done = call("steps", "*allocations", "--json", *at)
    found = json.loads(done.stdout)
    assert found
    assert {one["after"] - one["before"] for one in found} == {2}
    assert {one["run"] for one in found} == {"run-3"}
    shown = call("steps", *at).stdout
    assert "run-3" in shown
    assert "of up to 3 runs" in shown
    none = call("steps", "nothing*", *at)
    assert (none.exit_code, none.stderr.count("\n")) == (2, 1)


def document(path: Path, time: float, date: str) -> Path:
    entries = [
        {"name": "BM_x/8", "run_name": "BM_x/8", "run_type": "iteration",
         "iterations": 10, "real_time": time, "cpu_time": time, "time_unit": "us"},
        {"name": "BM_x/8_mean", "run_name": "BM_x/8", "run_type": "aggregate",
         "iterations": 3, "real_time": 1, "cpu_time": 1, "time_unit": "us"},
    ]  # fmt: skip
    context = {"date": date, "host_name": "here", "num_cpus": 2, "mhz_per_cpu": 3000,
               "library_build_type": "release"}  # fmt: skip
    path.write_text(json.dumps({"context": context, "benchmarks": entries}))
    return path


def test_google_benchmark_has_a_history_too(tmp_path):
    at = ("--file", str(tmp_path / "file"))
    files = [
        document(tmp_path / f"{n}.json", 2 if n < 4 else 3, f"2026-01-0{n + 1}")
        for n in range(8)
    ]
    done = call("import", "--name", "mine", *map(str, files), *at)
    assert done.stdout.startswith("8 runs added")
    (step,) = json.loads(call("steps", "--json", *at).stdout)
    assert (step["series"], step["before"], step["after"]) == ("mine BM_x/8", 2e3, 3e3)
    bad = tmp_path / "bad.json"
    bad.write_text("{")
    done = call("import", "--name", "mine", str(bad), *at)
    assert done.exit_code == 2
    assert "is no document of benchmarks" in done.stderr


def test_a_run_that_cannot_be_read_is_left_out_and_named(tmp_path):
    folder = tmp_path / "artefacts" / "one"
    folder.mkdir(parents=True)
    save_run(folder, build_sample())
    (tmp_path / "artefacts" / "two").mkdir()
    (tmp_path / "artefacts" / "two" / "run.json").write_text("{}")
    done = call("add", str(tmp_path / "artefacts"), "--file", str(tmp_path / "f"))
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("1 run added, 1 left")
    assert "left out: " in done.stderr


def test_figures_are_listed_and_taken_away_as_a_table(tmp_path):
    for number in (1, 2):
        kept(tmp_path / "runs", number, number)
    at = ("--file", str(tmp_path / "file"))
    assert call("add", str(tmp_path / "runs"), *at).exit_code == 0
    listed = call("list", "*allocations", "--most", "1", *at)
    assert listed.exit_code == 0, listed.stderr
    first, last = listed.stdout.splitlines()
    assert ": 2 runs, " in first
    assert "1 of them shown" in last
    done = call("csv", str(tmp_path / "x.csv"), "--figures", "*allocations", *at)
    assert done.exit_code == 0, done.stderr
    rows = list(csv.DictReader((tmp_path / "x.csv").open()))
    assert {row["run"] for row in rows} == {"run-1", "run-2"}
    assert done.stdout.startswith(f"{len(rows):,} points: ")
    assert call("csv", "x.csv", "--figures", "nothing", *at).exit_code == 2


def test_pytest_benchmarks_medians_are_taken_in(tmp_path):
    document = {
        "machine_info": {"node": "here", "machine": "x86_64", "python_version": "3.12"},
        "commit_info": {"id": "abc", "dirty": False}, "version": "5.1.0",
        "datetime": "2026-01-01T00:00:00",
        "benchmarks": [{"name": "test_x", "fullname": "tests/t.py::test_x",
                        "stats": {"median": 2e-6, "mean": 3e-6, "rounds": 9}}],
    }  # fmt: skip
    path = tmp_path / "x.json"
    path.write_text(json.dumps(document))
    (run,) = read_runs(path, "mine", None)
    assert (run.commit, run.created) == ("abc", "2026-01-01T00:00:00")
    (value,) = run.values
    assert (value.series, value.unit) == ("mine tests/t.py::test_x", "ns")
    assert value.value == pytest.approx(2000)


def test_each_commit_of_github_action_benchmark_is_a_run(tmp_path):
    runs = [
        {"commit": {"id": sha, "message": "x"}, "date": 1_700_000_000_000 + at,
         "tool": "cargo", "benches": [
             {"name": "sort", "value": 5 + at, "unit": "us/iter", "range": "± 1"},
             {"name": "score", "value": 7, "unit": "points"}]}
        for at, sha in enumerate(("aaa", "bbb"))
    ]  # fmt: skip
    text = json.dumps({"lastUpdate": 1, "entries": {"Suite": runs}})
    path = tmp_path / "data.js"
    path.write_text(f"window.BENCHMARK_DATA = {text};\n")
    first, second = read_runs(path, "mine", None)
    assert (first.commit, second.commit) == ("aaa", "bbb")
    assert [(one.unit, one.value) for one in second.values] == [
        ("ns", 6000.0), ("points", 7.0),
    ]  # fmt: skip
    assert first.created.startswith("2023-11-14T")


@pytest.mark.parametrize("text", ["{}", "[]", '{"entries": {"a": 1}}', "\x00",
                                  '{"machine_info": {}}', '{"entries": {}}'])
def test_a_document_of_another_tool_is_one_line(tmp_path, text):
    (tmp_path / "x").write_text(text)
    with pytest.raises(UsageError) as error:
        read_runs(tmp_path / "x", "mine", None)
    assert "\n" not in str(error.value)
