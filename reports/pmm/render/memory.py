# SPDX-License-Identifier: MIT
"""Does memory grow, and does it come back?"""

from __future__ import annotations

from itertools import groupby
from typing import Any, NamedTuple

from pmm.base.typed_names import newest_first
from pmm.documents.programs import Variant
from pmm.documents.results import WorkResult
from pmm.documents.run import Run
from pmm.render.memory_charts import Chart, charts_over_time, density_chart


class ListRow(NamedTuple):
    """List against generator on one subject."""

    label: str
    items: int
    list_peak: float
    generator_peak: float
    ratio: float


class Group(NamedTuple):
    """A workload: its charts, and a table of every variant on every subject."""

    id: str
    title: str
    question: str
    charts: list[Chart]
    results: list[tuple[str, WorkResult]]


QUESTIONS = {
    "list_vs_generator": (
        "List against generator",
        "What does it cost to keep a sequence instead of producing it?",
    ),
    "file_read": (
        "Reading a file",
        "Does a context manager free memory, or the descriptor? What do chunks save?",
    ),
    "tuple_sharing": (
        "Sharing tuples",
        "What does sharing immutable objects save?",
    ),
    "cycles": (
        "Reference cycles",
        "How much garbage waits with the collector on and off?",
    ),
    "sparse": (
        "Sparse against dense",
        "From which density on does sparse data cost more than dense?",
    ),
    "str_concat": (
        "Building a string",
        "What do += and join copy, and what do they hold at their peak?",
    ),
    "leaks": ("Leaks on purpose", "What stays behind?"),
    "articles": (
        "Examples of the articles",
        "What do the articles' own examples take when they are run?",
    ),
    "list_concat": (
        "Two lists and their sum",
        "The example of article 1 on the reference.",
    ),
}
EXAMPLES = ("articles", "list_concat")
"""Workloads that run the articles' examples: shown on the page of claims."""


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


def _charts(results: list[WorkResult], workload: str) -> list[Chart]:
    """The first native subject and the first twin, one chart a quantity."""
    if workload in EXAMPLES:
        return []
    chosen = [r for r in results if r.document.form == "c"][:1]
    chosen += [r for r in results if r.document.form == "python"][:1]
    if workload == "sparse":
        drawn = [density_chart(r, sized(r)) for r in chosen]
        return [chart for chart in drawn if chart is not None]
    return [chart for r in chosen for chart in charts_over_time(r, sized(r))]


def group_of(run: Run, name: str) -> Group | None:
    """A workload's results, or None where it did not run."""
    found = sorted((r for r in run.work if r.document.workload == name), key=rank)
    if not found:
        return None
    title, question = QUESTIONS.get(name, (name.replace("_", " "), ""))
    results = [(sized(r), r) for r in found]
    return Group(name, title, question, _charts(found, name), results)


def context(run: Run) -> dict[str, Any]:
    """Values of memory.html."""
    elsewhere = {"leaks", *EXAMPLES}
    names = [name for name in QUESTIONS if name not in elsewhere]
    names += sorted({r.document.workload for r in run.work} - set(QUESTIONS))
    groups = (group_of(run, name) for name in names)
    rows = list_rows(run)
    return {
        "groups": [group for group in groups if group is not None],
        "list_rows": rows,
        "list_tables": list_tables(rows),
    }
