# SPDX-License-Identifier: MIT
"""Does memory grow, and does it come back?"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from pmm.documents import Run, WorkResult
from pmm.programs import Variant
from pmm.render import charts

MS = 1_000_000
MIB = 1 << 20
MOST_SERIES = len(charts.SERIES)


class ListRow(NamedTuple):
    """List against generator on one subject."""

    label: str
    items: int
    list_peak: float
    generator_peak: float
    ratio: float


class Chart(NamedTuple):
    """A drawing with what it says in words."""

    id: str
    title: str
    svg: str
    alt: str
    note: str


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
    "leaks": ("Leaks on purpose", "What stays behind?"),
    "articles": (
        "Examples of the articles",
        "What do the articles' own examples show when they are run?",
    ),
}


def label(result: WorkResult) -> str:
    """Subject, version or backend, and the form when it is a Python twin."""
    document = result.document
    if document.form == "python":
        return f"python {document.subject_version} (twin)"
    if document.backend is None:
        return f"{document.subject} {document.subject_version}"
    return f"{document.subject} / {document.backend}"


def _rank(result: WorkResult) -> tuple[int, str]:
    """The reference over its own pool first, then twins, then the rest."""
    document = result.document
    if document.subject == "reference":
        return (0 if document.backend == "pool" else 2, label(result))
    return (1 if document.form == "python" else 3, label(result))


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
    """List against generator: full size first, then the reference over its pool."""
    rows = [
        row
        for result in sorted(run.work, key=_rank)
        if result.document.workload == "list_vs_generator" and result.document.verified
        if (row := _list_row(result)) is not None
    ]
    return sorted(rows, key=lambda row: -row.items)


def _points(variants: list[Variant], column: str, scale: float) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for variant in variants:
        if column not in variant.series.columns:
            continue
        at = variant.series.columns.index(column)
        start = variant.series.rows[0][0] if variant.series.rows else 0
        mine = [
            {
                "t_ms": (float(row[0] or 0) - float(start or 0)) / MS,
                "name": variant.name,
                column: None if row[at] is None else float(row[at] or 0) / scale,
            }
            for row in variant.series.rows
        ]
        rows.extend(charts.thin(mine, column))
    return rows


def _phases(variants: list[Variant]) -> tuple[str, list[dict[str, Any]]]:
    """Where the phases of the variant that takes longest begin."""
    longest = max(variants, key=lambda v: v.elapsed_ns)
    start = float(longest.series.rows[0][0] or 0)
    return longest.name, [
        {"t_ms": (phase.start_ns - start) / MS, "phase": phase.name}
        for phase in longest.phases
    ]


def _chart(
    result: WorkResult, column: str, title: str, unit: str, scale: float
) -> Chart | None:
    document = result.document
    variants = [v for v in document.variants if v.series.rows][:MOST_SERIES]
    points = _points(variants, column, scale)
    if not any(p[column] is not None for p in points):
        return None
    names = [v.name for v in variants]
    highest = {
        n: max(p[column] for p in points if p["name"] == n and p[column] is not None)
        for n in names
        if any(p["name"] == n and p[column] is not None for p in points)
    }
    said = "; ".join(f"{n} peaks at {v:,.4g} {unit}" for n, v in highest.items())
    samples = sum(len(v.series.rows) for v in variants)
    left = len(document.variants) - len(variants)
    whose, phases = _phases(variants)
    return Chart(
        id=re.sub(r"[^\w.]+", "-", f"{document.workload}-{column}-{label(result)}"),
        title=f"{title}, {label(result)}",
        svg=charts.over_time(
            points,
            y=column,
            y_title=f"{title.lower()} ({unit})" if unit else title.lower(),
            names=names,
            step=column == "descriptors",
            phases=phases,
        ),
        alt=f"{title} over time on {label(result)}: {said}.",
        note=f"{samples:,} samples, drawn with {len(points):,} points"
        + (f"; {left} more variants are in the table" if left else "")
        + ". Each line starts at its own variant's first sample"
        + (f"; the phases are those of {whose}." if phases else "."),
    )


def _charts(results: list[tuple[str, WorkResult]], workload: str) -> list[Chart]:
    """The first native subject and the first twin, one chart a quantity."""
    chosen = [r for _, r in results if r.document.form == "c"][:1]
    chosen += [r for _, r in results if r.document.form == "python"][:1]
    quantities = [
        ("live_bytes", "Live memory", "MiB", MIB),
        ("rss_bytes", "Resident memory", "MiB", MIB),
    ]
    if workload == "file_read":
        quantities.append(("descriptors", "Open descriptors", "", 1))
    drawn = [
        _chart(result, column, title, unit, scale)
        for result in chosen
        for column, title, unit, scale in quantities
    ]
    return [chart for chart in drawn if chart is not None]


def context(run: Run) -> dict[str, Any]:
    """Values of memory.html."""
    groups = []
    names = [n for n in QUESTIONS if n != "leaks"]
    names += sorted({r.document.workload for r in run.work} - set(QUESTIONS))
    for name in names:
        found = sorted((r for r in run.work if r.document.workload == name), key=_rank)
        if not found:
            continue
        title, question = QUESTIONS.get(name, (name.replace("_", " "), ""))
        results = [(label(r), r) for r in found]
        groups.append(Group(name, title, question, _charts(results, name), results))
    return {"groups": groups, "list_rows": list_rows(run)}
