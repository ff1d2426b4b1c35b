# SPDX-License-Identifier: MIT
"""What a run found of each allocator that it asked, as the run document has it."""

from __future__ import annotations

from typing import Literal

from pmm.documents.programs import Strict

State = Literal["ranked", "unsound", "unchecked", "bound"]


class Standing(Strict, frozen=True):
    """One allocator that a run asked: may it be ranked, and where does it stand?"""

    spec: str
    """As it was asked for: a name, or a file."""
    label: str
    """What it is called in tables and charts, unlike any other's."""
    state: State
    """Only one whose checks ended without a failure, and whose benchmarks kept
    theirs, is ranked; a bound gives nothing back and is no allocator.
    """
    why: str | None
    """Why it has no rank, in a few words."""
    passed: int
    """Cases of its check that it passed."""
    failed: tuple[str, ...]
    """Ids of those that it failed."""
    figures: int
    """How many benchmarks gave a figure over it."""
    witnessed: int
    """How many of them are proven to be its own."""
    place: int | None
    """1 is the fastest in the mean; null without a rank or figures to compare."""
    shared: int
    """How many benchmarks the mean is over: those that all ranked ones ran."""
    mean: float | None
    """Geometric mean of its ratios to the yardstick; null without a yardstick."""
    mean_low: float | None
    mean_high: float | None
    """The same over the lowest and the highest ratios that repetitions allow."""
    best: int
    """How many benchmarks it was the fastest in, of the ranked ones."""
    tied: int
    """How many of them another one's repetitions reach."""
