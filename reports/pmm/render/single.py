# SPDX-License-Identifier: MIT
"""All pages of a report in one file, for mail and for a pipeline's artefacts.

The pages follow one another, each in a section; what they link among themselves is
linked inside the file. A link to what lies beside the pages becomes plain text.
"""

from __future__ import annotations

import re
from collections.abc import Collection

ID = re.compile(r'(?<=\sid=")(?!show-)[^"]+')
"""Names of places; those of the filter's switches are known to the style."""
LINK = re.compile(r'\shref="([^"]*)"')
MAIN = re.compile(r'<main id="main">(.*)</main>', re.DOTALL)
STATUS = re.compile(r'<p class="found".*?</p>\n')


def place(page: str, name: str) -> str:
    """Return what a page's place is called in the one file."""
    return f"{page}--{name}" if name else f"page-{page}"


def link(target: str, page: str, pages: Collection[str]) -> str | None:
    """Return where a link of a page leads in the one file; None: out of it."""
    if re.match(r"[a-zA-Z][a-zA-Z+.-]*:", target):
        return target
    file, _, name = target.partition("#")
    to = file.removesuffix(".html") if file else page
    return f"#{place(to, name)}" if to in pages else None


def part(text: str, page: str, pages: Collection[str]) -> str:
    """Return the main part of a page, with its places and links as in one file."""
    found = MAIN.search(text)
    assert found is not None  # noqa: S101 - every page is made of the same base
    main = STATUS.sub("", found[1], count=1)
    main = ID.sub(lambda one: place(page, one[0]), main)

    def linked(one: re.Match[str]) -> str:
        to = link(one[1], page, pages)
        return f' href="{to}"' if to is not None else ""

    return LINK.sub(linked, main)
