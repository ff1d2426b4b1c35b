# SPDX-License-Identifier: MIT
"""How much garbage waits for a collector, how long are pauses, how bad is the worst?

The page of `pmm gc`: a file of its own, which needs nothing beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from pmm.base import formatting
from pmm.base.formatting import State
from pmm.documents.ledger import Ledger, LedgerArm, LedgerCell
from pmm.judge.ledger import (
    POINTS,
    collector_ns,
    differs,
    examined,
    garbage,
    joined,
    middle,
    never_collects,
    pauses,
    percentile,
    sentence,
    time_share,
    waiting_share,
)
from pmm.render.figures import Figure, name_of
from pmm.render.standalone import Page, illustrated, made_by

MUCH, SOME = 0.9, 0.25
"""Shares of all garbage that wait at once, from which on a row is marked."""
SLOWEST = 20
MARKS = {
    "all": State("✗", "nearly all", "bad"),
    "some": State("!", "over a quarter", "warn"),
    "little": State("✓", "little", "good"),
    "asked": State("○", "all, by design", "mute"),
    "tracked": State("●", "tracked", "warn"),
    "free": State("·", "not", "mute"),
}


class Row(NamedTuple):
    """A collector's figures at one size."""

    arm: LedgerArm
    cell: LedgerCell
    mark: str
    share: float
    collections: str
    candidates: str
    examined: float | None
    tracked: int
    """Kinds of value that it examines."""
    points: list[int | None]
    worst: int | None
    collecting: float | None
    time_share: float | None
    peak: float | None


class Slow(NamedTuple):
    """One of the slowest pauses."""

    arm: str
    pause_ns: int
    process: int
    number: int
    """Of the collections of that process, from 1."""


class Part(NamedTuple):
    """One size of the program on the page."""

    name: str
    title: str
    rows: list[Row]
    kinds: list[str]
    waiting: Figure
    alike: list[str]
    """Collectors that are drawn as one line: `a = b = c`."""
    distribution: Figure | None
    four: Figure | None
    slowest: list[Slow]
    follows: str


def mark(cell: LedgerCell) -> str:
    """Return the key of MARKS."""
    if never_collects(cell):
        return "asked"
    share = waiting_share(cell)
    return "all" if share >= MUCH else "some" if share >= SOME else "little"


def row_of(arm: LedgerArm, cell: LedgerCell) -> Row:
    """Return a collector's figures."""
    counts = cell.counts
    found = pauses(cell)
    tracked = counts.kinds if counts is not None else {}
    return Row(
        arm=arm, cell=cell, mark=mark(cell), share=waiting_share(cell),
        collections=joined(counts.collections if counts else None),
        candidates=joined(counts.candidates if counts else None),
        examined=examined(counts) if counts is not None else None,
        tracked=sum(tracked.values()),
        points=[percentile(found, point) for point in POINTS],
        worst=max(found, default=None), collecting=middle(cell, collector_ns),
        time_share=time_share(cell), peak=middle(cell, lambda one: one.peak_bytes),
    )  # fmt: skip


def title_of(cell: LedgerCell) -> str:
    """Say what was made, and what lived beside it."""
    beside = f" beside {cell.live:,} live lists" if cell.live else ""
    return (
        f"{cell.made:,} objects{beside}, the last {cell.window:,} held: "
        f"{garbage(cell):,} become garbage"
    )


def alike(rows: list[Row]) -> list[str]:
    """Return the groups whose course is the same to the last object."""
    groups: dict[tuple[int, ...], list[str]] = {}
    for row in rows:
        if row.cell.counts is not None:
            groups.setdefault(row.cell.counts.curve, []).append(row.arm.id)
    return [" = ".join(names) for names in groups.values() if len(names) > 1]


def kinds_of(rows: list[Row]) -> list[str]:
    """Return the kinds of value that anybody was asked about."""
    found: dict[str, None] = {}
    for row in rows:
        found.update(dict.fromkeys(row.cell.counts.kinds if row.cell.counts else ()))
    return list(found)


