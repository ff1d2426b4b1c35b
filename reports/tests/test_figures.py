# SPDX-License-Identifier: MIT
"""Colours that can be told apart, and figures that stand alone with a caption."""

from __future__ import annotations

import itertools
import math
import re
from importlib import resources
from xml.etree import ElementTree

import pytest

from pmm.documents.rss import PARTS
from pmm.render import allocator_charts, charts
from pmm.render.figures import Figure, alone, by_run, caption, files_of, name_of
from pmm.render.identity import SHIPPED, allocator_places, places_of

LEAST_APART = 35
"""Of two colours, in CIELAB: below about 20 they look alike side by side."""
LEAST_CONTRAST = 3.3
THEMES = {"light": (0, "#ffffff"), "dark": (1, "#1c1f24")}


def linear(text: str) -> tuple[float, ...]:
    """The light of a colour's three parts."""
    parts = [int(text[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return tuple(
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )


def lab(text: str) -> tuple[float, float, float]:
    """A colour in CIELAB."""
    red, green, blue = linear(text)
    rows = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.0888,
    )
    x, y, z = (
        t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in rows
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def contrast(one: str, other: str) -> float:
    """How much lighter one colour is, as WCAG counts it."""
    weights = (0.2126, 0.7152, 0.0722)
    lights = sorted(
        sum(w * part for w, part in zip(weights, linear(text), strict=True))
        for text in (one, other)
    )
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def palettes() -> list[list[str]]:
    """The colours of series in each block of the style, in order."""
    css = resources.files("pmm.render").joinpath("assets", "report.css")
    found = re.findall(r"--series-(\d+):\s*(#\w{6})", css.read_text(encoding="utf-8"))
    size = max(int(number) for number, _ in found)
    colours = [colour for _, colour in found]
    return [colours[at : at + size] for at in range(0, len(colours), size)]


@pytest.mark.parametrize("theme", THEMES)
def test_every_two_colours_can_be_told_apart(theme):
    block, paper = THEMES[theme]
    colours = palettes()[block]
    assert len(colours) == len(charts.SERIES) >= len(PARTS)
    for one, other in itertools.combinations(colours, 2):
        assert math.dist(lab(one), lab(other)) >= LEAST_APART, (one, other)
    assert min(contrast(one, paper) for one in colours) >= LEAST_CONTRAST


def test_dark_is_the_same_by_choice_and_by_the_system():
    _, by_system, by_choice = palettes()
    assert by_system == by_choice


def test_who_ships_has_its_colour_and_others_the_free_ones(run):
    places = places_of(SHIPPED, ("mine", "libc", "other"))
    assert [places[name] for name in ("pool", "mine", "other")] == [0, 5, 6]
    found = allocator_places(run)
    assert [found[name] for name in SHIPPED] == list(range(len(SHIPPED)))


def test_a_name_keeps_its_colour_where_others_are_not_drawn():
    places = {"a": 0, "b": 1, "c": 2}
    whole, part = (
        charts.colour(names, places=places).to_dict()["scale"]["range"]
        for names in (["a", "b", "c"], ["c"])
    )
    assert part == [whole[2]]
    assert allocator_charts.looks(["c"], places, ())[0] == part


def test_a_figure_alone_says_what_it_is_by_whom_and_when(run):
    svg = '<svg viewBox="0 0 300 20"><rect fill="var(--ink)"/></svg>'
    figure = Figure("f", "Held <over> time", svg, "a\n", "CPython 3.14.0")
    said = caption(figure, by_run(run))
    for part in ("Held <over> time", "CPython 3.14.0", run.id, run.created[:10]):
        assert part in said
    data = files_of(figure, said, pictures=False)
    drawing = ElementTree.fromstring(data["svg"])
    words = "".join(drawing.itertext())
    for part in ("<over>", "3.14.0", run.created[:10]):
        assert part in words
    assert float(drawing.get("height")) > 20, "the caption stands below"
    assert "<text" not in alone(svg)


def test_what_is_drawn_can_be_taken_away_under_a_name_that_stays(report):
    written = sorted(path.stem for path in (report / "figures").glob("*.svg"))
    assert all(one == name_of(one) for one in written), "each can name a file"
    for name in ("backends-means", "backends-alloc", "speed-ratios",
                 "facts-by-version", "film-hold-newest"):  # fmt: skip
        assert name in written
        assert (report / "figures" / f"{name}.csv").read_text().count("\n") > 1
    for page in report.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        for name in re.findall(r'href="figures/([^"]+)\.svg"', text):
            assert f'id="figure-{name}"' in text
            written.remove(name)
    assert written == [], "each is linked once"
