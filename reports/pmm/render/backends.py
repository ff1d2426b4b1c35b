# SPDX-License-Identifier: MIT
"""Which allocator is faster in which operation, and may it be ranked at all?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from pmm.base import formatting
from pmm.base.typed_names import is_own, is_path
from pmm.documents.programs import BackendEntry
from pmm.documents.results import BenchRow
from pmm.documents.run import Run
from pmm.documents.standings import Standing
from pmm.judge.ranking import Ranking, Row, entry_of, ordinal, yardstick_of
from pmm.render import allocator_charts, bench_figures, memory, rank, rank_figures
from pmm.render.charts import Row as Dot
from pmm.render.figures import Figure, csv_of_ratios, name_of
from pmm.render.identity import allocator_places

SHORT_HASH = 12
MOST_REASONS = 2
"""Allocators without a rank whose reason stands in the first sentence."""


class Cell(NamedTuple):
    """One figure of the table of an area."""

    text: str
    value: float
    mark: str
    error: str | None


class Line(NamedTuple):
    """One benchmark over all allocators."""

    label: str
    cells: list[Cell]

    @property
    def decided(self) -> bool:
        """Whether one is the fastest and no other is level with it."""
        marks = {cell.mark for cell in self.cells}
        return "best" in marks and "tied" not in marks


class Area(NamedTuple):
    """The benchmarks of one area."""

    name: str
    figure: Figure | None
    alt: str
    lines: list[Line]
    means: list[str]
    places: list[str]
    figures: list[tuple[str, str, BenchRow]]
    """(benchmark, allocator, figure)."""


class Candidate(NamedTuple):
    """An allocator that was asked: what it is, and what was found of it."""

    standing: Standing
    entry: BackendEntry | None
    own: bool
    attached: str
    mean: str | None
    short_hash: str | None
    peak_rss: float | None
    bench_rss: float | None


def points(ranking: Ranking, rows: list[Row]) -> list[Dot]:
    """Return the dots of a chart."""
    found = []
    for row in rows:
        for spec in ranking.columns:
            figure = row.figures.get(spec)
            summary = figure.summary if figure is not None else None
            if summary is None or not summary.ratio:
                continue
            found.append({
                "benchmark": row.label, "name": shown_name(ranking, spec),
                "ratio": summary.ratio, "low": summary.ratio_low,
                "high": summary.ratio_high, "best": row.marks.get(spec) == "best",
            })  # fmt: skip
    return found


def shown_name(ranking: Ranking, spec: str) -> str:
    """Return an allocator's name in a chart, which says when it has no rank."""
    label, state = ranking.labels[spec], ranking.soundness[spec].state
    if state == "ranked":
        return label
    return f"{label} (a bound)" if state == "bound" else f"{label} (no rank)"


def chart(
    ranking: Ranking, area: str, rows: list[Row]
) -> tuple[Figure | None, str]:
    """Draw the ratios of an area; None where nothing is there to compare."""
    yardstick = yardstick_of(ranking.run)
    dots = points(ranking, rows)
    named = {shown_name(ranking, spec): spec for spec in ranking.columns}
    names = [name for name in named if any(dot["name"] == name for dot in dots)]
    if yardstick is None or len(names) < 2:
        return None, ""
    hollow = {n for n in names if ranking.soundness[named[n]].state != "ranked"}
    by_spec = allocator_places(ranking.run, ranking)
    places = {name: by_spec[named[name]] for name in names}
    svg = allocator_charts.ratios(
        dots, names=names, yardstick=yardstick, places=places, hollow=hollow
    )
    title = f"{area}: CPU time relative to {yardstick}"
    drawn = Figure(name_of(f"backends-{area}"), title, svg, csv_of_ratios(dots))
    return drawn, chart_words(dots, names, hollow, yardstick)


def chart_words(
    dots: list[Dot], names: list[str], hollow: set[str], yardstick: str
) -> str:
    """Say what a chart shows, for who does not see it."""
    said = f"CPU time relative to {yardstick} of {', '.join(names)}."
    ranked = [dot for dot in dots if dot["name"] not in hollow]
    if not ranked:
        return said
    low = min(ranked, key=lambda dot: float(dot["ratio"]))
    return (
        f"{said} The lowest ratio of a ranked one is {low['ratio']:.2f}, by "
        f"{low['name']} in {low['benchmark']}."
    )


