# SPDX-License-Identifier: MIT
"""Drawings of allocators: ratios of time, time against memory, what they hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import altair as alt

from pmm.render import charts
from pmm.render.charts import LABEL_LIMIT, SERIES, SHAPES, TIME_WIDTH, Row

LEGEND_COLUMNS = 4
BEYOND = 1.4
"""How far beyond the outermost dots the axis of ratios goes."""


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
        alt.Chart(charts.data([{"one": 1}]))
        .mark_rule(color="#0000b1", strokeDash=[4, 3])
        .encode(x=alt.X("one:Q", scale=scale))
    )
    layers = [
        one,
        alt.Chart(charts.data(rows)).mark_rule(strokeWidth=2).encode(
            x=alt.X("low:Q", scale=scale, title=title), x2="high:Q", **place
        ),
    ]  # fmt: skip
    for filled in (True, False):
        drawn = [row for row in rows if (row["name"] not in hollow) == filled]
        paper = alt.Undefined if filled else "#0000c1"
        mark = alt.Chart(charts.data(drawn)).mark_point(
            filled=filled, size=70, opacity=1, fill=paper
        )
        layers += [mark.encode(x=x, shape=shape, **place)] if drawn else []
    stars = [row for row in rows if row.get("best")]
    star = alt.Chart(charts.data(stars)).mark_text(text="★", dx=9, fontSize=13)
    at = alt.X("high:Q", scale=scale, title=title)
    layers += [star.encode(x=at, **place)] if stars else []
    high = (16 + 9 * len(names)) * len(order)
    return charts.svg(alt.layer(*layers).properties(width=520, height=high))


def held(
    rows: Sequence[Row], *, names: Sequence[str], places: Mapping[str, int], live: str
) -> str:
    """Lines over the calls of a trace: rows have `call`, `name` and `mib`; the line of
    what is live is in the colour of the text.
    """
    every = [live, *names]
    dashes = {live: 0, **{name: place + 1 for name, place in places.items()}}
    scale = alt.Scale(
        domain=every,
        range=["#0000b1", *(SERIES[places[name] % len(SERIES)] for name in names)],
    )
    lines = alt.Chart(charts.data(rows)).mark_line(strokeWidth=2).encode(
        x=alt.X("call:Q", title="calls", axis=alt.Axis(grid=False)),
        y=alt.Y("mib:Q", title="MiB", axis=alt.Axis(tickCount=5)),
        color=alt.Color("name:N", sort=every, scale=scale),
        strokeDash=charts.dash(every, dashes),
    )  # fmt: skip
    return charts.svg(lines.properties(width=TIME_WIDTH, height=240))


def strips(rows: Sequence[Row], *, names: Sequence[str]) -> str:
    """A strip of cells for each name at each moment: rows have `name`, `when`, the
    cell `at` and the one behind it, and how `full` it is.
    """
    moments = list(dict.fromkeys(row["when"] for row in rows))
    last = max(int(row["next"]) for row in rows)
    parts = []
    for when in moments:
        mine = [row for row in rows if row["when"] == when]
        scale = alt.Scale(domain=[0, last], nice=False)
        cells = alt.Chart(charts.data(mine)).mark_rect(
            color=SERIES[0], stroke="#0000b3", strokeWidth=0.5
        ).encode(
            x=alt.X("at:Q", title=None, scale=scale,
                    axis=alt.Axis(labels=False, ticks=False, grid=False)),
            x2="next:Q",
            y=alt.Y("name:N", title=None, sort=list(names),
                    scale=alt.Scale(domain=list(names))),
            fillOpacity=alt.FillOpacity(
                "full:Q", scale=alt.Scale(domain=[0, 1], range=[0.06, 1]), legend=None
            ),
        )  # fmt: skip
        parts.append(cells.properties(
            width=TIME_WIDTH - 60, height=20 * len(names),
            title=alt.TitleParams(when, anchor="start", fontSize=12, color="#0000b1"),
        ))  # fmt: skip
    return charts.svg(alt.vconcat(*parts, spacing=8))


def trade(
    rows: Sequence[Row], *, names: Sequence[str], places: Mapping[str, int], x: str,
    y: str,
) -> str:  # fmt: skip
    """Named dots of `time`, with `low` and `high`, against `memory`: log axes."""
    colours, shapes = looks(names, places, ())
    scale = alt.Scale(type="log", nice=False, padding=30)
    across = alt.X("time:Q", scale=scale, title=f"{x} (log)", axis=alt.Axis(grid=True))
    up = alt.Y("memory:Q", scale=scale, title=f"{y} (log)")
    legend = alt.Legend(columns=LEGEND_COLUMNS)
    colour = alt.Color(
        "name:N", sort=list(names), legend=legend,
        scale=alt.Scale(domain=list(names), range=colours),
    )  # fmt: skip
    shape = alt.Shape(
        "name:N", sort=list(names), legend=legend,
        scale=alt.Scale(domain=list(names), range=shapes),
    )  # fmt: skip
    base = alt.Chart(charts.data(rows))
    lines = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", scale=scale, title=f"{x} (log)"), x2="high:Q", y=up,
        color=colour,
    )  # fmt: skip
    marks = base.mark_point(filled=True, size=110, opacity=1).encode(
        x=across, y=up, color=colour, shape=shape
    )
    return charts.svg(alt.layer(lines, marks).properties(width=560, height=300))
