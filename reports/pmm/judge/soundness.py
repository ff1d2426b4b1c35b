# SPDX-License-Identifier: MIT
"""Which parts of a run may speak for or against a sentence about Python.

Shipped parts only, and of those the ones that are sound: their job was done,
nothing in their allocator's check failed, and their witness denies nothing. A
plug-in that is broken says something of itself alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pmm.base.typed_names import is_path
from pmm.collect.conform import BAD
from pmm.documents.asked import Asked
from pmm.documents.jobs import NOT_RUN, Job, JobResult
from pmm.documents.results import CaseResult, Column, WorkResult


@dataclass(frozen=True)
class Evidence:
    """What of a run the claims are judged by."""

    work: tuple[WorkResult, ...]
    cases: tuple[CaseResult, ...]
    columns: tuple[Column, ...]


def shipped(job: Job) -> bool:
    """Tell whether a job is about parts of the suite, or an interpreter found."""
    specs = (job.subject, None if job.interpreter else job.backend)
    return not any(spec is not None and is_path(spec) for spec in specs)


def broken_backends(
    plan: Iterable[Job],
    results: Mapping[str, JobResult],
    cases: Iterable[CaseResult],
) -> set[str | None]:
    """Return the backends whose own check failed or was not done."""
    checks = {job.id: job.backend for job in plan if job.kind == "backend-check"}
    bad = {case.job for case in cases if case.outcome in BAD}
    return {
        backend
        for job, backend in checks.items()
        if job in bad or results[job].status not in ("ok", *NOT_RUN)
    }


def denied(work: WorkResult) -> bool:
    """Tell whether a witness says that another allocator was at work."""
    witness = work.document.witness
    if witness is None:
        return False
    tests = (witness.symbol_in_object, witness.owns, witness.counters_moved)
    return any(test is False for test in tests)


def sound_evidence(
    plan: Sequence[Job],
    results: Mapping[str, JobResult],
    work: Sequence[WorkResult],
    cases: Sequence[CaseResult],
    columns: Sequence[Column],
    asked: Asked | None,
) -> Evidence:
    """Leave out what comes from plug-ins, broken allocators and failed jobs.

    A sentence speaks of the sizes that the workloads have by themselves: at those
    that somebody sets (`--set items=100`) its figures are neither for nor against it.
    """
    sized = asked is not None and asked.settings
    broken = broken_backends(plan, results, cases)
    jobs = {
        job.id
        for job in plan
        if shipped(job)
        and (job.interpreter is not None or job.backend not in broken)
        and results[job.id].status == "ok"
    }
    mine = tuple(case for case in cases if case.job in jobs)
    names = {case.column for case in mine}
    return Evidence(
        work=()
        if sized
        else tuple(one for one in work if one.job in jobs and not denied(one)),
        cases=mine,
        columns=tuple(column for column in columns if column.id in names),
    )
