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


def job_folder(run: Path, job: Job, plan: tuple[Job, ...]) -> Path:
    """Return the job's folder; the number keeps ids that look alike apart."""
    return run / "jobs" / f"{plan.index(job):03d}-{slug(job.id)}"
