# SPDX-License-Identifier: MIT
"""From what callgrind counted of two to a table, and to problems.

1. One iteration's instructions are the difference of the two runs of an arm, over
   the iterations that the longer one had more.
2. The candidate is counted twice. Where the two differ by more than one in a hundred
   thousand, the row counts something that is not pinned, and decides nothing.
3. Up to TOLERANCE two counts are the same: no clock is in them, but a compiler may
   order a function otherwise for a change elsewhere. Beyond it, it is a change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pmm.base.formatting import plural
from pmm.collect.bench import bare_name
from pmm.documents.asked import GonePolicy
from pmm.documents.instructions import (
    Counted,
    InstructionRow,
    InstructionTable,
    InstructionVerdict,
)
from pmm.documents.jobs import Job
from pmm.documents.speed import SpeedRole
from pmm.documents.verdict import Problem
from pmm.judge.baseline_problems import GONE
from pmm.plan.count_jobs import SAID
from pmm.plan.speed_spec import ALLOCATORS, RowSpec, read_spec

TOLERANCE = 0.002
REPEATED = 1e-5
"""Share by which two counts of one program may differ."""

Costs = Mapping[tuple[SpeedRole, str], float]
"""Instructions of one iteration, by arm and benchmark."""


def name_of(unit: str, run_name: str) -> str:
    """Return a benchmark as its row names it: of an allocator with its size."""
    whole = bare_name(run_name)
    return whole if unit in ALLOCATORS else whole.rpartition("/")[0] or whole


def costs_of(plan: Iterable[Job], counts: Mapping[str, Sequence[Counted]]) -> Costs:
    """Return what one more iteration costs each arm."""
    runs: dict[tuple[SpeedRole, str], list[Counted]] = {}
    for job in plan:
        for one in counts.get(job.id, ()) if job.count is not None else ():
            assert job.count is not None  # noqa: S101 - the line above
            key = job.count.role, name_of(job.count.unit, one.benchmark)
            runs.setdefault(key, []).append(one)
    return {
        key: (more.instructions - less.instructions)
        / (more.iterations - less.iterations)
        for key, two in runs.items()
        if len(two) == 2
        for less, more in [sorted(two, key=lambda one: one.iterations)]
        if more.iterations > less.iterations
    }


def verdict_of(ratio: float) -> InstructionVerdict:
    """Return the word for a ratio."""
    if abs(ratio - 1) <= TOLERANCE:
        return "same"
    return "more" if ratio > 1 else "less"


def make_row(spec: RowSpec, costs: Costs) -> InstructionRow:
    """Judge one benchmark."""
    ours, theirs, again = (
        costs.get((role, spec.benchmark)) for role in ("ours", "theirs", "again")
    )
    ratio = ours / theirs if ours and theirs else None
    note, verdict = None, "undecided"
    if ours is None or theirs is None or again is None:
        note = "one of the two has no count of it"
    elif ratio is None:
        note = "a count is not above 0"
    elif abs(again - ours) > REPEATED * ours:
        note = f"the candidate differs from itself: {ours:,.1f}, then {again:,.1f}"
    else:
        verdict = verdict_of(ratio)
    return InstructionRow(
        benchmark=spec.benchmark, title=spec.title, ours=ours, theirs=theirs,
        again=again, ratio=ratio, verdict=verdict,  # type: ignore[arg-type]
        note=note,
    )  # fmt: skip


def make_instructions(
    root: Path, plan: Sequence[Job], counts: Mapping[str, Sequence[Counted]]
) -> InstructionTable | None:
    """Make the table of a run; None when its plan counts nothing."""
    arms = {job.count.role: job.count.arm for job in plan if job.count is not None}
    if not arms:
        return None
    costs = costs_of(plan, counts)
    counted = {benchmark for _, benchmark in costs}
    rows = [
        make_row(spec, costs)
        for spec in {row.benchmark: row for row in read_spec(root)}.values()
        if spec.benchmark in counted
    ]
    reason = None if rows else "nothing was counted: see the jobs"
    return InstructionTable(
        state="counted" if rows else "unavailable", reason=reason,
        tolerance=TOLERANCE, pinned=SAID, arm=arms["ours"], against=arms["theirs"],
        rows=tuple(rows),
    )  # fmt: skip


def unavailable(why: str, arm: str, against: str) -> InstructionTable:
    """Return the table of two that could not be counted."""
    return InstructionTable(
        state="unavailable", reason=why, tolerance=TOLERANCE, pinned=(), arm=arm,
        against=against, rows=(),
    )  # fmt: skip


def more_problems(table: InstructionTable, base: str) -> list[Problem]:
    """Return a failure for each benchmark that takes more instructions."""
    return [
        Problem(
            kind="change", severity="failure", key=f"instructions {row.benchmark}",
            title=f"more instructions than {base}: {row.title}",
            detail=f"{row.ratio:.4f} times: {row.theirs:,.1f} → {row.ours:,.1f} an "
            f"iteration (the same up to {table.tolerance:.1%})",
            column=None, reproduce=None,
        )
        for row in table.rows
        if row.verdict == "more"
    ]  # fmt: skip


def undecided_problems(
    table: InstructionTable, base: str, policy: GonePolicy
) -> list[Problem]:
    """Return a problem for each benchmark that only one of the two has."""
    return [
        Problem(
            kind="gone", severity=GONE[policy],
            key=f"instructions {row.benchmark}",
            title=f"not counted beside {base}: {row.title}", detail=row.note or "",
            column=None, reproduce=None,
        )
        for row in table.rows
        if row.ours is None or row.theirs is None
    ]  # fmt: skip


def counted_in_words(table: InstructionTable) -> str:
    """Say what was counted in one clause."""
    if table.state != "counted":
        return f"instructions were not counted: {table.reason}"
    words = [row.verdict for row in table.rows]
    order: tuple[InstructionVerdict, ...] = ("more", "less", "same", "undecided")
    parts = [f"{words.count(one)} {one}" for one in order if one in words]
    return f"instructions of {plural(len(words), 'benchmark')}: {', '.join(parts)}"
