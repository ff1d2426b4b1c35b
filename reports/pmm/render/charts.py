# SPDX-License-Identifier: MIT
"""Charts as SVG that follow the page's theme.

Altair describes a chart, vl-convert draws it once, here. Each colour in the
drawing is a sentinel that becomes a CSS variable afterwards, so the same SVG is
right in light, dark and print. Series differ by dash or shape as well as by
colour. Long series are thinned to what a screen can show, and the caption says
so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import altair as alt
import msgspec
import vl_convert
from altair.utils import schemapi

from pmm.base.plain_text import plain

# Sentinel colour -> CSS variable. The first ten are the series' colours.
SENTINELS = {
    "#0000a1": "--series-1",
    "#0000a2": "--series-2",
    "#0000a3": "--series-3",
    "#0000a4": "--series-4",
    "#0000a5": "--series-5",
    "#0000a6": "--series-6",
    "#0000a7": "--series-7",
    "#0000a8": "--series-8",
    "#0000a9": "--series-9",
    "#0000aa": "--series-10",
    "#0000b1": "--ink",
    "#0000b2": "--ink-soft",
    "#0000b3": "--rule",
    "#0000c1": "--panel",
}
SERIES = [colour for colour, name in SENTINELS.items() if name.startswith("--series")]
DASHES = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 2], [10, 4]]
SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"]
MOST_POINTS = 400
TIME_WIDTH = 680
PHASE_HEIGHT = 22
LETTER = 7
"""Pixels that a letter of a phase's name takes."""
SHADES = (0.3, 0.12)
"""How strongly the phases of a line are filled, in turns."""
LABEL_LIMIT = 300
"""Pixels that a name may take."""
LEGEND_COLUMNS = 4
BEYOND = 1.4
"""How far beyond the outermost dots the axis of ratios goes."""
# Browsers set labels a little wider than the drawing library measures them.
PADDING = {"left": 40, "right": 24, "top": 4, "bottom": 4}

Row = dict[str, Any]


# Holding each part of a chart against Vega-Lite's schema takes three quarters of
# a report's time; a test does it.
schemapi.disable_debug_mode()


def _data(rows: Sequence[Row]) -> Any:
    # As text, which the library hands on: it would copy each cell several times.
    text = msgspec.json.encode(rows).decode()
    return alt.Data(values=text, format={"type": "json"})  # type: ignore[no-untyped-call]


def thin(rows: Sequence[Row], value: str) -> list[Row]:
    """At most about MOST_POINTS rows that keep each stretch's lowest and highest."""
    if len(rows) <= MOST_POINTS:
        return list(rows)
    stretch = 2 * len(rows) / MOST_POINTS
    kept: dict[int, Row] = {0: rows[0], len(rows) - 1: rows[-1]}
    start = 0.0
    while start < len(rows):
        part = range(int(start), min(int(start + stretch) + 1, len(rows)))
        known = [i for i in part if rows[i][value] is not None]
        if known:
            for pick in (min, max):
                index = pick(known, key=lambda i: float(rows[i][value]))
                kept[index] = rows[index]
        start += stretch
    return [kept[i] for i in sorted(kept)]


def _themed(chart: Any) -> Any:
    font = "system-ui, sans-serif"
    return (
        chart.configure(background="transparent", font=font, padding=PADDING)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor="#0000b2",
            titleColor="#0000b1",
            domainColor="#0000b3",
            tickColor="#0000b3",
            gridColor="#0000b3",
            gridOpacity=0.6,
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
        )
        .configure_legend(
            labelColor="#0000b1",
            titleColor="#0000b2",
            labelFontSize=12,
            labelLimit=LABEL_LIMIT,
            symbolSize=120,
            orient="top",
            title=None,
        )
        .configure_header(labelColor="#0000b1", titleColor="#0000b1", labelFontSize=12)
    )


def _svg(chart: Any) -> str:
    """Draw; let CSS decide size and colours; keep ids apart between charts."""
    text: str = vl_convert.vegalite_to_svg(
        _themed(chart).to_dict(validate=schemapi.DEBUG_MODE)
    )
    for sentinel, variable in SENTINELS.items():
        text = re.sub(re.escape(sentinel), f"var({variable})", text, flags=re.I)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*" height="[^"]*"', r"\1", text, count=1)
    text = text.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)
    return plain(text)


