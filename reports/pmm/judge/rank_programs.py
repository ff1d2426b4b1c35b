# SPDX-License-Identifier: MIT
"""Whole programs: an allocator's time over the interpreter's own, round by round.

A figure is the processor time of the whole process, user and system, as the
system counts it. The interpreter's own allocator is run twice in each round: how
far it is from itself is the noise floor.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from pmm.documents.jobs import NOT_RUN, Job, JobResult
from pmm.documents.rank import (
    WITNESS,
    ProgramRow,
    RankCaller,
    RankCell,
    RankMean,
    RankPrograms,
    RankSetting,
)
from pmm.judge.rank import Values, cell, floor_of, means

Place = tuple[str, str, str]
"""Program, setting and role."""


@dataclass
class Runs:
    """What the processes used."""

    rounds: int = 0
    python: str = ""
    callers: dict[str, RankCaller] = field(default_factory=dict)
    names: dict[str, None] = field(default_factory=dict)
    times: dict[Place, dict[int, float]] = field(default_factory=dict)
    peaks: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    whys: dict[tuple[str, str], str] = field(default_factory=dict)

    def values(self, name: str, setting: str, role: str = "asked") -> Values:
        """Return an arm's figure in each round."""
        found = self.times.get((name, setting, role), {})
        if (name, setting) in self.whys:
            found = {}
        return tuple(found.get(number) for number in range(1, self.rounds + 1))


def runs_of(plan: Sequence[Job], results: Mapping[str, JobResult]) -> Runs:
    """Sort what the processes used."""
    runs = Runs()
    for job in plan:
        if job.kind == "program" and job.place is not None and job.place.caller:
            note(runs, job, job.place.caller, results[job.id])
    runs.names = dict.fromkeys(sorted(runs.names))
    return runs


def note(runs: Runs, job: Job, caller: RankCaller, result: JobResult) -> None:
    """Keep what one process used, or why it ended early."""
    place = job.place
    assert place is not None  # noqa: S101 - the caller has looked
    runs.python = job.interpreter or ""
    runs.callers.setdefault(caller.setting, caller)
    if place.row == WITNESS:
        return
    runs.rounds = max(runs.rounds, place.round)
    runs.names[place.row] = None
    used = (result.user_ns or 0) + (result.system_ns or 0)
    if result.status != "ok" or result.exit_code != 0:
        if result.status not in NOT_RUN:
            why = result.reason or f"exit code {result.exit_code}"
            runs.whys.setdefault((place.row, caller.setting), why)
        return
    key = (place.row, caller.setting, place.role)
    runs.times.setdefault(key, {})[place.round] = float(used)
    if result.peak_rss_bytes is not None:
        peaks = runs.peaks.setdefault((place.row, caller.setting), [])
        peaks.append(result.peak_rss_bytes)


def setting_of(caller: RankCaller, served: Mapping[str, str]) -> RankSetting:
    """Say who serves malloc in a setting, and whether that is who was meant."""
    found = served.get(caller.setting)
    why = None
    if caller.object and found is None:
        why = "nobody could say who serves malloc"
    elif caller.object and found != caller.object:
        why = f"malloc is served by {found}"
    return RankSetting(
        name=caller.setting, variables=caller.variables, served_by=found, why=why
    )


def row_of(
    runs: Runs, name: str, title: str, settings: Sequence[RankSetting]
) -> ProgramRow:
    """Hold every setting against the interpreter's own."""
    own = runs.values(name, settings[0].name)
    cells = []
    for one in settings:
        why = one.why or runs.whys.get((name, one.name))
        values = runs.values(name, one.name) if why is None else (None,) * runs.rounds
        made = cell(one.name, values, own)
        cells.append(replaced(made, why))
    again = cell(settings[0].name, runs.values(name, settings[0].name, "again"), own)
    return ProgramRow(
        name=name, title=title, cells=tuple(cells),
        again=again if again.ratio is not None else None,
        peak_rss_bytes={
            one.name: round(median(found)) for one in settings
            if (found := runs.peaks.get((name, one.name)))
        },
    )  # fmt: skip


def replaced(one: RankCell, why: str | None) -> RankCell:
    """Return a cell with the reason why it has no figure."""
    if why is None:
        return one
    return RankCell(spec=one.spec, values=one.values, why=why)


def mean_of(runs: Runs, rows: Sequence[ProgramRow]) -> RankMean | None:
    """Make the mean over the programs that every sound setting ran."""
    sound = [
        one.spec for one in rows[0].cells
        if any(c.ratio is not None for r in rows for c in r.cells if c.spec == one.spec)
    ]  # fmt: skip
    shared = [
        row.name for row in rows
        if all(c.ratio is not None for c in row.cells if c.spec in sound)
    ]  # fmt: skip
    if not shared or not sound:
        return None
    own = means(runs.values(name, sound[0]) for name in shared)
    again = cell(
        sound[0], means(runs.values(name, sound[0], "again") for name in shared), own
    )
    return RankMean(
        key="programs", title="whole programs", rows=len(shared),
        cells=tuple(
            cell(one, means(runs.values(name, one) for name in shared), own)
            for one in sound
        ),
        again=again if again.ratio is not None else None,
        floor=math.exp(floor_of(again)),
    )  # fmt: skip


def make_programs(
    plan: Sequence[Job],
    results: Mapping[str, JobResult],
    served: Mapping[str, str],
    titles: Mapping[str, str],
) -> RankPrograms | None:
    """Make the table of whole programs; None where none were planned."""
    runs = runs_of(plan, results)
    if not runs.names:
        return None
    settings = tuple(setting_of(one, served) for one in runs.callers.values())
    rows = tuple(
        row_of(runs, name, titles.get(name, ""), settings) for name in runs.names
    )
    shown = {one.object for one in runs.callers.values()}
    specs = dict.fromkeys(
        job.backend for job in plan if job.kind == "backend-check" and job.backend
    )
    names = {one.name for one in settings}
    absent = tuple(
        (spec, NOT_OFFERED) for spec in specs
        if spec not in shown | names | {"libc"} and label_of(plan, spec) not in names
    )  # fmt: skip
    return RankPrograms(
        python=runs.python, settings=settings, rows=rows, mean=mean_of(runs, rows),
        absent=absent,
    )  # fmt: skip


NOT_OFFERED = "it has no usable_size, which Python's realloc needs"


def label_of(plan: Sequence[Job], spec: str) -> str | None:
    """Return what tables call an allocator."""
    return next((j.shown_backend for j in plan if j.backend == spec), None)
