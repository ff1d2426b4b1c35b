# SPDX-License-Identifier: MIT
"""What collectors do in real programs: each program's figures, and what follows.

Processes with the collector on and off are run by turns, so their ratio is taken
round by round.
"""

from __future__ import annotations

from typing import NamedTuple

from pmm.documents.collected import Collected, ProgramArm, ProgramCell, ProgramFigures
from pmm.judge.ledger import percentile
from pmm.judge.spreads import Spread, is_above, is_below, ratios, spread_of

MUCH, SOME = 0.15, 0.05
"""Shares of the time from which on a program is marked."""


class ProgramRow(NamedTuple):
    """A program in an interpreter."""

    cell: ProgramCell
    first: ProgramFigures
    """The first process: what is counted is equal in the others, or `equal` says so."""
    equal: bool | None
    """Whether all processes counted the same; None: there is one alone."""
    share: Spread
    """The collector's part of the time."""
    p99: int | None
    worst: int | None
    ratio: Spread | None
    """CPU time, collector on to off."""
    peak_on: Spread | None
    peak_off: Spread | None

    @property
    def mark(self) -> str:
        """Return how much of the time the collector takes: much, some, little."""
        share = self.share.middle
        return "much" if share >= MUCH else "some" if share >= SOME else "little"

    @property
    def pays(self) -> str:
        """Return what the program is with the collector on: dearer, cheaper, open."""
        if is_above(self.ratio, 1):
            return "dearer"
        return "cheaper" if is_below(self.ratio, 1) else "open"


def row_of(cell: ProgramCell) -> ProgramRow:
    """Return a program's figures; it was run."""
    assert cell.on  # noqa: S101
    pauses = [pause for one in cell.on for pause in one.pauses_ns]
    share = spread_of(sum(one.pauses_ns) / max(one.cpu_ns, 1) for one in cell.on)
    assert share is not None  # noqa: S101
    equal = len({one.counts for one in cell.on}) == 1 if len(cell.on) > 1 else None
    return ProgramRow(
        cell=cell, first=cell.on[0], equal=equal, share=share,
        p99=percentile(pauses, 99), worst=max(pauses, default=None),
        ratio=ratios([one.cpu_ns for one in cell.on], [one.cpu_ns for one in cell.off]),
        peak_on=spread_of(one.peak_bytes for one in cell.on),
        peak_off=spread_of(one.peak_bytes for one in cell.off),
    )  # fmt: skip


def rows_of(arm: ProgramArm) -> list[ProgramRow]:
    """Return an interpreter's programs, those that its collector costs most first."""
    rows = [row_of(cell) for cell in arm.cells if cell.on]
    return sorted(rows, key=lambda row: -row.share.middle)


def notes_of(cell: ProgramCell) -> list[str]:
    """Return what has to be said of a program beside its figures."""
    said = [f"✗ {cell.fault}"] if cell.fault else []
    said += [f"○ {cell.absence}"] if cell.absence else []
    for one in (*cell.on, *cell.off):
        said += [f"! {trouble}" for trouble in one.troubles]
        said += ["! it changed the thresholds"] if one.changed_thresholds else []
    return list(dict.fromkeys(said))


def sentence(made: Collected) -> str:
    """Say where the collector costs most, and whether the programs would grow
    without it.
    """
    known = [(arm, row) for arm in made.arms for row in rows_of(arm)]
    if not known:
        return "No program could be run."
    arm, row = max(known, key=lambda two: two[1].share.middle)
    said = (
        f"The collector takes most in {row.cell.program} under {arm.id}: "
        f"{row.share.middle:.0%} of the time"
    )
    grown = [(one.cell.program, one.peak_off.middle / one.peak_on.middle)
             for _, one in known if one.peak_off and one.peak_on]  # fmt: skip
    if not grown:
        return said + "."
    program, times = max(grown, key=lambda two: two[1])
    return (
        f"{said}; without it the memory of no program grows more than that of "
        f"{program}, to {times:.2f} times as much."
    )
