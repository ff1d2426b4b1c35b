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
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import altair as alt
import msgspec
import vl_convert
from altair.utils import schemapi

from pmm.base.plain_text import plain

# Sentinel colour -> CSS variable. The first twelve are the series' colours.
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
    "#0000ab": "--series-11",
    "#0000ac": "--series-12",
    "#0000b1": "--ink",
    "#0000b2": "--ink-soft",
    "#0000b3": "--rule",
    "#0000c1": "--panel",
    "#0000d1": "--good-bg",
    "#0000d2": "--bad-bg",
    "#0000d3": "--warn-bg",
    "#0000d4": "--mute-bg",
}
SERIES = [colour for colour, name in SENTINELS.items() if name.startswith("--series")]
TONES = {"good": "#0000d1", "bad": "#0000d2", "warn": "#0000d3", "mute": "#0000d4"}
"""Of the ground below a state."""
DASHES = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 2], [10, 4]]
SHAPES = [
    "circle", "square", "triangle-up", "diamond", "cross", "triangle-down",
    "triangle-right",
]  # fmt: skip
MOST_POINTS = 400
TIME_WIDTH = 680
HEIGHT, STEP_HEIGHT, PHASE_HEIGHT = 180, 80, 22
LETTER = 7
"""Pixels that a letter of a phase's name takes."""
SHADES = (0.3, 0.12)
"""How strongly the phases of a line are filled, in turns."""
LABEL_LIMIT = 300
"""Pixels that a name may take."""
DECIMALS = re.compile(r"(\d\.\d)\d+")
"""Of a path's coordinates one is kept: a tenth of a pixel is not seen."""
LEAST_SCALE = 0.92
"""How small a drawing may get: letters of 12 pixels stay above 11. On a narrower
page it scrolls."""
MOST_SCALE = 1.15
"""How large it may get."""
# Browsers set labels a little wider than the drawing library measures them.
PADDING = {"left": 40, "right": 24, "top": 4, "bottom": 4}

Row = dict[str, Any]


# Holding each part of a chart against Vega-Lite's schema takes three quarters of
# a report's time; a test does it.
schemapi.disable_debug_mode()


def data(rows: Sequence[Row]) -> Any:
    """Rows as a chart takes them."""
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