def slowest(rows: list[Row]) -> list[Slow]:
    """Return the slowest pauses of all processes."""
    every = [
        Slow(row.arm.id, pause, process, number)
        for row in rows
        for process, one in enumerate(row.cell.times, 1)
        for number, pause in enumerate(one.pauses_ns, 1)
    ]
    return sorted(every, key=lambda one: (-one.pause_ns, one.arm))[:SLOWEST]


def follows(rows: list[Row]) -> str:
    """Say what follows from a size's figures, in a sentence."""
    working = [row for row in rows if row.mark != "asked" and row.cell.counts]
    if not working:
        return "Nobody collects by itself here."
    bad = [row.arm.id for row in working if row.mark == "all"]
    if bad:
        return (
            f"A program that makes cycles outgrows its memory in {', '.join(bad)}, "
            "however short the pauses are: nearly all garbage waits."
        )
    timed = [row for row in working if row.worst is not None]
    least = min(working, key=lambda row: row.share)
    if not timed:
        most = max(working, key=lambda row: row.share)
        return (
            f"{most.share:.0%} of the garbage waits in {most.arm.id}, and "
            f"{least.share:.0%} in {least.arm.id}."
        )
    calm = min(timed, key=lambda row: row.worst or 0)
    if calm.arm.id == least.arm.id:
        return f"{calm.arm.id} pauses least and lets the least wait."
    return (
        f"{calm.arm.id} has the shortest worst pause ({formatting.duration(calm.worst)}"
        f") and lets {calm.share:.0%} of the garbage wait; {least.arm.id} lets only "
        f"{least.share:.0%} wait and pauses for "
        f"{formatting.duration(least.worst)} at worst."
    )


def part_of(ledger: Ledger, name: str) -> Part:
    """Return all of one size."""
    from pmm.render import collector_charts  # noqa: PLC0415 - a second to load

    pairs = [(arm, cell) for arm in ledger.arms for cell in arm.cells
             if cell.name == name]  # fmt: skip
    pairs.sort(key=lambda two: -waiting_share(two[1]))
    rows = [row_of(arm, cell) for arm, cell in pairs]
    timed = any(cell.times for _, cell in pairs)
    key, title = f"gc-{name_of(name)}", title_of(pairs[0][1])
    return Part(
        name=name, title=title, rows=rows, kinds=kinds_of(rows),
        waiting=collector_charts.waiting(key, title, pairs), alike=alike(rows),
        distribution=collector_charts.distribution(key, title, pairs)
        if any(pauses(cell) for _, cell in pairs) else None,
        four=collector_charts.four(key, title, pairs) if timed else None,
        slowest=slowest(rows), follows=follows(rows),
    )  # fmt: skip


def longest(parts: Sequence[Part]) -> tuple[Part, Slow] | None:
    """Return the longest pause of all, and where it is drawn."""
    found = [(part, part.slowest[0]) for part in parts if part.slowest]
    return max(found, key=lambda two: two[1].pause_ns, default=None)


def context(ledger: Ledger) -> dict[str, Any]:
    """Values of collector.html."""
    names = dict.fromkeys(cell.name for arm in ledger.arms for cell in arm.cells)
    parts = [part_of(ledger, name) for name in names]
    return {
        "ledger": ledger,
        "sentence": sentence(ledger),
        "parts": parts,
        "longest": longest(parts),
        "marks": MARKS,
        "points": POINTS,
        "verdict_rows": sorted(ledger.rows, key=lambda row: not differs(row)),
        "ledger_verdicts": formatting.LEDGER_VERDICTS,
        "without": [arm for arm in ledger.arms if arm.fault or arm.absence],
    }


def page(ledger: Ledger, document: str) -> Page:
    """Return the page, and its figures to take away; `document` is the name of the
    file that lies beside it.
    """
    values = context(ledger)
    drawn = [
        figure
        for part in values["parts"]
        for figure in (part.four, part.waiting, part.distribution)
        if figure is not None
    ]
    made = made_by("gc", ledger.created)
    return illustrated("collector.html", made, drawn, document=document, **values)
