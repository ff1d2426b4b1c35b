# SPDX-License-Identifier: MIT
"""A gate by pairs: what looks worse has to look worse again, on fresh pairs.

1. All rows are judged together in the first pairs (speed.py). Those for the worse
   are measured once more, alone, in pairs of their own.
2. A row is worse when both came to that. Nothing is tried a third time.
3. A row that one of the two has and the other lacks is gone, and no pass.

The first is the candidate, the second the base: above 1 is worse.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from pmm.documents.asked import GonePolicy
from pmm.documents.speed import SpeedRow, SpeedTable
from pmm.documents.verdict import Problem
from pmm.judge.baseline_problems import GONE

WORSE = ("slower", "more")
replace = msgspec.structs.replace


def key_of(row: SpeedRow) -> tuple[str, str, str | None, str]:
    """Return by what a row is found in another table of the same arms."""
    return row.benchmark, row.figure, row.over, row.arm


def suspects(table: SpeedTable) -> list[SpeedRow]:
    """Return the rows that look worse."""
    return [row for row in table.rows if row.verdict in WORSE]


def said(row: SpeedRow) -> str:
    """Say a row's ratio and interval."""
    if row.ratio is None or row.low is None or row.high is None:
        return "no ratio"
    return f"{row.ratio:.3f} times ({row.low:.3f} to {row.high:.3f})"


def confirmed(table: SpeedTable, again: SpeedTable) -> SpeedTable:
    """Return the table with a verdict for the worse only where both agree."""
    second = {key_of(row): row for row in again.rows}

    def settled(row: SpeedRow) -> SpeedRow:
        if row.verdict not in WORSE:
            return row
        other = second.get(key_of(row))
        if other is None or other.verdict != row.verdict:
            seen = said(other) if other is not None else "not measured"
            return replace(row, verdict="undecided", note=f"not confirmed: {seen}")
        return replace(row, note=f"confirmed on {len(other.samples)} more pairs: "
                                 f"{said(other)}")  # fmt: skip

    rows = tuple(map(settled, table.rows))
    reason = again.reason and f"while confirming, {again.reason}"
    return replace(
        table, rows=rows, state=again.state, reason=table.reason or reason,
    )  # fmt: skip


def slower_problems(table: SpeedTable, base: str) -> list[Problem]:
    """Return a failure for each row that is worse than the base."""
    return [
        Problem(
            kind="change",
            severity="failure",
            key=f"pairs {row.benchmark} {row.figure}",
            title=f"{row.verdict} than {base}: {row.title}",
            detail=f"{said(row)}; {row.note or 'not confirmed'}",
            column=None,
            reproduce=None,
        )
        for row in suspects(table)
    ]


def lost_problems(
    table: SpeedTable, base: str, policy: GonePolicy
) -> list[Problem]:
    """Return a problem for each row that no pair has.

    Where the table decides nothing, pairs may be missing for that.
    """
    if table.state != "sound":
        return []
    return [
        Problem(
            kind="gone",
            severity=GONE[policy],
            key=f"pairs {row.benchmark} {row.figure}",
            title=f"no pair with {base}: {row.title}",
            detail="one of the two has no figure of it",
            column=None,
            reproduce=None,
        )
        for row in table.rows
        if not row.samples
    ]


def least_seen(rows: Sequence[SpeedRow]) -> float | None:
    """Return the change that half of the rows would have shown; None if unknown."""
    known = sorted(row.detectable for row in rows if row.detectable is not None)
    return known[len(known) // 2] if known else None
