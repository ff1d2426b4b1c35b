# SPDX-License-Identifier: MIT
"""What does each line of the tutorials' lessons do to memory?"""

from __future__ import annotations

from typing import Any, NamedTuple

from pmm.base import formatting
from pmm.documents.facts import FactSheet, Film
from pmm.documents.run import Run
from pmm.judge.facts import label, sheets_of
from pmm.render.figures import Figure, csv_of
from pmm.render.strips import NAMELESS, count_of, strip, told

HEADS = (
    "step", "line", "object", "is", "references", "bytes", "generation",
    "blocks more", "bytes more",
)  # fmt: skip


class Shown(NamedTuple):
    """A film taken in one interpreter."""

    label: str
    figure: Figure
    alt: str
    rows: list[tuple[str, ...]]
    """The strip as a table."""
    command: str


class Lesson(NamedTuple):
    """A film in the newest interpreter, and in the oldest where that differs."""

    film: Film
    newest: Shown
    oldest: Shown | None


def table(film: Film) -> list[tuple[str, ...]]:
    """Tell a film object by object."""
    rows: list[tuple[str, ...]] = []
    for step, frame in enumerate(film.frames, 1):
        line = film.source[frame.line - 1]
        tail = (f"{frame.blocks:+,}", f"{frame.live_bytes:+,}")
        for one in frame.objects:
            age = formatting.DASH if one.generation is None else str(one.generation)
            rows.append(
                (
                    str(step), line, ", ".join(one.names) or NAMELESS, one.text,
                    count_of(one), f"{one.size_bytes:,}", age, *tail,
                )
            )  # fmt: skip
        if not frame.objects:
            rows.append((str(step), line, "nothing", "", "", "", "", *tail))
    return rows


def shown(film: Film, sheet: FactSheet, which: str) -> Shown:
    """Draw a film."""
    rows = table(film)
    name = f"film-{film.name}-{which}"
    figure = Figure(name, film.title, strip(film), csv_of(HEADS, rows),
                    f"CPython {label(sheet)}")  # fmt: skip
    return Shown(label(sheet), figure, told(film), rows, sheet.command)


def films_of(sheet: FactSheet) -> dict[str, Film]:
    """A sheet's films by name."""
    return {film.name: film for film in sheet.document.films}


def lessons(run: Run) -> list[Lesson]:
    """Every film of the newest interpreter, beside that of the oldest."""
    sheets = sheets_of(run)
    if not sheets:
        return []
    first, last = sheets[0], sheets[-1]
    old = films_of(first)
    found = []
    for film in last.document.films:
        other = old.get(film.name)
        differs = other is not None and other.frames != film.frames
        found.append(
            Lesson(
                film,
                shown(film, last, "newest"),
                shown(other, first, "oldest") if other and differs else None,
            )
        )
    return found


def context(run: Run) -> dict[str, Any]:
    """Values of film.html."""
    found = lessons(run)
    both = [part for one in found for part in (one.newest, one.oldest) if part]
    return {
        "lessons": found,
        "heads": HEADS,
        "figures": [part.figure for part in both],
    }
