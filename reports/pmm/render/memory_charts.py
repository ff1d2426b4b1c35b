# SPDX-License-Identifier: MIT
"""The memory page's drawings: quantities over time, and bytes by density.

Each drawing over time has its figures beside it: where a line starts, its peak,
its end, and how much of what was taken came back. Phases are drawn for each
variant on its own: a variant that is done early is not released late.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from pmm.base import formatting
from pmm.documents.programs import Variant
from pmm.documents.results import WorkResult
from pmm.render import charts
from pmm.render.figures import Figure, csv_of, name_of

MS = 1_000_000
MIB = 1 << 20
MOST_SERIES = len(charts.SERIES)
NEGLIGIBLE = 4096
"""Bytes that stay for the next time, and that no sentence is about."""
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

    quantity: str
    name: str
    start: str
    peak: str
    when: str
    """Time and phase of the peak, as far as samples tell."""
    end: str
    back: str
    """Share of what was taken that is released at the end."""
    taken: int
    """How much more its peak is than its start."""
    kept: int
    """How much more its end is than its start."""


class Chart(NamedTuple):
    """A drawing with what it says in words and figures."""

    id: str
    title: str
    svg: str
    alt: str
    note: str
    how: str
    lines: list[Line]
    csv: str

    @property
    def figure(self) -> Figure:
        """The drawing as it can be taken away."""
        return Figure(self.id, self.title, self.svg, self.csv)


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
    sampled = [(at, y) for at, y in series(variant, quantity.column) if y is not None]
    if not sampled:
        return None
    known = [y for _, y in sampled]
    told = [f.value for f in variant.figures if f.name == quantity.peak]
    peak = max(known + [value for value in told if value is not None])
    start, end = known[0], known[-1]
    taken = int(peak - start)
    back = min(int(peak - end), taken)
    unit = "bytes" if quantity.unit else None
    return Line(
        quantity=quantity.title,
        name=variant.name,
        start=formatting.quantity(start, unit),
        peak=formatting.quantity(peak, unit),
        when=moment(variant, max(sampled, key=lambda one: one[1])[0]),
        end=formatting.quantity(end, unit),
        back=formatting.percent(back, taken) if taken > 0 else "nothing taken",
        taken=taken,
        kept=int(end - start),
    )


def moment(variant: Variant, at_ms: float) -> str:
    """Say when something was, and in which phase."""
    at_ns = at_ms * MS + (variant.series.rows[0][0] or 0)
    phase = next((p for p in variant.phases if p.start_ns <= at_ns <= p.end_ns), None)
    said = formatting.duration(at_ms * MS)
    return f"{said}, in {phase.name}" if phase is not None else said


def peaks(rows: list[dict[str, Any]], column: str) -> list[dict[str, Any]]:
    """Return the highest point of each line, the first where it is level."""
    best: dict[str, dict[str, Any]] = {}
    for row in rows:
        one = best.get(row["name"])
        if row[column] is not None and (one is None or row[column] > one[column]):
            best[row["name"]] = row
    return list(best.values())


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


HOW = (
    "height is what is held at that moment, a dot the peak of a line; one that returns "
    "to where it began gave everything back. Live is what the program asked for and "
    "has not given back, resident what the system gave."
)


def over_time(
    result: WorkResult, label: str, variants: list[Variant],
    quantities: list[Quantity], places: Mapping[str, int],
) -> Chart | None:  # fmt: skip
    """Draw quantities of some variants; None where nobody measured any."""
    known = [
        (one, [found for v in variants if (found := line(v, one)) is not None])
        for one in quantities
    ]
    measured = [(one, lines) for one, lines in known if lines]
    if not measured:
        return None
    failing = variants[0].name.endswith(FAILING)
    title = ", ".join(one.title.lower() for one, _ in measured).capitalize()
    title += ", when the reader fails half-way" if failing else ""
    document = result.document
    form = "twin" if document.form == "python" else document.subject
    lines = [one for _, mine in measured for one in mine]
    return Chart(
        id=name_of(f"{document.workload}-{form}{'-failing' if failing else ''}"),
        title=f"{title}; {label}",
        lines=lines,
        how=HOW,
        **picture(variants, [one for one, _ in measured], title, label, lines, places),
    )


def picture(
    variants: list[Variant], quantities: list[Quantity], title: str, label: str,
    lines: list[Line], places: Mapping[str, int],
) -> dict[str, Any]:  # fmt: skip
    """Draw, and say in words and numbers what is drawn."""
    drawn = {one.column: points(variants, one) for one in quantities}
    samples = sum(len(v.series.rows) for v in variants) * len(quantities)
    count = sum(len(rows) for rows in drawn.values())
    said = "; ".join(
        f"{one.name} starts at {one.start}, peaks at {one.peak}, ends at {one.end}"
        for one in lines
    )
    panels = [
        charts.Panel(
            drawn[one.column], one.column,
            one.title.split()[0].lower() + (f" ({one.unit})" if one.unit else ""),
            one.column == "descriptors",
            () if one.column == "descriptors" else peaks(drawn[one.column], one.column),
        )
        for one in quantities
    ]  # fmt: skip
    return {
        "svg": charts.over_time(
            panels, names=[v.name for v in variants], phases=phases(variants),
            places=places,
        ),
        "alt": f"{title} over time on {label}: {said}.",
        "note": f"{samples:,} samples, drawn with {count:,} points. Each line starts "
        "at its variant's first sample; the bars below are the phases of each.",
        "csv": csv_of(
            ("variant", "quantity", "unit", "ms", "value"),
            (
                (row["name"], one.column, one.unit, row["t_ms"], row[one.column])
                for one in quantities
                for row in drawn[one.column]
            ),
        ),
    }


# ------------------------------------------------------------------- the lesson


def lesson(charts_of_one: list[Chart]) -> list[str]:
    """Say in sentences what the pictures of one subject show."""
    said = []
    for chart in charts_of_one:
        live = [one for one in chart.lines if one.quantity == QUANTITIES[0].title]
        files = [one for one in chart.lines if one.quantity == QUANTITIES[2].title]
        told = [*most_and_least(live), *left_open(files)]
        if told and "fails half-way" in chart.title:
            told[0] = (
                f"When the reader fails half-way, {told[0][:1].lower()}{told[0][1:]}"
            )
        said += told
    return said


def most_and_least(lines: list[Line]) -> list[str]:
    """Who takes most, who least, and who keeps some of it."""
    if not lines:
        return []
    most = max(lines, key=lambda one: one.taken)
    least = min(lines, key=lambda one: one.taken)
    said = f"{most.name} takes {formatting.size(most.taken)} above its start"
    if least is not most:
        said = f"At its peak {said}, {least.name} {formatting.size(least.taken)}"
    keep = [one for one in lines if one.kept > max(one.taken // 100, NEGLIGIBLE)]
    if not keep:
        return [f"{said}; in the end all of it came back."]
    rest = ", ".join(f"{one.name} {formatting.size(one.kept)}" for one in keep)
    return [f"{said}; in the end still held: {rest}."]


def left_open(lines: list[Line]) -> list[str]:
    """Who leaves descriptors open."""
    if not any(one.taken for one in lines):
        return []
    keep = [one for one in lines if one.kept > 0]
    if not keep:
        return ["Every descriptor is closed in the end."]
    rest = ", ".join(f"{one.name} leaves {one.kept} open" for one in keep)
    others = ", ".join(one.name for one in lines if one not in keep)
    return [f"Of descriptors {rest}" + (f"; {others} none." if others else ".")]


def changes(variant: Variant, column: str) -> bool:
    """Tell whether a quantity is not the same in all samples of a variant."""
    columns = variant.series.columns
    at = columns.index(column) if column in columns else None
    return at is not None and len({row[at] for row in variant.series.rows}) > 1


def charts_over_time(
    result: WorkResult, label: str, places: Mapping[str, int]
) -> list[Chart]:
    """Draw every quantity in one picture, of readers that fail in one of their own."""
    drawn = []
    sampled = [v for v in result.document.variants if v.series.rows]
    files = any(changes(variant, "descriptors") for variant in sampled)
    quantities = [one for one in QUANTITIES if one.column != "descriptors" or files]
    for failing in (False, True):
        mine = [v for v in sampled if v.name.endswith(FAILING) == failing]
        if mine:
            drawn.append(
                over_time(result, label, mine[:MOST_SERIES], quantities, places)
            )
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


def density_chart(
    result: WorkResult, label: str, places: Mapping[str, int]
) -> Chart | None:
    """Both curves, sparse and dense, over the density."""
    variants = [v for v in result.document.variants if not v.unsupported]
    rows = densities(variants)
    if not rows:
        return None
    title = "Bytes by density"
    said = break_evens(variants)
    return Chart(
        id=name_of(
            f"sparse-{'twin' if result.document.form == 'python' else 'reference'}"
        ),
        title=f"{title}; {label}",
        svg=charts.curves(
            rows,
            x="percent",
            x_title="positions stored (percent, log)",
            y="bytes",
            y_title="bytes held (log)",
            names=[v.name for v in variants],
            places=places,
        ),
        alt=f"{title} on {label}: {said}.",
        note=f"{len(rows)} measured points. Break-even: {said}.",
        how="where a sloping line crosses a flat one, sparse storage begins to cost "
        "more than dense storage.",
        lines=[],
        csv=csv_of(
            ("form", "percent stored", "bytes"),
            ((row["name"], row["percent"], row["bytes"]) for row in rows),
        ),
    )
