# SPDX-License-Identifier: MIT
"""The allocators on the console: a row a benchmark, a column an allocator.

The user's own come first, then the ranked ones by place, then those without a
rank and the bounds. As many columns stand side by side as the console is wide;
the others follow in tables of their own, so that none is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pmm.base.formatting import DASH, duration
from pmm.documents.run import BenchRow, Run
from pmm.documents.standings import Standing
from pmm.judge.ranking import Ranking, Row, entry_of, ordinal, yardstick_of

LABEL_WIDTH = 26
"""Columns of the console that an allocator's name may take."""
PADDING = 2
GLYPHS = {"best": "★ ", "tied": "≈ ", "": ""}
ABSENT = DASH
SAMPLE = "0.00 (0.00–0.00)"
"""What a column's mean may take."""


def print_bench(run: Run, console: Console) -> None:
    """Print the figures, what they are, and why some allocators have no rank."""
    ranking = Ranking(run)
    if not ranking.rows:
        return
    for table in bench_tables(ranking, console.width):
        console.print(table)
    for line in (*caption(ranking), *notes(ranking)):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print()


def bench_tables(ranking: Ranking, width: int) -> Iterator[Table]:
    """Yield as many tables as the allocators need, each with all benchmarks."""
    columns = {one.spec: column(ranking, one) for one in ranking.standings}
    first = max(len(row.label) for row in ranking.rows) + PADDING
    for specs in chunks(columns, width - first):
        table = Table(title=title(ranking), box=box.SIMPLE_HEAD, title_justify="left")
        table.add_column("benchmark", no_wrap=True)
        for spec in specs:
            head = columns[spec][0]
            style = "" if ranking.soundness[spec].state == "ranked" else "dim"
            table.add_column(head, justify="right", no_wrap=True, style=style)
        area = ranking.rows[0].key[0].split("/")[0]
        for number, row in enumerate(ranking.rows):
            here = row.key[0].split("/")[0]
            if here != area:
                table.add_section()
                area = here
            cells = [columns[spec][1][number] for spec in specs]
            table.add_row(escape(row.label), *cells)
        if ranking.places(ranking.rows):
            table.add_section()
            table.add_row("mean", *(mean_cell(ranking, spec) for spec in specs))
        yield table


def chunks(
    columns: dict[str, tuple[str, list[str]]], width: int
) -> Iterator[Sequence[str]]:
    """Yield the specs that fit side by side, at least one at a time."""
    chunk: list[str] = []
    used = 0
    for spec, (head, cells) in columns.items():
        lines = [*head.split("\n"), *cells, SAMPLE]
        needed = max(Text.from_markup(line).cell_len for line in lines) + PADDING
        if chunk and used + needed > width:
            yield chunk
            chunk, used = [], 0
        chunk.append(spec)
        used += needed
    if chunk:
        yield chunk


def column(ranking: Ranking, one: Standing) -> tuple[str, list[str]]:
    """Return an allocator's head and its cells, one a row."""
    name = one.label
    if len(name) > LABEL_WIDTH:
        name = name[: LABEL_WIDTH - 1] + "…"
    head = f"{escape(name)}\n{rank(one)}"
    return head, [cell(row, one.spec) for row in ranking.rows]


def rank(one: Standing) -> str:
    """Say where an allocator stands, in two words."""
    if one.place is not None:
        return ordinal(one.place)
    if one.state == "bound":
        return "a bound"
    return "no rank" if one.state != "ranked" else "alone"


def cell(row: Row, spec: str) -> str:
    """Write one figure with its mark."""
    found = row.figures.get(spec)
    text = figure(found)
    mark = row.marks.get(spec, "")
    shown = GLYPHS[mark] + text
    return f"[bold]{shown}[/]" if mark == "best" else shown


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


def mean_cell(ranking: Ranking, spec: str) -> str:
    """Write the mean over the benchmarks that all ranked ones share."""
    mean = ranking.mean(spec, ranking.rows)
    return ABSENT if mean is None else spread(*mean)


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
            f"{what}, over {yardstick}'s median in this run. In brackets what the "
            f"repetitions of both allow: fastest over {yardstick}'s slowest to "
            f"slowest over {yardstick}'s fastest."
        )
    if ranking.places(ranking.rows):
        shared = len(ranking.shared(ranking.rows))
        yield (
            "★ fastest of the ranked; ≈ its repetitions reach the fastest's. Places "
            f"and means (geometric) are over the {shared} benchmarks that all ranked "
            "ones ran."
        )


def notes(ranking: Ranking) -> Iterator[str]:
    """Say why some have no rank, and which are repaired."""
    for one in ranking.standings:
        if one.state in ("unsound", "unchecked"):
            yield f"no rank: {one.label}: {one.why}"
        entry = entry_of(ranking.run, one.spec)
        if entry is not None and entry.repairs:
            yield f"repaired: {one.label}: {entry.repairs}"