def cell(ranking: Ranking, row: Row, spec: str) -> Cell:
    """Return one cell of an area's table."""
    figure = row.figures.get(spec)
    summary = figure.summary if figure is not None else None
    value = summary.ratio or summary.median_ns if summary is not None else -1.0
    error = figure.error if figure is not None else None
    return Cell(bench_figures.figure(figure), value, row.marks.get(spec, ""), error)


def areas(ranking: Ranking) -> list[Area]:
    """Return the areas in order, each with its chart and its tables."""
    grouped: dict[str, list[Row]] = {}
    for row in ranking.rows:
        grouped.setdefault(row.key[0].split("/")[0], []).append(row)
    return [area(ranking, name, rows) for name, rows in grouped.items()]


def area(ranking: Ranking, name: str, rows: list[Row]) -> Area:
    """Return one area."""
    places = ranking.places(rows)
    means = [ranking.mean(spec, rows) for spec in ranking.columns]
    figures = [
        (row.label, ranking.labels[spec], row.figures[spec])
        for row in rows
        for spec in ranking.columns
        if spec in row.figures
    ]
    return Area(
        name,
        *chart(ranking, name, rows),
        lines=[
            Line(row.label, [cell(ranking, row, spec) for spec in ranking.columns])
            for row in rows
        ],
        means=[
            bench_figures.spread(*mean) if mean else formatting.DASH for mean in means
        ],
        places=[
            ordinal(places[spec]) if spec in places else formatting.DASH
            for spec in ranking.columns
        ],
        figures=figures,
    )


def list_rss(ranking: Ranking, spec: str) -> float | None:
    """Resident peak of the list workload's list over this backend."""
    for result in ranking.run.work:
        document = result.document
        job = ranking.jobs.get(result.job)
        over = (job.backend if job else None) or document.backend
        if (document.workload, document.subject, over) == (
            "list_vs_generator", "reference", spec,
        ):  # fmt: skip
            for variant in document.variants:
                if variant.name.startswith("list"):
                    return memory.figure(variant, "peak_rss_bytes", "rss_peak_bytes")
    return None


def bench_rss(ranking: Ranking, spec: str) -> float | None:
    """Resident peak of the process that ran the allocator's own benchmarks."""
    for result in ranking.run.results:
        job = ranking.jobs.get(result.job)
        if job and job.backend == spec and job.id.startswith("bench/alloc/"):
            return result.peak_rss_bytes
    return None


def attached(ranking: Ranking, spec: str) -> str:
    """Say how an allocator is called."""
    how = next(
        (r.figures[spec].attach for r in ranking.rows if spec in r.figures), None
    )
    if not is_path(spec):
        kind = "ships with the suite"
    elif not is_own(spec):
        kind = "brought by pmm fetch"
    elif "=" not in spec:
        kind = "plug-in"
    else:
        front, _, variable = spec.partition("=")[2].partition(",env=")
        options = [o.replace("=", " ") for o in front.split(",")[1:]]
        options += [f"with {variable}"] if variable else []
        kind = "; ".join(["malloc-like library", *options])
    return f"{kind}, by {how}" if how else kind


def candidate(ranking: Ranking, one: Standing) -> Candidate:
    """Gather a row of "Allocators in this run"."""
    entry = entry_of(ranking.run, one.spec)
    means = (one.mean, one.mean_low, one.mean_high)
    middle, low, high = means
    known = middle is not None and low is not None and high is not None
    return Candidate(
        standing=one,
        entry=entry,
        own=is_own(one.spec),
        attached=attached(ranking, one.spec),
        mean=bench_figures.spread(middle, low, high) if known else None,  # type: ignore[arg-type]
        short_hash=entry.sha256[:SHORT_HASH] if entry and entry.sha256 else None,
        peak_rss=list_rss(ranking, one.spec),
        bench_rss=bench_rss(ranking, one.spec),
    )


