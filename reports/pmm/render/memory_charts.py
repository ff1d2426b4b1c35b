# SPDX-License-Identifier: MIT
"""The memory page's drawings: quantities over time, and bytes by density.

Each drawing over time has its figures beside it: where a line starts, its peak,
its end, and how much of what was taken came back. Phases are drawn for each
variant on its own: a variant that is done early is not released late.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from pmm.base import formatting
from pmm.documents.programs import Variant
from pmm.documents.results import WorkResult
from pmm.render import charts

MS = 1_000_000
MIB = 1 << 20
MOST_SERIES = len(charts.SERIES)
FAILING = "_error"
"""End of the names of variants whose reader fails on purpose."""
DENSITY = re.compile(r"bytes_at_([\d.]+)_percent")
"""Figures that make curves over the density."""


class Quantity(NamedTuple):
    """A column of a series and how it is shown."""

    column: str
    title: str
    unit: str
    scale: float
    peak: str
    """The figure that knows the peak also between two samples."""


QUANTITIES = (
    Quantity("live_bytes", "Live memory", "MiB", MIB, "peak_bytes"),
    Quantity("rss_bytes", "Resident memory", "MiB", MIB, "rss_peak_bytes"),
    Quantity("descriptors", "Open descriptors", "", 1, "descriptors_peak"),
)


class Line(NamedTuple):
    """One line of a drawing in figures, as they are shown."""

    name: str
    start: str
    peak: str
    end: str
    back: str
    """Share of what was taken that is given back at the end."""


class Chart(NamedTuple):
    """A drawing with what it says in words and figures."""

    id: str
    title: str
    svg: str
    alt: str
    note: str
    how: str
    lines: list[Line]


def series(variant: Variant, column: str) -> list[tuple[float, float | None]]:
    """Return a column as (ms since the first sample, value)."""
    if column not in variant.series.columns or not variant.series.rows:
        return []
    at = variant.series.columns.index(column)
    start = variant.series.rows[0][0] or 0
    return [((float(row[0] or 0) - start) / MS, row[at]) for row in variant.series.rows]


def line(variant: Variant, quantity: Quantity) -> Line | None:
    """Tell a variant's start, peak and end; None where nothing was measured.

    The peak is the subject's own where it has one: samples miss what comes and
    goes between them.
    """
    known = [y for _, y in series(variant, quantity.column) if y is not None]
    if not known:
        return None
    told = [f.value for f in variant.figures if f.name == quantity.peak]
    peak = max(known + [value for value in told if value is not None])
    start, end = known[0], known[-1]
    taken = int(peak - start)
    back = min(int(peak - end), taken)
    unit = "bytes" if quantity.unit else None
    return Line(
        name=variant.name,
        start=formatting.quantity(start, unit),
        peak=formatting.quantity(peak, unit),
        end=formatting.quantity(end, unit),
        back=formatting.percent(back, taken) if taken > 0 else "nothing taken",
    )


def points(variants: list[Variant], quantity: Quantity) -> list[dict[str, Any]]:
    """Return the drawn points of all variants, each from its own start."""
    rows: list[dict[str, Any]] = []
    for variant in variants:
        mine = [
            {
                "t_ms": at,
                "name": variant.name,
                quantity.column: None if y is None else y / quantity.scale,
            }
            for at, y in series(variant, quantity.column)
        ]
        rows.extend(charts.thin(mine, quantity.column))
    return rows


def phases(variants: list[Variant]) -> list[dict[str, Any]]:
    """Return each variant's phases on its own time axis."""
    rows = []
    for variant in variants:
        start = float(variant.series.rows[0][0] or 0)
        rows += [
            {
                "name": variant.name,
                "phase": phase.name,
                "start_ms": (phase.start_ns - start) / MS,
                "end_ms": (phase.end_ns - start) / MS,
            }
            for phase in variant.phases
        ]
    return rows


def name_of(text: str) -> str:
    """Make an id of a title."""
    return re.sub(r"[^\w.]+", "-", text)


