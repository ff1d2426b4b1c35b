# SPDX-License-Identifier: MIT
"""Why a program has the memory that it has: a leak, cycles, retention, or nothing.

1. Cycles: what the last full collection freed is a quarter of what the program
   had in use beyond its start.
2. A leak: what is in use, without that garbage, grows from each quarter of the time
   to the next one; the time begins when the modules are loaded, nearly all. So may
   what no allocator has: mapped files, stacks of threads, memory that is mapped.
3. Retention: in three quarters of the second half of the time, the allocators keep
   a third of the resident memory free.
4. Of those that apply the largest is the verdict; none: flat.

What is judged is the time that the program ran: at its end it may let go of all.

The least bytes that are judged are of the size of an interpreter's own noise.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import msgspec

from pmm.base.formatting import number, plural, size
from pmm.documents.rss import (
    WORDS,
    Census,
    EndState,
    RssProcess,
    Sample,
    Verdict,
)

LEAST = 2 << 20
CYCLE_SHARE = 0.25
GROWTH = 0.05
"""Of what is in use, from a quarter of the time to the next."""
KEPT_SHARE = 0.33
QUARTERS = 4
STILL = 0.25
"""Of a quarter's growth, in the last one of them."""
TAIL = 10
"""In the last such part of the time, a program may let go of all that it has."""
LET_GO = 0.75
"""What is left then, of what was in use."""
FEW = 8
"""Samples, with fewer of which nothing is said of growth."""
LOADED = 0.95
"""Of the modules that are loaded meanwhile."""
TOO_FEW = (
    "it was too short to see whether it grows: run it longer, or with a smaller "
    "--interval"
)
BESIDE = {
    "files": (
        "files that are mapped",
        "a mapping stays until it is closed, and until nothing refers to its bytes: "
        "close what is not needed any longer",
    ),
    "stacks": (
        "stacks of threads",
        "threads are started and do not end: look for what they wait for, or use a "
        "pool of a fixed size",
    ),
    "unexplained": (
        "memory that is mapped by itself (mmap), by no allocator of Python's or libc's",
        "`mmap` without a file, an allocator of a library, or a thread's stack: close "
        "it, or ask the library what it keeps",
    ),
}
"""What may grow beside the allocators, by the part: what it is, and what helps."""
TOLD = 3
SMALL_PART = 8
"""A type that grows by less than such a part of the first one is not told."""


class Finding(NamedTuple):
    """One of the reasons, with its weight in bytes."""

    verdict: Verdict
    bytes: int
    sentence: str
    evidence: list[str]
    remedy: str


def judged(process: RssProcess) -> RssProcess:
    """Return the process with its verdict."""
    if process.end is None or not process.samples:
        return msgspec.structs.replace(
            process, sentence="It was cut off: there is a series and no verdict."
        )
    found = [
        one for one in (cycles(process, process.end), leak(process, process.end),
                        beside(process), retention(process, process.end))
        if one is not None
    ]  # fmt: skip
    best = max(found, key=lambda one: one.bytes, default=flat(process))
    return msgspec.structs.replace(
        process, verdict=best.verdict, sentence=best.sentence,
        evidence=tuple(best.evidence), remedy=best.remedy,
    )  # fmt: skip


def cycles(process: RssProcess, end: EndState) -> Finding | None:
    """Judge what the last collections freed."""
    freed = end.live[0] - end.live[-1]
    made = end.live[0] - process.samples[0].parts.live
    if freed < max(LEAST, CYCLE_SHARE * made):
        return None
    oldest = max(range(3), key=lambda one: end.live[one] - end.live[one + 1])
    waits = (
        f"it waited for a collection of generation {oldest}"
        if end.enabled
        else "the collector was off"
    )
    objects = sum(end.garbage)
    return Finding(
        "cycles", freed,
        f"Cycles: {size(freed)} were garbage that only the collector could free; "
        f"{waits}.",
        [f"the last collection freed {plural(objects, 'object')} and {size(freed)}; "
         f"{size(end.live[-1])} stayed in use",
         "thresholds of the collector: " + ", ".join(map(str, end.thresholds))],
        "`pmm cycles` with the same command names the cycles and what breaks them; "
        "until then `gc.collect()` frees them",
    )  # fmt: skip


