# SPDX-License-Identifier: MIT
"""Whole runs over programs that behave and misbehave."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import Project

from pmm.execute.executor import job_environment
from pmm.plan.parts import make_job

QUIET = ("--profile", "quick", "--only", "conform")


def cells(project: Project, backend: str) -> dict[str, str]:
    """Return the classes of a backend's column."""
    run = project.latest()
    return {c.id: c.outcome for c in run.cases if c.column.split("/")[1] == backend}


def status(project: Project, job: str) -> tuple[str, str]:
    """Return what became of a job, and why."""
    run = project.latest()
    found = next(r for r in run.results if r.job == job)
    return found.status, found.reason or ""


def test_a_good_run_passes_and_keeps_everything(project):
    done = project.pmm("run", "-p", "quick", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["verdict"]["state"] == "pass"
    run = project.latest()
    assert {r.status for r in run.results} == {"ok"}
    assert run.command == "pmm run -p quick --json"
    assert {row.name for row in run.bench} == {"alloc/pair/48"}
    assert all(len(row.repetitions) == 5 for row in run.bench)
    ratios = {row.backend: round(row.summary.ratio, 2) for row in run.bench}
    assert ratios == {"pool": 0.5, "libc": 1.0}
    column = next(c for c in run.columns if c.backend == "pool")
    assert (column.score.must_passed, column.score.must_applicable) == (1, 1)
    assert column.score.must_total == 2


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("backend", "state", "reason", "code"),
    [
        ("crash", "crash", "SIGSEGV", 3),
        ("unfinished", "crash", "SIGABRT", 3),
        ("exit1", "failed", "exit code 1", 1),
        ("silent", "failed", "no document", 1),
        ("torn", "failed", "not valid", 1),
        ("impostor", "failed", "it reports subject another", 1),
        ("miscount", "failed", "the totals at its end", 1),
        ("twice", "failed", "twice", 1),
        ("stranger", "failed", "surprise", 1),
    ],
)
def test_a_bad_subject_is_a_result(project, backend, state, reason, code):
    project.configure(backends=["pool", backend])
    done = project.pmm("run", *QUIET)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    found = status(project, f"conform/reference/{backend}/plain")
    assert found[0] == state
    assert reason in found[1]
    assert cells(project, "pool") == {
        "ref.one": "PASS", "ref.two": "PASS", "gc.one": "PASS"
    }  # fmt: skip


def test_a_crash_is_a_cell_and_the_rest_was_not_reached(project):
    project.configure(backends=["pool", "unfinished"])
    project.pmm("run", *QUIET)
    assert cells(project, "unfinished") == {
        "ref.one": "PASS", "ref.two": "CRASH", "gc.one": "NOT_RUN"
    }  # fmt: skip
    column = next(c for c in project.latest().columns if c.backend == "unfinished")
    assert not column.complete


def test_exit_code_that_denies_a_failure_is_a_lie(project):
    project.configure(
        backends=["pool", "denial"], classes={"denial": {"ref.one": "FAIL"}}
    )
    assert project.pmm("run", *QUIET).returncode == 3
    state, reason = status(project, "conform/reference/denial/plain")
    assert (state, "does not match" in reason) == ("failed", True)


def test_a_flood_is_bounded(project):
    project.configure(backends=["flood"])
    assert project.pmm("run", *QUIET).returncode == 0
    run = project.latest()
    folder = project.build / "runs" / "latest" / run.results[0].log
    for name in ("stdout", "stderr"):
        assert (folder / name).stat().st_size < (1 << 20) + 100
    assert len(run.results[0].stderr_tail) <= 4096


def test_a_hang_ends_whole(project):
    """The fake forks a child into another process group; both have to go."""
    project.configure(backends=["hang", "pool"])
    script = (
        "import pmm.plan.conform_jobs as p, pmm.cli.app as c\n"
        "make = p.make_job\n"
        "p.make_job = lambda *a, **k: make(*a, **{**k, 'timeout_s': 1})\n"
        "c.main(['run', '-p', 'quick', '--only', 'conform'])\n"
    )
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=project.root, env=project.environment(),
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert time.monotonic() - started < 15
    assert done.returncode == 3, done.stderr
    assert status(project, "conform/reference/hang/plain")[0] == "timeout"
    assert set(cells(project, "hang").values()) == {"TIMEOUT", "NOT_RUN"}
    orphan = int((project.build / "orphan").read_text())
    assert not Path(f"/proc/{orphan}").exists() or is_zombie(orphan)


def is_zombie(pid: int) -> bool:
    """Tell whether only the entry of a process is left."""
    return b") Z " in Path(f"/proc/{pid}/stat").read_bytes()


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("backend", "word"),
    [("wrong", "not verified"), ("forged", "did not serve"), ("nan", "not valid")],
)
def test_a_wrong_answer_is_not_a_figure(project, backend, word):
    project.configure(backends=["pool", backend])
    done = project.pmm("run", "-p", "quick", "--only", "work")
    assert done.returncode in (1, 3)
    assert any(word in p.detail for p in project.latest().verdict.problems)


def test_measuring_nothing_is_an_error(project):
    project.configure(backends=["empty"])
    assert project.pmm("bench").returncode == 1


def test_a_failed_case_fails_the_run_and_says_how_to_repeat_it(project):
    project.configure(backends=["pool", "fail"])
    done = project.pmm("run", *QUIET)
    assert done.returncode == 3
    assert "pmm-conform --case ref.one" in done.stdout


def test_nothing_applicable_is_inconclusive(project):
    absent = dict.fromkeys(["ref.one", "ref.two", "gc.one"], "UNSUPPORTED")
    project.configure(backends=["pool"], classes={"pool": absent})
    assert project.pmm("conform").returncode == 4


def test_a_missing_backend_is_said_once_and_the_rest_runs(project):
    project.configure(backends=["pool", "absent"])
    done = project.pmm("run", *QUIET)
    assert done.returncode == 0
    assert "libabsent.so: not found" in done.stdout
    assert any(s.what == "backend absent" for s in project.latest().skipped)


def test_hostile_names_stay_names(project):
    project.configure(
        backends=["pool", "../../evil", "a b;touch x", "[bold]<script>"],
        behaviour={},
    )
    done = project.pmm("run", "--only", "backend-check", *QUIET)
    assert "Traceback" not in done.stderr
    assert not (project.root / "x").exists()
    run = project.latest()
    top = (project.build / "runs" / "latest").resolve()
    for result in run.results:
        assert (top / result.log).resolve().is_relative_to(top / "jobs")
    assert len({r.log for r in run.results}) == len(run.results)


def test_variables_of_the_shell_do_not_reach_jobs(project, monkeypatch):
    job = make_job("work", "x", ["./x"])
    outer = {"PATH": "/bin", "LD_PRELOAD": "evil.so", "MALLOC_CONF": "x:y"}
    assert set(job_environment(job, outer)) == {"PATH", "LC_ALL", "PYTHONHASHSEED"}


def test_jobs_are_pinned(project):
    run_cpus = os.sched_getaffinity(0)
    assert project.pmm("run", *QUIET).returncode == 0
    assert os.sched_getaffinity(0) == run_cpus
