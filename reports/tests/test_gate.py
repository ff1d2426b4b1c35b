# SPDX-License-Identifier: MIT
"""The gate: what a baseline had and a run lacks, and baselines that are no good."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from conftest import Project

from pmm.documents.run import Run
from pmm.store.runs import RUN

BASE = ("run", "-p", "quick", "--out", "report")
ALL = {"backends": ["pool", "libc", "third"], "workloads": ["cycles", "sparse"]}


def folder(project: Project) -> Path:
    """Where the last run lies."""
    return (project.build / "runs" / "latest").resolve()


@pytest.fixture
def baseline(project: Project) -> Path:
    """A whole run that passes."""
    project.configure(**ALL)
    done = project.pmm(*BASE)
    assert done.returncode == 0, done.stderr
    return folder(project)


def gone(run: Run) -> list[tuple[str, str, str | None]]:
    """What is gone: kind, name, and what left it out."""
    assert run.baseline is not None
    return [(one.kind, one.name, one.left_out) for one in run.baseline.gone]


def test_what_is_gone_costs_what_it_was_said_to_cost(project, baseline):
    project.configure(backends=["pool", "libc"], workloads=["cycles"])
    (project.build / "bench" / "pmm-bench-alloc").unlink()
    done = project.pmm(*BASE, "--baseline", str(baseline))
    assert done.returncode == 4, done.stdout
    run = project.latest()
    assert run.verdict.state == "inconclusive"
    assert gone(run) == [
        ("column", "backend-check/third", None),
        ("column", "reference/third/plain", None),
        ("job", "work/cycles/reference/third", None),
        ("kind of job", "bench", None),
        ("workload", "sparse", None),
    ]
    assert {g.title for g in run.verdict.groups} == {
        "2 × gone: column",
        f"gone since {baseline.name}: job work/cycles/reference/third",
        f"gone since {baseline.name}: kind of job bench",
        f"gone since {baseline.name}: workload sparse",
    }
    assert all(group.reproduce for group in run.verdict.groups)
    assert "5 × gone since the baseline" in run.verdict.sentence
    assert "nothing is worse than" in run.verdict.sentence
    for group in run.verdict.groups:
        assert group.title in done.stdout
    page = (project.root / "report" / "index.html").read_text(encoding="utf-8")
    assert all(one.name in page for one in run.baseline.gone)
    for policy, code in (("fail", 3), ("warn", 0)):
        again = project.pmm(*BASE, "--baseline", str(baseline), "--gone", policy)
        assert again.returncode == code, again.stdout
        assert "gone since" in again.stdout.splitlines()[-4]
    assert project.pmm(*BASE, "--gone", "ignore").returncode == 2


def test_what_the_command_line_leaves_out_is_not_gone(project, baseline):
    narrow = ("--only", "conform", "--backend", "pool", "--case", "ref.one")
    done = project.pmm(*BASE, *narrow, "--baseline", str(baseline))
    assert done.returncode == 0, done.stdout
    found = gone(project.latest())
    assert found
    assert {why for _, _, why in found} == {
        "left out by --only", "left out by --backend", "left out by --case",
    }  # fmt: skip
    assert "not requested this time" in done.stdout
    page = (project.root / "report" / "index.html").read_text(encoding="utf-8")
    assert "not requested this time: left out by --case" in page


def test_cases_counters_and_sizes_that_are_gone(project, baseline):
    project.configure(**ALL, cases=["ref.one", "gc.one"], allocations=None, items=9)
    done = project.pmm(*BASE, "--baseline", str(baseline), "--only", "conform",
                       "--only", "work")  # fmt: skip
    assert done.returncode == 4
    found = [(kind, name) for kind, name, why in gone(project.latest()) if why is None]
    assert ("case", "reference/pool/plain ref.two") in found
    assert ("counter", "allocations on reference/pool/plain (2 cases)") in found
    assert ("figure", "all of work/cycles/reference/pool at items=10") in found


def test_what_both_have_is_compared_though_columns_differ(project, baseline):
    project.configure(backends=["pool", "other"], workloads=["cycles"], allocations=4)
    done = project.pmm(*BASE, "--baseline", str(baseline))
    assert done.returncode == 3
    comparison = project.latest().baseline
    assert comparison.counts["worse"] == 6  # 3 cases, conform and backend-check
    assert {one.split("/")[-1] for one in comparison.added} >= {"other"}
    group = project.latest().verdict.groups[0]
    assert group.title.startswith("6 × counter worse on reference over pool: 3 cases")
    assert [(one.text, one.count) for one in group.said] == [("allocations +1", 6)]
    assert group.reproduce.endswith("pmm-conform --case gc.one")


def damaged(path: Path) -> None:
    """Cut a document in two."""
    path.write_bytes(path.read_bytes()[:1000])


def of_tomorrow(path: Path) -> None:
    """Make a document one of a later version."""
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": 2}))


def with_more(path: Path) -> None:
    """Add a field that nobody knows."""
    path.write_text(json.dumps({**json.loads(path.read_text()), "mood": "good"}))


@pytest.mark.parametrize(
    ("spoil", "code", "word"),
    [
        (Path.unlink, 2, "has no run.json"),
        (damaged, 2, "is damaged"),
        (of_tomorrow, 5, "another version of pmm"),
        (with_more, 5, "another version of pmm"),
    ],
)
def test_a_baseline_that_is_no_good_costs_no_run(project, spoil, code, word):
    assert project.pmm("conform", "--backend", "pool").returncode == 0
    before = folder(project)
    started = project.started()
    spoil(before / RUN)
    done = project.pmm(*BASE, "--baseline", str(before))
    assert done.returncode == code
    assert word in done.stderr
    assert done.stderr.count("\n") == 1
    assert project.started() == started
    assert len(list((project.build / "runs").glob("2*"))) == 1


def test_a_broken_part_is_one_group_a_class_and_each_kind_is_in_front(project):
    names = [f"lst.n{number:02}" for number in range(20)]
    outcomes = {name: "CRASH" if n < 14 else "FAIL" for n, name in enumerate(names)}
    both = {"pool": {names[19]: "FAIL"}}
    project.configure(
        backends=["pool", "broken"], cases=names,
        classes={"broken": {**outcomes, names[19]: "FAIL"}, **both},
    )  # fmt: skip
    done = project.pmm(*BASE, "--only", "conform")
    assert done.returncode == 3
    verdict = project.latest().verdict
    titles = [group.title for group in verdict.groups]
    assert titles[0] == "14 × CRASH on reference over broken: 14 cases"
    assert "5 × FAIL on reference over broken: 5 cases" in titles
    assert f"2 × FAIL on reference over 2 backends: {names[19]}" in titles
    assert sum(len(group.members) for group in verdict.groups) == len(verdict.problems)
    words = [problem.title.partition(":")[0] for problem in verdict.problems]
    assert words == sorted(words), "crashes first"
    page = (project.root / "report" / "index.html").read_text(encoding="utf-8")
    front = page[page.index('id="problems"') : page.index("At a glance")]
    for group in verdict.groups:
        assert group.title in front
        assert f"✗ {group.title}" in done.stdout
    root = ET.fromstring((project.root / "report" / "junit.xml").read_bytes())
    bad = [e for e in root.iter("testcase") if e.find("failure") is not None]
    assert len(bad) == len(verdict.problems)
