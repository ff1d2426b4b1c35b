# SPDX-License-Identifier: MIT
"""The cycles of all processes, in groups of one shape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from pmm.documents.cycles import (
    Count,
    CycleGroup,
    FoundGroup,
    FoundProcess,
    Site,
    Step,
)
from pmm.judge.cycle_kinds import explanation, sort_of

KEPT = 8


def spoken(way: Iterable[Step]) -> str:
    """Write a way round as one line; it ends where it began."""
    steps = tuple(way)
    links = " → ".join(f"{one.kind}{one.reference}" for one in steps)
    return f"{links} → {steps[0].kind}"


def key_of(group: FoundGroup) -> str:
    """Return what two groups of one shape have in common: keys are left out."""
    plain = [
        Step(one.kind, "[]" if one.reference.startswith("[") else one.reference)
        for one in group.way
    ]
    return spoken(plain)


def together(counts: Iterable[Sequence[Count]]) -> tuple[Count, ...]:
    """Add counts by name, most first."""
    sums: Counter[str] = Counter()
    for some in counts:
        sums.update({one.name: one.count for one in some})
    order = sorted(sums.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(Count(*entry) for entry in order)


def sites_of(groups: Sequence[FoundGroup]) -> tuple[Site, ...]:
    """Add the sites of groups, most first."""
    sums: Counter[tuple[str, int]] = Counter()
    for group in groups:
        sums.update({(one.file, one.line): one.count for one in group.sites})
    return tuple(Site(*place, count) for place, count in sums.most_common(KEPT))


def merged(key: str, groups: Sequence[FoundGroup]) -> CycleGroup:
    """Make one group of those that processes found."""
    first = groups[0]
    sort = sort_of(first)
    return CycleGroup(
        key=key,
        way=spoken(first.way),
        kind=sort.name,
        advice=sort.advice,
        owner=first.owner,
        package=first.package,
        explained=explanation(first),
        cycles=sum(one.cycles for one in groups),
        objects=sum(one.objects for one in groups),
        bytes=sum(one.bytes for one in groups),
        held_objects=sum(one.held_objects for one in groups),
        held_bytes=sum(one.held_bytes for one in groups),
        kinds=together(one.kinds for one in groups)[:KEPT],
        held_kinds=together(one.held_kinds for one in groups)[:KEPT],
        sites=sites_of(groups),
        contexts=together(one.contexts for one in groups),
        processes=len(groups),
    )


def groups_of(processes: Iterable[FoundProcess]) -> tuple[CycleGroup, ...]:
    """Return the groups of all processes: findings first, then by bytes."""
    return groups_of_found(one for process in processes for one in process.groups)


def groups_of_found(found: Iterable[FoundGroup]) -> tuple[CycleGroup, ...]:
    """Put groups of one shape together: findings first, then by bytes."""
    by_key: dict[tuple[str, str, bool], list[FoundGroup]] = {}
    for group in found:
        place = (key_of(group), f"{group.owner} {group.package}", group.replaced)
        by_key.setdefault(place, []).append(group)
    made = [merged(place[0], groups) for place, groups in by_key.items()]
    made.sort(key=lambda one: (
        one.explained is not None, -one.bytes - one.held_bytes, one.key))  # fmt: skip
    return tuple(made)
