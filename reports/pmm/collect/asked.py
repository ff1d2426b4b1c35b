# SPDX-License-Identifier: MIT
"""Whether a document is of what its job asked for."""

from __future__ import annotations

from collections.abc import Iterable

from pmm.base.typed_names import is_path

Answer = tuple[str, str | None, str | None]
"""What it is about, what was asked for, and what the document says."""


def other_than_asked(answers: Iterable[Answer]) -> str | None:
    """Return in what a document differs from its job's order.

    What was asked for by a path has a name of its own, which nobody knew before.
    """
    for what, asked, said in answers:
        free = asked is None or is_path(asked)
        if not free and asked != said:
            return f"it reports {what} {said}, but {asked} was requested"
    return None
