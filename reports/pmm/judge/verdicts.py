# SPDX-License-Identifier: MIT
"""From results to one verdict.

1. Expectations turn known failures into XFAIL and unknown passes into XPASS.
2. Columns get their counts and scores.
3. Whatever is not good becomes a problem (problems.py), worst first.
4. Problems that have their cause in common are grouped (groups.py).
5. The worst problem decides the exit code: a failure (3) before a tool error
   (1) before runs that do not compare (5) before "nothing was applicable" and "gone"
   (4). A run that was interrupted is 130, whatever it found.

Judging is pure: the same results give the same verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from pmm.base import errors
from pmm.collect.specification import for_subjects
from pmm.documents.jobs import JobResult
from pmm.documents.programs import CLASSES
from pmm.documents.results import CaseResult, Column, Requirement, Score
from pmm.documents.verdict import Comparison, Problem, Verdict, VerdictState
from pmm.judge.groups import View, group_problems, rank, word_of
from pmm.judge.sentences import Finding, sentence

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
    asked = for_subjects(requirements)
    must = [need.id for need in asked if need.level == "MUST"]
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
            Finding(
                code=code,
                cases=cases,
                results=results,
                problems=ordered,
                comparison=comparison,
                applied=applied,
                resume=view.resume,
                speed=view.speed,
                instructions=view.instructions,
            )
        ),
        counts={name: counts[name] for name in CLASSES if counts[name]},
        jobs=dict(Counter(result.status for result in results)),
        problems=ordered,
        groups=groups,
        notices=view.notices,
        resume=view.resume if code == errors.INTERRUPTED else None,
    )
