# SPDX-License-Identifier: MIT
"""How a ranking reads, on its page and on the console alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pmm.base.formatting import DASH, duration, plural
from pmm.documents.rank import RankCell, RankMean, RankRow, RankTable
from pmm.documents.run import Run
from pmm.documents.standings import Standing
from pmm.judge.rank import NO_FIGURE, deciding
from pmm.judge.ranking import ordinal

NEAR_TENFOLD = 9.995
NO_WINNER = "No clear winner"
"""How an answer begins where the first is not told apart from others."""


def ratio(value: float) -> str:
    """Write a ratio with three figures."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= NEAR_TENFOLD else f"{value:.2f}"


def interval(low: float | None, high: float | None) -> str:
    """Write an interval in brackets; nothing without one."""
    return f" ({ratio(low)}–{ratio(high)})" if low and high else ""


def cell_words(one: RankCell) -> str:
    """Write a cell: ratio and interval, or why there is none."""
    if one.why == NO_FIGURE:
        return "not timed"
    if one.why is not None:
        return "failed" if one.supported else "not offered"
    if one.ratio is None:
        return duration(one.middle) if one.middle is not None else DASH
    return f"{ratio(one.ratio)}{interval(one.low, one.high)}"


def row_name(row: RankRow) -> str:
    """Name a row."""
    if row.group not in ("trace", "pattern"):
        return row.name
    return f"{row.name} {'aged' if row.aged else 'fresh'}"


def timed_rows(table: RankTable) -> list[RankRow]:
    """Return the rows that have times."""
    return [row for row in table.rows if row.group != "pattern"]


def labels_of(run: Run) -> dict[str, str]:
    """Return what each allocator is called."""
    return {one.spec: one.label for one in run.standings}


# ------------------------------------------------------------------- sentences


def joined(names: Sequence[str]) -> str:
    """Join names: a, b and c."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def winner(run: Run, mean: RankMean | None) -> str:
    """Say which allocator is the fastest in a mean, or that none clearly is."""
    labels = labels_of(run)
    if mean is None or run.rank is None:
        return ""
    best = next((one for one in mean.cells if one.mark == "best"), None)
    if best is None:
        return ""
    level = [labels[one.spec] for one in mean.cells if one.mark == "level"]
    yardstick = labels[run.rank.yardstick or ""]
    said = f" ({ratio(best.ratio or 1.0)} of {yardstick}'s time)"
    said = "" if best.spec == run.rank.yardstick else said
    over = f"over {plural(mean.rows, 'row')} of {mean.title}"
    if level:
        return (
            f"{NO_WINNER} {over}: {labels[best.spec]} is first{said}, and "
            f"{joined(level)} {'is' if len(level) == 1 else 'are'} not told apart "
            "from it."
        )
    return f"{labels[best.spec]} is the fastest {over}{said}."


WORDS = {
    "faster": "is faster than", "slower": "is slower than",
    "no clear difference": "shows no clear difference to",
    "unknown": "cannot be told apart, by so few rounds, from",
}  # fmt: skip


def own_sentences(run: Run) -> Iterator[str]:
    """Say how the first allocator stands to each other one."""
    labels = labels_of(run)
    table = run.rank
    for one in table.versus if table is not None else ():
        said = f"{labels[one.spec]} {WORDS[one.word]} {labels[one.against]}"
        if one.ratio is not None:
            said += f": {ratio(one.ratio)} of its time{interval(one.low, one.high)}"
        yield said


def answer(run: Run) -> str:
    """Say the ranking in two or three sentences."""
    table = run.rank
    if table is None:
        return ""
    said = [winner(run, deciding(table))]
    said += [
        f"{one.label} has no rank: {one.why}." for one in run.standings
        if one.state == "unsound"
    ]  # fmt: skip
    if not said[0]:
        said[0] = "No two allocators can be ranked here."
    return " ".join(said)


def captions(run: Run) -> Iterator[str]:
    """Explain ratios, intervals, marks, places and the noise floor."""
    table = run.rank
    if table is None:
        return
    labels = labels_of(run)
    yardstick = labels.get(table.yardstick or "", "the first")
    yield (
        f"Time over {yardstick}'s, below 1 is faster: Hodges-Lehmann estimate over "
        f"{plural(table.rounds, 'round')} of fresh processes, in brackets the exact "
        "95 % signed-rank interval. Traces are net of the harness, benchmarks are not."
    )
    if all(c.low is None for row in table.rows for c in row.cells):
        yield "So few rounds have no interval, and decide nothing: 6 at the least."
    yield (
        "★ fastest of the ranked; ≈ not told apart from it. Means (geometric) are over "
        "the rows in which all that are ranked have a figure."
    )
    yield from (noise(one, labels, table) for one in table.means if one.again)
    yield from shortened(run)


def shortened(run: Run) -> Iterator[str]:
    """Say what the time had no room for, and which allocators could be had."""
    late = sum(result.status == "omitted" for result in run.results)
    if late:
        yield (
            f"{plural(late, 'job')} of {len(run.results):,} did not begin, as the time "
            "was over: pmm rank --minutes gives more."
        )
    yield from (
        f"Without {one.what} ({one.why}): {one.remedy}." for one in run.skipped
        if (one.remedy or "").startswith("pmm fetch")
    )  # fmt: skip


def noise(mean: RankMean, labels: Mapping[str, str], table: RankTable) -> str:
    """Say how far the first allocator is from itself."""
    again = mean.again
    name = labels[again.spec] if again else ""
    figure = ratio(again.ratio) + interval(again.low, again.high) if again and \
        again.ratio else DASH  # fmt: skip
    return (
        f"Noise floor, {mean.title}: {name} against itself is {figure}; differences "
        f"within {percent_of(mean.floor)} count for nothing."
    )


def percent_of(floor: float) -> str:
    """Write a ratio above 1 as per cent."""
    return f"{100 * (floor - 1):.1f} %"


def absences(run: Run) -> Iterator[tuple[str, str, str, bool]]:
    """Yield row, allocator, reason and whether it failed, of each empty cell.

    One that was not timed has no reason: a pattern, or a row that time ran out for.
    """
    labels = labels_of(run)
    for row in run.rank.rows if run.rank is not None else ():
        for one in row.cells:
            if one.why not in (None, NO_FIGURE):
                yield row_name(row), labels[one.spec], one.why, one.supported


def place(one: Standing) -> str:
    """Say where an allocator stands, in two words."""
    if one.place is not None:
        return ordinal(one.place)
    return "no rank" if one.state != "ranked" else "alone"