def answer(ranking: Ranking) -> str:
    """Say who is the fastest, and what became of the user's own."""
    placed = sorted(
        (s for s in ranking.standings if s.place is not None),
        key=lambda s: s.place or 0,
    )
    said = []
    if placed:
        said.append(first_words(placed, yardstick_of(ranking.run)))
    elif ranking.rows:
        said.append("No two allocators can be ranked here.")
    for one in ranking.standings:
        if is_own(one.spec) and one.state == "ranked" and one.place not in (None, 1):
            said.append(own_words(one))
    return " ".join([*said, *without_rank(ranking.standings)])


def without_rank(standings: Iterable[Standing]) -> list[str]:
    """Say who has no rank, and why as far as that is read at a glance."""
    bad = [one for one in standings if one.state == "unsound"]
    if len(bad) > MOST_REASONS:
        names = ", ".join(one.label for one in bad)
        return [f"{len(bad)} allocators have no rank (the table says why): {names}."]
    return [f"{one.label} has no rank: {one.why}." for one in bad]


def level_with(first: Standing, others: list[Standing]) -> list[str]:
    """Name those whose mean, as repetitions allow it, reaches that of the first."""
    high = first.mean_high
    return [
        one.label
        for one in others
        if high is not None and one.mean_low is not None and one.mean_low <= high
    ]


def first_words(placed: list[Standing], yardstick: str | None) -> str:
    """Name the first, its mean, and whom the repetitions do not tell from it."""
    first, level = placed[0], level_with(placed[0], placed[1:])
    figure = ""
    if first.mean is not None:
        figure = f" ({bench_figures.ratio(first.mean)} of {yardstick}'s time)"
    over = f"over {formatting.plural(first.shared, 'benchmark')}"
    if not level:
        return f"{first.label} is the fastest by geometric mean{figure} {over}."
    return (
        f"{rank_figures.NO_WINNER}: {first.label} is first by geometric mean{figure} "
        f"{over}, but the ranges of {', '.join(level)} overlap its own."
    )


def own_words(one: Standing) -> str:
    """Say how a user's allocator that is not the first came out."""
    return (
        f"{one.label} is {ordinal(one.place or 0)}: the fastest in {one.best} "
        f"and level with the fastest in {one.tied}."
    )


def means_chart(ranking: Ranking, standings: Sequence[Standing]) -> Figure | None:
    """Draw the mean of each ranked allocator; None where they are no two."""
    yardstick = yardstick_of(ranking.run)
    dots = [
        {"benchmark": "mean", "name": one.label, "ratio": one.mean,
         "low": one.mean_low or one.mean, "high": one.mean_high or one.mean}
        for one in standings if one.mean is not None
    ]  # fmt: skip
    if yardstick is None or len(dots) < 2:
        return None
    places = allocator_places(ranking.run, ranking)
    svg = allocator_charts.ratios(
        dots, names=[str(dot["name"]) for dot in dots], yardstick=yardstick,
        places={one.label: places[one.spec] for one in standings},
    )  # fmt: skip
    title = f"Mean CPU time relative to {yardstick}"
    return Figure("backends-means", title, svg, csv_of_ratios(dots))


def told(run: Run) -> bool:
    """Tell whether the run says more of an allocator than that it was used."""
    checked = any(one.state != "unchecked" for one in run.standings)
    return checked or bool(run.bench) or run.rank is not None


def context(run: Run) -> dict[str, Any]:
    """Values of backends.html."""
    ranking = Ranking(run)
    asked = set(ranking.asked)
    ranked = run.rank is not None
    standings = run.standings if ranked else ranking.standings
    found = areas(ranking)
    ranks = rank.context(run) if ranked else None
    means = None if ranked else means_chart(ranking, standings)
    drawn = [means, *rank.figures(ranks), *(one.figure for one in found)]
    return {
        "answer": rank_figures.answer(run) if ranked else answer(ranking),
        "rank": ranks,
        "means": means,
        "means_alt": f"Means: {answer(ranking)}" if means is not None else "",
        "rank_of": rank_figures.place,
        "areas": found,
        "figures": [one for one in drawn if one is not None],
        "candidates": [candidate(ranking, one) for one in standings],
        "standings": standings,
        "not_asked": [e for e in run.backends if (e.spec or e.name) not in asked],
        "captions": list(bench_figures.caption(ranking)),
        "table_title": bench_figures.title(ranking),
        "standing": bench_figures.rank,
        "yardstick": yardstick_of(run),
    }
