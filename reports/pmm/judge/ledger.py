# SPDX-License-Identifier: MIT
"""What a ledger of collectors says: who agrees, who differs, who is worst.

1. Three ways of counting know nothing of each other and have to agree.
2. Of two arms exact figures are the same or different, by equality. Times are
   judged by their pairs (pair_stats), all of them together.
3. What is worst is said first: the most garbage waiting, as a share of what there
   was to collect. Who never collects does so by design and is not meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import NamedTuple

import msgspec

from pmm.base import formatting
from pmm.documents.ledger import (
    Ledger,
    LedgerArm,
    LedgerCell,
    LedgerCounts,
    LedgerRow,
    LedgerTimes,
)
from pmm.plan.pair_rules import Estimate, direction

POINTS = (50, 90, 95, 99)
"""Percentiles of pauses."""
FEWEST = 6
"""Pairs below which the signed-rank interval does not exist."""

Figure = Callable[[LedgerTimes], int | None]
"""A figure of one process that took times."""


def disagreement(counts: LedgerCounts) -> str | None:
    """Return what does not agree within one ledger; None: all does."""
    ways = {"callbacks": counts.by_callbacks, "finalizers": counts.left,
            "enumeration": counts.by_enumeration}  # fmt: skip
    if len(set(ways.values())) > 1:
        said = ", ".join(f"{value:,} by {name}" for name, value in ways.items())
        return f"its counts of what is left do not agree: {said}"
    if counts.apart:
        return (
            f"after {formatting.plural(counts.apart, 'collection')} callbacks and "
            "finalizers did not agree"
        )
    if counts.never:
        return f"a full collection left {counts.never:,} objects of garbage"
    return None


def checked(arm: LedgerArm) -> LedgerArm:
    """Return the arm with the fault that its counts show."""
    if arm.fault is not None:
        return arm
    for cell in arm.cells:
        wrong = disagreement(cell.counts) if cell.counts is not None else None
        if wrong is not None:
            return msgspec.structs.replace(arm, fault=f"{cell.name}: {wrong}")
    return arm


# ------------------------------------------------------------------- single figures


def percentile(values: Sequence[int], part: float) -> int | None:
    """Return the value that `part` percent do not exceed; None without a value."""
    ordered = sorted(values)
    if not ordered:
        return None
    return ordered[max(0, -int(-len(ordered) * part // 100) - 1)]


def pauses(cell: LedgerCell) -> list[int]:
    """Return the pauses of every process."""
    return [pause for one in cell.times for pause in one.pauses_ns]


def collector_ns(one: LedgerTimes) -> int:
    """Return the time that one process waited for its collector."""
    return sum(one.pauses_ns)


def middle(cell: LedgerCell, figure: Figure) -> float | None:
    """Return the median of a figure over the processes; None where unknown."""
    known = [value for one in cell.times if (value := figure(one)) is not None]
    return median(known) if known else None


def time_share(cell: LedgerCell) -> float | None:
    """Return the collector's share of the program's time, the median."""
    known = [collector_ns(one) / one.program_ns for one in cell.times
             if one.program_ns > 0]  # fmt: skip
    return median(known) if known else None


def examined(counts: LedgerCounts) -> float | None:
    """Return objects examined for each that was freed; None where unknown."""
    freed = sum(counts.collected)
    if counts.candidates is None or freed == 0:
        return None
    return sum(counts.candidates) / freed


def garbage(cell: LedgerCell) -> int:
    """Return how many objects became garbage while they were made."""
    return max(cell.made - cell.window, 0)


def waiting_share(cell: LedgerCell) -> float:
    """Return the most that waited, as a share of all garbage there was."""
    if cell.counts is None or garbage(cell) == 0:
        return 0.0
    return cell.counts.most / garbage(cell)


def never_collects(cell: LedgerCell) -> bool:
    """Tell whether nobody starts a collection here."""
    return cell.counts is not None and not any(cell.counts.collections)


# ----------------------------------------------------------------------- two arms


class Exact(NamedTuple):
    """A figure that is counted."""

    name: str
    text: Callable[[LedgerCounts], str]
    """As it is shown."""
    value: Callable[[LedgerCounts], object] | None = None
    """What has to be equal, where that is not the text."""


def joined(values: Iterable[int] | None) -> str:
    """Show a figure of each generation."""
    if values is None:
        return formatting.DASH
    return " / ".join(f"{value:,}" for value in values)


EXACT = (
    Exact("most garbage waiting", lambda c: f"{c.most:,}"),
    Exact("its 95th percentile", lambda c: f"{c.p95:,}"),
    Exact("left at the end", lambda c: f"{c.left:,}"),
    Exact("collections by generation", lambda c: joined(c.collections)),
    Exact("collected by generation", lambda c: joined(c.collected)),
    Exact("examined by generation", lambda c: joined(c.candidates)),
    Exact("mean of what waits", lambda c: f"{sum(c.curve) / max(len(c.curve), 1):,.1f}",
          lambda c: c.curve),
    Exact("kinds of value that are tracked", lambda c: ", ".join(
        name for name, tracked in c.kinds.items() if tracked)),
)  # fmt: skip
TIMES: tuple[tuple[str, str, Figure], ...] = (
    ("collector time", "ns", collector_ns),
    ("worst pause", "ns", lambda one: max(one.pauses_ns, default=0)),
    ("program time", "ns", lambda one: one.program_ns),
    ("peak resident memory", "bytes", lambda one: one.peak_bytes),
)


def exact_row(cell: str, one: Exact, ours: LedgerCounts,
              theirs: LedgerCounts) -> LedgerRow:  # fmt: skip
    """Compare a counted figure."""
    value = one.value or one.text
    same = value(ours) == value(theirs)
    return LedgerRow(
        cell=cell, figure=one.name, unit=None, exact=True, ours=one.text(ours),
        theirs=one.text(theirs), ratio=None, low=None, high=None, p_value=None,
        adjusted=None, verdict="same" if same else "different",
    )  # fmt: skip


def paired(ours: LedgerCell, theirs: LedgerCell,
           figure: Figure) -> list[tuple[float, float]]:  # fmt: skip
    """Return a figure's pairs, the second arm first; those where both are known."""
    out = []
    for left, right in zip(ours.times, theirs.times, strict=False):
        a, b = figure(left), figure(right)
        if a and b:
            out.append((float(b), float(a)))
    return out


