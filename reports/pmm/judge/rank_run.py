# SPDX-License-Identifier: MIT
"""The ranking of a run: who is sound, the table, and where each stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from pmm.base.typed_names import is_own
from pmm.collect.bench import BenchOutput
from pmm.collect.replays import Measured
from pmm.discover.trace_set import read_set
from pmm.documents.jobs import Job
from pmm.documents.run import Run
from pmm.documents.verdict import Problem
from pmm.judge.rank import make_table, standings
from pmm.judge.rank_board import make_board, wrong
from pmm.judge.rank_memory import memory_of
from pmm.judge.rank_programs import make_programs
from pmm.judge.ranking import Ranking, Soundness


def with_rank(
    run: Run,
    root: Path,
    measured: Iterable[Measured],
    benches: Iterable[BenchOutput],
    served: Mapping[str, str],
) -> Run:
    """Add ranking and standings to a run; those of benchmarks alone without one."""
    ranking = Ranking(run)
    if not any(job.place for job in run.plan):
        return msgspec.structs.replace(run, standings=ranking.standings)
    measured = tuple(measured)
    results = {result.job: result for result in run.results}
    board = make_board(run.plan, results, measured, benches)
    sound = with_faults(ranking.soundness, wrong(board))
    titles = {one.name: one.nature for one in read_set(root).program}
    table = make_table(board, sound, titles)
    if table is None:
        return msgspec.structs.replace(run, standings=ranking.standings)
    return msgspec.structs.replace(
        run, rank=msgspec.structs.replace(
            table, memory=memory_of(measured),
            programs=make_programs(run.plan, results, served, titles),
        ),
        standings=standings(table, board, sound, ranking.labels),
    )  # fmt: skip


def with_faults(
    sound: Mapping[str, Soundness], faults: Iterable[tuple[str, str]]
) -> dict[str, Soundness]:
    """Take the rank from those that misbehaved while they were measured."""
    out = dict(sound)
    for spec, why in faults:
        if out[spec].state != "unsound":
            out[spec] = out[spec]._replace(state="unsound", why=why)
    return out


def measured_problems(measured: Iterable[Measured]) -> list[Problem]:
    """Return a problem for each replay or pattern in which an allocator was wrong."""
    return [
        Problem(
            kind="work", severity="failure", key=one.job.id,
            title=f"wrong: {one.job.id}", detail=one.document.error, column=None,
            reproduce=one.command, word="wrong answer",
        )
        for one in measured
        if one.document.error is not None
    ]  # fmt: skip


def peers_warned(plan: Sequence[Job], problems: Iterable[Problem]) -> list[Problem]:
    """Make warnings of what is wrong with those that somebody's own is ranked beside.

    Whoever ranks a library answers for that one; the others lose their rank.
    """
    own = {job.backend for job in plan if job.backend and is_own(job.backend)}
    peers = {job.id for job in plan if job.backend and job.backend not in own}
    if not own or not any(job.place for job in plan):
        return list(problems)
    return [
        msgspec.structs.replace(one, severity="warning")
        if one.severity == "failure" and one.key.partition(" ")[0] in peers
        else one
        for one in problems
    ]
