# SPDX-License-Identifier: MIT
"""Pages of one document each, which stand alone beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pmm.render.figures import FOLDER, KINDS, Figure, caption, files_of


class Page(NamedTuple):
    """A page, and what lies beside it for others to take."""

    text: str
    figures: dict[str, bytes]
    """By their place, from the page's folder."""


def standalone(template: str, **values: object) -> str:
    """Return the page that a template makes, which extends base.html.

    Charts, which take a second to load, are loaded here and not when the program
    starts.
    """
    from pmm.render.site import environment  # noqa: PLC0415 - as said above

    return environment().get_template(template).render(**values)


def illustrated(
    template: str, by: str, figures: Sequence[Figure], /, **values: object
) -> Page:
    """Return a page and its figures; `by` says what made them, and when."""
    text = standalone(template, cite=by, figure_kinds=KINDS, **values)
    files = {
        f"{FOLDER}/{one.id}.{kind}": data
        for one in figures
        for kind, data in files_of(one, caption(one, by), pictures=True).items()
    }
    return Page(text, files)


def made_by(verb: str, created: str) -> str:
    """Say what made a page's figures, and when."""
    return f"pmm {verb}, {created[:10]}"
