# SPDX-License-Identifier: MIT
"""How the figures of allocators read, on pages and on the console alike."""

from __future__ import annotations

from collections.abc import Iterator

from pmm.base.formatting import DASH, duration
from pmm.documents.results import BenchRow
from pmm.documents.standings import Standing
from pmm.judge.ranking import Ranking, entry_of, ordinal, yardstick_of

ABSENT = DASH


def rank(one: Standing) -> str:
    """Say where an allocator stands, in two words."""
    if one.place is not None:
        return ordinal(one.place)
    if one.state == "bound":
        return "a bound"
    return "no rank" if one.state != "ranked" else "alone"


def figure(row: BenchRow | None) -> str:
    """Write a ratio and its range, or the time where nothing is there to compare."""
    if row is None:
        return ABSENT
    one = row.summary
    if one is None:
        return "failed"
    if one.ratio is None or one.ratio_low is None or one.ratio_high is None:
        low, high = duration(one.min_ns), duration(one.max_ns)
        return f"{duration(one.median_ns)} ({low}–{high})"
    return spread(one.ratio, one.ratio_low, one.ratio_high)


def spread(middle: float, low: float, high: float) -> str:
    """Write a ratio and the range around it."""
    return f"{ratio(middle)} ({ratio(low)}–{ratio(high)})"


def ratio(value: float) -> str:
    """Write a ratio with two decimals, a large one with three figures."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def title(ranking: Ranking) -> str:
    """Say what the figures are."""
    yardstick = yardstick_of(ranking.run)
    if yardstick is None:
        return "CPU time of one iteration"
    return f"CPU time over {yardstick}'s (below 1 is faster)"


def caption(ranking: Ranking) -> Iterator[str]:
    """Explain figures, ranges, marks and means."""
    rows = [r for row in ranking.rows for r in row.figures.values()]
    counts = {len(row.repetitions) for row in rows if row.repetitions}
    many = "–".join(str(n) for n in sorted({min(counts), max(counts)})) if counts else 0
    yardstick = yardstick_of(ranking.run)
    what = f"Median of {many} repetitions in one process"
    if yardstick is None:
        yield f"{what}; in brackets the fastest and the slowest repetition."
    else:
        yield (
            f"{what}, over {yardstick}'s median in this run. In brackets, what the "
            f"repetitions of both allow: fastest over {yardstick}'s slowest to "
            f"slowest over {yardstick}'s fastest."
        )
    if ranking.places(ranking.rows):
        shared = len(ranking.shared(ranking.rows))
        yield (
            "★ fastest of the ranked; ≈ its repetitions overlap the fastest's. Places "
            f"and geometric means cover the {shared} benchmarks that all ranked "
            "allocators ran."
        )


def notes(ranking: Ranking) -> Iterator[str]:
    """Say why some have no rank, and which are repaired."""
    for one in ranking.standings:
        if one.state in ("unsound", "unchecked"):
            yield f"no rank: {one.label}: {one.why}"
        entry = entry_of(ranking.run, one.spec)
        if entry is not None and entry.repairs:
            yield f"repaired: {one.label}: {entry.repairs}"
