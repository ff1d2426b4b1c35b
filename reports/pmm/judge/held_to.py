# SPDX-License-Identifier: MIT
"""What a gate by pairs is held to, and what known slowdowns showed of it.

A report is one comparison of several rows. Of two builds that are the same, a row
found slower is a false alarm; of two of which one is slower by a known share, a row
not found is missed, and an interval that leaves the share out does not cover it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import median

from pmm.documents.programs import Strict
from pmm.documents.speed import SpeedTable

ALARMS = 0.05
COVERED = (0.93, 0.97)
DETECTABLE = 0.02
FEW = 20
"""So many reports, or rows, have to speak against a goal before it is missed: one
that a busy machine spread says little of the gate."""
POWER = {2: 0.80, 5: 0.95, 20: 1.0}
"""Share of the rows to be found, by how many per cent one is slower."""


class Trial(Strict, frozen=True):
    """One report on two that differ by a known share."""

    percent: int
    seed: int
    state: str
    """`sound`, or `inconclusive`: the control moved, or processes were disturbed."""
    reason: str | None
    ratios: tuple[float, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    detectable: tuple[float, ...]
    found: int
    """Rows that were found slower, twice."""


class Held(Strict, frozen=True):
    """One figure of the gate beside its goal."""

    what: str
    good: int
    of: int
    goal: str
    kept: bool | None
    """Whether the goal is kept; null where too little was tried to say."""
    detail: str = ""


def trial_of(table: SpeedTable, percent: int, seed: int) -> Trial:
    """Keep what a report says of its rows."""
    rows = [row for row in table.rows if row.low is not None and row.high is not None]
    return Trial(
        percent=percent,
        seed=seed,
        state=table.state,
        reason=table.reason,
        ratios=tuple(row.ratio or math.nan for row in rows),
        lows=tuple(row.low or 0.0 for row in rows),
        highs=tuple(row.high or 0.0 for row in rows),
        detectable=tuple(row.detectable or 0.0 for row in rows),
        found=sum(row.verdict in ("slower", "more") for row in table.rows),
    )


def highest_share(seen: int, of: int, level: float = 0.05) -> float:
    """Return the largest share that so few seen do not refute (Clopper-Pearson)."""
    from scipy import stats  # noqa: PLC0415 - takes a second to load

    if of == 0 or seen >= of:
        return 1.0
    return float(stats.beta.ppf(1 - level, seen + 1, of - seen))


def alarms(trials: Sequence[Trial]) -> Held:
    """Count the reports with a false alarm."""
    same = [one for one in trials if one.percent == 0]
    wrong = sum(one.found > 0 for one in same)
    most = highest_share(wrong, len(same))
    kept: bool | None = None
    if most <= ALARMS:
        kept = True
    elif same and wrong > ALARMS * len(same) and len(same) >= FEW:
        kept = False
    return Held(
        what="reports on the same, with a false alarm", good=wrong, of=len(same),
        goal=f"at most {ALARMS:.0%}", kept=kept,
        detail=f"at most {most:.1%} with 95 % confidence",
    )  # fmt: skip


def power(trials: Sequence[Trial], percent: int) -> Held:
    """Count the rows that were found slower, of those that are."""
    known = [one for one in trials if one.percent == percent]
    rows = sum(len(one.ratios) for one in known)
    found = sum(one.found for one in known)
    goal = POWER[percent]
    return Held(
        what=f"rows found that are {percent} % slower", good=found, of=rows,
        goal=f"at least {goal:.0%}", kept=found >= goal * rows if rows else None,
    )  # fmt: skip


def coverage(trials: Iterable[Trial]) -> Held:
    """Count the intervals that hold what is known."""
    held = of = 0
    for one in trials:
        share = 1 + one.percent / 100
        for low, high in zip(one.lows, one.highs, strict=True):
            held += low <= share <= high
            of += 1
    low, high = COVERED
    few = of < 100
    return Held(
        what="intervals that hold the known ratio", good=held, of=of,
        goal=f"{low:.0%} to {high:.0%}",
        kept=None if few else low <= held / of <= high,
    )  # fmt: skip


def detectable(trials: Iterable[Trial]) -> Held:
    """Say which change half of the rows would have shown."""
    known = [value for one in trials for value in one.detectable if value > 0]
    small = sum(value <= DETECTABLE for value in known)
    middle = median(known) if known else None
    kept: bool | None = None
    if middle is not None and (middle <= DETECTABLE or len(known) >= FEW):
        kept = middle <= DETECTABLE
    return Held(
        what="rows that would show a change of 2 %", good=small, of=len(known),
        goal=f"a median of at most {DETECTABLE:.0%}",
        kept=kept,
        detail="" if middle is None else f"median {middle:.2%}",
    )  # fmt: skip


def held_to(trials: Sequence[Trial]) -> tuple[Held, ...]:
    """Return every figure beside its goal."""
    sound = [one for one in trials if one.state == "sound"]
    percents = sorted({one.percent for one in trials if one.percent})
    return (
        alarms(sound),
        *(power(sound, percent) for percent in percents),
        coverage(sound),
        detectable(sound),
    )