def svg(chart: Any) -> str:
    """Draw; let CSS decide size and colours; keep ids apart between charts."""
    text: str = vl_convert.vegalite_to_svg(
        _themed(chart).to_dict(validate=schemapi.DEBUG_MODE)
    )
    for sentinel, variable in SENTINELS.items():
        text = re.sub(re.escape(sentinel), f"var({variable})", text, flags=re.I)
    text = re.sub(r' d="[^"]+"', lambda path: DECIMALS.sub(r"\1", path[0]), text)
    size = re.search(r'<svg[^>]*? width="([\d.]+)" height="[^"]*"', text)
    assert size is not None  # noqa: S101 - the library writes one
    width = float(size[1])
    least, most = round(width * LEAST_SCALE), round(width * MOST_SCALE)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*" height="[^"]*"', r"\1", text, count=1)
    style = f"min-width: {least}px; max-width: min({most}px, 56rem)"
    start = f'<svg aria-hidden="true" focusable="false" style="{style}" '
    return plain(text.replace("<svg ", start, 1))


def _phase_bars(
    phases: Sequence[Row], names: Sequence[str], x: Any,
    places: Mapping[str, int] | None,
) -> Any:  # fmt: skip
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
    base = alt.Chart(data(rows)).encode(
        x=x, y=alt.Y("name:N", sort=order, title=None, scale=alt.Scale(domain=order))
    )
    bars = base.mark_rect(strokeWidth=1, cornerRadius=2).encode(
        x2="end_ms:Q", color=colour(names, places=places),
        stroke=colour(names, alt.Stroke, places),
        fillOpacity=alt.FillOpacity("shade:Q", scale=None),
    )  # fmt: skip
    texts = base.mark_text(align="left", dx=4, color="#0000b1", fontSize=12).encode(
        text="label:N"
    )
    return (bars + texts).properties(width=TIME_WIDTH, height=PHASE_HEIGHT * len(names))


def look(
    name: str, at: int, places: Mapping[str, int] | None, kinds: Sequence[Any]
) -> Any:
    """Return the colour, dash or shape of a name: that of its own place among all
    that there are, else of its place in the drawing.
    """
    return kinds[(places or {}).get(name, at) % len(kinds)]


def colour(
    names: Sequence[str], channel: Any = alt.Color,
    places: Mapping[str, int] | None = None, **more: Any,
) -> Any:  # fmt: skip
    """A line's colour by its name."""
    kinds = [look(name, at, places, SERIES) for at, name in enumerate(names)]
    scale = alt.Scale(domain=list(names), range=kinds)
    return channel("name:N", sort=list(names), scale=scale, **more)


def dash(
    names: Sequence[str], places: Mapping[str, int] | None = None, **more: Any
) -> Any:
    """A line's dashes by its name."""
    kinds = [look(name, at, places, DASHES) for at, name in enumerate(names)]
    scale = alt.Scale(domain=list(names), range=kinds)
    return alt.StrokeDash("name:N", sort=list(names), scale=scale, **more)


class Panel(NamedTuple):
    """One quantity over time: rows have `t_ms`, `name` and the quantity `y`; so have
    the peaks, one a line, which are marked.
    """

    rows: Sequence[Row]
    y: str
    title: str
    step: bool
    peaks: Sequence[Row] = ()


def _panel(
    panel: Panel, names: Sequence[str], scale: Any, places: Mapping[str, int] | None
) -> Any:
    """The lines of one quantity."""
    x = alt.X("t_ms:Q", title=None, scale=scale,
              axis=alt.Axis(grid=False, labels=False))  # fmt: skip
    y = alt.Y(f"{panel.y}:Q", title=panel.title, axis=alt.Axis(tickCount=4))
    drawn = (
        alt.Chart(data(panel.rows))
        .mark_line(interpolate="step-after" if panel.step else "linear", strokeWidth=2)
        .encode(x=x, y=y, color=colour(names, places=places),
                strokeDash=dash(names, places))
    )  # fmt: skip
    if panel.peaks:
        drawn += alt.Chart(data(panel.peaks)).mark_point(
            filled=True, size=60, opacity=1
        ).encode(x=x, y=y, color=colour(names, places=places))  # fmt: skip
    return drawn.properties(
        width=TIME_WIDTH, height=STEP_HEIGHT if panel.step else HEIGHT
    )


def over_time(
    panels: Sequence[Panel], *, names: Sequence[str], phases: Sequence[Row] = (),
    places: Mapping[str, int] | None = None,
) -> str:  # fmt: skip
    """Quantities over the same milliseconds, one below the other; phases have `name`,
    `phase`, `start_ms` and `end_ms`, and are drawn below them. `places` are the
    names' own among all that have colours.
    """
    times = [row["t_ms"] for panel in panels for row in panel.rows]
    last = max([0.0, *times, *(p["end_ms"] for p in phases)])
    scale = alt.Scale(domain=[0, last or 1], nice=False)
    drawn = [_panel(one, names, scale, places) for one in panels]
    x = alt.X("start_ms:Q", title="time (ms)", scale=scale, axis=alt.Axis(grid=False))
    bars = _phase_bars(phases, names, x, places)
    return svg(alt.vconcat(*drawn, bars, spacing=8))


def curves(
    rows: Sequence[Row],
    *,
    x: str,
    x_title: str,
    y: str,
    y_title: str,
    names: Sequence[str],
    places: Mapping[str, int] | None = None,
) -> str:
    """Lines on two log axes: rows have `name` and the quantities `x` and `y`."""
    scale = alt.Scale(type="log")
    lines = (
        alt.Chart(data(rows))
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X(f"{x}:Q", title=x_title, scale=scale, axis=alt.Axis(grid=False)),
            y=alt.Y(f"{y}:Q", title=y_title, scale=scale),
            color=colour(names, places=places), strokeDash=dash(names, places),
        )
    )  # fmt: skip
    return svg(lines.properties(width=680, height=280))


def bars(rows: Sequence[Row], *, value: str, title: str) -> str:
    """Horizontal bars from zero, with their labels: rows have `name`, `label`."""
    order = [row["name"] for row in rows]
    base = alt.Chart(data(rows)).encode(
        y=alt.Y("name:N", sort=order, title=None),
        x=alt.X(f"{value}:Q", title=title, axis=alt.Axis(tickCount=5)),
    )
    drawn = base.mark_bar(color=SERIES[0], height={"band": 0.6})
    text = base.mark_text(align="left", dx=5, color="#0000b1", fontSize=12).encode(
        text="label:N"
    )
    return svg((drawn + text).properties(width=520, height=26 * len(order)))
