# SPDX-License-Identifier: MIT
"""A ranking on the console: times, memory, who is absent, what it comes to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pmm.base.formatting import DASH
from pmm.documents.rank import RankCell, RankTable
from pmm.documents.run import Run
from pmm.documents.standings import Standing
from pmm.render.rank_figures import (
    absences,
    answer,
    captions,
    cell_words,
    own_sentences,
    place,
    row_name,
    timed_rows,
)
from pmm.render.rank_memory_figures import choices, lines
from pmm.render.rank_programs import program_rows, program_words

LABEL_WIDTH = 24
PADDING = 2
GLYPHS = {"best": "★ ", "level": "≈ ", "": ""}
Cells = dict[str, str]
"""Cells of a row, by allocator."""


def print_rank(run: Run, console: Console) -> None:
    """Print the ranking of a run, if it has one."""
    if run.rank is None:
        return
    print_wide("Time", time_rows(run.rank), run.standings, console)
    tell(captions(run), console)
    memory = [
        (line.name, {spec: marked(line.shown[spec], spec in line.best)
                     for spec in line.shown})
        for line in lines(run)
    ]  # fmt: skip
    print_wide("Memory", memory, run.standings, console)
    if memory:
        tell(["From one process; ★ marks the least and what is within 5 % of it."],
             console)  # fmt: skip
    print_programs(run, console)
    console.print()
    for row, who, why, failed in absences(run):
        tell([f"{'FAILED' if failed else 'not offered'}: {who} in {row}: {why}"],
             console)  # fmt: skip
    console.print(f"[bold]{escape(answer(run))}[/]", highlight=False, soft_wrap=True)
    tell(own_sentences(run), console)
    tell((f"{kind}: {said}" for kind, said in choices(run)), console)
    console.print()


def print_programs(run: Run, console: Console) -> None:
    """Print the whole programs of a run, in per cent of the interpreter's own."""
    found = run.rank.programs if run.rank is not None else None
    if found is None:
        return
    names = [one.name for one in found.settings]
    first = max(len(name) for name, _ in program_rows(found)) + PADDING
    table_rows = [(name, dict(zip(names, cells, strict=True)))
                  for name, cells in program_rows(found)]  # fmt: skip
    heads = {name: escape(name) for name in names}
    for part in chunks(heads, table_rows, console.width - first):
        table = Table(title="Whole programs", box=box.SIMPLE_HEAD, title_justify="left")
        table.add_column("program", no_wrap=True)
        for name in part:
            table.add_column(heads[name], justify="right", no_wrap=True)
        for name, cells in table_rows:
            table.add_row(escape(name), *(cells[one] for one in part))
        console.print(table)
    tell(program_words(run), console)


def tell(sentences: Iterable[str], console: Console) -> None:
    """Print sentences as they are."""
    for one in sentences:
        console.print(one, markup=False, highlight=False, soft_wrap=True)


def time_rows(table: RankTable) -> list[tuple[str, Cells]]:
    """Return the rows of times, and the means below them."""
    rows = [(row_name(row), cells_of(row.cells)) for row in timed_rows(table)]
    return rows + [
        (f"mean of {one.title}", cells_of(one.cells)) for one in table.means
    ]


def cells_of(cells: Sequence[RankCell]) -> Cells:
    """Return the cells of a row."""
    return {
        one.spec: marked(GLYPHS[one.mark] + cell_words(one), one.mark == "best", "")
        for one in cells
    }


def marked(text: str, best: bool, star: str = "★ ") -> str:
    """Write a cell; the best stands out."""
    return f"[bold]{star}{text}[/]" if best else text


def print_wide(
    title: str,
    rows: Sequence[tuple[str, Cells]],
    standings: Sequence[Standing],
    console: Console,
) -> None:
    """Print a table in as many parts as the allocators need."""
    if not rows:
        return
    first = max(len(name) for name, _ in rows) + PADDING
    columns = {one.spec: head(one) for one in standings}
    for specs in chunks(columns, rows, console.width - first):
        table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left")
        table.add_column("row", no_wrap=True)
        for spec in specs:
            table.add_column(columns[spec], justify="right", no_wrap=True)
        for name, cells in rows:
            table.add_row(escape(name), *(cells.get(spec, DASH) for spec in specs))
        console.print(table)


def head(one: Standing) -> str:
    """Name an allocator and its place."""
    name = one.label
    if len(name) > LABEL_WIDTH:
        name = name[: LABEL_WIDTH - 1] + "…"
    return f"{escape(name)}\n{place(one)}"


def chunks(
    columns: dict[str, str], rows: Sequence[tuple[str, Cells]], width: int
) -> Iterator[list[str]]:
    """Yield the allocators that fit side by side, at least one at a time."""
    chunk: list[str] = []
    used = 0
    for spec, title in columns.items():
        texts = [*title.split("\n"), *(cells.get(spec, DASH) for _, cells in rows)]
        needed = max(Text.from_markup(text).cell_len for text in texts) + PADDING
        if chunk and used + needed > width:
            yield chunk
            chunk, used = [], 0
        chunk.append(spec)
        used += needed
    if chunk:
        yield chunk
