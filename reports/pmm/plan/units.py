# SPDX-License-Identifier: MIT
"""A plan in units, each of which one machine has to run whole (documents.units)."""

from __future__ import annotations

from collections.abc import Sequence

from pmm.documents.jobs import Job


def key_of(job: Job) -> tuple[object, ...]:
    """Return what the jobs of a unit have in common."""
    if job.pair is not None:
        return "pair", job.pair.round, job.pair.unit
    if job.place is not None:
        return "rank", job.place.group, job.place.row, job.place.round, job.place.aged
    if job.count is not None:
        return "count", job.count.unit, job.count.role
    return "job", job.id


def units_of(jobs: Sequence[Job]) -> list[list[Job]]:
    """Return the units in the order of the plan."""
    found: dict[tuple[object, ...], list[Job]] = {}
    for job in jobs:
        found.setdefault(key_of(job), []).append(job)
    return list(found.values())
