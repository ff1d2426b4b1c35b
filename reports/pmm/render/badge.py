# SPDX-License-Identifier: MIT
"""A run's verdict as a badge: a drawing, or what shields.io draws one from."""

from __future__ import annotations

import msgspec

from pmm.base.formatting import VERDICTS, plural
from pmm.documents.run import Run
from pmm.judge.groups import groups_of

LABEL = "pmm"
COLOURS = {
    "pass": "green", "fail": "red", "error": "red", "inconclusive": "orange",
    "not-comparable": "orange", "interrupted": "lightgrey",
}  # fmt: skip


def message(run: Run) -> str:
    """Say the verdict in two or three words."""
    word = VERDICTS[run.verdict.state].word.lower()
    if run.verdict.state == "fail":
        groups = [one for one in groups_of(run.verdict) if one.severity == "failure"]
        return f"{word}: {plural(len(groups), 'cause')}"
    passed = run.verdict.counts.get("PASS", 0)
    return f"{word}: {plural(passed, 'case')}" if passed else word


def badge_svg(run: Run) -> bytes:
    """Return the badge as a drawing."""
    from anybadge import Badge  # noqa: PLC0415 - few runs want one

    colour = COLOURS[run.verdict.state]
    made = Badge(LABEL, message(run), default_color=colour, semver=False)
    return str(made.badge_svg_text).encode()


def badge_json(run: Run) -> bytes:
    """Return what shields.io's `endpoint` badge reads."""
    said = {
        "schemaVersion": 1, "label": LABEL, "message": message(run),
        "color": COLOURS[run.verdict.state],
    }  # fmt: skip
    return msgspec.json.encode(said) + b"\n"
