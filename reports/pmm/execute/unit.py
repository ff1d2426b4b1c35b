# SPDX-License-Identifier: MIT
"""A process that runs one unit in a folder: `python -m pmm.execute.unit FOLDER PID`.

It reads FOLDER/unit.json, runs its jobs as any run does, under the host's lock where
they are measured, and leaves FOLDER/jobs.jsonl and FOLDER/jobs/. It ends with the
process PID that started it, a worker, and its jobs end with it.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from pmm.base.decoding import decode_json
from pmm.base.errors import PmmError
from pmm.base.processes import LIBC, PR_SET_PDEATHSIG
from pmm.base.signals import Interruption, listen
from pmm.documents.jobs import Job, JobResult
from pmm.documents.units import Unit
from pmm.execute.executor import Executor
from pmm.execute.journal import Journal

UNIT = "unit.json"
RESULTS = "jobs.jsonl"
JOBS = "jobs"


def unheard(job: Job, result: JobResult | None) -> None:
    """Tell nobody of a job: who planned it is told by the results."""


def run_in(folder: Path) -> None:
    """Run the unit that lies in a folder; raise as the executor does."""
    unit = decode_json((folder / UNIT).read_bytes(), Unit)
    places = {
        job.id: folder / JOBS / name
        for job, name in zip(unit.jobs, unit.folders, strict=True)
    }
    journal = Journal(folder / RESULTS)
    launcher = Path(unit.launcher) if unit.launcher else None
    try:
        Executor(
            journal, places, Path(unit.working), unheard, lambda _: None, launcher
        ).run(unit.jobs)
    finally:
        journal.close()


def main() -> int:
    """Run the unit; return 0, or 1 with a line on stderr."""
    folder, parent = Path(sys.argv[1]), int(sys.argv[2])
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return 1
    listen()
    try:
        run_in(folder)
    except (PmmError, OSError, Interruption) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
