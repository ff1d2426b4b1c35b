# SPDX-License-Identifier: MIT
"""`pmm run --cluster`: two workers on this machine, one of them killed on the way."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import distributed
import pytest
from pairs import Comparison, noisy
from test_shards import call, document

from pmm.documents.units import Needed
from pmm.execute import cluster as execute_cluster
from pmm.execute.cluster import unpack
from pmm.execute.cluster_worker import faults
from pmm.plan.units import units_of

RUN = ("run", "-p", "quick", "--only", "conform", "--only", "work", "--out", "report")
DASK = (sys.executable, "-m", "dask")


@dataclass
class Cluster:
    """A scheduler and its workers, each a process of its own."""

    folder: Path
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def file(self) -> Path:
        """Where the scheduler says where it is."""
        return self.folder / "scheduler.json"

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start one of Dask's programs."""
        child = subprocess.Popen(
            [*DASK, *words, "--scheduler-file", self.file, "--no-dashboard"],
            cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.children.append(child)
        return child

    def worker(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a worker with one slot, or with something else."""
        more = words or ("--nthreads", "1", "--resources", "bench=1")
        return self.start("worker", "--no-nanny", *more)

    def await_workers(self, number: int) -> None:
        """Wait until so many are there."""
        with distributed.Client(scheduler_file=str(self.file)) as client:
            client.wait_for_workers(number, timeout=60)

    def close(self) -> None:
        """End them all."""
        for child in self.children:
            child.kill()
            child.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    found = Cluster(tmp_path)
    found.start("scheduler", "--host", "127.0.0.1", "--port", "0")
    try:
        deadline = time.monotonic() + 60
        while not found.file.is_file() and time.monotonic() < deadline:
            time.sleep(0.05)
        yield found
    finally:
        found.close()


def results_of(runs: Path) -> list[str]:
    """Return the jobs that the newest run's journal has, in their order."""
    journals = sorted(runs.glob("*/jobs.jsonl"), key=lambda path: path.stat().st_mtime)
    lines = journals[-1].read_bytes().splitlines()[1:] if journals else []
    return [json.loads(line)["job"] for line in lines]


def kill_after(child: subprocess.Popen[bytes], runs: Path, done: int) -> None:
    """Kill a worker once so many jobs are done."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and len(results_of(runs)) < done:
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)


@pytest.mark.long
def test_a_killed_workers_jobs_are_done_by_the_other_and_none_twice(project, cluster):
    project.configure(backends=["pool", "libc", "slow"], workloads=["cycles", "sparse"])
    workers = [cluster.worker(), cluster.worker()]
    cluster.await_workers(2)
    runs = project.build / "runs"
    killer = threading.Thread(target=kill_after, args=(workers[0], runs, 2))
    killer.start()
    done = call(project, *RUN, "--cluster", str(cluster.file))
    killer.join()
    assert done.exit_code == 0, done.stdout + done.stderr
    assert workers[0].wait(10) == -signal.SIGKILL
    spread = project.latest()
    assert {one.host for one in spread.results} == {os.uname().nodename}
    jobs = results_of(runs)
    assert sorted(jobs) == sorted(job.id for job in spread.plan)
    assert len(jobs) >= 6
    there = document((runs / "latest").resolve())

    alone = call(project, *RUN)
    assert alone.exit_code == 0, alone.stderr
    here = document((runs / "latest").resolve())
    for one in (there, here):
        for result in one["results"]:
            result.pop("host")
    assert there == here

    cluster.worker("--nthreads", "2", "--resources", "bench=1")
    cluster.await_workers(2)
    refused = call(project, *RUN, "--cluster", str(cluster.file))
    assert refused.exit_code == 2
    assert "takes 2 tasks and 1 measurements at a time" in refused.stderr


def test_a_worker_runs_the_plan_and_says_which_machine_it_is(
    project, cluster
):
    project.configure(backends=["pool"], workloads=[])
    cluster.worker()
    cluster.await_workers(1)
    few = (*RUN[:5], "--out", "report", "--cluster", str(cluster.file))
    done = call(project, *few)
    assert done.exit_code == 0, done.stdout + done.stderr
    spread = project.latest()
    assert {one.host for one in spread.results} == {os.uname().nodename}
    assert {one.job for one in spread.results} == {job.id for job in spread.plan}


def test_without_a_scheduler_the_answer_is_one_line(project, monkeypatch):
    monkeypatch.setattr(execute_cluster, "CONNECT_S", 1)
    done = call(project, *RUN, "--cluster", "tcp://127.0.0.1:9")
    assert done.exit_code == 2
    assert "no scheduler at tcp://127.0.0.1:9" in done.stderr
    assert not (project.build / "runs").exists()


# ------------------------------------------------------------------ without Dask


def test_the_arms_of_a_pair_are_one_unit_and_all_else_is_alone():
    plan = Comparison(noisy(), rounds=2).plan
    units = units_of(plan)
    assert [job for unit in units for job in unit] == plan
    for unit in units:
        assert len({(job.pair.round, job.pair.unit) for job in unit}) == 1
        assert {job.pair.arm.role for job in unit} == {"ours", "theirs", "again"}


def test_what_a_worker_lacks_is_named(tmp_path):
    (tmp_path / "program").write_text("x")
    here = str(tmp_path / "program")
    needs = [
        Needed(path=here, sha256=None), Needed(path=here, sha256="0" * 64),
        Needed(path="/nowhere/pmm-conform", sha256=None),
    ]  # fmt: skip
    assert faults(needs, "/nowhere") == [
        f"cannot run {here}", f"has another {here}", "has no /nowhere/pmm-conform",
        "has no folder /nowhere",
    ]  # fmt: skip
    (tmp_path / "program").chmod(0o755)
    assert faults(needs[:1], str(tmp_path)) == []


def test_an_archive_writes_nothing_beside_the_folders_of_jobs(tmp_path):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name in ("jobs/../x", "/etc/pmm", "jobs/a/b/c", "run.json", "jobs/001/ok"):
            member = tarfile.TarInfo(name)
            member.size = 1
            archive.addfile(member, io.BytesIO(b"x"))
    (tmp_path / "run").mkdir()
    assert unpack(out.getvalue(), tmp_path / "run") == []
    found = [str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()]
    assert found == ["run/jobs/001/ok"]
