# SPDX-License-Identifier: MIT
"""From results to one verdict.

1. Expectations turn known failures into XFAIL and unknown passes into XPASS.
2. Columns get their counts and scores.
3. Whatever is not good becomes a problem, worst first.
4. Problems that have their cause in common are grouped (groups.py).
5. The worst problem decides the exit code: a failure (3) before a tool error
   (1) before runs that do not compare (5) before "nothing applied" and "gone"
   (4). A run that was interrupted is 130, whatever it found.

Judging is pure: the same results give the same verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from pmm.base import errors
from pmm.base.last_words import last_words, unless_told
from pmm.collect.conform import BAD, NOT_REACHED
from pmm.documents.jobs import JobResult
from pmm.documents.programs import CLASSES, CaseClass, WorkDocument
from pmm.documents.run import (
    BenchRow,
    CaseResult,
    Column,
    Comparison,
    LeakFinding,
    LeakTally,
    Problem,
    Requirement,
    Score,
    Verdict,
    VerdictState,
    WorkResult,
)
from pmm.execute.executor import MISBEHAVED
from pmm.judge.groups import View, group_problems, rank, word_of
from pmm.judge.leaks import planted
from pmm.judge.sentences import Finding, sentence
from pmm.judge.soundness import denied

SEVERITIES = ("failure", "error", "inconclusive", "warning")
IDLE = frozenset({"UNSUPPORTED", "NOT_RUN", "WAIVED"})
"""Outcomes that say nothing of a requirement."""
STATES: dict[int, VerdictState] = {
    errors.PASS: "pass",
    errors.TOOL_ERROR: "error",
    errors.FAILURE: "fail",
    errors.INCONCLUSIVE: "inconclusive",
    errors.NOT_COMPARABLE: "not-comparable",
    errors.INTERRUPTED: "interrupted",
}


def score(cases: Sequence[CaseResult], requirements: Sequence[Requirement]) -> Score:
    """Count MUST requirements: kept, applicable, and all there are.

    One is kept when each of its cases passed, applicable when any case applied.
    A case that is waived in this column is no evidence either way.
    """
    outcomes: dict[str, set[str]] = {}
    for case in cases:
        for name in case.requirements:
            outcomes.setdefault(name, set()).add(case.outcome)
    must = [need.id for need in requirements if need.level == "MUST"]
    applicable = [
        outcomes[name] - {"UNSUPPORTED", "WAIVED"}
        for name in must
        if outcomes.get(name, set()) - IDLE
    ]
    return Score(
        must_passed=sum(found == {"PASS"} for found in applicable),
        must_applicable=len(applicable),
        must_total=len(must),
    )


def judge_columns(
    columns: Iterable[Column],
    cases: Sequence[CaseResult],
    requirements: Sequence[Requirement],
) -> tuple[Column, ...]:
    """Add counts and scores to the columns."""
    by_column: dict[str, list[CaseResult]] = {}
    for case in cases:
        by_column.setdefault(case.column, []).append(case)
    out = []
    for column in columns:
        mine = by_column.get(column.id, [])
        counts = Counter(case.outcome for case in mine)
        ordered = {name: counts[name] for name in CLASSES if counts[name]}
        subject = column.kind == "subject"
        out.append(
            msgspec.structs.replace(
                column,
                counts=ordered,
                score=score(mine, requirements) if subject else None,
            )
        )
    return tuple(out)


def case_problems(cases: Iterable[CaseResult]) -> list[Problem]:
    """Return a problem for each bad cell and a warning for each WARN."""
    out = []
    for case in cases:
        bad = case.outcome in BAD
        told_by_job = (case.message or "").startswith(NOT_REACHED)
        if told_by_job or (not bad and case.outcome != "WARN"):
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
        )
        for result in results
        if result.status not in ("ok", "skipped")
    ]


def misbehaved(result: JobResult) -> bool:
    """Tell whether a job is not ok by a fault of what it ran."""
    return result.status in ("crash", "timeout") or result.exit_code == MISBEHAVED


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
            found = problem("work", "failure", result, title, detail)
            out.append(msgspec.structs.replace(found, words=words))
        if denied(result):
            detail = f"{document.backend} did not serve the memory"
            out.append(problem("witness", "failure", result, "no witness", detail))
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


def problem(
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


def worst_first(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Order problems: by severity, inside by what they are, worst first."""

    def key(one: Problem) -> tuple[int, int, str]:
        return SEVERITIES.index(one.severity), rank(word_of(one)), one.key

    return tuple(sorted(problems, key=key))


def exit_code(
    problems: Sequence[Problem],
    results: Sequence[JobResult],
    applied: bool,
    comparison: Comparison | None,
) -> int:
    """Return the one exit code."""
    severities = {one.severity for one in problems}
    measured = any(result.status == "ok" for result in results)
    if any(result.status == "skipped" for result in results):
        return errors.INTERRUPTED
    if "failure" in severities:
        return errors.FAILURE
    if "error" in severities or not measured:
        return errors.TOOL_ERROR
    if comparison is not None and not comparison.comparable:
        return errors.NOT_COMPARABLE
    if "inconclusive" in severities or not applied:
        return errors.INCONCLUSIVE
    return errors.PASS


def did_apply(cases: Sequence[CaseResult], other: bool) -> bool:
    """Tell whether anything was judged: one applicable case, or other results."""
    return other or any(case.outcome not in IDLE for case in cases)


def make_verdict(
    cases: Sequence[CaseResult],
    results: Sequence[JobResult],
    problems: Iterable[Problem],
    other: bool,
    comparison: Comparison | None,
    view: View | None = None,
) -> Verdict:
    """Make the verdict of a run."""
    ordered = worst_first(problems)
    applied = did_apply(cases, other)
    code = exit_code(ordered, results, applied, comparison)
    counts = Counter(case.outcome for case in cases)
    view = view or View()
    groups = group_problems(ordered, view)
    return Verdict(
        state=STATES[code],
        exit_code=code,
        sentence=sentence(
            Finding(code, cases, results, ordered, comparison, applied, view.resume)
        ),
        counts={name: counts[name] for name in CLASSES if counts[name]},
        jobs=dict(Counter(result.status for result in results)),
        problems=ordered,
        groups=groups,
        notices=view.notices,
        resume=view.resume if code == errors.INTERRUPTED else None,
    )
