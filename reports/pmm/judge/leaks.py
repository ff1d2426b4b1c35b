# SPDX-License-Identifier: MIT
"""What the leaks workload lost on purpose, and whether the detectors saw it.

Every variant but `clean` loses something. Each detector that ran has to find
it and say where; in `clean` none may find anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from pmm.base.paths import Places
from pmm.collect.valgrind import site_frame
from pmm.documents.jobs import Job, JobResult
from pmm.documents.programs import Finding
from pmm.documents.run import LeakFinding, LeakTally, WorkResult

WORKLOAD = "leaks"
CLEAN = "clean"
PLANTERS = ("leaks.c", "leaks.py")
"""The sources whose lines lose things on purpose."""


def planted(variant: str | None) -> bool:
    """Tell whether a variant of the leaks workload loses something on purpose."""
    return variant not in (None, CLEAN)


def runtime_findings(
    job: Job, result: JobResult, work: WorkResult, places: Places
) -> tuple[LeakFinding, ...]:
    """Turn what the runtime's own accounting reports into findings."""
    return tuple(
        runtime_finding(job, result, work, finding, places)
        for finding in work.document.findings
    )


def runtime_finding(
    job: Job, result: JobResult, work: WorkResult, finding: Finding, places: Places
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
        frames=site_frame(finding.site, places),
        suppression=None,
        suppressed=False,
        expected=False,
        reproduce=result.command,
    )


def subject_name(job: Job) -> str:
    """Return who was asked: a CPython by its version, as several run."""
    return job.id.rpartition("/")[2] if job.interpreter else job.shown_subject or ""


def mark_expected(findings: Iterable[LeakFinding]) -> tuple[LeakFinding, ...]:
    """Say of each finding whether it is one that was lost on purpose."""
    return tuple(
        msgspec.structs.replace(
            finding,
            expected=finding.workload == WORKLOAD
            and planted(finding.variant)
            and points_at_plant(finding),
        )
        for finding in findings
    )


def points_at_plant(finding: LeakFinding) -> bool:
    """Tell whether a finding is a leak made by a line of the workload itself.

    Valgrind also sees what else the process still held when it ended; only a
    stack through the workload is the find. An invalid read never is.
    """
    if finding.by == "valgrind" and not finding.kind.startswith("Leak_"):
        return False
    return any(
        frame.line and frame.file and Path(frame.file).name in PLANTERS
        for frame in finding.frames
    )


def tally(
    jobs: Sequence[Job],
    results: dict[str, JobResult],
    work: Sequence[WorkResult],
    findings: Sequence[LeakFinding],
) -> tuple[LeakTally, ...]:
    """Hold each variant on each subject against what had to be seen."""
    rows = []
    for job in jobs:
        if job.workload != WORKLOAD or results[job.id].status != "ok":
            continue
        mine = [f for f in findings if f.job == job.id and not f.suppressed]
        for variant in variants_of(job, work):
            row = tally_row(job, variant, [f for f in mine if f.variant == variant])
            command = results[job.id].command
            rows.append(msgspec.structs.replace(row, command=command))
    return tuple(rows)


def variants_of(job: Job, work: Sequence[WorkResult]) -> list[str]:
    """Return the variants that a job ran."""
    if job.variant is not None:
        return [job.variant]
    return [
        variant.name
        for result in work
        if result.job == job.id
        for variant in result.document.variants
        if variant.unsupported is None
    ]


def tally_row(job: Job, variant: str, findings: Sequence[LeakFinding]) -> LeakTally:
    """Count one variant's findings by detector and judge them."""
    needs = ("valgrind", "runtime") if job.kind == "leaks" else ("runtime",)
    counts = {
        by: len([f for f in findings if f.by == by and points_at_plant(f)])
        for by in needs
    }
    lost = planted(variant)
    missed = [by for by in needs if not counts[by]] if lost else []
    false = [f.message for f in findings] if not lost else []
    note = None
    if missed:
        note = f"not found with a source line by {' and '.join(missed)}"
    elif false:
        note = f"nothing is lost here, yet: {false[0]}"
    return LeakTally(
        variant=variant,
        subject=subject_name(job),
        backend=job.shown_backend,
        planted=lost,
        valgrind=counts.get("valgrind"),
        runtime=counts["runtime"],
        needs=needs,
        right=not missed and not false,
        note=note,
    )
