# SPDX-License-Identifier: MIT
"""Is memory lost, and who allocated it?

A leak is one card, whoever lost it and whoever saw it: findings of one variant
that come from one line stand together, a row each, with the detector.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from pmm.base.typed_names import newest_first
from pmm.documents.results import Frame, LeakFinding
from pmm.documents.run import Run


class Card(NamedTuple):
    """The findings of one line."""

    title: str
    frame: Frame | None
    """Where the memory was asked for; None where nobody knows."""
    findings: list[LeakFinding]

    @property
    def seen(self) -> int:
        """How many subjects lost it, each over each backend."""
        return len({(one.subject, one.backend) for one in self.findings})


def origin_frame(finding: LeakFinding) -> Frame | None:
    """The frame that asked for the memory: the first that shows source lines."""
    shown = [frame for frame in finding.frames if frame.excerpt]
    return next(iter([*shown, *finding.frames]), None)


def shared_frame(findings: list[LeakFinding]) -> Frame | None:
    """The origin of findings that have the same one, with its function if told."""
    found = [frame for one in findings if (frame := origin_frame(one)) is not None]
    return max(found, key=lambda frame: frame.function is not None, default=None)


def place(finding: LeakFinding) -> tuple[str, str, str]:
    """What findings of one card have in common."""
    frame = origin_frame(finding)
    where = f"{frame.file}:{frame.line}" if frame and frame.file else finding.message
    return finding.workload, finding.variant or "", where


def rank(finding: LeakFinding) -> tuple[Any, ...]:
    """The reference first, the newest CPython in front of the others."""
    reference = finding.subject.startswith("reference")
    version = newest_first(finding.subject)
    return not reference, version, finding.subject, finding.backend or "", finding.by


def cards(findings: Iterable[LeakFinding]) -> list[Card]:
    """Put findings together by their origin; those that lost most first."""
    grouped: dict[tuple[str, str, str], list[LeakFinding]] = {}
    for finding in sorted(findings, key=rank):
        grouped.setdefault(place(finding), []).append(finding)
    out = [
        Card(" / ".join(part for part in key[:2] if part), shared_frame(mine), mine)
        for key, mine in grouped.items()
    ]
    return sorted(out, key=lambda c: -max(one.bytes or 0 for one in c.findings))


def context(run: Run) -> dict[str, Any]:
    """Values of leaks.html: what nobody planted first."""
    unexpected = [f for f in run.leaks if not f.expected and not f.suppressed]
    return {
        "under_valgrind": {job.id for job in run.plan if job.kind == "leaks"},
        "total": len(unexpected),
        "unexpected": cards(unexpected),
        "expected": cards(f for f in run.leaks if f.expected and not f.suppressed),
        "suppressed": cards(f for f in run.leaks if f.suppressed),
    }
