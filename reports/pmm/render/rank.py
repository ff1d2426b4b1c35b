# SPDX-License-Identifier: MIT
"""The ranking on the page of the allocators: time, memory, one against the other."""

from __future__ import annotations

from typing import Any, NamedTuple

from pmm.base.formatting import DASH
from pmm.documents.rank import RankCell, RankMean, RankRow
from pmm.documents.run import Run
from pmm.judge.rank import deciding
from pmm.render import allocator_charts
from pmm.render.charts import Row as Dot
from pmm.render.figures import Figure, csv_of, csv_of_ratios
from pmm.render.identity import allocator_places
from pmm.render.rank_figures import (
    absences,
    answer,
    captions,
    cell_words,
    labels_of,
    own_sentences,
    ratio,
    row_name,
)
from pmm.render.rank_memory_figures import choices, lines, over, peak_ratio
from pmm.render.rank_programs import page_values

TITLES = {"trace": "Recorded programs", "micro": "Benchmarks"}


class Line(NamedTuple):
    """One row of a table of times."""

    name: str
    title: str
    cells: list[tuple[str, str, str | None]]
    """Text, mark, and why there is no figure."""

    @property
    def decided(self) -> bool:
        """Whether one is the fastest and no other is level with it."""
        marks = {mark for _, mark, _ in self.cells}
        return "best" in marks and "level" not in marks


class Part(NamedTuple):
    """The rows of one kind."""

    id: str
    title: str
    figure: Figure | None
    alt: str
    lines: list[Line]
    means: list[Line]


class Trade(NamedTuple):
    """Time against memory: a drawing and its table."""

    figure: Figure
    alt: str
    rows: list[tuple[str, str, str]]


def looks(run: Run) -> dict[str, int]:
    """Return each allocator's place in the palette."""
    places = allocator_places(run)
    return {one.label: places[one.spec] for one in run.standings}


def line(name: str, title: str, cells: tuple[RankCell, ...], run: Run) -> Line:
    """Return one row, a cell an allocator in the order of the standings."""
    by_spec = {one.spec: one for one in cells}
    found = [by_spec.get(one.spec) for one in run.standings]
    return Line(name, title, [
        (DASH, "", None) if one is None else (cell_words(one), one.mark, one.why)
        for one in found
    ])  # fmt: skip


def dots(
    rows: list[tuple[str, tuple[RankCell, ...]]], labels: dict[str, str]
) -> list[Dot]:
    """Return the points of a chart of ratios."""
    return [
        {
            "benchmark": name, "name": labels[one.spec], "ratio": one.ratio,
            "low": one.low or one.ratio, "high": one.high or one.ratio,
            "best": one.mark == "best",
        }
        for name, cells in rows
        for one in cells
        if one.ratio is not None and one.why is None
    ]  # fmt: skip


def part(run: Run, group: str) -> Part | None:
    """Return the rows of one kind with their chart; None where there are none."""
    table = run.rank
    rows = [r for r in (table.rows if table else ()) if r.group == group]
    if table is None or not rows:
        return None
    means = [one for one in table.means if belongs(one, group)]
    labels = labels_of(run)
    drawn = dots(
        [*((f"mean of {m.title}", m.cells) for m in means),
         *((row_name(r), r.cells) for r in rows)], labels,
    )  # fmt: skip
    figure = None
    if drawn and len(table.rows[0].cells) > 1:
        hollow = {s.label for s in run.standings if s.state != "ranked"}
        svg = allocator_charts.ratios(
            drawn, names=[s.label for s in run.standings],
            yardstick=labels[table.yardstick or ""], places=looks(run),
            hollow=hollow,
        )  # fmt: skip
        figure = Figure(f"rank-{group}", TITLES[group], svg, csv_of_ratios(drawn))
    return Part(
        group, TITLES[group], figure, in_words(rows, labels),
        [line(row_name(r), r.title, r.cells, run) for r in rows],
        [line(f"mean of {m.title}", "", m.cells, run) for m in means],
    )  # fmt: skip


def belongs(mean: RankMean, group: str) -> bool:
    """Tell whether a mean is of rows of one kind."""
    of_traces = mean.key in ("traces", "fresh", "aged")
    return of_traces if group == "trace" else mean.key.startswith(group)


def in_words(rows: list[RankRow], labels: dict[str, str]) -> str:
    """Say what a chart shows, for who does not see it."""
    best = [
        f"{labels[one.spec]} in {row_name(row)}"
        for row in rows for one in row.cells if one.mark == "best"
    ]  # fmt: skip
    return f"Ratios of time. The lowest: {', '.join(best) or 'none'}."


def trade(run: Run) -> Trade | None:
    """Hold time against memory; None where one of them is not known."""
    table = run.rank
    mean = deciding(table) if table is not None else None
    if table is None or mean is None or mean.key != "traces":
        return None
    labels = labels_of(run)
    held = over([m for m in table.memory if m.group == "trace"], peak_ratio)
    cells = [one for one in mean.cells if one.ratio is not None and one.spec in held]
    if len(cells) < 2:
        return None
    points = [
        {"name": labels[one.spec], "time": one.ratio, "low": one.low or one.ratio,
         "high": one.high or one.ratio, "memory": held[one.spec]}
        for one in cells
    ]  # fmt: skip
    names = [s.label for s in run.standings if s.spec in {c.spec for c in cells}]
    svg = allocator_charts.trade(
        points, names=names, places=looks(run), y="peak resident / peak live bytes",
        x=f"time over {labels[table.yardstick or '']}'s, all traces",
    )  # fmt: skip
    heads = ("name", "time", "low", "high", "memory")
    numbers = csv_of(heads, ([point[key] for key in heads] for point in points))
    return Trade(
        Figure("rank-trade", "Time against memory", svg, numbers),
        "Time against memory: " + "; ".join(
            f"{labels[one.spec]} {ratio(one.ratio or 1)} of the time, "
            f"{ratio(held[one.spec])} times the live bytes" for one in cells
        ) + ".",
        [(labels[one.spec], cell_words(one), ratio(held[one.spec])) for one in cells],
    )  # fmt: skip


def figures(values: dict[str, Any] | None) -> list[Figure]:
    """Return the drawings of a ranking."""
    if values is None:
        return []
    drawn = [values["trade"], *values["parts"]]
    return [one.figure for one in drawn if one is not None and one.figure is not None]


def context(run: Run) -> dict[str, Any]:
    """Values of rank.html, which stands in backends.html."""
    parts = [part(run, group) for group in TITLES]
    return {
        "said": answer(run),
        "own": list(own_sentences(run)),
        "choices": list(choices(run)),
        "parts": [one for one in parts if one is not None],
        "captions": list(captions(run)),
        "trade": trade(run),
        "memory": [
            (one.name, [(one.shown.get(s.spec, DASH), s.spec in one.best)
                        for s in run.standings])
            for one in lines(run)
        ],
        "absences": list(absences(run)),
        "programs": page_values(run),
    }  # fmt: skip
