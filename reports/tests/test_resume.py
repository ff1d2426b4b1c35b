# SPDX-License-Identifier: MIT
"""Interrupted, killed, out of space: nothing that was done is lost or doubled."""

from __future__ import annotations

import json
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest
from conftest import Project

from pmm.base.errors import PmmError
from pmm.documents.journal import JOURNAL
from pmm.execute.journal import Journal, mend_journal, read_journal
from pmm.store.runs import load_run

KIND = ("--only", "conform")
BACKENDS = ["pool", "libc", *(f"b{i}" for i in range(14))]


def start(project: Project, *arguments: str) -> subprocess.Popen[str]:
    """Start a run in the background."""
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "pmm",
            "run",
            "--profile",
            "quick",
            *KIND,
            *arguments,
        ],
        cwd=project.root,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=listen,  # noqa: PLW1509 - the tests have one thread
    )


def listen() -> None:
    """Let the child take what ends it, also where the tests run in the background
    or below nohup.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def run_folder(project: Project) -> Path | None:
    """Return the run's folder once its journal has a header."""
    found = list((project.build / "runs").glob(f"*/{JOURNAL}"))
    return found[0].parent if found and b"\n" in found[0].read_bytes() else None


def slow(project: Project) -> None:
    """Let every job take 50 ms."""
    project.configure(backends=BACKENDS, behaviour=dict.fromkeys(BACKENDS, "slow"))


def wait_for_lines(project: Project, lines: int) -> None:
    """Wait until the journal has so many lines."""
    for _ in range(2000):
        folder = run_folder(project)
        if folder and (folder / JOURNAL).read_bytes().count(b"\n") >= lines:
            return
        time.sleep(0.005)
    raise AssertionError("the run does not get on")


@pytest.mark.parametrize("seed", [1, 2])
def test_kill_9_loses_and_doubles_nothing(project, seed):
    """Kill at random moments until the run gets through."""
    slow(project)
    rng = random.Random(seed)
    arguments: tuple[str, ...] = ()
    kills = 0
    for _ in range(12):
        process = start(project, *arguments)
        if kills == 4:
            assert process.wait(30) == 0
            break
        folder = run_folder(project)
        done = (folder / JOURNAL).read_bytes().count(b"\n") if folder else 0
        wait_for_lines(project, done + 1)
        time.sleep(rng.uniform(0, 0.12))
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        kills += 1
        folder = run_folder(project)
        assert folder is not None
        arguments = ("--resume", str(folder))
    header, results = read_journal(folder)
    assert Counter(r.job for r in results) == Counter(job.id for job in header.plan)
    run = project.latest()
    assert len(run.cases) == 3 * len(BACKENDS)
    # Only jobs that were running at a kill, at most one a core, ran again.
    again = len(project.started()) - len(BACKENDS)
    assert 0 <= again <= kills * 2


def test_ctrl_c_ends_children_and_says_how_to_go_on(project):
    slow(project)
    project.configure(
        backends=[*BACKENDS, "hang"],
        behaviour={**dict.fromkeys(BACKENDS, "slow"), "b3": "hang"},
        classes={"pool": {"ref.one": "FAIL"}},
    )
    process = start(project)
    wait_for_lines(project, 4)
    while not (project.build / "orphan").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "pmm run --resume" in errors
    assert "Traceback" not in errors
    said_everywhere(project, out)
    orphan = Path("/proc") / (project.build / "orphan").read_text()
    time.sleep(0.05)
    assert not orphan.exists() or b") Z " in (orphan / "stat").read_bytes()


def said_everywhere(project: Project, out: str) -> None:
    """Check that console, documents and page tell an interruption as one."""
    folder = run_folder(project)
    assert folder is not None
    assert not (folder.parent / "latest").exists()
    header, results = read_journal(folder)
    verdict = load_run(folder).verdict
    assert (verdict.state, verdict.exit_code) == ("interrupted", 130)
    go_on = f"pmm run --resume {folder.name}"
    done = f"{len(results)} of {len(header.plan)} jobs"
    head = f"Interrupted after {done}; continue with: "
    assert verdict.resume == go_on
    assert verdict.sentence.startswith(head + go_on)
    assert "1 × wrong case result" in verdict.sentence, "what failed before is said"
    assert verdict.sentence in out
    assert "not done" not in out
    assert [problem.kind for problem in verdict.problems] == ["case"]
    done = project.pmm("report", folder.name, "--out", "report")
    assert done.returncode == 0, done.stderr
    page = (project.root / "report" / "index.html").read_text(encoding="utf-8")
    assert go_on in page
    assert "Interrupted" in page
    root = ET.fromstring((project.root / "report" / "junit.xml").read_bytes())
    cases = list(root.iter("testcase"))
    left = len(header.plan) - len(results)
    assert sum(c.find("skipped") is not None for c in cases) == left
    assert [c.get("name") for c in cases if c.find("error") is not None] == ["the run"]