def over_time(
    result: WorkResult, label: str, variants: list[Variant], quantity: Quantity
) -> Chart | None:
    """Draw one quantity of some variants; None where nobody measured it."""
    lines = [one for v in variants if (one := line(v, quantity)) is not None]
    if not lines:
        return None
    title = quantity.title
    if variants[0].name.endswith(FAILING):
        title += ", when the reader fails half-way"
    drawn = points(variants, quantity)
    unit = f" ({quantity.unit})" if quantity.unit else ""
    samples = sum(len(v.series.rows) for v in variants)
    said = "; ".join(
        f"{one.name} starts at {one.start}, peaks at {one.peak}, ends at {one.end}"
        for one in lines
    )
    return Chart(
        id=name_of(f"{result.document.workload}-{title}-{label}"),
        title=f"{title}; {label}",
        svg=charts.over_time(
            drawn,
            y=quantity.column,
            y_title=quantity.title.lower() + unit,
            names=[v.name for v in variants],
            step=quantity.column == "descriptors",
            phases=phases(variants),
        ),
        alt=f"{title} over time on {label}: {said}.",
        note=f"{samples:,} samples, drawn with {len(drawn):,} points. Each line starts "
        "at its variant's first sample; the bars below are the phases of each.",
        how="each step is a descriptor opened or closed; the line must end where it "
        "began."
        if quantity.column == "descriptors"
        else "height is memory held at that moment; a line that returns to where it "
        "began gave everything back.",
        lines=lines,
    )


def changes(variant: Variant, column: str) -> bool:
    """Tell whether a quantity is not the same in all samples of a variant."""
    columns = variant.series.columns
    at = columns.index(column) if column in columns else None
    return at is not None and len({row[at] for row in variant.series.rows}) > 1


def charts_over_time(result: WorkResult, label: str) -> list[Chart]:
    """Draw every quantity, of readers that fail on their own."""
    drawn = []
    sampled = [v for v in result.document.variants if v.series.rows]
    files = any(changes(variant, "descriptors") for variant in sampled)
    for failing in (False, True):
        mine = [v for v in sampled if v.name.endswith(FAILING) == failing]
        for quantity in QUANTITIES if mine else ():
            if quantity.column != "descriptors" or files:
                drawn.append(over_time(result, label, mine[:MOST_SERIES], quantity))
    return [chart for chart in drawn if chart is not None]


# ------------------------------------------------------------------ densities


def densities(variants: list[Variant]) -> list[dict[str, Any]]:
    """What each variant costs at each density, as far as it is known."""
    return [
        {"name": v.name, "percent": float(found[1]), "bytes": float(f.value)}
        for v in variants
        for f in v.figures
        if f.value and (found := DENSITY.fullmatch(f.name))
    ]


def break_evens(variants: list[Variant]) -> str:
    """From which density on a sparse form costs more than a dense one."""
    said = []
    for variant in variants:
        values = {f.name: f.value for f in variant.figures}
        for dense in ("list", "array"):
            name = f"break_even_{dense}_density"
            if name not in values:
                continue
            share = values[name]
            start = (
                "at no density" if share is None else f"from {share / 100:g} percent"
            )
            said.append(f"{variant.name} costs more than the {dense} {start}")
    return "; ".join(said)


def density_chart(result: WorkResult, label: str) -> Chart | None:
    """Both curves, sparse and dense, over the density."""
    variants = [v for v in result.document.variants if not v.unsupported]
    rows = densities(variants)
    if not rows:
        return None
    title = "Bytes by density"
    said = break_evens(variants)
    return Chart(
        id=name_of(f"sparse-{title}-{label}"),
        title=f"{title}; {label}",
        svg=charts.curves(
            rows,
            x="percent",
            x_title="positions stored (percent, log)",
            y="bytes",
            y_title="bytes held (log)",
            names=[v.name for v in variants],
        ),
        alt=f"{title} on {label}: {said}.",
        note=f"{len(rows)} measured points. Break-even: {said}.",
        how="where a sloping line crosses a flat one, storing what is there begins "
        "to cost more than storing everything.",
        lines=[],
    )
