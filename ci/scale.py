# SPDX-License-Identifier: MIT
"""How `pmm run --cluster` and `pmm history` do at sizes that no test has.

    .venv/bin/python ci/scale.py cluster --hosts 200 --jobs 100000
    .venv/bin/python ci/scale.py history --results 1000000

The workers of the cluster are in this process and do nothing; the scheduler, the
handing out and the journal are those of a real run. Exit code 1 where a job takes
more than 5 ms of it, or the history more than 2 s to open; the time is this process's
own and that of its children, so that a busy machine does not count.
"""

from __future__ import annotations

import argparse
import io
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

import msgspec
from pmm.documents.history import Entry, Value
from pmm.documents.jobs import Job, JobResult
from pmm.documents.units import Unit
from pmm.execute import cluster
from pmm.execute.executor import unstarted, utc_now
from pmm.execute.journal import Journal
from pmm.execute.unit import RESULTS
from pmm.plan.parts import make_job
from pmm.store.history import add, opened

JOB_S = 0.005
OPEN_S = 2.0
FIGURES = 1000
QUIET = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.interval": "60s",
    "distributed.admin.tick.interval": "10s",
}
"""What each host does for itself, and two hundred in one process do in one."""


def used(who: int = resource.RUSAGE_SELF) -> float:
    """Return the processor time so far."""
    found = resource.getrusage(who)
    return found.ru_utime + found.ru_stime


def nothing(data: bytes) -> bytes:
    """Stand for a worker: return a unit's results without running it."""
    unit = msgspec.json.decode(data, type=Unit)
    lines = b"".join(
        msgspec.json.encode(unstarted(job, utc_now(), "simulated")) + b"\n"
        for job in unit.jobs
    )
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as archive:
        member = tarfile.TarInfo(RESULTS)
        member.size = len(lines)
        archive.addfile(member, io.BytesIO(lines))
    return out.getvalue()


def no_faults(_: bytes) -> list[str]:
    """Stand for a worker that has all."""
    return []


def handed_out(hosts: int, jobs: int, folder: Path) -> float:
    """Hand out a plan; return the processor time of a job."""
    import dask
    from distributed import LocalCluster

    cluster.run_unit, cluster.asked_faults = nothing, no_faults
    plan = [make_job("conform", f"{n}", ["true"]) for n in range(jobs)]

    def make(some: list[Job]) -> Unit:
        return Unit(jobs=tuple(some), folders=("x",) * len(some), working="/",
                    launcher=None, needs=())  # fmt: skip

    def told(job: Job, result: JobResult | None) -> None:
        done = len(seen)
        if result is not None:
            seen.add(job.id)
            if done % 1000 == 0:
                print(f"{done:,} of {jobs:,}: {used() - began:.0f} s", flush=True)

    seen: set[str] = set()
    dask.config.set(QUIET)
    with LocalCluster(
        n_workers=hosts, threads_per_worker=1, processes=False, resources=cluster.SLOT,
        memory_limit=None,
        dashboard_address=None, silence_logs=50,
    ) as made:  # fmt: skip
        client = cluster.connected(made.scheduler_address)
        journal = Journal(folder / "jobs.jsonl")
        began = used()
        runner = cluster.ClusterExecutor(client, journal, folder, told, print)
        runner.run([[job] for job in plan], make)
        spent = used() - began
        client.close()
    assert len(seen) == jobs
    lines = (folder / "jobs.jsonl").read_bytes().count(b"\n")
    assert lines == jobs, f"{lines} lines for {jobs} jobs"
    return spent / jobs


def simulate_cluster(hosts: int, jobs: int) -> int:
    """Print what a job costs; return the exit code."""
    with tempfile.TemporaryDirectory() as name:
        each = handed_out(hosts, jobs, Path(name))
    print(f"{jobs:,} jobs on {hosts} hosts: {each * 1000:.2f} ms a job, each done once")
    return int(each > JOB_S)


def entries(results: int) -> list[Entry]:
    """Return runs of a thousand figures each."""
    return [
        Entry(
            name=f"run-{run:05d}", machine="simulated", created=f"2026-{run:05d}",
            commit=None, verdict="pass",
            values=tuple(
                Value(f"figure {n:04d}", "count", True, float(n + (run > 500)))
                for n in range(FIGURES)
            ),
        )
        for run in range(results // FIGURES)
    ]  # fmt: skip


def opened_in(*words: str) -> float:
    """Run a verb of the history; return the processor time of it."""
    before = used(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "pmm", "history", *words], check=True)
    return used(resource.RUSAGE_CHILDREN) - before


def simulate_history(results: int) -> int:
    """Print how long a history takes to open; return the exit code."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "history.sqlite"
        began = time.process_time()
        with opened(file) as base:
            add(base, entries(results))
        print(f"{results:,} results added in {time.process_time() - began:.1f} s, "
              f"{file.stat().st_size >> 20} MiB")  # fmt: skip
        at = ("--file", str(file))
        took = {
            "list": opened_in("list", "--most", "3", *at),
            "steps": opened_in("steps", "figure 0007", *at),
        }
    for verb, seconds in took.items():
        print(f"pmm history {verb}: {seconds:.2f} s, of which some 0.4 s to start")
    return int(max(took.values()) > OPEN_S)


def main() -> int:
    """Take the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parts = parser.add_subparsers(dest="part", required=True)
    many = parts.add_parser("cluster", help="hand out a plan to workers that do nothing")
    many.add_argument("--hosts", type=int, default=200)
    many.add_argument("--jobs", type=int, default=100_000)
    past = parts.add_parser("history", help="open a history of many results")
    past.add_argument("--results", type=int, default=1_000_000)
    asked = parser.parse_args()
    if asked.part == "cluster":
        return simulate_cluster(asked.hosts, asked.jobs)
    return simulate_history(asked.results)


if __name__ == "__main__":
    sys.exit(main())
