# SPDX-License-Identifier: MIT
"""What a baseline knows of a program's cycles, and the verdict in a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from pmm.base.formatting import plural, size
from pmm.documents.cycles import Count, CycleBaseline, CycleGroup, CycleReport


def findings(groups: Iterable[CycleGroup]) -> list[CycleGroup]:
    """Return the groups that somebody is to look at."""
    return [one for one in groups if one.explained is None]


def baseline_of(groups: Iterable[CycleGroup]) -> CycleBaseline:
    """Return a baseline that knows all of these."""
    known = sorted((one.key, one.cycles) for one in findings(groups))
    return CycleBaseline(
        schema="pmm.cycles-baseline",
        version=1,
        known=tuple(Count(*entry) for entry in known),
    )


def judged(
    groups: Sequence[CycleGroup], baseline: CycleBaseline
) -> tuple[tuple[CycleGroup, ...], tuple[str, ...]]:
    """Mark the findings that a baseline does not know; return what is gone, too."""
    known = {one.name for one in baseline.known}
    here = {one.key for one in groups}
    marked = tuple(
        msgspec.structs.replace(one, new=one.explained is None and one.key not in known)
        for one in groups
    )
    return marked, tuple(sorted(known - here))


def has_new(report: CycleReport) -> bool:
    """Tell whether there is a cycle that the baseline does not know."""
    return any(one.new for one in report.groups)


def sentence(report: CycleReport) -> str:
    """Say in a sentence what was found."""
    found = findings(report.groups)
    if not found:
        return "No reference cycle: reference counting freed everything of the program."
    cycles = sum(one.cycles for one in found)
    bytes_held = sum(one.bytes + one.held_bytes for one in found)
    text = (
        f"{plural(cycles, 'reference cycle')} of {plural(len(found), 'shape')}, "
        f"{size(bytes_held + report.shared_bytes)} that only the collector could free"
    )
    if report.baseline is None:
        return f"{text}."
    new = sum(one.new for one in found)
    return f"{text}; {plural(new, 'shape')} that {report.baseline} does not know."


def computed(report: CycleReport) -> float:
    """Return the seconds that the program computed, ours included."""
    return sum(one.cpu_s for one in report.processes)


def overhead(report: CycleReport) -> float | None:
    """Return how much longer the program computed than it would have alone."""
    whole = computed(report)
    own = whole - sum(one.tool_s for one in report.processes)
    return whole / own if own > 0 else None
