# SPDX-License-Identifier: MIT
"""What each allocator of a ranking holds, and what the figures speak for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import geometric_mean
from typing import NamedTuple

from pmm.documents.rank import RankMemory
from pmm.documents.run import Run
from pmm.render.rank_figures import joined, labels_of, ratio, winner

CLOSE = 1.05
"""Memory comes from one process: within this factor two are level."""
LEAST_SHARE = 0.001
"""A share below is shown as none; a geometric mean can take it in."""
Measure = Callable[[RankMemory], float]
Show = Callable[[float], str]



def peak_ratio(one: RankMemory) -> float:
    """Return peak resident bytes for each peak live byte."""
    return one.peak_bytes / max(one.live_peak_bytes, 1)


class MemoryLine(NamedTuple):
    """One quantity over all allocators."""

    name: str
    cells: dict[str, float]
    shown: dict[str, str]
    best: tuple[str, ...]


def lines(run: Run) -> Iterator[MemoryLine]:
    """Yield what a table of memory shows, a row a quantity."""
    memory = run.rank.memory if run.rank is not None else ()
    traces = [one for one in memory if one.group == "trace"]
    if traces:
        for aged in (False, True):
            mine = [one for one in traces if one.aged == aged]
            word = "an aged" if aged else "a fresh"
            yield line(f"peak / live, traces on {word} heap (mean)",
                       over(mine, peak_ratio), ratio)  # fmt: skip
        yield line("held when all was given back, of the peak",
                   over(traces, lambda m: share(m.drained_bytes, m.peak_bytes)),
                   shown_share)  # fmt: skip
        yield line("the same a second later",
                   over(traces, lambda m: share(m.after_1s_bytes, m.peak_bytes)),
                   shown_share)  # fmt: skip
        yield line("4 KiB pages of live blocks, over the fewest",
                   relative(over(traces, pages)), ratio)  # fmt: skip
        yield line("64-byte lines, over the fewest",
                   relative(over(traces, lines_64)), ratio)  # fmt: skip
        yield line("page faults of the timed runs, over the fewest",
                   relative(over(traces, lambda m: m.faults + 1)), ratio)  # fmt: skip
        yield line("system time, of all", over(traces, system_share), shown_share)
    patterns = [one for one in memory if one.group == "pattern"]
    for name, aged in dict.fromkeys((one.name, one.aged) for one in patterns):
        mine = [one for one in patterns if (one.name, one.aged) == (name, aged)]
        heap = ", aged" if aged else ""
        yield line(f"peak / live, pattern {name}{heap}", over(mine, peak_ratio), ratio)
    if patterns:
        yield line("held at the end of a pattern, of the peak (mean)",
                   over(patterns, lambda m: share(m.end_bytes, m.peak_bytes)),
                   shown_share)  # fmt: skip
        yield line("a second after all of a pattern was given back",
                   over(patterns, lambda m: share(m.after_1s_bytes, m.peak_bytes)),
                   shown_share)  # fmt: skip


def pages(one: RankMemory) -> float:
    """Return the pages that hold live blocks."""
    return float(one.placement.pages_4k) if one.placement is not None else 0.0


def lines_64(one: RankMemory) -> float:
    """Return the cache lines that hold live blocks."""
    return float(one.placement.lines_64) if one.placement is not None else 0.0


def system_share(one: RankMemory) -> float:
    """Return the share of processor time that the system took."""
    return share(one.system_ns, one.system_ns + one.user_ns)


def share(part: float, whole: float) -> float:
    """Return a share that a geometric mean can take in."""
    return max(part / whole if whole > 0 else 0.0, LEAST_SHARE)


def shown_share(value: float) -> str:
    """Write a share as per cent."""
    return f"{100 * value:.0f} %" if value > LEAST_SHARE else "0 %"


def over(memory: Sequence[RankMemory], value: Measure) -> dict[str, float]:
    """Return each allocator's geometric mean over the rows that all of them have."""
    by_spec: dict[str, dict[tuple[str, bool], float]] = {}
    for one in memory:
        by_spec.setdefault(one.spec, {})[one.name, one.aged] = float(value(one))
    shared = set.intersection(*(set(v) for v in by_spec.values())) if by_spec else set()
    return {
        spec: geometric_mean(found[key] for key in shared)
        for spec, found in by_spec.items()
        if shared and all(found[key] > 0 for key in shared)
    }


def relative(values: Mapping[str, float]) -> dict[str, float]:
    """Return values over the least of them."""
    least = min(values.values(), default=1.0)
    return {spec: value / least for spec, value in values.items()}


def line(name: str, cells: dict[str, float], show: Show) -> MemoryLine:
    """Make a line; the least, and those close to it, are marked."""
    least = min(cells.values(), default=0.0)
    best = tuple(s for s, v in cells.items() if v <= least * CLOSE) if len(cells) > 1 \
        else ()  # fmt: skip
    return MemoryLine(name, cells, {s: show(v) for s, v in cells.items()}, best)


def choices(run: Run) -> Iterator[tuple[str, str]]:
    """Yield for each kind of program what the figures speak for."""
    table = run.rank
    if table is None:
        return
    means = {one.key: one for one in table.means}
    for key, kind in (
        ("fresh", "A program that starts, works and ends"),
        ("aged", "A program that runs for long"),
    ):
        said = winner(run, means.get(key))
        if said:
            yield kind, said
    yield from memory_choices(run)


def memory_choices(run: Run) -> Iterator[tuple[str, str]]:
    """Yield the choices that follow from memory."""
    labels = labels_of(run)
    sound = {one.spec for one in run.standings if one.state == "ranked"}
    memory = [m for m in (run.rank.memory if run.rank else ()) if m.spec in sound]
    traces = [one for one in memory if one.group == "trace"]
    patterns = [one for one in memory if one.group == "pattern"]
    yield from least(
        "Memory is short", "hold least at the peak (peak / live)",
        over(traces, peak_ratio), labels, ratio,
    )  # fmt: skip
    yield from least(
        "Its sizes change over time, or come in bursts (patterns)",
        "hold least at the peak (peak / live)", over(patterns, peak_ratio), labels,
        ratio,
    )  # fmt: skip
    yield from least(
        "A peak, then little: memory has to come back",
        "hold least of the peak a second after all was given back",
        over(traces, lambda m: share(m.after_1s_bytes, m.peak_bytes)), labels,
        shown_share,
    )  # fmt: skip


def least(
    kind: str, what: str, values: Mapping[str, float], labels: Mapping[str, str],
    show: Show,
) -> Iterator[tuple[str, str]]:  # fmt: skip
    """Yield who is the least, with those close to it, and the most."""
    if len(values) < 2:
        return
    order = sorted(values, key=lambda spec: values[spec])
    close = [s for s in order if values[s] <= values[order[0]] * CLOSE]
    if len(close) == len(order):
        yield kind, f"All hold alike ({show(values[order[0]])})."
        return
    verb = what if len(close) > 1 else what.replace("hold", "holds", 1)
    yield kind, (
        f"{joined([labels[s] for s in close])} {verb}: {show(values[order[0]])}; the "
        f"most, {show(values[order[-1]])}, by {labels[order[-1]]}."
    )
