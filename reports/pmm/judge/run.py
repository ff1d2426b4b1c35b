# SPDX-License-Identifier: MIT
"""Gives a run its verdict: by its own results, or beside those of an earlier run."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from pmm.documents.run import Comparison, Problem, Run
from pmm.documents.verdict import GonePolicy
from pmm.execute.busy import notice
from pmm.judge import baseline_problems, verdicts
from pmm.judge.compare import compare_runs
from pmm.judge.groups import View
from pmm.judge.speed import speed_verdict


def view_of(run: Run) -> View:
    """Return what the verdict on a run looks up."""
    comparison = run.baseline
    changes = comparison.changes if comparison is not None else ()
    gone = comparison.gone if comparison is not None else ()
    said = notice(run.load)
    return View(
        cases={f"{case.column} {case.id}": case for case in run.cases},
        columns={column.id: column for column in run.columns},
        jobs={job.id: job for job in run.plan},
        changes={change.key: change for change in changes},
        gone={f"{one.kind} {one.name}": one for one in gone},
        notices=(said,) if said is not None else (),
        resume=run.verdict.resume,
    )


def judged(run: Run, problems: Sequence[Problem]) -> Run:
    """Give a run the verdict that follows from its problems."""
    measured = any(verdicts.applies(work.document) for work in run.work)
    other = bool(measured or run.bench or run.leaks or run.speed)
    verdict = verdicts.make_verdict(
        run.cases, run.results, problems, other, run.baseline, view_of(run)
    )
    return msgspec.structs.replace(run, verdict=speed_verdict(verdict, run.speed))


def with_baseline(
    run: Run, comparison: Comparison, gone: GonePolicy = "inconclusive"
) -> Run:
    """Add a comparison to a run and judge it again."""
    kept = [one for one in run.verdict.problems if one.kind not in ("change", "gone")]
    problems = baseline_problems.with_past(kept, comparison)
    told = {one.key for one in kept if one.severity in ("failure", "error")}
    problems += baseline_problems.change_problems(comparison, told)
    problems += baseline_problems.gone_problems(comparison, gone)
    return judged(msgspec.structs.replace(run, baseline=comparison), problems)


def compared(
    run: Run, before: Run, path: str, gone: GonePolicy = "inconclusive"
) -> Run:
    """Compare a run with an earlier one."""
    return with_baseline(run, compare_runs(before, run, path), gone)
