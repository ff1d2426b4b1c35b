# SPDX-License-Identifier: MIT
"""The first line of a run's journal, and where the parts of a run lie.

    build/runs/<id>/jobs.jsonl   line 1: what was planned and where (Header);
                                 then one line for each finished job (JobResult)
                    jobs/<job>/  what the job printed and wrote

The journal is written in `pmm.execute.journal`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pmm.base.typed_names import slug
from pmm.documents.asked import Asked, GonePolicy
from pmm.documents.jobs import Environment, Job
from pmm.documents.programs import BackendEntry, Strict, WorkloadEntry
from pmm.documents.results import Skipped, SubjectEntry

JOURNAL = "jobs.jsonl"


class Header(Strict, frozen=True):
    """Everything about a run that is settled before its first job."""

    schema: Literal["pmm.journal"]
    version: Literal[1]
    id: str
    created: str
    command: str
    profile: str
    working: str
    """The folder the run was started in, which its commands are relative to."""
    root: str
    build: str
    filtered: bool
    """True when only a selection of the cases was asked for."""
    environment: Environment
    plan: tuple[Job, ...]
    skipped: tuple[Skipped, ...]
    backends: tuple[BackendEntry, ...]
    subjects: tuple[SubjectEntry, ...]
    workloads: tuple[WorkloadEntry, ...] = ()
    """Those of the plan, as they describe themselves."""
    asked: Asked | None = None
    """What the command line asked for."""
    baseline: str | None = None
    """Folder of the run that this one is compared with."""
    gone: GonePolicy = "inconclusive"
    """What it costs to lack something that the baseline had."""
    shard: tuple[int, int] | None = None
    """Which part of its plan a run carries out, of how many; null: all of it."""
    within_s: float | None = None
    """Seconds after which a ranking begins no more jobs; null: it has no limit."""


def job_folders(run: Path, plan: tuple[Job, ...]) -> dict[str, Path]:
    """Return each job's folder by its id; numbers keep ids that look alike apart."""
    return {
        job.id: run / "jobs" / f"{number:03d}-{slug(job.id)}"
        for number, job in enumerate(plan)
    }
