# SPDX-License-Identifier: MIT
"""What is not good, one problem each: cases, jobs, answers, figures, leaks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from pmm.base import errors
from pmm.base.last_words import last_words, unless_told
from pmm.collect.conform import BAD
from pmm.documents.jobs import NOT_RUN, JobResult
from pmm.documents.programs import CLASSES, CaseClass, WorkDocument
from pmm.documents.results import (
    BenchRow,
    CaseResult,
    LeakFinding,
    LeakTally,
    WorkResult,
)
from pmm.documents.verdict import Problem
from pmm.judge.leaks import planted
from pmm.judge.soundness import denied

OWN_CODES = (errors.PASS, errors.TOOL_ERROR, errors.USAGE, errors.INCONCLUSIVE)
"""With these a program of the suite ends by itself, and blames nobody."""


def case_problems(cases: Iterable[CaseResult]) -> list[Problem]:
    """Return a problem for each bad cell and a warning for each WARN."""
    out = []
    for case in cases:
        bad = case.outcome in BAD
        if case.unreached or (not bad and case.outcome != "WARN"):
            continue
        where = f" ({case.file}:{case.line})" if case.file else ""
        detail = case.message or case.expectation or "no message"
        if case.outcome == "XPASS":
            detail = f"it passes, and was expected to fail: {case.expectation}"
        out.append(
            Problem(
                kind="case",
                severity="failure" if bad else "warning",
                key=f"{case.column} {case.id}",
                title=f"{case.outcome}: {case.title}",
                detail=detail + where,
                column=case.column,
                reproduce=case.reproduce,
                words=unless_told(case.words, detail),
                word=case.outcome,
            )
        )
    return out


def job_problems(results: Iterable[JobResult]) -> list[Problem]:
    """Return a problem for each job that is not ok.

    A crash, a hang, and what a program says of what it ran are the subject's
    failure; the rest is the tool's error. A job that an interruption left out is
    no problem of its own.
    """
    return [
        Problem(
            kind="job",
            severity="failure" if misbehaved(result) else "error",
            key=result.job,
            title=f"{result.status.upper()}: {result.job}",
            detail=result.reason or "no reason",
            column=None,
            reproduce=result.command,
            words=said_last(result, result.reason or ""),
            word=result.status.upper(),
        )
        for result in results
        if result.status not in ("ok", *NOT_RUN)
    ]


def misbehaved(result: JobResult) -> bool:
    """Tell whether a job is not ok by a fault of what it ran.

    A whole program checks its own work, so that its failure is its allocator's. A
    code that no program of the suite has came from what it ran.
    """
    whole = result.job.startswith("program/") and result.exit_code is not None
    early = result.status in ("crash", "timeout")
    foreign = result.exit_code not in (None, *OWN_CODES)
    return early or whole or foreign


def said_last(result: JobResult | None, detail: str) -> str | None:
    """Return a job's last words, where the detail does not have them."""
    return unless_told(last_words(result.stderr_tail), detail) if result else None


def work_problems(
    work: Iterable[WorkResult], jobs: Mapping[str, JobResult]
) -> list[Problem]:
    """Return a problem for each unverified answer and each unproven backend."""
    out = []
    for result in work:
        document = result.document
        wrong = [
            v.name
            for v in document.variants
            if not v.verified and v.unsupported is None
        ]
        applied = document.error is not None or applies(document)
        if applied and (document.error or wrong or not document.verified):
            detail = (
                document.error or f"not verified: {', '.join(wrong) or 'as a whole'}"
            )
            title = worst_class(document) or "wrong answer"
            words = said_last(jobs.get(result.job), detail)
            found = work_problem("work", "failure", result, title, detail)
            out.append(msgspec.structs.replace(found, words=words))
        if denied(result):
            detail = f"{document.backend} did not serve the memory"
            out.append(work_problem("witness", "failure", result, "no witness", detail))
    return out


def worst_class(document: WorkDocument) -> CaseClass | None:
    """Return the worst that became of a variant; None when each came to an end."""
    outcomes = [failure.outcome for failure in document.failures]
    return max(outcomes, key=CLASSES.index, default=None)


def applies(document: WorkDocument) -> bool:
    """Tell whether the subject offers what one of the variants needs."""
    return bool(document.failures) or any(
        variant.unsupported is None for variant in document.variants
    )


def work_problem(
    kind: str, severity: str, result: WorkResult, title: str, detail: str
) -> Problem:
    """Make a problem of a work document."""
    return Problem(
        kind=kind,  # type: ignore[arg-type]
        severity=severity,  # type: ignore[arg-type]
        key=result.job,
        title=f"{title}: {result.job.removeprefix('work/')}",
        detail=detail,
        column=None,
        reproduce=result.command,
        word=title,
    )


def bench_problems(rows: Iterable[BenchRow]) -> list[Problem]:
    """Return a problem for each benchmark whose check of the work failed."""
    return [
        Problem(
            kind="work",
            severity="failure",
            key=f"{row.job} {row.name}",
            title=f"no figure: {row.name} over {row.backend or row.subject}",
            detail=row.error,
            column=None,
            reproduce=row.command,
            word="no figure",
        )
        for row in rows
        if row.error is not None
    ]


def leak_problems(
    tallies: Iterable[LeakTally], findings: Iterable[LeakFinding]
) -> list[Problem]:
    """Return a problem for each missed leak and each that nobody planted."""
    out = [
        Problem(
            kind="leak",
            severity="failure",
            key=f"leaks {row.variant} {row.subject} {row.backend or 'own'} "
            + "+".join(row.needs),
            title=f"leak check wrong: {row.variant} on {row.subject} "
            f"{row.backend or ''}".rstrip(),
            detail=row.note or "",
            column=None,
            reproduce=row.command,
        )
        for row in tallies
        if not row.right
    ]
    for finding in findings:
        if finding.expected or finding.suppressed:
            continue
        # A process that loses something on purpose cannot close its runtime, so
        # what that still holds may look lost from outside.
        held = planted(finding.variant) and finding.kind == "Leak_PossiblyLost"
        out.append(
            Problem(
                kind="leak",
                severity="warning" if held else "failure",
                key=f"{finding.job} {finding.kind} {finding.message}",
                title=f"{finding.kind} in {finding.workload} {finding.variant or ''}",
                detail=finding.message,
                column=None,
                reproduce=finding.reproduce,
            )
        )
    return out
