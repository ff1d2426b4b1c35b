# SPDX-License-Identifier: MIT
"""The collector page's drawings: what waits, how long pauses are, four figures.

Each has its figures in a table beside it. A drawing has at most as many lines as
there are colours; who is left out is named by the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from pmm.documents.ledger import LedgerArm, LedgerCell
from pmm.judge.ledger import collector_ns, middle, pauses, waiting_share
from pmm.render import charts
from pmm.render.figures import Figure, csv_of

MOST_LINES = 8
LEGEND_COLUMNS = 3
STEP = 100
"""Objects between two points of the curve of what waits."""
MIB = 1 << 20
MS = 1_000_000
PANEL = 190
FOUR = (
    ("waiting", "most garbage waiting (objects)"),
    ("worst", "worst pause (ms)"),
    ("collecting", "collector's time (ms)"),
    ("peak", "peak memory (MiB)"),
)

Pairs = Sequence[tuple[LedgerArm, LedgerCell]]


def chosen(rows: Pairs) -> list[tuple[LedgerArm, LedgerCell]]:
    """Return who is drawn: one for each course of what waits, the most first.

    Interpreters whose course is the same to the last object are one line.
    """
    seen: set[tuple[int, ...]] = set()
    out = []
    for arm, cell in sorted(rows, key=lambda two: -waiting_share(two[1])):
        if cell.counts is None or cell.counts.curve in seen:
            continue
        seen.add(cell.counts.curve)
        out.append((arm, cell))
    return out[:MOST_LINES]


def lines(base: Any, names: Sequence[str]) -> Any:
    """Colour and dash by name."""
    colours = alt.Scale(domain=list(names), range=charts.SERIES[: len(names)])
    dashes = [charts.DASHES[i % len(charts.DASHES)] for i in range(len(names))]
    legend = alt.Legend(columns=LEGEND_COLUMNS, columnPadding=24)
    return base.encode(
        color=alt.Color("name:N", sort=list(names), scale=colours, legend=legend),
        strokeDash=alt.StrokeDash(
            "name:N", sort=list(names), legend=legend,
            scale=alt.Scale(domain=list(names), range=dashes),
        ),
    )  # fmt: skip


def drawing(key: str, title: str, svg: str, points: Sequence[charts.Row]) -> Figure:
    """Return a drawing with the numbers that are drawn."""
    heads = list(points[0]) if points else ["name"]
    return Figure(key, title, svg, csv_of(heads, (list(r.values()) for r in points)))


def waiting(key: str, title: str, rows: Pairs) -> Figure:
    """Draw how much garbage waits while objects are made."""
    drawn = chosen(rows)
    points: list[dict[str, Any]] = []
    for arm, cell in drawn:
        mine = [
            {"name": arm.id, "made": STEP * (number + 1), "waiting": value}
            for number, value in enumerate(cell.counts.curve if cell.counts else ())
        ]
        points += charts.thin(mine, "waiting")
    base = alt.Chart(charts.data(points)).mark_line(strokeWidth=2).encode(
        x=alt.X("made:Q", title="objects made", axis=alt.Axis(grid=False)),
        y=alt.Y("waiting:Q", title="garbage that waits (objects)"),
    )  # fmt: skip
    names = [arm.id for arm, _ in drawn]
    svg = charts.svg(lines(base, names).properties(width=680, height=300))
    return drawing(f"{key}-waiting", f"Garbage that waits: {title}", svg, points)


def distribution(key: str, title: str, rows: Pairs) -> Figure:
    """Draw the share of pauses that are at least so long, on two log axes."""
    drawn = [two for two in rows if pauses(two[1])]
    drawn.sort(key=lambda two: -max(pauses(two[1])))
    points: list[dict[str, Any]] = []
    for arm, cell in drawn[:MOST_LINES]:
        ordered = sorted(pauses(cell))
        mine = [
            {"name": arm.id, "us": max(value, 1) / 1000,
             "share": 100 * (len(ordered) - number) / len(ordered)}
            for number, value in enumerate(ordered)
        ]  # fmt: skip
        points += charts.thin(mine, "share")
    log = alt.Scale(type="log", nice=False)
    base = alt.Chart(charts.data(points)).mark_line(
        strokeWidth=2, interpolate="step-before"
    ).encode(
        x=alt.X("us:Q", title="pause (µs)", scale=log, axis=alt.Axis(tickCount=6)),
        y=alt.Y("share:Q", title="pauses at least as long (%)", scale=log),
    )  # fmt: skip
    names = [arm.id for arm, _ in drawn[:MOST_LINES]]
    svg = charts.svg(lines(base, names).properties(width=680, height=300))
    return drawing(f"{key}-pauses", f"Pauses at least as long: {title}", svg, points)


def four_of(arm: LedgerArm, cell: LedgerCell) -> dict[str, Any]:
    """Return the four figures of a collector; None where unknown."""
    peak = middle(cell, lambda one: one.peak_bytes)
    spent = middle(cell, collector_ns)
    found = pauses(cell)
    return {
        "name": arm.id,
        "waiting": cell.counts.most if cell.counts is not None else None,
        "worst": max(found) / MS if found else None,
        "collecting": spent / MS if spent is not None else None,
        "peak": peak / MIB if peak is not None else None,
    }


def four(key: str, title: str, rows: Pairs) -> Figure:
    """Draw four figures side by side, a row a collector: less is better in each."""
    table = [four_of(arm, cell) for arm, cell in rows]
    order = [row["name"] for row in table]
    panels = []
    for number, (value, said) in enumerate(FOUR):
        axis = alt.Axis(labelLimit=charts.LABEL_LIMIT) if number == 0 else None
        panels.append(
            alt.Chart(charts.data(table))
            .mark_bar(height={"band": 0.6}, color=charts.SERIES[number])
            .encode(
                y=alt.Y("name:N", sort=order, title=None, axis=axis),
                x=alt.X(f"{value}:Q", title=said, axis=alt.Axis(tickCount=2)),
            )
            .properties(width=PANEL, height=22 * len(order))
        )
    svg = charts.svg(alt.hconcat(*panels, spacing=14))
    return drawing(f"{key}-four", f"Four figures of collectors: {title}", svg, table)
