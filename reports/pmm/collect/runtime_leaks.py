# SPDX-License-Identifier: MIT
"""What a runtime's own accounting says is lost, as findings with source lines."""

from __future__ import annotations

from pmm.base.paths import Paths
from pmm.collect.valgrind import site_frame
from pmm.documents.jobs import Job, JobResult
from pmm.documents.programs import Finding
from pmm.documents.results import LeakFinding, WorkResult


def runtime_findings(
    job: Job, result: JobResult, work: WorkResult, paths: Paths
) -> tuple[LeakFinding, ...]:
    """Turn what the runtime's own accounting reports into findings."""
    return tuple(
        runtime_finding(job, result, work, finding, paths)
        for finding in work.document.findings
    )


def runtime_finding(
    job: Job, result: JobResult, work: WorkResult, finding: Finding, paths: Paths
) -> LeakFinding:
    """Make one finding; a document of a single variant need not name it."""
    document = work.document
    variant = finding.variant
    if variant is None and len(document.variants) == 1:
        variant = document.variants[0].name
    what = finding.type or "block"
    return LeakFinding(
        job=job.id,
        by="runtime",
        kind=finding.kind,
        workload=document.workload,
        variant=variant,
        subject=subject_name(job),
        backend=document.backend,
        type=finding.type,
        message=f"{finding.count} × {what} lost ({finding.kind})",
        count=finding.count,
        bytes=finding.bytes,
        frames=site_frame(finding.site, paths),
        suppression=None,
        suppressed=False,
        expected=False,
        reproduce=result.command,
    )


def subject_name(job: Job) -> str:
    """Return who was asked: a CPython by its version, as several run."""
    return job.id.rpartition("/")[2] if job.interpreter else job.shown_subject or ""