def test_other_programs_do_not_go_on_with_a_run(project):
    project.configure(backends=["pool", "libc", "hang"])
    process = start(project)
    wait_for_lines(project, 3)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 130
    program = project.build / "conformance" / "pmm-conform"
    program.write_text(program.read_text() + "# built anew\n")
    again = project.pmm("run", "--resume", str(run_folder(project)))
    assert again.returncode == 5
    assert "rebuilt since" in again.stderr


@pytest.fixture
def finished(project: Project) -> Path:
    """A small run that is done."""
    assert project.pmm("run", "-p", "quick", "--only", "conform").returncode == 0
    return (project.build / "runs" / "latest").resolve()


def test_any_torn_last_line_is_forgiven(finished):
    path = finished / JOURNAL
    whole = path.read_bytes()
    last = whole[:-1].rindex(b"\n") + 1
    for cut in range(last, len(whole), 37):
        path.write_bytes(whole[:cut])
        header, results = read_journal(finished)
        assert len(results) == len(header.plan) - 1
        mend_journal(finished)
        assert path.read_bytes() == whole[:last]


def test_damage_elsewhere_is_not_forgiven(finished):
    path = finished / JOURNAL
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], lines[1][:40] + b"\n", *lines[2:]]))
    with pytest.raises(PmmError, match="damaged"):
        read_journal(finished)
    path.write_bytes(b"".join([*lines, lines[-1]]))
    with pytest.raises(PmmError, match="unexpected result"):
        read_journal(finished)


def test_a_run_can_be_folded_again_to_the_same_bytes(project, finished):
    before = (finished / "run.json").read_bytes()
    (finished / "run.json").unlink()
    done = project.pmm("report", str(finished), "--out", "again")
    assert "Traceback" not in done.stderr
    assert (finished / "run.json").read_bytes() == before


def test_a_full_device_is_one_line(finished):
    journal = Journal(Path("/dev/full"))
    _, results = read_journal(finished)
    with pytest.raises(PmmError, match=r"cannot write /dev/full: No space"):
        journal.append(results[0])
    journal.close()


def test_a_full_disk_leaves_the_journal_whole(project):
    """A file size limit stands in for a disk that fills up during the run."""
    project.configure(backends=BACKENDS)
    assert project.pmm("run", "-p", "quick", "--only", "conform").returncode == 0
    room = (project.build / "runs" / "latest" / JOURNAL).stat().st_size - 3000
    shutil.rmtree(project.build / "runs")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))

    done = project.pmm("run", "-p", "quick", "--only", "conform", preexec_fn=limit)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "what is done is kept in" in done.stderr
    folder = run_folder(project)
    assert folder is not None
    _, results = read_journal(folder)
    assert results
    again = project.pmm("run", "--resume", str(folder))
    assert again.returncode == 0, again.stderr
    assert len(project.latest().results) == len(BACKENDS)


def test_a_report_that_cannot_be_written_costs_no_run(project):
    (project.root / "file").write_text("mine")
    done = project.pmm(
        "run", "-p", "quick", "--only", "conform", "--out", "file/report"
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    assert "cannot write" in done.stderr
    assert not (project.build / "runs").exists()


def test_a_folder_with_something_else_is_not_written_over(project):
    (project.root / "thesis").mkdir()
    (project.root / "thesis" / "index.html").write_text("mine")
    done = project.pmm("run", "-p", "quick", "--only", "conform", "--out", "thesis")
    assert done.returncode == 2
    assert (project.root / "thesis" / "index.html").read_text() == "mine"
    assert [p.name for p in (project.root / "thesis").iterdir()] == ["index.html"]


def test_two_runs_in_one_second_have_two_folders(project):
    for _ in range(2):
        done = project.pmm("conform", "--backend", "pool", "--json")
        assert done.returncode == 0
        assert json.loads(done.stdout)["verdict"]["exit_code"] == 0
    folders = [p for p in (project.build / "runs").iterdir() if not p.is_symlink()]
    assert len(folders) == 2
