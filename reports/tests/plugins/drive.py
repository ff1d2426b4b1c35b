# SPDX-License-Identifier: MIT
"""`pmm` with a smaller plan: only the jobs that a test wants, and in a hurry.

Usage: drive.py WANTED ARGUMENTS..., where WANTED is JSON: by kind of job the
names of the plug-ins that it runs over.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import msgspec

import pmm.cli.app
import pmm.cli.runs
from pmm.discover.world import World
from pmm.documents.jobs import Job
from pmm.plan.plan import Plan, make_plan
from pmm.plan.selection import Selection

WANTED: dict[str, list[str]] = json.loads(sys.argv[1])
TIMED = {"backend-check", "conform", "work"}
LEAKS = ("bus", "clean")
"""The plug-in and the variant whose leaks are looked for."""


def is_wanted(job: Job) -> bool:
    """Tell whether a job is one of those that the test reads."""
    name = Path(job.backend or "").stem
    if job.subject is not None and job.subject.endswith(".so"):
        return job.kind == "conform"
    if job.kind == "bench" and job.program != "pmm-bench-alloc":
        return False
    if job.workload == "leaks" and name == LEAKS[0]:
        return job.variant in (None, LEAKS[1])
    small = job.kind == "leaks" or job.workload != "leaks"
    return small and name in WANTED[job.kind]


def hurried(job: Job) -> Job:
    """Return the job with less to do, and less time where it hangs."""
    hangs = Path(job.backend or "").stem == "hangs"
    more: tuple[str, ...] = ("--timeout", "2") if hangs and job.kind in TIMED else ()
    if job.kind == "bench":
        more = ("--benchmark_filter=lifo/48|grow",)
    if job.workload == "list_vs_generator":
        more += ("--set", "items=20000")
    return msgspec.structs.replace(job, argv=job.argv + more)


def small_plan(world: World, selection: Selection) -> Plan:
    """Make the plan and leave out what the test does not read."""
    plan = make_plan(world, selection)
    jobs = tuple(hurried(job) for job in plan.jobs if is_wanted(job))
    return replace(plan, jobs=jobs)


pmm.cli.runs.make_plan = small_plan
sys.exit(pmm.cli.app.main(sys.argv[2:]))