def _phase_bars(phases: Sequence[Row], names: Sequence[str], x: Any) -> Any:
    """A bar for each phase, in a row for each line, named where there is room."""
    end = max((float(row["end_ms"]) for row in phases), default=0) or 1
    rows: list[Row] = []
    for row in phases:
        share = (row["end_ms"] - row["start_ms"]) / end
        room = share * TIME_WIDTH > 8 + LETTER * len(row["phase"])
        before = sum(one["name"] == row["name"] for one in rows)
        label = row["phase"] if room else ""
        rows.append({**row, "shade": SHADES[before % 2], "label": label})
    order = list(names)
    base = alt.Chart(_data(rows)).encode(
        x=x, y=alt.Y("name:N", sort=order, title=None, scale=alt.Scale(domain=order))
    )
    bars = base.mark_rect(strokeWidth=1, cornerRadius=2).encode(
        x2="end_ms:Q", color=_colour(names), stroke=_colour(names, alt.Stroke),
        fillOpacity=alt.FillOpacity("shade:Q", scale=None),
    )  # fmt: skip
    texts = base.mark_text(align="left", dx=4, color="#0000b1", fontSize=12).encode(
        text="label:N"
    )
    return (bars + texts).properties(width=TIME_WIDTH, height=PHASE_HEIGHT * len(names))


def _colour(names: Sequence[str], channel: Any = alt.Color) -> Any:
    """A line's colour by its name."""
    scale = alt.Scale(domain=list(names), range=SERIES[: len(names)])
    return channel("name:N", sort=list(names), scale=scale)


def over_time(
    rows: Sequence[Row],
    *,
    y: str,
    y_title: str,
    names: Sequence[str],
    step: bool,
    phases: Sequence[Row] = (),
) -> str:
    """Lines over milliseconds: rows have `t_ms`, `name` and the quantity `y`;
    phases have `name`, `phase`, `start_ms` and `end_ms`, and are drawn below.
    """
    last = max([0.0, *(r["t_ms"] for r in rows), *(p["end_ms"] for p in phases)])
    scale = alt.Scale(domain=[0, last or 1], nice=False)
    axis = alt.Axis(grid=False, labels=not phases)
    title = None if phases else "time (ms)"
    lines = (
        alt.Chart(_data(rows))
        .mark_line(interpolate="step-after" if step else "linear", strokeWidth=2)
        .encode(
            x=alt.X("t_ms:Q", title=title, scale=scale, axis=axis),
            y=alt.Y(f"{y}:Q", title=y_title, axis=alt.Axis(tickCount=5)),
            color=_colour(names),
            strokeDash=alt.StrokeDash(
                "name:N",
                sort=list(names),
                scale=alt.Scale(domain=list(names), range=DASHES[: len(names)]),
            ),
        )
        .properties(width=TIME_WIDTH, height=240)
    )
    if not phases:
        return _svg(lines)
    x = alt.X("start_ms:Q", title="time (ms)", scale=scale, axis=alt.Axis(grid=False))
    bars = _phase_bars(phases, names, x)
    return _svg(alt.vconcat(lines, bars, spacing=8))


def curves(
    rows: Sequence[Row],
    *,
    x: str,
    x_title: str,
    y: str,
    y_title: str,
    names: Sequence[str],
) -> str:
    """Lines on two log axes: rows have `name` and the quantities `x` and `y`."""
    scale = alt.Scale(type="log")
    base = alt.Chart(_data(rows)).encode(
        x=alt.X(f"{x}:Q", title=x_title, scale=scale, axis=alt.Axis(grid=False)),
        y=alt.Y(f"{y}:Q", title=y_title, scale=scale),
        color=alt.Color(
            "name:N",
            sort=list(names),
            scale=alt.Scale(domain=list(names), range=SERIES[: len(names)]),
        ),
    )
    lines = base.mark_line(strokeWidth=2).encode(
        strokeDash=alt.StrokeDash(
            "name:N",
            sort=list(names),
            scale=alt.Scale(domain=list(names), range=DASHES[: len(names)]),
        ),
    )
    return _svg(lines.properties(width=680, height=280))


