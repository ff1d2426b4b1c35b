# SPDX-License-Identifier: MIT
"""What each allocator holds over time, and where its live blocks lie.

Of each trace: live and resident bytes over its calls; below, the addresses that
hold live blocks at the peak and after the last call, one strip an allocator. The
tables have the same in figures. Of each pattern: the same figures in a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pmm.base import formatting
from pmm.documents.rank import RankMemory
from pmm.documents.replays import AddressMap, Placement, Places
from pmm.documents.run import Run
from pmm.render import allocator_charts
from pmm.render.charts import SERIES, Row
from pmm.render.figures import Figure, csv_of, name_of
from pmm.render.identity import allocator_places
from pmm.render.rank_figures import labels_of, ratio
from pmm.render.rank_memory_figures import over, peak_ratio

MIB = 1 << 20
PAGE = 4096
LIVE = "live"
MOST_STRETCHES = 64
"""Of a strip: more are drawn together."""
MOST_LINES = len(SERIES) - 1
"""Allocators in a drawing, beside what is live; tables have all."""


class Heap(NamedTuple):
    """One trace: its drawings and its tables."""

    id: str
    title: str
    figure: Figure
    alt: str
    map: Figure | None
    map_alt: str
    stretch: int
    shown: int
    rows: list[list[str]]
    calls: list[list[str]]
    jobs: list[str | None]
    """The job of each row, in whose document its figures are."""


class Held(NamedTuple):
    """One pattern: what each allocator held."""

    id: str
    title: str
    rows: list[list[str]]
    jobs: list[str | None]


USE_HEADS = ("Faults", "User", "System")
TIME_HEADS = (
    "Allocator", "Peak live", "Peak held", "Held / live", "Held at the end",
    "All given back", "A second later",
)  # fmt: skip
PLACE_HEADS = (
    "Allocator", "Set aside / asked for", "Pages / bytes, at the peak",
    "Pages left at the end", "Live on them", "2 MiB regions, peak", "and end",
    "mmap", "munmap", "madvise", "brk", *USE_HEADS,
)  # fmt: skip


def points(memory: Sequence[RankMemory], labels: dict[str, str]) -> list[Row]:
    """Return live bytes once, and what each allocator holds, over the calls."""
    rows: list[Row] = []
    for number, one in enumerate(memory):
        series = one.memory.series if one.memory is not None else ()
        for word, live, held in series:
            if number == 0:
                rows.append({"call": word, "name": LIVE, "mib": live / MIB})
            rows.append({"call": word, "name": labels[one.spec], "mib": held / MIB})
    return rows


def stretches(found: AddressMap, size: int) -> dict[int, int]:
    """Return live bytes by stretch of another size, a multiple of its own."""
    factor = size // found.chunk_bytes
    out: dict[int, int] = {}
    for number, live in found.chunks:
        out[number // factor] = out.get(number // factor, 0) + live
    return out


def places_of(one: RankMemory) -> list[tuple[str, Places]]:
    """Return where blocks lie, at both moments."""
    if one.placement is None:
        return []
    return [("at the peak", one.placement), ("at the end", one.placement.left)]


def stretch_size(memory: Sequence[RankMemory]) -> int:
    """Return the size of a stretch with which no strip is too long."""
    maps = [place.map for one in memory for _, place in places_of(one)]
    size = max((found.chunk_bytes for found in maps), default=1)
    while any(len(stretches(found, size)) > MOST_STRETCHES for found in maps):
        size *= 2
    return size


def strips(
    memory: Sequence[RankMemory], labels: dict[str, str], size: int
) -> list[Row]:
    """Return a cell for each stretch that holds live blocks, in order of address."""
    return [
        {"name": labels[one.spec], "when": when, "at": at, "next": at + 1,
         "full": round(min(live / size, 1.0), 3)}
        for one in memory
        for when, place in places_of(one)
        for at, (_, live) in enumerate(sorted(stretches(place.map, size).items()))
    ]  # fmt: skip


def time_row(one: RankMemory, label: str) -> list[str]:
    """Return what an allocator held over time."""
    size = formatting.size
    return [
        label, size(one.live_peak_bytes), size(one.peak_bytes),
        ratio(one.peak_bytes / max(one.live_peak_bytes, 1)),
        f"{size(one.end_bytes)} of {size(one.end_live_bytes)} live",
        size(one.drained_bytes), size(one.after_1s_bytes),
    ]  # fmt: skip


def use_cells(one: RankMemory) -> list[str]:
    """Return page faults and processor time."""
    return [
        formatting.number(one.faults), formatting.duration(one.user_ns),
        formatting.duration(one.system_ns),
    ]  # fmt: skip


def call_row(one: RankMemory, label: str) -> list[str]:
    """Return where an allocator's blocks lay, and what it asked the system for."""
    system, number = one.system, formatting.number
    calls = [system.mmap, system.munmap, system.madvise, system.brk] if system \
        else [None] * 4  # fmt: skip
    return [
        label, *place_cells(one.placement), *(number(count) for count in calls),
        *use_cells(one),
    ]  # fmt: skip