def series(process: RssProcess) -> tuple[Sample, ...]:
    """Return the samples of the time that the program ran, until it let go of all."""
    ran = process.samples[:-1] if process.end is not None else process.samples
    for back in range(min(len(ran) - 1, len(ran) // TAIL + 1), 0, -1):
        if ran[-back].parts.live < LET_GO * ran[-back - 1].parts.live:
            return ran[:-back]
    return ran


def loaded(process: RssProcess) -> tuple[Sample, ...]:
    """Return the samples behind the time in which the modules were loaded."""
    ran = series(process)
    first, last = ran[0].modules, ran[-1].modules
    enough = first + LOADED * (last - first)
    return tuple(one for one in ran if one.modules >= enough)


def quarters(ran: tuple[Sample, ...], part: str = "live") -> list[int]:
    """Return the least that a part had in each quarter of the time."""
    begin, whole = ran[0].at_s, ran[-1].at_s - ran[0].at_s
    least: list[int | None] = [None] * QUARTERS
    for one in ran:
        gone = QUARTERS * (one.at_s - begin) / whole if whole else 0
        place = min(QUARTERS - 1, int(gone))
        before = least[place]
        now = getattr(one.parts, part)
        least[place] = now if before is None else min(before, now)
    return [one for one in least if one is not None]


def grows(least: list[int], last: int) -> bool:
    """Tell whether there is more in each quarter than in the one before, and still
    more at the end: what was filled and is full has stopped.
    """
    steps = [after - before for before, after in pairwise(least)]
    if len(least) < QUARTERS - 1 or any(one <= GROWTH * last for one in steps):
        return False
    return last - least[-1] > STILL * sum(steps) / len(steps)


def leak(process: RssProcess, end: EndState) -> Finding | None:
    """Judge what is in use, and whether it grows to the end."""
    ran = loaded(process)
    if len(ran) < FEW:
        return None
    least = quarters(ran)
    last = ran[-1].parts.live
    if not grows(least, last):
        return None
    growth = last - least[1] - (end.live[0] - end.live[-1])
    if growth < LEAST:
        return None
    rate = growth_rate(ran, growth)
    kinds = growing(process)
    python = grows_in_python(process)
    where = spoken(kinds) if python else (
        "no Python objects: memory that C code took from malloc"
    )  # fmt: skip
    return Finding(
        "leak", growth,
        f"A leak: what is in use grows to the end, by {size(rate)} a second; "
        f"what grows is {where}.",
        ["in use in each quarter of the time: "
         + ", ".join(size(one) for one in least) + f"; at last {size(last)}",
         *(f"{name}: {number(more)} objects and {size(bytes_more)} more"
           for name, more, bytes_more in kinds[:TOLD]),
         *growing_sites(process)],
        "what holds these objects has to let them go: look for a container, a cache "
        "or a list of listeners that only grows" if python else
        "an extension or a C library does not free what it takes; `pmm "
        "check-extension` and valgrind find which",
    )  # fmt: skip


def growth_rate(ran: tuple[Sample, ...], growth: int) -> float:
    """Return the bytes a second of what grew since the first quarter."""
    return growth / max((ran[-1].at_s - ran[0].at_s) * 3 / QUARTERS, 1e-9)


def beside(process: RssProcess) -> Finding | None:
    """Judge what no allocator has, and whether it grows to the end.

    Of a file that is mapped once more and more may be resident: that is no leak, as
    the system takes it back when it needs the room.
    """
    ran = loaded(process)
    found = [one for part in BESIDE if (one := part_grows(ran, part)) is not None]
    return max(found, key=lambda one: one.bytes, default=None)


def part_grows(ran: tuple[Sample, ...], part: str) -> Finding | None:
    """Return the finding that a part grows; None where it does not."""
    if len(ran) < FEW:
        return None
    least, last = quarters(ran, part), getattr(ran[-1].parts, part)
    if not grows(least, last) or last - least[1] < LEAST:
        return None
    growth = last - least[1]
    if part == "files" and ran[-1].mapped - ran[0].mapped < growth:
        return None
    what, remedy = BESIDE[part]
    rate = growth_rate(ran, growth)
    return Finding(
        "leak", growth,
        f"A leak: what is in use grows to the end, by {size(rate)} a second; what "
        f"grows is {what}.",
        [f"{WORDS[part]} in each quarter of the time: "
         + ", ".join(size(one) for one in least) + f"; at last {size(last)}"],
        remedy,
    )  # fmt: skip


def compared(process: RssProcess) -> tuple[Census, Census] | None:
    """Return the census that counted most, and one well before it."""
    if len(process.counts) < 2:
        return None
    last = max(process.counts[1:], key=lambda one: sum(k.bytes for k in one.kinds))
    earlier = [one for one in process.counts if one.at_s < 0.9 * last.at_s]
    return (earlier[len(earlier) // 2], last) if earlier else None


def live_at(process: RssProcess, at_s: float) -> int:
    """Return what was in use at a time, while the program ran."""
    nearest = min(series(process), key=lambda one: abs(one.at_s - at_s))
    return nearest.parts.live


def grows_in_python(process: RssProcess) -> bool:
    """Tell whether Python objects are a fair part of what grew between two censuses;
    where there are no two, there is no reason to suspect C code.
    """
    pair = compared(process)
    if pair is None:
        return True
    growth = live_at(process, pair[1].at_s) - live_at(process, pair[0].at_s)
    return sum(more for _, _, more in growing(process)) > growth / 4


def growing(process: RssProcess) -> list[tuple[str, int, int]]:
    """Return the types that grew: name, objects more, bytes more."""
    pair = compared(process)
    if pair is None:
        return []
    before = {one.name: one for one in pair[0].kinds}
    grown = []
    for one in pair[1].kinds:
        old = before.get(one.name)
        more = one.bytes - (old.bytes if old else 0)
        if more > LEAST / 16:
            grown.append((one.name, one.objects - (old.objects if old else 0), more))
    grown.sort(key=lambda entry: -entry[2])
    return [one for one in grown if one[2] * SMALL_PART > grown[0][2]]


def growing_sites(process: RssProcess) -> list[str]:
    """Return the lines of which more is alive, where that was traced."""
    pair = compared(process)
    if pair is None:
        return []
    before = {(one.file, one.line): one.bytes for one in pair[0].sites}
    grown = [(one.bytes - before.get((one.file, one.line), 0), one)
             for one in pair[1].sites]  # fmt: skip
    grown.sort(key=lambda entry: -entry[0])
    return [f"{one.file}:{one.line} made {size(more)} more"
            for more, one in grown[:TOLD] if more > LEAST / 16]  # fmt: skip


def spoken(kinds: list[tuple[str, int, int]]) -> str:
    """Name the types that grow most."""
    if not kinds:
        return "not known: it ended before its objects were counted twice"
    return ", ".join(name for name, _, _ in kinds[:TOLD])


def retention(process: RssProcess, end: EndState) -> Finding | None:
    """Judge what the allocators keep without need."""
    ran = series(process)
    later = [one.parts for one in ran if one.at_s >= ran[-1].at_s / 2]
    later.sort(key=lambda one: one.kept)
    here = later[len(later) // QUARTERS]
    rss, kept = here.rss, here.kept
    if len(ran) < FEW or kept < max(2 * LEAST, KEPT_SHARE * rss):
        return None
    trimmed = max(0, end.collected.rss - end.trimmed.rss)
    of_pymalloc = here.pymalloc_free + here.pymalloc_overhead
    by_libc = here.libc_free > of_pymalloc
    peak = max(one.rss for one in process.samples)
    remedy = (
        "`malloc_trim(0)` by ctypes, or MALLOC_TRIM_THRESHOLD_ and MALLOC_ARENA_MAX "
        "in the environment"
        if by_libc
        else "few live objects hold the arenas that they lie in: make what lives "
        "long before what dies soon, or do the work in a process that ends"
    )
    return Finding(
        "retention", kept,
        f"Retention: {size(kept)} of {size(rss)} are free and not given back, "
        f"{'by malloc' if by_libc else 'in arenas of pymalloc'}.",
        [f"in use then: {size(here.live)}; the peak was {size(peak)} resident",
         f"pymalloc keeps {size(of_pymalloc)}, malloc {size(here.libc_free)}",
         f"malloc_trim gave back {size(trimmed)} at the end"],
        remedy,
    )  # fmt: skip


def flat(process: RssProcess) -> Finding:
    """Say that there is nothing to mend."""
    peak = max(one.rss for one in process.samples)
    last = series(process)[-1].rss
    enough = len(loaded(process)) >= FEW
    return Finding(
        "flat", 0,
        f"Flat: {size(last)} resident at the end, {size(peak)} at most, and nothing "
        "that grows, waits or is kept.",
        [*slow(process), *touched(process)] if enough else [TOO_FEW], "",
    )  # fmt: skip


def slow(process: RssProcess) -> list[str]:
    """Say that what is in use grows a little, which may be noise or a slow leak."""
    ran = loaded(process)
    least, last = quarters(ran), ran[-1].parts.live
    growth = last - least[0]
    if growth < LEAST or any(after <= before for before, after in pairwise(least)):
        return []
    return [
        f"what is in use grew by {size(growth)}, a little in each quarter of the time: "
        "run it longer to see whether that is a slow leak"
    ]


def touched(process: RssProcess) -> list[str]:
    """Say that more of the mapped files is resident, where that is much."""
    ran = series(process)
    growth = ran[-1].parts.files - ran[0].parts.files
    if growth < LEAST or ran[-1].mapped - ran[0].mapped >= growth:
        return []
    return [
        f"{size(growth)} more of the mapped files are resident: the system takes them "
        "back when it needs the room"
    ]


def overhead(process: RssProcess) -> float | None:
    """Return how much longer it took at most: as if it waited whenever we computed."""
    own = process.elapsed_s - process.tool_s
    return process.elapsed_s / own if own > 0 else None