def time_row(
    ours: LedgerCell, theirs: LedgerCell, name: str, unit: str, figure: Figure
) -> LedgerRow:
    """Compare a time over its pairs, undecided as yet."""
    from pmm.judge.pair_stats import estimate  # noqa: PLC0415 - takes a second to load

    pairs = paired(ours, theirs, figure)
    found = estimate(pairs) if len(pairs) >= FEWEST else None
    return LedgerRow(
        cell=ours.name, figure=name, unit=unit, exact=False,
        ours=formatting.quantity(middle(ours, figure), unit),
        theirs=formatting.quantity(middle(theirs, figure), unit),
        ratio=found.ratio if found else None, low=found.low if found else None,
        high=found.high if found else None,
        p_value=found.p_value if found else None, adjusted=None, verdict="undecided",
    )  # fmt: skip


def judged(rows: Iterable[LedgerRow]) -> tuple[LedgerRow, ...]:
    """Give the times their verdicts together."""
    from pmm.judge.pair_stats import adjusted  # noqa: PLC0415 - takes a second to load

    rows = tuple(rows)
    left = iter(adjusted([row.p_value for row in rows if row.p_value is not None]))
    out = []
    for row in rows:
        if row.p_value is None or row.ratio is None:
            out.append(row)
            continue
        p = next(left)
        way = direction(Estimate(row.ratio, row.low, row.high, row.p_value, None), p)
        verdict = {-1: "less", 0: "undecided", 1: "more"}[way]
        out.append(msgspec.structs.replace(row, adjusted=p, verdict=verdict))
    return tuple(out)


def compared(ours: LedgerArm, theirs: LedgerArm) -> tuple[LedgerRow, ...]:
    """Return every figure of two arms, judged."""
    rows: list[LedgerRow] = []
    for left, right in zip(ours.cells, theirs.cells, strict=False):
        if left.counts is not None and right.counts is not None:
            a, b = left.counts, right.counts
            rows += [exact_row(left.name, one, a, b) for one in EXACT]
        if left.times and right.times:
            rows += [time_row(left, right, *one) for one in TIMES]
    return judged(rows)


def differs(row: LedgerRow) -> bool:
    """Tell whether a row says that the two are not alike."""
    return row.verdict in ("different", "less", "more")


# ---------------------------------------------------------------------- sentences


def two_sentence(ledger: Ledger) -> str:
    """Say whether two arms are alike."""
    ours, theirs = (arm.id for arm in ledger.arms)
    exact = [row for row in ledger.rows if row.exact]
    apart = [row for row in exact if differs(row)]
    times = [row for row in ledger.rows if not row.exact and differs(row)]
    said = [f"{len(apart)} of {len(exact)} exact figures differ"] if apart else []
    said += [f"{row.figure} ({row.cell}) is {row.verdict}" for row in times]
    if not said:
        return f"{theirs} does what {ours} does: every exact figure is equal."
    first = next(iter(apart), None)
    detail = (
        f" First: {first.figure} ({first.cell}), {first.ours} and {first.theirs}."
        if first is not None else ""
    )  # fmt: skip
    return f"{theirs} is not {ours}: {'; '.join(said)}.{detail}"


def worst_sentence(ledger: Ledger) -> str:
    """Say who lets the most garbage wait, and who the least."""
    known = [
        (arm.id, cell) for arm in ledger.arms for cell in arm.cells
        if cell.counts is not None and not never_collects(cell)
    ]  # fmt: skip
    if not known:
        return "No collector could be counted."
    name, cell = max(known, key=lambda one: waiting_share(one[1]))
    alike = [pair for pair in known if pair[1].name == cell.name]
    best, least = min(alike, key=lambda one: waiting_share(one[1]))
    most = cell.counts.most if cell.counts else 0
    few = least.counts.most if least.counts else 0
    all_of_it = " all of it:" if most >= garbage(cell) else ""
    said = (
        f"{name} lets the most garbage wait ({cell.name}):{all_of_it} {most:,} of "
        f"{garbage(cell):,} objects"
    )
    end = f"; the least waits in {best}: {few:,}." if best != name else "."
    return f"{said}{end}"


def sentence(ledger: Ledger) -> str:
    """Answer in a sentence, the worst first."""
    wrong = [arm for arm in ledger.arms if arm.fault is not None]
    said = two_sentence(ledger) if ledger.rows else worst_sentence(ledger)
    if not wrong:
        return said
    names = ", ".join(arm.id for arm in wrong)
    return f"{names} misbehaved. {said}"