def place_cells(found: Placement | None) -> list[str]:
    """Return the cells about places."""
    if found is None:
        return [formatting.DASH] * 6
    inside = formatting.DASH
    if found.usable_bytes is not None:
        inside = ratio(found.usable_bytes / max(found.bytes, 1))
    left = found.left
    return [
        inside, ratio(found.pages_4k * PAGE / max(found.bytes, 1)),
        formatting.size(left.pages_4k * PAGE), formatting.size(left.bytes),
        formatting.number(found.regions_2m), formatting.number(left.regions_2m),
    ]  # fmt: skip


def held(key: str, title: str, drawn: Sequence[RankMemory], run: Run) -> Figure:
    """Draw live bytes, and what each allocator holds."""
    labels, places = labels_of(run), allocator_places(run)
    rows = points(drawn, labels)
    svg = allocator_charts.held(
        rows, names=[labels[one.spec] for one in drawn], live=LIVE,
        places={labels[one.spec]: places[one.spec] for one in drawn},
    )  # fmt: skip
    heads = ("name", "call", "mib")
    return Figure(key, title, svg, csv_of(heads, ([r[k] for k in heads] for r in rows)))


def addresses(
    key: str, title: str, cells: list[Row], names: Sequence[str]
) -> Figure | None:
    """Draw where live blocks lie; None where nobody knows."""
    if not cells:
        return None
    heads = ("name", "when", "at", "full")
    numbers = csv_of(heads, ([cell[k] for k in heads] for cell in cells))
    return Figure(key, title, allocator_charts.strips(cells, names=names), numbers)


Told = tuple[str, bool, str]
"""A trace or a pattern, whether its heap is aged, and an allocator."""


def jobs_of(run: Run, group: str) -> dict[Told, str]:
    """Return the job that told of each: memory is taken before all rounds."""
    placed = [(job, job.place) for job in run.plan if job.place is not None]
    placed.sort(key=lambda two: two[1].round)
    found: dict[Told, str] = {}
    for job, place in placed:
        if place.group == group and place.role == "asked":
            found.setdefault((place.row, place.aged, job.backend or ""), job.id)
    return found


def title_of(one: RankMemory) -> str:
    """Name a trace on its kind of heap."""
    return f"{one.name} on {'an aged' if one.aged else 'a fresh'} heap"


def key_of(one: RankMemory) -> str:
    """Return the place of a trace on its kind of heap."""
    return name_of(f"{one.name}-{'aged' if one.aged else 'fresh'}")


