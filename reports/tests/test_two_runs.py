# SPDX-License-Identifier: MIT
"""Several runs at once in one clone: each ends as its own verdict."""

from __future__ import annotations

import fcntl
import os
import signal

from conftest import Project
from test_resume import run_folder, start, wait_for_lines

from pmm.store.runs import load_run


def test_runs_at_once_all_end_well_and_leave_one_whole_report(project: Project):
    project.configure(backends=["pool", "fail"])
    runs = [start(project) for _ in range(3)]
    ends = [process.communicate(timeout=100) for process in runs]
    assert [process.returncode for process in runs] == [3] * 3, ends
    folders = [f for f in (project.build / "runs").iterdir() if not f.is_symlink()]
    assert len(folders) == 3
    report = project.build / "report"
    assert load_run(report).id in {folder.name for folder in folders}
    assert (report / "junit.xml").is_file()
    assert (report / "index.html").is_file()
    left = {path.name for path in project.build.iterdir()}
    assert not {name for name in left if name.startswith(".report")}
    assert (project.build / "runs" / "latest").resolve() in folders


def test_a_run_that_goes_on_elsewhere_is_refused_with_who_has_it(project: Project):
    project.configure(backends=["pool", "libc"], behaviour={"libc": "hang"})
    process = start(project)
    wait_for_lines(project, 2)
    folder = run_folder(project)
    assert folder is not None
    for words in (("run", "--resume", str(folder)), ("report", str(folder))):
        done = project.pmm(*words)
        assert done.returncode == 2
        said = f"run {folder.name} is in use by process {process.pid} (pmm run"
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 130
    project.configure()
    assert project.pmm("run", "--resume", str(folder)).returncode == 0


def test_a_report_waits_for_another_that_is_being_written(project: Project):
    fd = os.open(project.build, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    process = start(project)
    assert process.stdout is not None
    said = process.stdout.readline()
    assert said.startswith("waiting for another run, which writes a report in ")
    os.close(fd)
    assert process.wait(60) == 0


def test_an_earlier_report_survives_a_render_that_fails(project: Project):
    assert project.pmm("conform", "--out", "build/report").returncode == 0
    before = (project.build / "report" / "index.html").read_bytes()
    fold = (
        "import pmm.render.site as s, pmm.cli.app as c\n"
        "def fail(run): raise OSError(28, 'No space left on device')\n"
        "s.encode_run = fail\n"
        "c.main(['report'])\n"
    )
    done = project.python(fold)
    assert done.returncode == 1
    assert "cannot write" in done.stderr
    assert "Traceback" not in done.stderr
    assert (project.build / "report" / "index.html").read_bytes() == before
