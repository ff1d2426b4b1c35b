# SPDX-License-Identifier: MIT
"""Figures to take away: a drawing that stands alone, a picture, and its numbers.

A page's drawing takes its colours from the page. One that is taken away has those
of the light theme, on white.
"""

from __future__ import annotations

import csv
import io
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from typing import NamedTuple

from markupsafe import escape

from pmm.base.plain_text import plain
from pmm.documents.run import Run

VARIABLE = re.compile(r"(--[\w-]+):\s*(#[0-9a-fA-F]{3,6})")
FOLDER = "figures"
KINDS = ("svg", "csv", "png")
"""What a figure is written as; the last only on request."""
LINE, LETTER = 18, 6.2
"""Height of a line of the caption, and width of one of its letters."""
SCALE = 2.0
"""Pixels of a picture to one of the drawing."""


class Figure(NamedTuple):
    """A drawing with a name that stays, and its numbers."""

    id: str
    title: str
    svg: str
    csv: str
    of: str = ""
    """What was measured, with its version, where the title does not say it."""


def name_of(text: str) -> str:
    """Make an id of a title."""
    return re.sub(r"[^\w.]+", "-", text)


def caption(figure: Figure, by: str) -> str:
    """What stands below a drawing that is taken away: of what, by what, and when."""
    of = f", {figure.of}" if figure.of else ""
    return plain(f"{figure.title}{of}. Measured by {by}.")


def by_run(run: Run) -> str:
    """Say what measured the figures of a run, and when."""
    commit = f" {run.environment.commit[:10]}" if run.environment.commit else ""
    return f"pmm{commit}, run {run.id}, {run.created[:10]}"


RATIO_HEADS = ("row", "name", "ratio", "low", "high", "best")


def csv_of_ratios(rows: Iterable[Mapping[str, object]]) -> str:
    """Write the dots of a chart of ratios as CSV."""
    heads = ("benchmark", *RATIO_HEADS[1:])
    return csv_of(RATIO_HEADS, ([row.get(key, "") for key in heads] for row in rows))


def csv_of(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write numbers as CSV; what a spreadsheet would run is quoted as text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heads)
    for row in rows:
        writer.writerow([harmless(cell) for cell in row])
    return out.getvalue()


def harmless(cell: object) -> object:
    """Keep a text from being taken for a formula; a figure stays a figure."""
    if not isinstance(cell, str) or not cell.startswith(("=", "+", "-", "@", "\t")):
        return cell
    figure = cell.replace(",", "")
    try:
        float(figure)
    except ValueError:
        return f"'{cell}"
    return figure


def colours() -> dict[str, str]:
    """The light theme's colours by variable."""
    path = resources.files("pmm.render").joinpath("assets", "report.css")
    head = path.read_text(encoding="utf-8").partition("@media")[0]
    return dict(VARIABLE.findall(head))


def alone(svg: str, said: str = "") -> str:
    """A drawing that needs no page, with a caption below it."""
    known = colours()
    text = re.sub(r"var\((--[\w-]+)\)", lambda m: known[m.group(1)], svg)
    view = re.search(r'viewBox="([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+)"', text)
    assert view is not None  # noqa: S101 - both our drawers write one
    x, y, width, height = view.groups()
    lines = textwrap.wrap(said, max(int(float(width) / LETTER), 20))
    below = float(y) + float(height)
    height = f"{float(height) + LINE * len(lines) + (LINE / 2 if lines else 0):g}"
    words = "".join(
        f'<text x="{float(x) + 4:g}" y="{below + LINE * at:g}" fill="#565c64" '
        f'font-family="system-ui, sans-serif" font-size="12">{escape(line)}</text>'
        for at, line in enumerate(lines, 1)
    )
    text = text.replace(view[0], f'viewBox="{x} {y} {width} {height}"', 1)
    paper = f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="#ffffff"/>'
    head, mark, rest = text.partition(">")
    size = f' width="{width}" height="{height}"'
    rest = rest.removesuffix("\n").removesuffix("</svg>")
    return f"{head}{size}{mark}{paper}{rest}{words}</svg>"


def files_of(figure: Figure, said: str, pictures: bool) -> dict[str, bytes]:
    """What is written for a figure and its caption, by the end of the file's name."""
    svg = alone(figure.svg, said)
    found = {"svg": svg.encode(), "csv": figure.csv.encode()}
    if pictures:
        import vl_convert  # noqa: PLC0415 - only pictures need it

        found["png"] = vl_convert.svg_to_png(svg, scale=SCALE)
    return found
