# SPDX-License-Identifier: MIT
"""What the leaks workload lost on purpose, and whether the detectors saw it.

Every variant but `clean` loses something. Each detector that ran has to find
it and say where; in `clean` none may find anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from pmm.collect.runtime_leaks import subject_name
from pmm.documents.jobs import Job, JobResult
from pmm.documents.results import LeakFinding, LeakTally, WorkResult
from pmm.plan.work_jobs import LEAKS

CLEAN = "clean"
PLANTERS = ("leaks.c", "leaks.py")
"""The sources whose lines lose things on purpose."""


def planted(variant: str | None) -> bool:
    """Tell whether a variant of the leaks workload loses something on purpose."""
    return variant not in (None, CLEAN)


def mark_expected(findings: Iterable[LeakFinding]) -> tuple[LeakFinding, ...]:
    """Say of each finding whether it is one that was lost on purpose."""
    return tuple(
        msgspec.structs.replace(
            finding,
            expected=finding.workload == LEAKS
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
        if job.workload != LEAKS or results[job.id].status != "ok":
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
        note = f"no leak was made here, but one was reported: {false[0]}"
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
