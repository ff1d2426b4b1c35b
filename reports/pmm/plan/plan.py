# SPDX-License-Identifier: MIT
"""From what there is and what was asked to an ordered list of jobs.

The same world and the same selection give the same plan, job by job. How much a
profile does is decided in `pmm.plan.profiles`; what it leaves out or samples is
told by `pmm.plan.omissions`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from pmm.base.errors import UsageError
from pmm.discover.world import World
from pmm.documents.jobs import Job, JobKind
from pmm.documents.results import Skipped
from pmm.plan.bench_jobs import bench_jobs
from pmm.plan.conform_jobs import backend_jobs, conform_jobs
from pmm.plan.count_jobs import count_jobs
from pmm.plan.facts_jobs import facts_jobs
from pmm.plan.omissions import skipped
from pmm.plan.pairs import pair_jobs
from pmm.plan.rank_fit import fitted
from pmm.plan.selection import Selection, resolve
from pmm.plan.work_jobs import leak_jobs, work_jobs


@dataclass(frozen=True)
class Plan:
    """The jobs, and what is not among them though it could be."""

    jobs: tuple[Job, ...]
    skipped: tuple[Skipped, ...] = field(default=())
    within_s: float | None = None
    """Seconds after which a ranking begins no more jobs; None: it has no limit."""


def make_plan(world: World, selection: Selection) -> Plan:
    """Plan the jobs; raise UsageError for a name that is not there."""
    if selection.arms:
        two = count_jobs if selection.counting else pair_jobs
        return Plan(labelled(world, two(world, selection)))
    if selection.rank is not None:
        jobs, left_out = fitted(world, selection, selection.rank)
        return Plan(labelled(world, jobs), left_out, selection.rank.within_s)
    chosen = resolve(world, selection)
    kinds = with_checks(selection.kinds)
    makers = {
        "conform": conform_jobs,
        "backend-check": backend_jobs,
        "leaks": leak_jobs,
        "work": work_jobs,
        "bench": bench_jobs,
        "facts": facts_jobs,
    }
    jobs = [
        job
        for kind, make in makers.items()
        if kind in kinds
        for job in make(world, selection, chosen)
    ]
    if not jobs:
        raise UsageError("this selection leaves nothing to run (see `pmm doctor`)")
    return Plan(labelled(world, jobs), tuple(skipped(world, selection, chosen)))


def labelled(world: World, jobs: Sequence[Job]) -> tuple[Job, ...]:
    """Return the jobs with the labels of what a path names; all ids differ."""
    assert len({job.id for job in jobs}) == len(jobs)  # noqa: S101 - results pair by it
    return tuple(
        msgspec.structs.replace(
            job,
            subject_label=world.label_of(job.subject),
            backend_label=world.label_of(job.backend),
        )
        for job in jobs
    )


def with_checks(kinds: Sequence[JobKind]) -> tuple[JobKind, ...]:
    """Add the allocators' checks where they are ranked: a wrong one has no rank."""
    return (*kinds, "backend-check") if "bench" in kinds else tuple(kinds)
