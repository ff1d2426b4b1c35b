# SPDX-License-Identifier: MIT
"""SIGINT, SIGTERM and SIGHUP at any moment: a last line, exit code 130, no child."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import Project
from test_resume import BACKENDS, listen, slow, start, wait_for_lines

HOLD = """
import os, runpy, sys, time
from pathlib import Path
sys.path.insert(0, {reports!r})
import pmm.{module} as module
def wait(*a, **k):
    Path("reached").write_text(str(os.getpid()))
    time.sleep(60)
module.{name} = wait
sys.argv = ["pmm", "run", "-p", "quick", "--only", "conform"]
runpy.run_module("pmm", run_name="__main__")
"""
REPORTS = str(Path(__file__).resolve().parents[1])


def stopped(project: Project, argv: list[str], number: int) -> tuple[int, str]:
    """Start, wait for the sign that the moment is there, send the signal twice."""
    reached = project.root / "reached"
    process = subprocess.Popen(
        argv, cwd=project.root, env=project.environment(), stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
        preexec_fn=listen,  # noqa: PLW1509 - the tests have one thread
    )  # fmt: skip
    while not reached.exists():
        assert process.poll() is None
        time.sleep(0.01)
    for _ in range(2):
        process.send_signal(number)
    _, said = process.communicate(timeout=30)
    return process.returncode, said


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("module", "name", "words"),
    [
        ("discover.world", "find_backends", "before anything was measured"),
        ("cli.session", "capture_environment", "before anything was measured"),
        ("cli.session", "judge_run", "while the run was judged and reported"),
        ("render.site", "encode_run", "while the run was judged and reported"),
    ],
)
@pytest.mark.parametrize("number", [signal.SIGTERM])
def test_the_last_line_says_what_happened(project, module, name, words, number):
    script = HOLD.format(module=module, name=name, reports=REPORTS)
    code, said = stopped(project, [sys.executable, "-c", script], number)
    assert code == 130, said
    assert said.count("\n") == 1
    assert said.startswith(f"pmm: interrupted by {number.name} ")
    assert words in said
    if "judged" in words:
        folder = next((project.build / "runs").glob("2*"))
        assert said.endswith(f"continue with: pmm report build/runs/{folder.name}\n")
        assert project.pmm("report", str(folder)).returncode == 0


def test_while_the_program_loads(project):
    """A module that never ends to load stands in for a slow disk."""
    (project.root / "typer.py").write_text(
        "import time\nopen('reached', 'w').close()\ntime.sleep(60)\n"
    )
    script = f"import sys; sys.path[:0] = ['.', {REPORTS!r}]\n"
    script += "from pmm.__main__ import main; main()"
    code, said = stopped(project, [sys.executable, "-c", script], signal.SIGINT)
    assert (code, said) == (130, "pmm: interrupted by SIGINT before anything ran\n")


def test_a_probe_is_ended_too(project):
    probe = project.build / "conformance" / "pmm-backend-check"
    probe.write_text('#!/bin/sh\necho $$ >reached; exec /bin/sleep 60\n')
    argv = [sys.executable, "-m", "pmm", "backends"]
    code, said = stopped(project, argv, signal.SIGHUP)
    assert code == 130
    assert said == "pmm: interrupted by SIGHUP before anything was measured\n"
    child = Path("/proc") / (project.root / "reached").read_text().strip()
    assert not child.exists() or b") Z " in (child / "stat").read_bytes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_what_the_caller_ignores_stays_ignored(project, number, monkeypatch):
    slow(project)
    monkeypatch.setattr("test_resume.listen", lambda: signal.signal(number, 1))
    process = start(project)
    wait_for_lines(project, 4)
    process.send_signal(number)
    output, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert f"{len(BACKENDS)} jobs in " in output


def test_children_are_heard_though_the_caller_ignores_their_end(project):
    line = "trap '' CHLD; exec \"$@\""
    argv = ["/bin/bash", "-c", line, "x", sys.executable, "-m", "pmm", "run", "-p",
            "quick", "--only", "conform"]  # fmt: skip
    done = subprocess.run(
        argv, cwd=project.root, env=project.environment(), capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert {result.status for result in project.latest().results} == {"ok"}


def test_started_in_the_background_sigterm_still_ends_it(project, monkeypatch):
    slow(project)
    monkeypatch.setattr("test_resume.listen", lambda: signal.signal(signal.SIGINT, 1))
    process = start(project)
    wait_for_lines(project, 3)
    os.kill(process.pid, signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "pmm run --resume build/runs/" in said
