# SPDX-License-Identifier: MIT
"""Is it all right? What changed?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from pmm.base import formatting
from pmm.documents.jobs import NOT_RUN
from pmm.documents.results import Column
from pmm.documents.run import Run
from pmm.documents.verdict import Change
from pmm.judge.groups import groups_of, in_front
from pmm.judge.ranking import Ranking
from pmm.render import backends, memory
from pmm.render.census import counted, subjects_of
from pmm.render.mosaic import mosaic
from pmm.render.rank_figures import NO_WINNER

MOST_CHANGES = 200
MOST_MEMBERS = 100
"""Members of a group that its fold lists."""


ASIDES = {
    "XFAIL": "results differ as expected", "WARN": "only warn",
    "WAIVED": "are waived", "UNSUPPORTED": "need a feature that is not offered",
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
        "Subjects without unexpected results",
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
        "Leak variants with the right verdict",
        f"{right} of {len(run.leak_tally)}",
        f"{planted} leak on purpose and have to be found, "
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
    unmeasured = states["unmeasured"]
    word = "was" if unmeasured == 1 else "were"
    missing = f"{unmeasured} {word} not measured in this run; " if unmeasured else ""
    return Tile(
        "Verdicts on the tutorials that this run confirms",
        f"{states['confirmed']} of {len(run.claims.claims) - states['untestable']}",
        f"{missing}of their sentences {verdicts['true']} are true, "
        f"{verdicts['caveat']} true with a caveat, {verdicts['false']} false",
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
    ranking = Ranking(run)
    first = next((one for one in ranking.standings if one.place == 1), None)
    if first is not None:
        said = backends.answer(ranking)
        clear = not said.startswith(NO_WINNER)
        return Tile(
            "Fastest allocator by the mean time",
            first.label if clear else "none is clearly", said, "backends", "plain",
        )  # fmt: skip
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
    """Changes that affect the verdict, worst first; times are counted, not listed."""
    order = {"worse": 0, "changed": 1, "better": 2}
    rows = [c for c in changes if c.verdict in order]
    return sorted(rows, key=lambda c: order[c.verdict])[:MOST_CHANGES]


def difference(change: Change) -> str:
    """By how much a figure changed: in its unit to the last one, and in per cent."""
    before, after = change.before, change.after
    if isinstance(before, str | None) or isinstance(after, str | None):
        return formatting.DASH
    more = after - before
    sign = "+" if more > 0 else "−"
    unit = f" {change.unit}" if change.unit else ""
    said = f"{sign}{formatting.number(abs(more))}{unit}"
    return f"{said} ({100 * more / before:+.3g} %)" if before else said


def ran_on(run: Run) -> str:
    """Say what ran, on what, and whether it was alone there."""
    place = run.environment
    cores = formatting.plural(len(place.cpus_allowed) or place.cpu_count, "core")
    done = sum(one.status not in NOT_RUN for one in run.results)
    jobs = formatting.plural(len(run.plan), "job")
    jobs = jobs if done == len(run.plan) else f"{done:,} of {jobs}"
    said = f"{jobs} on {place.cpu or 'this machine'}, {cores}, {place.system}"
    if run.load is None:
        return said
    alone = "busy with other things, too" if run.load.busy else "otherwise quiet"
    return f"{said}; the machine was {alone}"


def context(run: Run) -> dict[str, Any]:
    """Values of index.html."""
    makers = (
        _conformance, _leaks, _claims, _memory, _backends, _speed, _coverage,
    )  # fmt: skip
    tiles = [tile for maker in makers if (tile := maker(run)) is not None]
    groups = groups_of(run.verdict)
    front = in_front(groups)
    judged = _judged(run.baseline.changes) if run.baseline else []
    return {
        "groups": groups,
        "front": front,
        "behind": [at for at in range(len(groups)) if at not in front],
        "most": MOST_MEMBERS,
        "tiles": tiles,
        "judged": judged,
        "kinds_of_change": list(Counter(one.verdict for one in judged).items()),
        "most_changes": MOST_CHANGES,
        "difference": difference,
        "ran_on": ran_on(run),
        "mosaic": mosaic(run),
    }
