# SPDX-License-Identifier: MIT
"""Which regressions has CPython had, and does a count tell them?

The page of `pmm museum`: a file of its own, which needs nothing beside it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pmm.base.formatting import State
from pmm.documents.museum import Exhibit, Museum, Seen
from pmm.render.standalone import standalone

MARKS = {
    "told": State("✓", "told apart", "good"),
    "not": State("✗", "not told apart", "bad"),
    "shows": State("✗", "has it", "bad"),
    "free": State("✓", "has not", "good"),
    "unknown": State("·", "not counted", "mute"),
}
ADDRESSES = {
    "gh-": "https://github.com/python/cpython/issues/",
    "bpo-": "https://bugs.python.org/issue",
}


class Cell(NamedTuple):
    """What an interpreter shows of an exhibit."""

    mark: str
    seen: Seen


class Row(NamedTuple):
    """An interpreter, and a cell for each exhibit."""

    name: str
    cells: list[Cell]


def address(issue: str) -> str | None:
    """Return where an issue can be read."""
    for prefix, base in ADDRESSES.items():
        if issue.startswith(prefix):
            return base + issue.removeprefix(prefix)
    return None


def cell(seen: Seen) -> Cell:
    """Show what an interpreter counted."""
    if seen.figure is None:
        return Cell("unknown", seen)
    return Cell("shows" if seen.shows else "free", seen)


def rows(exhibits: tuple[Exhibit, ...]) -> list[Row]:
    """Return a row an interpreter."""
    names = [seen.id for seen in exhibits[0].seen] if exhibits else []
    return [
        Row(name, [cell(one.seen[number]) for one in exhibits])
        for number, name in enumerate(names)
    ]


def sentence(museum: Museum) -> str:
    """Answer the page's question in a sentence."""
    apart = sum(one.apart for one in museum.exhibits)
    said = (
        f"{apart} of {len(museum.exhibits)} regressions are told apart by exact counts "
        "alone, without a clock."
    )
    there = {seen.id for one in museum.exhibits for seen in one.seen if seen.shows}
    if not there:
        return said
    return f"{said} Found in interpreters that are here: {', '.join(sorted(there))}."


def page_text(museum: Museum, document: str) -> str:
    """Return the page; `document` is the name of the file that lies beside it."""
    values: dict[str, Any] = {
        "museum": museum, "sentence": sentence(museum), "marks": MARKS,
        "rows": rows(museum.exhibits), "document": document,
        "addresses": {one.id: address(one.issue) for one in museum.exhibits},
    }  # fmt: skip
    return standalone("museum.html", **values)
