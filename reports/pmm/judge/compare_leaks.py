# SPDX-License-Identifier: MIT
"""What leaked in this run against an earlier one."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from pmm.documents.results import LeakFinding, LeakTally
from pmm.documents.run import Run
from pmm.documents.verdict import Change, ChangeVerdict
from pmm.judge.changes import change, pair
from pmm.judge.gone import both
from pmm.judge.groups import blurred


def leaks(before: Run, after: Run) -> tuple[list[Change], int]:
    """Compare the tallies, and the findings by what they say and where."""
    tallies, same = compare_tallies(before, after)
    findings, alike = compare_findings(before, after)
    return [*tallies, *findings], same + alike


def place(finding: LeakFinding) -> tuple[str, ...]:
    """Return what a finding says and where, without amounts and line numbers."""
    sites = [f"{f.file} {f.function}" for f in finding.frames if f.file and f.line]
    return (
        finding.job, finding.by, finding.kind, finding.variant or "",
        blurred(finding.message), *sites[:1],
    )  # fmt: skip


def compare_findings(before: Run, after: Run) -> tuple[list[Change], int]:
    """Compare what jobs of both runs lost, on purpose or not."""
    jobs = both(before, after)

    def rows(run: Run) -> dict[tuple[str, ...], list[LeakFinding]]:
        found: dict[tuple[str, ...], list[LeakFinding]] = {}
        for one in run.leaks:
            if one.job in jobs and not one.suppressed:
                found.setdefault(place(one), []).append(one)
        return found

    was, now = rows(before), rows(after)
    found, same = [], 0
    for key in dict.fromkeys([*now, *was]):
        old, new = was.get(key, []), now.get(key, [])
        values = lost(old), lost(new)
        if values[0] == values[1]:
            same += 1
            continue
        first = (new or old)[0]
        verdict: ChangeVerdict = "better" if values[0] > values[1] else "worse"
        if first.expected:
            verdict = "changed"
        name = f"{first.job} {first.kind} {first.message}"
        shown = [said_lost(*value) for value in values]
        made = change("leak", name, (shown[0], shown[1]), verdict)
        found.append(msgspec.structs.replace(made, reproduce=first.reproduce))
    return found, same


def lost(findings: Sequence[LeakFinding]) -> tuple[int, int]:
    """Return how much findings lost: bytes and blocks."""
    return sum(one.bytes or 0 for one in findings), sum(one.count for one in findings)


def said_lost(size: int, count: int) -> str | None:
    """Say how much was lost; None for nothing."""
    return f"{count:,} × lost, {size:,} bytes" if count or size else None


def compare_tallies(before: Run, after: Run) -> tuple[list[Change], int]:
    """Compare whether the detectors saw what they had to."""

    def rows(run: Run) -> dict[str, LeakTally]:
        return {
            f"leaks {t.variant} {t.subject} {t.backend or 'own'} {'+'.join(t.needs)}": t
            for t in run.leak_tally
        }

    found, same = [], 0
    for key, old, new in pair(rows(before), rows(after)):
        if old.right == new.right:
            same += 1
            continue
        words = ("wrong", "right")
        verdict: ChangeVerdict = "better" if new.right else "worse"
        made = change("leak", key, (words[old.right], words[new.right]), verdict)
        found.append(msgspec.structs.replace(made, reproduce=new.command))
    return found, same
