# SPDX-License-Identifier: MIT
"""Does memory grow, and does it come back?"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from pmm.documents import Run, WorkResult
from pmm.names import by_number
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


class Quantity(NamedTuple):
    """A column of a series and how it is shown."""

    column: str
    title: str
    unit: str
    scale: float


QUANTITIES = (
    Quantity("live_bytes", "Live memory", "MiB", MIB),
    Quantity("rss_bytes", "Resident memory", "MiB", MIB),
    Quantity("descriptors", "Open descriptors", "", 1),
)
FAILING = "_error"
"""End of the names of variants whose reader fails on purpose."""
DENSITY = re.compile(r"bytes_at_([\d.]+)_percent")
"""Figures of the workload `sparse` that make its curves."""
CLOSE = 0.06
"""Share of the time axis within which two labels would run into each other."""


class Chart(NamedTuple):
    """A drawing with what it says in words."""

    id: str
    title: str
    svg: str
    alt: str
    note: str
    how: str


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


def rank(result: WorkResult) -> tuple[int, str]:
    """The reference over its own pool first, then twins, then the rest."""
    document = result.document
    name = by_number(label(result))
    if document.subject == "reference":
        return (0 if document.backend == "pool" else 2, name)
    return (1 if document.form == "python" else 3, name)


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
        for result in sorted(run.work, key=rank)
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
    """Where the phases of the variant that takes longest begin.

    Phases that begin too close to each other to be told apart share a label.
    """
    longest = max(variants, key=lambda v: v.elapsed_ns)
    start = float(longest.series.rows[0][0] or 0)
    end = max([p.end_ns for p in longest.phases], default=0) - start
    marks: list[dict[str, Any]] = []
    for phase in longest.phases:
        at = phase.start_ns - start
        if marks and at - marks[-1]["t_ms"] * MS < CLOSE * end:
            marks[-1]["phase"] += f", {phase.name}"
        else:
            marks.append({"t_ms": at / MS, "phase": phase.name})
    return longest.name, marks


def _said(
    points: list[dict[str, Any]], names: list[str], column: str
) -> dict[str, float]:
    """The highest point of each line that has one."""
    known = [p for p in points if p[column] is not None]
    return {
        n: max(p[column] for p in known if p["name"] == n)
        for n in names
        if any(p["name"] == n for p in known)
    }


def _chart(
    result: WorkResult, variants: list[Variant], quantity: Quantity
) -> Chart | None:
    points = _points(variants, quantity.column, quantity.scale)
    names = [v.name for v in variants]
    highest = _said(points, names, quantity.column)
    if not highest:
        return None
    title = quantity.title
    if names[0].endswith(FAILING):
        title += ", when the reader fails half-way"
    said = "; ".join(
        f"{n} peaks at {v:,.4g} {quantity.unit}" for n, v in highest.items()
    )
    samples = sum(len(v.series.rows) for v in variants)
    whose, phases = _phases(variants)
    unit = f" ({quantity.unit})" if quantity.unit else ""
    return Chart(
        id=re.sub(
            r"[^\w.]+", "-", f"{result.document.workload}-{title}-{label(result)}"
        ),
        title=f"{title}; {label(result)}",
        svg=charts.over_time(
            points,
            y=quantity.column,
            y_title=quantity.title.lower() + unit,
            names=names,
            step=quantity.column == "descriptors",
            phases=phases,
        ),
        alt=f"{title} over time on {label(result)}: {said}.",
        note=f"{samples:,} samples, drawn with {len(points):,} points. Each line "
        f"starts at its own variant's first sample; the phases are those of {whose}.",
        how="each step is a descriptor opened or closed; the line must end where it "
        "began."
        if quantity.column == "descriptors"
        else "height is memory held at that moment; a line that returns to where it "
        "began gave everything back.",
    )


def _densities(variants: list[Variant]) -> list[dict[str, Any]]:
    """What each variant costs at each density, as far as it is known."""
    return [
        {"name": v.name, "percent": float(found[1]), "bytes": float(f.value)}
        for v in variants
        for f in v.figures
        if f.value and (found := DENSITY.fullmatch(f.name))
    ]


def _break_evens(variants: list[Variant]) -> str:
    """From which density on a sparse form costs more than a dense one."""
    said = []
    for variant in variants:
        for dense in ("list", "array"):
            name = f"break_even_{dense}_density"
            if all(f.name != name for f in variant.figures):
                continue
            share = figure(variant, name)
            start = (
                "at no density" if share is None else f"from {share / 100:g} percent"
            )
            said.append(f"{variant.name} costs more than the {dense} {start}")
    return "; ".join(said)


def _density_chart(result: WorkResult) -> Chart | None:
    """Both curves, sparse and dense, over the density."""
    variants = [v for v in result.document.variants if not v.unsupported]
    points = _densities(variants)
    if not points:
        return None
    title = "Bytes by density"
    said = _break_evens(variants)
    return Chart(
        id=re.sub(r"[^\w.]+", "-", f"sparse-{title}-{label(result)}"),
        title=f"{title}; {label(result)}",
        svg=charts.curves(
            points,
            x="percent",
            x_title="positions stored (percent, log)",
            y="bytes",
            y_title="bytes held (log)",
            names=[v.name for v in variants],
        ),
        alt=f"{title} on {label(result)}: {said}.",
        note=f"{len(points)} measured points. Break-even: {said}.",
        how="where a sloping line crosses a flat one, storing what is there begins "
        "to cost more than storing everything.",
    )


def _charts(results: list[tuple[str, WorkResult]], workload: str) -> list[Chart]:
    """The first native subject and the first twin: one chart a quantity, readers
    that fail on their own.
    """
    if workload in EXAMPLES:
        return []
    chosen = [r for _, r in results if r.document.form == "c"][:1]
    chosen += [r for _, r in results if r.document.form == "python"][:1]
    if workload == "sparse":
        return [c for r in chosen if (c := _density_chart(r)) is not None]
    drawn = []
    for result in chosen:
        sampled = [v for v in result.document.variants if v.series.rows]
        for failing in (False, True):
            mine = [v for v in sampled if v.name.endswith(FAILING) == failing]
            for quantity in QUANTITIES if mine else ():
                if quantity.column != "descriptors" or workload == "file_read":
                    drawn.append(_chart(result, mine[:MOST_SERIES], quantity))
    return [chart for chart in drawn if chart is not None]


def group_of(run: Run, name: str) -> Group | None:
    """A workload's results, or None where it did not run."""
    found = sorted((r for r in run.work if r.document.workload == name), key=rank)
    if not found:
        return None
    title, question = QUESTIONS.get(name, (name.replace("_", " "), ""))
    results = [(label(r), r) for r in found]
    return Group(name, title, question, _charts(results, name), results)


def context(run: Run) -> dict[str, Any]:
    """Values of memory.html."""
    elsewhere = {"leaks", *EXAMPLES}
    names = [name for name in QUESTIONS if name not in elsewhere]
    names += sorted({r.document.workload for r in run.work} - set(QUESTIONS))
    groups = (group_of(run, name) for name in names)
    return {
        "groups": [group for group in groups if group is not None],
        "list_rows": list_rows(run),
    }
