# SPDX-License-Identifier: MIT
"""Is it all right? What changed?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from pmm.base import formatting
from pmm.documents.results import Column
from pmm.documents.run import Run
from pmm.documents.verdict import Change
from pmm.judge.groups import groups_of, in_front
from pmm.render import memory
from pmm.render.census import counted, subjects_of

MOST_CHANGES = 200
MOST_MEMBERS = 100
"""Members of a group that its fold lists."""


ASIDES = {
    "XFAIL": "results differ as expected", "WARN": "only warn",
    "WAIVED": "are waived", "UNSUPPORTED": "ask for what is not offered",
    "NOT_RUN": "were not run",
}  # fmt: skip
"""What is neither kept nor wrong, counted apart."""


class Tile(NamedTuple):
    """One figure with what it means and where it comes from."""

    title: str
    value: str
    note: str
    page: str
    tone: str


def conformance_tone(columns: Sequence[Column]) -> str:
    """Red for what nobody expected, as the verdict is; what is missing and fails
    as expected is as it should be.
    """
    met = {name for c in columns for name, n in c.counts.items() if n > 0}
    bad = any(formatting.STATES[name].tone == "bad" for name in met)
    return "bad" if bad else "good"


def _conformance(run: Run) -> Tile | None:
    subjects = subjects_of(run)
    columns = [column for one in subjects for column in one.columns]
    scores = [c.score for c in columns if c.score is not None]
    if not scores:
        return None
    right = sum(one.as_expected for one in subjects)
    counts: Counter[str] = Counter()
    for column in columns:
        counts.update(column.counts)
    asides = [
        f"{counts[name]:,} {said}" for name, said in ASIDES.items() if counts[name]
    ]
    return Tile(
        "Subjects that do as they should",
        f"{right} of {len(subjects)}",
        "; ".join([counted(subjects), *asides]),
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
    if not states["confirmed"] + against:
        return None  # a run of something else
    tone = "bad" if states["contradicted"] else "warn" if against else "good"
    return Tile(
        "Verdicts on the tutorials that this run confirms",
        f"{states['confirmed']} of {len(run.claims.claims) - states['untestable']}",
        f"of their sentences {verdicts['true']} are true, {verdicts['caveat']} true "
        f"with a caveat, {verdicts['false']} false",
        "claims",
        tone,
    )


def _memory(run: Run) -> Tile | None:
    rows = memory.list_rows(run)
    if not rows:
        return None
    row = rows[0]
    return Tile(
        "List against generator, peak memory",
        formatting.times(row.ratio),
        f"{formatting.size(row.list_peak)} against "
        f"{formatting.size(row.generator_peak)} above the start, "
        f"for {row.items:,} integers on {row.label}",
        "memory",
        "plain",
    )


def _coverage(run: Run) -> Tile | None:
    if run.coverage is None:
        return None
    total = run.coverage
    return Tile(
        "Lines of the runtime that tests reach",
        formatting.percent(total.lines_hit, total.lines_found),
        f"branches {formatting.percent(total.branches_hit, total.branches_found)}",
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
        f"{formatting.plural(len(run.bench), 'benchmark figure')}, "
        "each with its spread",
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
    groups = groups_of(run.verdict)
    front = in_front(groups)
    return {
        "groups": groups,
        "front": front,
        "behind": [at for at in range(len(groups)) if at not in front],
        "most": MOST_MEMBERS,
        "tiles": tiles,
        "judged": _judged(run.baseline.changes) if run.baseline else [],
        "most_changes": MOST_CHANGES,
    }