def looks(
    names: Sequence[str], places: Mapping[str, int], hollow: Collection[str]
) -> tuple[list[str], list[str]]:
    """Colours and shapes by identity: each name's place among all that there are.

    Colours and shapes begin anew where they end, at different places, so that
    30 names look different.
    """
    at = [places.get(name, number) for number, name in enumerate(names)]
    colours = [SERIES[i % len(SERIES)] for i in at]
    grey = [
        "#0000b2" if n in hollow else c for n, c in zip(names, colours, strict=True)
    ]
    return grey, [SHAPES[i % len(SHAPES)] for i in at]


def ratio_domain(rows: Sequence[Row]) -> list[float]:
    """An axis that holds every dot and 1; a line that goes on is cut at its edge."""
    dots = [1.0, *(float(row["ratio"]) for row in rows)]
    return [min(dots) / BEYOND, max(dots) * BEYOND]


def ratios(
    rows: Sequence[Row], *, names: Sequence[str], yardstick: str, what: str = "time",
    places: Mapping[str, int] | None = None, hollow: Collection[str] = (),
) -> str:  # fmt: skip
    """Dots with intervals on a log axis: rows have `benchmark`, `name`, `ratio`,
    `low` and `high`; 1 is the yardstick. A row with `best` gets a star. Names in
    `hollow` are drawn grey and open; `places` are the names' own colours.
    """
    order = list(dict.fromkeys(row["benchmark"] for row in rows))
    least, most = ratio_domain(rows)
    rows = [
        {**row, "low": max(float(row["low"]), least),
         "high": min(float(row["high"]), most)}
        for row in rows
    ]  # fmt: skip
    colours, shapes = looks(names, places or {}, hollow)
    better = "faster" if what == "time" else "better"
    title = f"{what} relative to {yardstick} (log; left of 1 is {better})"
    scale = alt.Scale(type="log", nice=False, domain=[least, most])
    axis = alt.Axis(grid=True, labelLimit=LABEL_LIMIT)
    legend = alt.Legend(columns=LEGEND_COLUMNS)
    place = {
        "y": alt.Y("benchmark:N", sort=order, title=None, axis=axis),
        "yOffset": alt.YOffset("name:N", sort=list(names)),
        "color": alt.Color(
            "name:N", sort=list(names), legend=legend,
            scale=alt.Scale(domain=list(names), range=colours),
        ),
    }  # fmt: skip
    shape = alt.Shape(
        "name:N", sort=list(names), legend=legend,
        scale=alt.Scale(domain=list(names), range=shapes),
    )  # fmt: skip
    x = alt.X("ratio:Q", scale=scale, title=title)
    one = (
        alt.Chart(_data([{"one": 1}]))
        .mark_rule(color="#0000b1", strokeDash=[4, 3])
        .encode(x=alt.X("one:Q", scale=scale))
    )
    layers = [
        one,
        alt.Chart(_data(rows)).mark_rule(strokeWidth=2).encode(
            x=alt.X("low:Q", scale=scale, title=title), x2="high:Q", **place
        ),
    ]  # fmt: skip
    for filled in (True, False):
        drawn = [row for row in rows if (row["name"] not in hollow) == filled]
        paper = alt.Undefined if filled else "#0000c1"
        mark = alt.Chart(_data(drawn)).mark_point(
            filled=filled, size=70, opacity=1, fill=paper
        )
        layers += [mark.encode(x=x, shape=shape, **place)] if drawn else []
    stars = [row for row in rows if row.get("best")]
    star = alt.Chart(_data(stars)).mark_text(text="★", dx=9, fontSize=13)
    at = alt.X("high:Q", scale=scale, title=title)
    layers += [star.encode(x=at, **place)] if stars else []
    high = (16 + 9 * len(names)) * len(order)
    return _svg(alt.layer(*layers).properties(width=520, height=high))


def bars(rows: Sequence[Row], *, value: str, title: str) -> str:
    """Horizontal bars from zero, with their labels: rows have `name`, `label`."""
    order = [row["name"] for row in rows]
    base = alt.Chart(_data(rows)).encode(
        y=alt.Y("name:N", sort=order, title=None),
        x=alt.X(f"{value}:Q", title=title, axis=alt.Axis(tickCount=5)),
    )
    drawn = base.mark_bar(color=SERIES[0], height={"band": 0.6})
    text = base.mark_text(align="left", dx=5, color="#0000b1", fontSize=12).encode(
        text="label:N"
    )
    return _svg((drawn + text).properties(width=520, height=26 * len(order)))
