# SPDX-License-Identifier: MIT
"""Areas on top of one another: parts that add up, over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt

from pmm.render import charts

COLUMNS = 3


def stacked(
    rows: Sequence[charts.Row], *, y: str, y_title: str, names: Sequence[str],
    places: Mapping[str, int], peak: charts.Row,
) -> str:  # fmt: skip
    """Areas on top of one another over seconds: rows have `t_s`, `name`, `place` (the
    lowest first) and the quantity `y`; the peak, which is marked, has `t_s`, `y` of
    the whole, and `label`.
    """
    last = max([0.0, *(row["t_s"] for row in rows)])
    chart = (
        alt.Chart(charts.data(rows))
        .mark_area(interpolate="linear", stroke="#0000c1", strokeWidth=0.7)
        .encode(
            x=alt.X("t_s:Q", title="time (s)",
                    axis=alt.Axis(grid=False, tickCount=10, labelOverlap=True),
                    scale=alt.Scale(domain=[0, last or 1], nice=False)),
            y=alt.Y(f"{y}:Q", stack="zero", title=y_title, axis=alt.Axis(tickCount=5)),
            color=charts.colour(
                names, places=places,
                legend=alt.Legend(columns=COLUMNS, columnPadding=40),
            ),
            order=alt.Order("place:Q"),
        )
    )  # fmt: skip
    top = alt.Chart(charts.data([peak])).encode(x="t_s:Q", y=f"{y}:Q")
    right = float(peak["t_s"]) > last / 2
    label = top.mark_text(
        align="right" if right else "left", dx=-8 if right else 8, dy=-7,
        color="#0000b1", fontSize=12,
    ).encode(text="label:N")  # fmt: skip
    mark = top.mark_point(filled=True, size=60, opacity=1, color="#0000b1")
    return charts.svg(
        alt.layer(chart, mark, label).properties(width=charts.TIME_WIDTH, height=280)
    )
