# SPDX-License-Identifier: MIT
"""Instructions of two, counted by callgrind: no clock, no luck with addresses.

A figure is what one more iteration of a benchmark costs: the difference of two runs,
of N and of 2N iterations, over N. A ratio is the candidate's over the base's.
"""

from __future__ import annotations

from typing import Literal

from pmm.documents.programs import Strict
from pmm.documents.speed import SpeedRole

InstructionVerdict = Literal["less", "more", "same", "undecided"]
CountState = Literal["counted", "unavailable"]


class CountPlace(Strict, frozen=True):
    """Where a job stands in a plan that counts."""

    unit: str
    """The benchmark program."""
    role: SpeedRole
    arm: str
    iterations: int


class Counted(Strict, frozen=True):
    """What one run of a benchmark took."""

    benchmark: str
    iterations: int
    instructions: int


class InstructionRow(Strict, frozen=True):
    """One benchmark of the two."""

    benchmark: str
    title: str
    ours: float | None
    """Instructions of one iteration of the candidate."""
    theirs: float | None
    again: float | None
    """Of the candidate once more: the control."""
    ratio: float | None
    verdict: InstructionVerdict
    note: str | None


class InstructionTable(Strict, frozen=True):
    """All rows, and what they rest on."""

    state: CountState
    reason: str | None
    """Why nothing was counted."""
    tolerance: float
    """Share up to which two counts are the same."""
    pinned: tuple[str, ...]
    """What was kept from varying."""
    arm: str
    against: str
    rows: tuple[InstructionRow, ...]