def heap(
    name: str, memory: Sequence[RankMemory], run: Run, jobs: Mapping[Told, str]
) -> Heap:
    """Return one trace on one kind of heap."""
    labels = labels_of(run)
    drawn = memory[:MOST_LINES]
    names = [labels[one.spec] for one in drawn]
    size = stretch_size(drawn)
    cells = strips(drawn, labels, size)
    said = "; ".join(
        f"{labels[one.spec]} peaks at {formatting.size(one.peak_bytes)} and holds "
        f"{formatting.size(one.after_1s_bytes)} a second after all was given back"
        for one in memory
    )
    key, title = key_of(memory[0]), title_of(memory[0])
    return Heap(
        id=key, title=title,
        figure=held(f"heap-{key}", f"Held over time: {title}", drawn, run),
        alt=f"Resident bytes over the calls of {name}, live at most "
        f"{formatting.size(memory[0].live_peak_bytes)}: {said}.",
        map=addresses(f"heap-{key}-map", f"Addresses: {title}", cells, names),
        map_alt=f"Stretches of {formatting.size(size)} that hold live blocks.",
        stretch=size, shown=len(drawn),
        rows=[time_row(one, labels[one.spec]) for one in memory],
        calls=[call_row(one, labels[one.spec]) for one in memory],
        jobs=[jobs.get((one.name, one.aged, one.spec)) for one in memory],
    )  # fmt: skip


class Worst(NamedTuple):
    """The replay in which most is held for nothing, and where it is drawn."""

    label: str
    title: str
    held: str
    place: str


def answer(memory: Sequence[RankMemory], labels: dict[str, str]) -> str | None:
    """Say who holds least beside what is live, in the mean; None without a mean."""
    means = over(memory, peak_ratio)
    if not means:
        return None
    order = sorted(means, key=lambda spec: means[spec])
    least, most = order[0], order[-1]
    said = f"{labels[least]} holds {ratio(means[least])} × of what is live at the peak"
    if most == least:
        return f"{said}, in the mean over the replays of this page."
    return (
        f"{said}, the least in the mean over the replays of this page; "
        f"{labels[most]} holds most, {ratio(means[most])} ×."
    )


def worst(memory: Sequence[RankMemory], labels: dict[str, str]) -> Worst | None:
    """Return where the most is held for each live byte."""
    one = max(memory, key=peak_ratio, default=None)
    if one is None:
        return None
    return Worst(labels[one.spec], title_of(one), ratio(peak_ratio(one)), key_of(one))


def pattern(
    memory: Sequence[RankMemory], labels: dict[str, str], jobs: Mapping[Told, str]
) -> Held:
    """Return one pattern on one kind of heap."""
    return Held(
        id=f"pattern-{key_of(memory[0])}", title=f"Pattern {title_of(memory[0])}",
        rows=[[*time_row(one, labels[one.spec]), *use_cells(one)] for one in memory],
        jobs=[jobs.get((one.name, one.aged, one.spec)) for one in memory],
    )  # fmt: skip


Grouped = dict[tuple[str, bool], list[RankMemory]]
"""Allocators in the order of the standings, by row and whether its heap is aged."""


def grouped(run: Run, group: str) -> Grouped:
    """Return the memory of all rows of one kind."""
    order = {one.spec: place for place, one in enumerate(run.standings)}
    memory = [m for m in (run.rank.memory if run.rank else ()) if m.group == group]
    out: Grouped = {}
    for one in sorted(memory, key=lambda one: order.get(one.spec, len(order))):
        out.setdefault((one.name, one.aged), []).append(one)
    return dict(sorted(out.items()))


def context(run: Run) -> dict[str, Any]:
    """Values of heap.html."""
    traces, patterns = grouped(run, "trace"), grouped(run, "pattern")
    memory = [one for row in traces.values() for one in row]
    labels, jobs = labels_of(run), jobs_of(run, "trace")
    told = jobs_of(run, "pattern")
    heaps = [heap(key[0], row, run, jobs) for key, row in traces.items()]
    return {
        "heaps": heaps,
        "answer": answer(memory, labels),
        "worst": worst(memory, labels),
        "patterns": [pattern(row, labels, told) for row in patterns.values()],
        "figures": [f for one in heaps for f in (one.figure, one.map) if f is not None],
        "time_heads": TIME_HEADS,
        "pattern_heads": (*TIME_HEADS, *USE_HEADS),
        "place_heads": PLACE_HEADS,
    }
