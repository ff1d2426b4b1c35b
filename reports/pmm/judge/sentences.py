# SPDX-License-Identifier: MIT
"""The verdict in one sentence, and what it rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pmm.base import errors
from pmm.documents.instructions import InstructionTable
from pmm.documents.jobs import NOT_RUN, JobResult
from pmm.documents.programs import CaseClass
from pmm.documents.results import CaseResult
from pmm.documents.speed import SpeedTable
from pmm.documents.verdict import Comparison, Problem
from pmm.judge.instructions import counted_in_words
from pmm.judge.speed import told

NAMES = {
    "case": "wrong case result", "job": "job not finished", "work": "wrong answer",
    "witness": "backend not proven", "leak": "leak check wrong",
    "expectation": "stale expectation", "change": "change for the worse",
    "claim": "claim measured otherwise than stated", "gone": "gone since the baseline",
}  # fmt: skip
HEADS = {
    errors.PASS: "Pass", errors.FAILURE: "Fail", errors.TOOL_ERROR: "Error",
    errors.INCONCLUSIVE: "Inconclusive", errors.NOT_COMPARABLE: "Not comparable",
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """What a sentence is made of."""

    code: int
    cases: Sequence[CaseResult]
    results: Sequence[JobResult]
    problems: Sequence[Problem]
    comparison: Comparison | None
    applied: bool
    resume: str | None
    speed: SpeedTable | None = None
    instructions: InstructionTable | None = None


def basis(cases: Sequence[CaseResult], results: Sequence[JobResult]) -> str:
    """Say what the verdict rests on."""
    counts = Counter(case.outcome for case in cases)
    idle = counts["UNSUPPORTED"] + counts["NOT_RUN"] + counts["WAIVED"]
    applied = len(cases) - idle
    if not applied:
        done = sum(result.status == "ok" for result in results)
        return f"{done:,} of {len(results):,} jobs finished with verified results"
    passed = f"{counts['PASS']:,} of {applied:,} applicable case results pass"
    words: dict[CaseClass, str] = {
        "WARN": "only warn", "XFAIL": "fail as expected", "WAIVED": "are waived",
        "UNSUPPORTED": "need a feature that is not offered",
    }  # fmt: skip
    rest = [f", {counts[c]:,} {word}" for c, word in words.items() if counts[c]]
    return passed + "".join(rest)


def against(found: Finding) -> list[str]:
    """Say what the comparison found, where the problems do not."""
    comparison = found.comparison
    if comparison is None:
        return []
    if not comparison.comparable:
        return [f"not comparable: {'; '.join(comparison.reasons)}"]
    said = []
    if not comparison.counts.get("worse"):
        said.append(
            f"nothing is worse than {comparison.baseline} in what both runs have"
        )
    if comparison.counts.get("unjudged"):
        said.append("times are shown but do not affect the verdict")
    gone = [one for one in found.problems if one.kind == "gone"]
    if gone and gone[0].severity == "warning":
        said.append(f"{len(gone):,} gone since {comparison.baseline}, which only warns")
    return said


def interruption(found: Finding) -> str:
    """Say how far an interrupted run came, and how to go on."""
    done = sum(result.status not in NOT_RUN for result in found.results)
    said = f"Interrupted after {done:,} of {len(found.results):,} jobs"
    return f"{said}; continue with: {found.resume}" if found.resume else said


def sentence(found: Finding) -> str:
    """Say the verdict in words."""
    bad = [one for one in found.problems if one.severity != "warning"]
    counts = Counter(one.kind for one in bad if one.kind in NAMES)
    parts = [f"{n:,} × {NAMES[kind]}" for kind, n in counts.items()]
    parts += [one.detail for one in bad if one.kind == "speed"]
    if not found.applied and found.code in (errors.PASS, errors.INCONCLUSIVE):
        parts.insert(0, "nothing was applicable")
    parts += [*against(found), basis(found.cases, found.results)]
    if found.instructions is not None:
        parts.append(counted_in_words(found.instructions))
    if found.code == errors.INTERRUPTED:
        return f"{interruption(found)}. So far: {'; '.join(parts)}."
    said = f"{HEADS[found.code]}: {'; '.join(parts)}."
    if found.code == errors.PASS and found.speed is not None:
        return f"{said} {told(found.speed)}."
    return said
