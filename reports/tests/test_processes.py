# SPDX-License-Identifier: MIT
"""What a job is said to have used is what it used, whoever started it."""

from __future__ import annotations

import json
import re
import selectors
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import LAUNCHER, Project

from pmm.base.processes import Child, Ending, start

MIB = 1 << 20
PYTHON = (sys.executable, "-IS", "-c")
SLACK = MIB // 2
"""The system counts pages per core, and adds them up now and then."""

pytestmark = pytest.mark.skipif(not LAUNCHER.is_file(), reason="nothing is built")


@pytest.fixture(scope="module")
def ballast() -> bytearray:
    """Memory that makes this process larger than the jobs it starts."""
    return bytearray(b"x" * (100 * MIB))


def begin(folder: Path, *argv: str, launcher: Path | None = LAUNCHER) -> Child:
    """Start a program as the executor does."""
    return start(
        argv, folder=folder, working=folder, environment={}, cpus=[0],
        launcher=launcher,
    )  # fmt: skip


def ended(child: Child) -> Ending:
    """Wait for a program as the executor does."""
    with selectors.DefaultSelector() as selector:
        selector.register(child.pidfd, selectors.EVENT_READ)
        assert selector.select(60)
    return child.wait()


def own_peak(folder: Path) -> int:
    """Return the peak that a process printed of itself."""
    found = re.search(r"VmHWM:\s*(\d+) kB", (folder / "stdout").read_text())
    assert found
    return int(found[1]) * 1024


@pytest.mark.parametrize("touched", [0, 5, 200])
def test_the_peak_is_the_jobs_own(tmp_path, ballast, touched):
    code = f"b = b'x' * {touched * MIB}; print(open('/proc/self/status').read())"
    peak = ended(begin(tmp_path, *PYTHON, code)).peak_rss_bytes
    assert peak is not None
    assert abs(peak - own_peak(tmp_path)) < SLACK
    assert touched * MIB <= peak < (touched + 20) * MIB


def test_a_program_smaller_than_any_interpreter_is_told_as_small(tmp_path, ballast):
    peak = ended(begin(tmp_path, "/bin/cat", "/proc/self/status")).peak_rss_bytes
    assert abs(peak - own_peak(tmp_path)) < SLACK
    assert peak < 4 * MIB


def test_a_child_that_was_waited_for_counts_by_the_largest(tmp_path, ballast):
    child = f"b = b'x' * {40 * MIB}"
    code = f"import subprocess as s; [s.run([*{PYTHON!r}, {child!r}]) for _ in 'ab']"
    peak = ended(begin(tmp_path, *PYTHON, code)).peak_rss_bytes
    assert 40 * MIB < peak < 60 * MIB


def test_no_launcher_no_figure(tmp_path, ballast):
    ending = ended(begin(tmp_path, "/bin/true", launcher=None))
    assert (ending.exit_code, ending.peak_rss_bytes) == (0, None)


@pytest.mark.parametrize("launcher", [LAUNCHER, None])
@pytest.mark.parametrize(
    ("code", "exit_code", "number"),
    [
        ("raise SystemExit(7)", 7, None),
        ("import os; os.abort()", None, signal.SIGABRT),
        ("import os; os.killpg(0, 15)", None, signal.SIGTERM),
    ],
)
def test_the_end_is_the_programs(tmp_path, launcher, code, exit_code, number):
    ending = ended(begin(tmp_path, *PYTHON, code, launcher=launcher))
    assert (ending.exit_code, ending.signal) == (exit_code, number)


def test_a_launcher_that_is_killed_takes_the_program_along(tmp_path):
    code = "import os, time; os.kill(os.getppid(), 9); time.sleep(60)"
    ending = ended(begin(tmp_path, *PYTHON, code))
    assert (ending.signal, ending.peak_rss_bytes) == (signal.SIGKILL, None)


def test_a_program_that_was_ended_keeps_its_figures(tmp_path):
    code = f"import time; b = b'x' * {30 * MIB}; print('ready', flush=True)"
    child = begin(tmp_path, *PYTHON, f"{code}; time.sleep(60)")
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout.pipe, selectors.EVENT_READ)
        assert selector.select(30)
    child.end()
    ending = ended(child)
    assert ending.signal == signal.SIGKILL
    assert 30 * MIB < ending.peak_rss_bytes < 50 * MIB


@pytest.mark.parametrize("launcher", [LAUNCHER, None])
@pytest.mark.parametrize(
    ("mode", "word"),
    [(None, "No such file"), (0o600, "Permission denied"), (0o700, "Exec format")],
)
def test_a_program_that_cannot_start_says_why(tmp_path, launcher, mode, word):
    program = tmp_path / "program"
    if mode is not None:
        program.write_text("no program")
        program.chmod(mode)
    with pytest.raises(OSError, match=word):
        begin(tmp_path, str(program), launcher=launcher)


def test_jobs_of_a_large_runner_are_small(project: Project):
    script = (
        "import sys\n"
        f"ballast = b'x' * {150 * MIB}\n"
        "from pmm.cli.app import main\n"
        "main(['run', '-p', 'quick', '--only', 'conform'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=project.root, env=project.environment(),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = project.latest().results
    assert results
    assert all(4 * MIB < (r.peak_rss_bytes or 0) < 60 * MIB for r in results)
    page = (project.build / "report" / "run.html").read_text()
    shown = re.findall(r'data-value="(\d+)">[\d.]+ MiB', page)
    assert sorted(map(int, shown)) == sorted(r.peak_rss_bytes for r in results)


def test_a_run_without_the_launcher_says_what_it_lacks(project: Project):
    (project.build / "reports" / LAUNCHER.name).unlink()
    done = project.pmm("run", "-p", "quick", "--only", "conform", "--json")
    assert json.loads(done.stdout)["verdict"]["state"] == "pass"
    run = project.latest()
    assert {r.peak_rss_bytes for r in run.results} == {None}
    assert "pmm-launch is not built" in run.environment.unknown["peak_rss_bytes"]
