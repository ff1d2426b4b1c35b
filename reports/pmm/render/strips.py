# SPDX-License-Identifier: MIT
"""A film strip as SVG: a row for each line that was executed, an object a column.

1. Each object that the program named has a place; its life is a bar from the row in
   which it appears to the row in which it is gone.
2. A cell says its names, what it is, how many references there are to it (in the
   circle), its size and its generation. What the line changed has a strong frame.
3. On the right stands what the interpreter holds more than before the program.

Colours are CSS variables, as in the charts; the letters have a width of their own,
so the drawing needs no measuring.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import NamedTuple

import jinja2

from pmm.base import formatting
from pmm.documents.facts import Film, FilmObject
from pmm.render.safe_text import shown

LETTER = 7.3
"""Width of a letter of code, at 12 pixels."""
LANE, CELL = 172, 160
ROW, HEAD = 64, 28
HELD = 184
BAR = 130
LETTERS = 17
IMMORTAL = "∞"
NAMELESS = "no name"


class Cell(NamedTuple):
    """One object behind one line."""

    x: float
    names: str
    text: str
    detail: str
    references: str
    changed: bool
    lives_on: bool
    """Whether it is there behind the next line, too."""


class Row(NamedTuple):
    """One executed line."""

    y: int
    line: str
    cells: list[Cell]
    gone: list[float]
    """Where an object ended."""
    held: str
    bar: float


def detail_of(one: FilmObject) -> str:
    """An object's size, and how old it is where the collector follows it."""
    age = "" if one.generation is None else f", gen {one.generation}"
    return f"{one.size_bytes:,} B{age}"


def clipped(text: str) -> str:
    """As much of a text as a cell has room for; the table has it whole."""
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 1]}…"


def count_of(one: FilmObject) -> str:
    """How many references there are, as the circle shows it."""
    if one.references is None:
        return IMMORTAL
    return str(one.references) if one.references < 1000 else "1k+"


def held(blocks: int, size: int) -> str:
    """What is held more than before the program."""
    word = "block" if abs(blocks) == 1 else "blocks"
    return f"{blocks:+,} {word}, {size:+,} B"


def cell_of(
    one: FilmObject, left: float, before: Mapping[int, FilmObject], later: set[int]
) -> Cell:
    """Place an object behind one line."""
    return Cell(
        x=left + LANE * one.place,
        names=clipped(", ".join(one.names) or NAMELESS),
        text=clipped(one.text),
        detail=detail_of(one),
        references=count_of(one),
        changed=before.get(one.place) != one,
        lives_on=one.place in later,
    )


def rows_of(film: Film, left: float) -> list[Row]:
    """Place what each frame shows."""
    most = max((one.live_bytes for one in film.frames), default=0) or 1
    seen = [{one.place: one for one in frame.objects} for frame in film.frames]
    rows = []
    for at, frame in enumerate(film.frames):
        before = seen[at - 1] if at else {}
        later = set(seen[at + 1]) if at + 1 < len(seen) else set()
        ended = sorted(set(before) - set(seen[at]))
        rows.append(
            Row(
                y=HEAD + ROW * at,
                line=film.source[frame.line - 1],
                cells=[cell_of(one, left, before, later) for one in frame.objects],
                gone=[left + LANE * place for place in ended],
                held=held(frame.blocks, frame.live_bytes),
                bar=max(frame.live_bytes, 0) / most * BAR,
            )
        )
    return rows


@functools.cache
def template() -> jinja2.Template:
    """The drawing's template."""
    loader = jinja2.PackageLoader("pmm.render", "templates")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, finalize=shown,
    )  # fmt: skip
    return environment.get_template("film.svg")


def strip(film: Film) -> str:
    """Draw a film."""
    lanes = 1 + max(
        (one.place for frame in film.frames for one in frame.objects), default=0
    )
    left = 16 + LETTER * max(len(line) for line in film.source)
    width = left + LANE * lanes + HELD
    return template().render(
        width=round(width), height=HEAD + ROW * len(film.frames),
        rows=rows_of(film, left), left=left, right=left + LANE * lanes + 8,
        row_height=ROW, cell=CELL,
    )  # fmt: skip


def told(film: Film) -> str:
    """What a strip shows, in words."""
    last = film.frames[-1] if film.frames else None
    end = "" if last is None else formatting.plural(len(last.objects), "object")
    return (
        f"{film.title}: {formatting.plural(len(film.frames), 'line')} executed, "
        f"{end} left at the end. {film.lesson}"
    )
