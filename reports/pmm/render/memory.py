# SPDX-License-Identifier: MIT
"""Does memory grow, and does it come back?"""

from __future__ import annotations

from itertools import groupby
from typing import Any, NamedTuple

from pmm.base.typed_names import newest_first
from pmm.documents.programs import Variant, WorkloadEntry
from pmm.documents.results import WorkResult
from pmm.documents.run import Run
from pmm.render.identity import places_of
from pmm.render.memory_charts import (
    QUANTITIES,
    Chart,
    Line,
    charts_over_time,
    density_chart,
    lesson,
)


class ListRow(NamedTuple):
    """List against generator on one subject."""

    label: str
    items: int
    list_peak: float
    generator_peak: float
    ratio: float


class Highest(NamedTuple):
    """The line with the highest peak of live memory, and where it is drawn."""

    line: Line
    group: str
    chart: str


class Group(NamedTuple):
    """A workload: its charts, and a table of every variant on every subject."""

    id: str
    title: str
    question: str
    charts: list[Chart]
    lesson: list[str]
    """What the pictures of the first subject show, in sentences."""
    results: list[tuple[str, WorkResult]]


def label(result: WorkResult) -> str:
    """Subject, version or backend, and the form when it is a Python twin."""
    document = result.document
    if document.form == "python":
        return f"python {document.subject_version} (twin)"
    if document.backend is None:
        return f"{document.subject} {document.subject_version}"
    return f"{document.subject} / {document.backend}"


def sized(result: WorkResult) -> str:
    """The label, with the numbers that say how large the job was."""
    numbers = [
        f"{name} {value:,}"
        for name, value in result.document.parameters.items()
        if isinstance(value, int) and not isinstance(value, bool)
    ]
    return ", ".join([label(result), *numbers])


def rank(result: WorkResult) -> tuple[int, tuple[int, ...], str]:
    """The reference over its own pool, then twins, the newest CPython in front,
    then the rest.
    """
    document = result.document
    twin = document.form == "python"
    if document.subject == "reference":
        place = 0 if document.backend == "pool" else 2
    else:
        place = 1 if twin else 3
    return place, newest_first(document.subject_version), label(result)


def figure(variant: Variant, *names: str) -> float | None:
    """The first of the named figures that is known."""
    values = {f.name: f.value for f in variant.figures}
    return next((values[n] for n in names if values.get(n) is not None), None)


def growth(variant: Variant) -> float | None:
    """Peak memory above what was live before the variant began."""
    peak = figure(variant, "peak_bytes")
    return None if peak is None else peak - (figure(variant, "live_before_bytes") or 0)


def _list_row(result: WorkResult) -> ListRow | None:
    """The list that takes most against the generator, if both were measured."""
    document = result.document
    peaks = {v.name: growth(v) or 0 for v in document.variants}
    lists = [peak for name, peak in peaks.items() if name.startswith("list")]
    made = peaks.get("generator", 0)
    items = document.parameters.get("items")
    if not lists or not made or not isinstance(items, int):
        return None
    return ListRow(label(result), items, max(lists), made, max(lists) / made)


def list_rows(run: Run) -> list[ListRow]:
    """List against generator: full size first, then in the order of subjects."""
    rows = [
        row
        for result in sorted(run.work, key=rank)
        if result.document.workload == "list_vs_generator" and result.document.verified
        if (row := _list_row(result)) is not None
    ]
    return sorted(rows, key=lambda row: -row.items)


def list_tables(rows: list[ListRow]) -> list[tuple[int, list[ListRow]]]:
    """One table a size: a ratio grows with the number of integers, so that those
    of different sizes do not compare.
    """
    return [(items, list(mine)) for items, mine in groupby(rows, lambda r: r.items)]


def _charts(results: list[WorkResult]) -> list[Chart]:
    """The first native subject and the first twin, one chart a quantity.

    What was measured at several densities is drawn over them.
    """
    chosen = [r for r in results if r.document.form == "c"][:1]
    chosen += [r for r in results if r.document.form == "python"][:1]
    places = places_of((), (v.name for r in results for v in r.document.variants))
    drawn = [density_chart(r, sized(r), places) for r in chosen]
    over_density = [chart for chart in drawn if chart is not None]
    return over_density or [
        chart for r in chosen for chart in charts_over_time(r, sized(r), places)
    ]


def workloads_on(run: Run, page: str) -> list[WorkloadEntry]:
    """Return the workloads of a page that ran, in the order in which they were listed.

    One that nobody described is on the memory page, under its own name.
    """
    listed = {one.name for one in run.workloads}
    done = {r.document.workload for r in run.work}
    others = (WorkloadEntry(name=name) for name in sorted(done - listed))
    return [
        one
        for one in (*run.workloads, *others)
        if one.name in done and (one.page or "memory") == page
    ]


def groups_on(run: Run, page: str, charts: bool = True) -> list[Group]:
    """The workloads of a page."""
    return [group_of(run, entry, charts) for entry in workloads_on(run, page)]


def group_of(run: Run, entry: WorkloadEntry, charts: bool) -> Group:
    """A workload's results."""
    name = entry.name
    found = sorted((r for r in run.work if r.document.workload == name), key=rank)
    drawn = _charts(found) if charts else []
    first = [one for one in drawn if "-twin" not in one.id] or drawn
    return Group(
        id=name,
        title=entry.title or name.replace("_", " "),
        question=entry.question or "",
        charts=drawn,
        lesson=lesson(first),
        results=[(sized(r), r) for r in found],
    )


def highest(groups: list[Group]) -> Highest | None:
    """Return the line that takes most live memory of all that are drawn."""
    lines = [
        Highest(line, group.title, chart.id)
        for group in groups
        for chart in group.charts
        for line in chart.lines
        if line.quantity == QUANTITIES[0].title
    ]
    return max(lines, key=lambda one: one.line.taken, default=None)


def context(run: Run) -> dict[str, Any]:
    """Values of memory.html."""
    rows = list_rows(run)
    groups = groups_on(run, "memory")
    return {
        "groups": groups,
        "highest": highest(groups),
        "figures": [chart.figure for group in groups for chart in group.charts],
        "list_rows": rows,
        "list_tables": list_tables(rows),
    }
