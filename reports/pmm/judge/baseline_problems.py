# SPDX-License-Identifier: MIT
"""Problems that only a comparison with an earlier run shows.

What fails by itself is told as that failure, with what was there before; a
change for the worse that nothing else tells is a problem, and so is what is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Set

import msgspec

from pmm.documents.asked import GonePolicy
from pmm.documents.verdict import Change, Comparison, Problem, Scalar, Severity

GONE: dict[GonePolicy, Severity] = {
    "warn": "warning", "inconclusive": "inconclusive", "fail": "failure",
}  # fmt: skip


def step(change: Change) -> str:
    """Say a change; of figures also by how much."""
    before, after = change.before, change.after
    said = f"{shown_value(before)} → {shown_value(after)} {change.unit or ''}".rstrip()
    if isinstance(before, int | float) and isinstance(after, int | float):
        said += f" ({after - before:+,}"
        said += f", {(after - before) / before:+.2%})" if before else ")"
    return said


def shown_value(value: Scalar) -> str:
    """Write a value of a change; nothing is a dash."""
    if isinstance(value, int | float):
        return f"{value:,}"
    return "–" if value is None else value


def change_problems(
    comparison: Comparison | None, told: Set[str] = frozenset()
) -> list[Problem]:
    """Return a problem for each change for the worse.

    `told` are keys of changes that a problem of their own tells already: a case
    that fails is told as the failing case.
    """
    if comparison is None:
        return []
    return [
        Problem(
            kind="change",
            severity="failure",
            key=change.key,
            title=f"worse than {comparison.baseline}: {change.label}",
            detail=step(change),
            column=None,
            reproduce=change.reproduce,
        )
        for change in comparison.changes
        if change.verdict == "worse" and change.key not in told
    ]


def with_past(problems: Iterable[Problem], comparison: Comparison) -> list[Problem]:
    """Add to each problem that is a change for the worse what was there before."""
    before = {
        one.key: one.before for one in comparison.changes if one.verdict == "worse"
    }
    return [
        msgspec.structs.replace(
            one, detail=f"{one.detail}; in {comparison.baseline}: {before[one.key]}"
        )
        if before.get(one.key) is not None
        else one
        for one in problems
    ]


def gone_problems(comparison: Comparison | None, policy: GonePolicy) -> list[Problem]:
    """Return a problem for each thing that the baseline had and this run lacks.

    What the command line left out is listed with the comparison, and is none.
    """
    return [
        Problem(
            kind="gone",
            severity=GONE[policy],
            key=f"{one.kind} {one.name}",
            title=f"gone since {comparison.baseline}: {one.kind} {one.name}",
            detail="the baseline has it, but this run does not",
            column=None,
            reproduce=one.command,
        )
        for one in (comparison.gone if comparison is not None else ())
        if one.left_out is None and comparison is not None
    ]
