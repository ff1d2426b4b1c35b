# SPDX-License-Identifier: MIT
"""The speed table of a run: two subjects, allocators or builds, the same jobs, pair
by pair.

Every figure is one that is better when it is smaller. A ratio is the first
subject's over the second's: below 1 the first one is better.
"""

from __future__ import annotations

from typing import Literal

from pmm.documents.programs import Strict

SpeedVerdict = Literal["faster", "slower", "less", "more", "undecided"]
"""Of the first subject; `less` and `more` where the figure is no time."""
SpeedRole = Literal["ours", "theirs", "again"]
SpeedState = Literal["sound", "inconclusive"]


class SpeedArm(Strict, frozen=True):
    """One side of the pairs: a subject as it was run."""

    id: str
    role: SpeedRole
    """`again` is the first subject once more: the null control."""
    subject: str
    version: str | None
    build: str | None
    """What the program says of how it was compiled."""
    backend: str | None
    mode: str | None
    interpreter: str | None


class SpeedSample(Strict, frozen=True):
    """One pair: both arms' figure in one round, in fresh processes."""

    round: int
    ours: float
    theirs: float


class SpeedSpread(Strict, frozen=True):
    """One arm's figure over the pairs."""

    median: float
    least: float
    most: float


class SpeedRow(Strict, frozen=True):
    """One figure of one benchmark, of two arms."""

    benchmark: str
    figure: str
    over: str | None
    title: str
    unit: str | None
    """`ns`, `bytes`, `objects`; null for a ratio of two figures."""
    arm: str
    against: str
    goal: float | None
    samples: tuple[SpeedSample, ...]
    """The pairs that count: whole, and not contaminated."""
    ours: SpeedSpread | None
    theirs: SpeedSpread | None
    ratio: float | None
    """Hodges-Lehmann estimate over the pairs."""
    low: float | None
    high: float | None
    """Limits of the exact 95 % signed-rank interval; null: too few pairs."""
    p_value: float | None
    adjusted: float | None
    """The same after Benjamini-Hochberg over all rows."""
    detectable: float | None
    """The smallest change that this row would have found four times in five."""
    verdict: SpeedVerdict
    note: str | None


class DroppedPair(Strict, frozen=True):
    """A round of one unit that does not count, by the rule fixed beforehand."""

    round: int
    unit: str
    why: str


class SpeedTable(Strict, frozen=True):
    """All rows, the control, and what they rest on."""

    state: SpeedState
    reason: str | None
    """Why it is inconclusive."""
    rounds: int
    objects: int
    """Size of the benchmarks; 0: each says its own."""
    arms: tuple[SpeedArm, ...]
    rows: tuple[SpeedRow, ...]
    controls: tuple[SpeedRow, ...]
    """The first subject against itself: each has to be undecided."""
    dropped: tuple[DroppedPair, ...]
