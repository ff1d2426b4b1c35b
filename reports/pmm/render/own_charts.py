# SPDX-License-Identifier: MIT
"""Drawings of the pages for one's own programs: bars of parts, and a matrix of states.

Each has its figures in a table beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from pmm.render import charts

WIDTH = 440
STEP = 26
CELL = 34


def stacked_bars(
    rows: Sequence[charts.Row], *, value: str, title: str, names: Sequence[str]
) -> str:
    """Horizontal bars of parts that add up: rows have `row`, the part's `name`, its
    `place` (the first lies at the axis) and the quantity.
    """
    order = list(dict.fromkeys(row["row"] for row in rows))
    axis = alt.Axis(labelLimit=charts.LABEL_LIMIT)
    drawn = (
        alt.Chart(charts.data(rows))
        .mark_bar(height={"band": 0.7})
        .encode(
            y=alt.Y("row:N", sort=order, title=None, axis=axis),
            x=alt.X(f"{value}:Q", title=title, stack="zero",
                    axis=alt.Axis(tickCount=5)),
            color=charts.colour(
                names, legend=alt.Legend(columns=len(names), columnPadding=40)
            ),
            order=alt.Order("place:Q"),
        )
    )  # fmt: skip
    return charts.svg(drawn.properties(width=WIDTH, height=STEP * len(order)))


def matrix(
    rows: Sequence[charts.Row], *, names: Sequence[str], columns: Sequence[str]
) -> str:
    """A cell for each name and column: rows have `name`, `column`, the `glyph` of the
    state and its `tone`.
    """
    scale = alt.Scale(domain=list(charts.TONES), range=list(charts.TONES.values()))
    base = alt.Chart(charts.data(rows)).encode(
        y=alt.Y("name:N", sort=list(names), title=None, scale=alt.Scale(domain=names),
                axis=alt.Axis(labelLimit=charts.LABEL_LIMIT, domain=False)),
        x=alt.X("column:N", sort=list(columns), title=None,
                scale=alt.Scale(domain=columns),
                axis=alt.Axis(orient="top", labelAngle=-60, domain=False)),
    )  # fmt: skip
    cells = base.mark_rect(stroke="#0000b3").encode(
        color=alt.Color("tone:N", scale=scale, legend=None)
    )
    glyphs = base.mark_text(color="#0000b1", fontSize=13).encode(text="glyph:N")
    return charts.svg(
        (cells + glyphs).properties(
            width=CELL * len(columns), height=STEP * len(names)
        )
    )
