# SPDX-License-Identifier: MIT
"""What each allocator held, in the traces and patterns, each asked once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pmm.collect.replays import Measured
from pmm.documents.rank import RankMemory, RankPlace
from pmm.documents.replays import (
    PatternDocument,
    PatternFigures,
    ReplayDocument,
    ReplayTime,
)


def memory_of(measured: Iterable[Measured]) -> tuple[RankMemory, ...]:
    """Return the memory of every row that tells of it."""
    measured = tuple(measured)
    times = times_of(measured)
    found = [told(one, times) for one in measured]
    return tuple(one for one in found if one is not None)


Times = Mapping[tuple[str, bool, str], ReplayTime]
"""What the process of the first round used, by trace, heap and allocator."""


def times_of(measured: Iterable[Measured]) -> Times:
    """Find the timed pass of each trace and allocator."""
    found: dict[tuple[str, bool, str], ReplayTime] = {}
    for one in measured:
        place, document = one.job.place, one.document
        if place is None or place.role != "asked":
            continue
        if isinstance(document, ReplayDocument) and document.time is not None:
            key = (place.row, place.aged, one.job.backend or "")
            found.setdefault(key, document.time)
    return found


def told(one: Measured, times: Times) -> RankMemory | None:
    """Return what one document tells; None for a timed pass alone or a failure."""
    place, document, spec = one.job.place, one.document, one.job.backend or ""
    if place is None or document.error is not None:
        return None
    if isinstance(document, PatternDocument):
        figures = document.figures
        return None if figures is None else of_pattern(place, spec, figures)
    return of_trace(place, spec, document, times)


def of_pattern(place: RankPlace, spec: str, one: PatternFigures) -> RankMemory:
    """Return the memory of a pattern."""
    return RankMemory(
        group="pattern", name=place.row, aged=place.aged, spec=spec,
        live_peak_bytes=one.peak_live_bytes, peak_bytes=one.peak_bytes,
        end_live_bytes=one.end_live_bytes, end_bytes=one.end_bytes,
        drained_bytes=one.drained_bytes, after_1s_bytes=one.after_1s_bytes,
        user_ns=one.user_ns, system_ns=one.system_ns,
        faults=one.minor_faults + one.major_faults, pattern=one,
    )  # fmt: skip


def of_trace(
    place: RankPlace, spec: str, document: ReplayDocument, times: Times
) -> RankMemory | None:
    """Return the memory of a replay that asked for it."""
    memory, time = document.memory, times.get((place.row, place.aged, spec))
    if memory is None or time is None:
        return None
    return RankMemory(
        group="trace", name=place.row, aged=place.aged, spec=spec,
        live_peak_bytes=document.peak_live_bytes, peak_bytes=memory.peak_bytes,
        end_live_bytes=memory.end_live_bytes, end_bytes=memory.end_bytes,
        drained_bytes=memory.drained_bytes, after_1s_bytes=memory.after_1s_bytes,
        user_ns=time.user_ns, system_ns=time.system_ns,
        faults=time.minor_faults + time.major_faults,
        memory=memory, placement=document.placement, system=document.system,
    )  # fmt: skip
