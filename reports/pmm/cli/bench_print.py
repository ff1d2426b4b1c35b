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

from pmm.documents.run import Run
from pmm.documents.standings import Standing
from pmm.judge.ranking import Ranking, Row
from pmm.render.bench_figures import (
    ABSENT,
    caption,
    figure,
    notes,
    rank,
    spread,
    title,
)

LABEL_WIDTH = 26
"""Columns of the console that an allocator's name may take."""
PADDING = 2
GLYPHS = {"best": "★ ", "tied": "≈ ", "": ""}
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


def cell(row: Row, spec: str) -> str:
    """Write one figure with its mark."""
    found = row.figures.get(spec)
    text = figure(found)
    mark = row.marks.get(spec, "")
    shown = GLYPHS[mark] + text
    return f"[bold]{shown}[/]" if mark == "best" else shown


def mean_cell(ranking: Ranking, spec: str) -> str:
    """Write the mean over the benchmarks that all ranked ones share."""
    mean = ranking.mean(spec, ranking.rows)
    return ABSENT if mean is None else spread(*mean)
