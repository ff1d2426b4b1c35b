# SPDX-License-Identifier: MIT
"""From results to one verdict.

1. Expectations turn known failures into XFAIL and unknown passes into XPASS.
2. Columns get their counts and scores.
3. Whatever is not good becomes a problem, worst first.
4. The worst problem decides the exit code: a failure (3) before a tool error
   (1) before runs that do not compare (5) before "nothing applied" (4).

Judging is pure: the same results give the same verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from pmm import errors
from pmm.conform_results import BAD, NOT_REACHED
from pmm.documents import (
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
from pmm.execute import MISBEHAVED
from pmm.jobs import JobResult
from pmm.last_words import last_words, unless_told
from pmm.leaks import planted
from pmm.programs import CLASSES, CaseClass, WorkDocument

SEVERITIES = ("failure", "error", "warning")
STATES: dict[int, VerdictState] = {
    errors.PASS: "pass",
    errors.TOOL_ERROR: "error",
    errors.FAILURE: "fail",
    errors.INCONCLUSIVE: "inconclusive",
    errors.NOT_COMPARABLE: "not-comparable",
}


def score(cases: Sequence[CaseResult], requirements: Sequence[Requirement]) -> Score:
    """Count MUST requirements: kept, applicable, and all there are.

    One is kept when each of its cases passed, applicable when any case applied.
    """
    outcomes: dict[str, set[str]] = {}
    for case in cases:
        for name in case.requirements:
            outcomes.setdefault(name, set()).add(case.outcome)
    must = [need.id for need in requirements if need.level == "MUST"]
    applicable = [
        outcomes[name] - {"UNSUPPORTED"}
        for name in must
        if outcomes.get(name, set()) - {"UNSUPPORTED", "NOT_RUN"}
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
    failure; the rest is the tool's error.
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
        if result.status != "ok"
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
        if document.error is not None or wrong or not document.verified:
            detail = (
                document.error or f"not verified: {', '.join(wrong) or 'as a whole'}"
            )
            title = worst_class(document) or "wrong answer"
            words = said_last(jobs.get(result.job), detail)
            found = problem("work", "failure", result, title, detail)
            out.append(msgspec.structs.replace(found, words=words))
        if document.witness is not None and witness_denies(result):
            detail = f"{document.backend} did not serve the memory"
            out.append(problem("witness", "failure", result, "no witness", detail))
    return out


def worst_class(document: WorkDocument) -> CaseClass | None:
    """Return the worst that became of a variant; None when each came to an end."""
    outcomes = [failure.outcome for failure in document.failures]
    return max(outcomes, key=CLASSES.index, default=None)


def witness_denies(result: WorkResult) -> bool:
    """Tell whether a witness says that another allocator was at work."""
    witness = result.document.witness
    if witness is None:
        return False
    tests = (witness.symbol_in_object, witness.owns, witness.counters_moved)
    return any(test is False for test in tests)


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
            key=f"leaks {row.variant} {row.subject} {row.backend or 'own'}",
            title=f"leak check wrong: {row.variant} on {row.subject} "
            f"{row.backend or ''}".rstrip(),
            detail=row.note or "",
            column=None,
            reproduce=None,
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


def change_problems(comparison: Comparison | None) -> list[Problem]:
    """Return a problem for each change for the worse."""
    if comparison is None:
        return []
    return [
        Problem(
            kind="change",
            severity="failure",
            key=change.key,
            title=f"worse than {comparison.baseline}: {change.label}",
            detail=f"{change.before} → {change.after} {change.unit or ''}".rstrip(),
            column=None,
            reproduce=None,
        )
        for change in comparison.changes
        if change.verdict == "worse"
    ]


def worst_first(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Order problems: failures, errors, warnings; inside by class, worst first."""

    def key(one: Problem) -> tuple[int, int, str]:
        word = one.title.partition(":")[0]
        grade = -CLASSES.index(word) if word in CLASSES else -len(CLASSES)
        return SEVERITIES.index(one.severity), grade, one.key

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
    if "failure" in severities:
        return errors.FAILURE
    if "error" in severities or not measured:
        return errors.TOOL_ERROR
    if comparison is not None and not comparison.comparable:
        return errors.NOT_COMPARABLE
    return errors.PASS if applied else errors.INCONCLUSIVE


def did_apply(cases: Sequence[CaseResult], other: bool) -> bool:
    """Tell whether anything was judged: one applicable case, or other results."""
    idle = {"UNSUPPORTED", "NOT_RUN", "WAIVED"}
    return other or any(case.outcome not in idle for case in cases)


def basis(cases: Sequence[CaseResult], results: Sequence[JobResult]) -> str:
    """Say what the verdict rests on."""
    counts = Counter(case.outcome for case in cases)
    applied = len(cases) - counts["UNSUPPORTED"] - counts["NOT_RUN"]
    if not applied:
        done = sum(result.status == "ok" for result in results)
        return f"{done:,} of {len(results):,} jobs did and proved their work"
    passed = f"{counts['PASS']:,} of {applied:,} applicable case results pass"
    words: dict[CaseClass, str] = {
        "WARN": "only warn", "WAIVED": "are waived", "XFAIL": "fail as expected",
    }  # fmt: skip
    rest = [f", {counts[c]:,} {word}" for c, word in words.items() if counts[c]]
    return passed + "".join(rest)


def sentence(
    code: int,
    cases: Sequence[CaseResult],
    results: Sequence[JobResult],
    problems: Sequence[Problem],
    comparison: Comparison | None,
) -> str:
    """Say the verdict in words."""
    counts = Counter(one.kind for one in problems if one.severity != "warning")
    names = {
        "case": "case result wrong", "job": "job not done", "work": "wrong answer",
        "witness": "backend not proven", "leak": "leak check wrong",
        "expectation": "stale expectation", "change": "change for the worse",
        "claim": "claim measured otherwise than stated",
    }  # fmt: skip
    parts = [f"{n:,} × {names[kind]}" for kind, n in counts.items()]
    if code == errors.NOT_COMPARABLE and comparison is not None:
        parts.append(f"not comparable: {'; '.join(comparison.reasons)}")
    if comparison is not None and comparison.comparable and not counts["change"]:
        parts.append(f"nothing worse than {comparison.baseline}")
    heads = {
        errors.PASS: "Pass", errors.FAILURE: "Fail", errors.TOOL_ERROR: "Error",
        errors.INCONCLUSIVE: "Inconclusive: nothing applied",
        errors.NOT_COMPARABLE: "Not comparable",
    }  # fmt: skip
    return f"{heads[code]}: {'; '.join([*parts, basis(cases, results)])}."


def make_verdict(
    cases: Sequence[CaseResult],
    results: Sequence[JobResult],
    problems: Iterable[Problem],
    other: bool,
    comparison: Comparison | None,
) -> Verdict:
    """Make the verdict of a run."""
    ordered = worst_first(problems)
    applied = did_apply(cases, other)
    code = exit_code(ordered, results, applied, comparison)
    counts = Counter(case.outcome for case in cases)
    return Verdict(
        state=STATES[code],
        exit_code=code,
        sentence=sentence(code, cases, results, ordered, comparison),
        counts={name: counts[name] for name in CLASSES if counts[name]},
        jobs=dict(Counter(result.status for result in results)),
        problems=ordered,
    )
