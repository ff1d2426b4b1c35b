# SPDX-License-Identifier: MIT
"""Is it all right? What changed?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from pmm import words
from pmm.documents import Change, Column, Run
from pmm.render import memory

MOST_CHANGES = 200
SHOWN_PROBLEMS = 12
"""Findings that stand open; the others are folded below them."""


class Tile(NamedTuple):
    """One figure with what it means and where it comes from."""

    title: str
    value: str
    note: str
    page: str
    tone: str


def conformance_tone(columns: Sequence[Column]) -> str:
    """Red for what nobody expected, as the verdict is; amber where all that is
    missing fails as expected.
    """
    met = {name for c in columns for name, n in c.counts.items() if n > 0}
    if any(words.STATES[name].tone == "bad" for name in met):
        return "bad"
    scores = [c.score for c in columns if c.score is not None]
    kept = all(s.must_passed == s.must_applicable for s in scores)
    return "good" if kept else "warn"


def _conformance(run: Run) -> Tile | None:
    columns = [c for c in run.columns if c.kind == "subject" and c.lane == "plain"]
    scores = [c.score for c in columns if c.score is not None]
    if not scores:
        return None
    kept = sum(s.must_passed == s.must_applicable for s in scores)
    worst = min(scores, key=lambda s: s.must_passed - s.must_applicable)
    return Tile(
        "Subjects that keep every MUST they offer",
        f"{kept} of {len(scores)}",
        f"the worst keeps {worst.must_passed} of {worst.must_applicable}; "
        f"{worst.must_total} MUST requirements in all",
        "conformance",
        conformance_tone(columns),
    )


def _leaks(run: Run) -> Tile | None:
    if not run.leak_tally:
        return None
    right = sum(t.right for t in run.leak_tally)
    planted = sum(t.planted for t in run.leak_tally)
    return Tile(
        "Leak variants judged rightly",
        f"{right} of {len(run.leak_tally)}",
        f"{planted} lose something on purpose and have to be found, "
        f"{len(run.leak_tally) - planted} are clean",
        "leaks",
        "good" if right == len(run.leak_tally) else "bad",
    )


def _claims(run: Run) -> Tile | None:
    if run.claims is None:
        return None
    verdicts = Counter(one.claim.verdict for one in run.claims.claims)
    states = Counter(one.state for one in run.claims.claims)
    against = states["contradicted"] + states["unconfirmed"]
    tone = "bad" if states["contradicted"] else "warn" if against else "good"
    return Tile(
        "Verdicts on the tutorials that this run confirms",
        f"{states['confirmed']} of {len(run.claims.claims) - states['untestable']}",
        f"of their sentences {verdicts['true']} are true, {verdicts['caveat']} true "
        f"with a caveat, {verdicts['false']} false",
        "claims",
        tone if states["confirmed"] or against else "plain",
    )


def _memory(run: Run) -> Tile | None:
    rows = memory.list_rows(run)
    if not rows:
        return None
    row = rows[0]
    return Tile(
        "List against generator, peak memory",
        words.times(row.ratio),
        f"{words.size(row.list_peak)} against {words.size(row.generator_peak)} "
        f"above the start, for {row.items:,} integers on {row.label}",
        "memory",
        "plain",
    )


def _coverage(run: Run) -> Tile | None:
    if run.coverage is None:
        return None
    total = run.coverage
    return Tile(
        "Lines of the runtime that tests reach",
        words.percent(total.lines_hit, total.lines_found),
        f"branches {words.percent(total.branches_hit, total.branches_found)}",
        "coverage",
        "plain",
    )


def _backends(run: Run) -> Tile | None:
    served = {row.backend for row in run.bench if row.summary and row.backend}
    if not served:
        return None
    return Tile(
        "Backends measured",
        str(len(served)),
        f"{words.plural(len(run.bench), 'benchmark figure')}, each with its spread",
        "backends",
        "plain",
    )


def _speed(run: Run) -> Tile | None:
    table = run.speed
    if table is None or not table.rows:
        return None
    better = sum(row.verdict in ("faster", "less") for row in table.rows)
    worse = sum(row.verdict in ("slower", "more") for row in table.rows)
    return Tile(
        f"Rows better than {table.rows[0].against}",
        f"{better} of {len(table.rows)}",
        f"{worse} worse, the others undecided",
        "speed",
        "plain",
    )


def _judged(changes: tuple[Change, ...]) -> list[Change]:
    """Judged changes, worst first; times are counted, not listed."""
    order = {"worse": 0, "changed": 1, "better": 2}
    rows = [c for c in changes if c.verdict in order]
    return sorted(rows, key=lambda c: order[c.verdict])[:MOST_CHANGES]


def context(run: Run) -> dict[str, Any]:
    """Values of index.html."""
    makers = (
        _conformance, _leaks, _claims, _memory, _backends, _speed, _coverage,
    )  # fmt: skip
    tiles = [tile for maker in makers if (tile := maker(run)) is not None]
    return {
        "tiles": tiles,
        "judged": _judged(run.baseline.changes) if run.baseline else [],
        "most_changes": MOST_CHANGES,
        "shown": SHOWN_PROBLEMS,
    }
