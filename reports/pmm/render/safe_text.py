# SPDX-License-Identifier: MIT
"""Text of a run, made fit to stand in a page or a drawing."""

from __future__ import annotations

from markupsafe import Markup

from pmm.base.plain_text import isolated, plain


def shown(value: object) -> object:
    """Make text of a run fit to stand in a page, wherever a template puts it."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return isolated(plain(value))
    return value
