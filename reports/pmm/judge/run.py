# SPDX-License-Identifier: MIT
"""From what the jobs gave to the run document: judged by itself, then compared.

    judge_run      columns, cells, claims, tables, problems -> one verdict
    compared       the same run beside an earlier one -> its verdict anew

Judging is pure: the same folder gives the same document.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pmm.base.paths import Paths, pasted
from pmm.collect.gather import Gathered
from pmm.documents.asked import GonePolicy
from pmm.documents.claims import ClaimTable
from pmm.documents.jobs import JobResult
from pmm.documents.journal import Header
from pmm.documents.results import BenchRow, CaseResult, Column, LeakFinding, LeakTally
from pmm.documents.run import Run
from pmm.documents.speed import SpeedTable
from pmm.documents.verdict import Comparison, Problem, Verdict
from pmm.judge import baseline_problems, claims, problems, verdicts
from pmm.judge.bench import make_rows, summarise
from pmm.judge.compare import compare_runs
from pmm.judge.expectations import apply_expectations, read_expectations
from pmm.judge.groups import View
from pmm.judge.instructions import make_instructions
from pmm.judge.leaks import mark_expected, tally
from pmm.judge.load import load_of, notice
from pmm.judge.rank_run import measured_problems, peers_warned, with_rank
from pmm.judge.soundness import Evidence, sound_evidence
from pmm.judge.speed import make_speed, pairs_of, speed_problems


@dataclass(frozen=True)
class Judged:
    """The judged parts of a run, before the comparison."""

    columns: tuple[Column, ...]
    cases: tuple[CaseResult, ...]
    bench: tuple[BenchRow, ...]
    speed: SpeedTable | None
    findings: tuple[LeakFinding, ...]
    tallies: tuple[LeakTally, ...]
    claims: ClaimTable | None
    problems: tuple[Problem, ...]


def judge_parts(header: Header, found: Gathered, root: Path) -> Judged:
    """Judge what was gathered."""
    entries = read_expectations(root / "conformance" / "expectations")
    today = datetime.date.fromisoformat(header.created[:10])
    cases, stale = apply_expectations(found.cases, found.columns, entries, today)
    findings = mark_expected(found.findings)
    broken = {one.job for one in found.checked if one.document.failures}
    plan = [job for job in header.plan if job.id not in broken]
    tallies = tally(plan, found.results, found.work, findings)
    evidence = sound_evidence(
        header.plan, found.results, found.work, cases, found.columns, header.asked
    )
    table = judge_claims(root, evidence)
    rows = [(output.job, row) for output in found.bench for row in make_rows(output)]
    speed = make_speed(root, header.plan, found.results, pairs_of(found.bench))
    return Judged(
        columns=verdicts.judge_columns(found.columns, cases, found.requirements),
        cases=cases,
        bench=summarise(row for job, row in rows if job.stands_alone),
        speed=speed,
        findings=findings,
        tallies=tallies,
        claims=table,
        problems=(
            *stale,
            *peers_warned(header.plan, (
                *problems.case_problems(cases),
                *problems.job_problems(found.results.values()),
                *problems.work_problems([*found.work, *found.checked], found.results),
                *problems.bench_problems(row for _, row in rows),
                *measured_problems(found.measured),
            )),
            *speed_problems(speed, header.command),
            *problems.leak_problems(tallies, findings),
            *claims.claim_problems(table, claims.failed_cases(evidence.cases)),
        ),
    )


def judge_claims(root: Path, by: Evidence) -> ClaimTable | None:
    """Judge what the tutorials claim; None in a clone without the claims."""
    path = root / claims.FILE
    if not path.is_file():
        return None
    file = claims.read_claims(path)
    return claims.judge_claims(file, by.work, by.cases, by.columns)


def ended(header: Header, results: Sequence[JobResult]) -> tuple[str, int]:
    """Return when the last job ended, to the second, and how long that took."""
    start = datetime.datetime.fromisoformat(header.created)
    last = max(
        (
            datetime.datetime.fromisoformat(result.started)
            + datetime.timedelta(microseconds=result.elapsed_ns / 1000)
            for result in results
        ),
        default=start,
    )
    elapsed = round((last - start).total_seconds() * 1e9)
    return last.strftime("%Y-%m-%dT%H:%M:%SZ"), elapsed


def judge_run(
    header: Header, results: Sequence[JobResult], found: Gathered, paths: Paths
) -> Run:
    """Make the run document of what the journal and the jobs' documents hold."""
    parts = judge_parts(header, found, paths.root)
    finished, elapsed_ns = ended(header, results)
    run = Run(
        schema="pmm.run",
        version=1,
        id=header.id,
        created=header.created,
        finished=finished,
        elapsed_ns=elapsed_ns,
        command=header.command,
        profile=header.profile,
        environment=header.environment,
        plan=header.plan,
        results=tuple(found.results.values()),
        columns=parts.columns,
        requirements=found.requirements,
        cases=parts.cases,
        work=tuple(found.work),
        bench=parts.bench,
        leaks=parts.findings,
        leak_tally=parts.tallies,
        backends=header.backends,
        subjects=header.subjects,
        coverage=found.coverage,
        skipped=(*header.skipped, *found.skipped),
        baseline=None,
        verdict=unjudged(header, paths),
        speed=parts.speed,
        claims=parts.claims,
        asked=header.asked,
        workloads=header.workloads,
        load=load_of(
            results,
            {job.id for job in header.plan if job.measured},
            len(header.environment.cpus_allowed),
            header.environment.load_average[0],
        ),
        facts=tuple(found.facts),
        instructions=make_instructions(paths.root, header.plan, found.counts),
    )
    run = with_verdict(run, parts.problems)
    return with_rank(
        run, paths.root, found.measured, found.bench, found.served
    )


def unjudged(header: Header, paths: Paths) -> Verdict:
    """Return the verdict on a run that nobody has judged: only how to go on."""
    elsewhere = paths.build != paths.root / "build"
    build = f" --build {pasted(paths.build)}" if elsewhere else ""
    return Verdict(
        state="pass", exit_code=0, sentence="", counts={}, jobs={}, problems=(),
        resume=f"pmm run --resume {header.id}{build}",
    )  # fmt: skip


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
        speed=run.speed,
        instructions=run.instructions,
    )


def with_verdict(run: Run, found: Sequence[Problem]) -> Run:
    """Give a run the verdict that follows from its problems."""
    measured = any(problems.applies(work.document) for work in run.work)
    ranked = any(job.place for job in run.plan)
    other = any((
        measured, run.bench, run.leaks, run.speed, ranked, run.facts,
        run.instructions and run.instructions.rows,
    ))  # fmt: skip
    verdict = verdicts.make_verdict(
        run.cases, run.results, found, other, run.baseline, view_of(run)
    )
    return msgspec.structs.replace(run, verdict=verdict)


def with_baseline(
    run: Run, comparison: Comparison, gone: GonePolicy = "inconclusive"
) -> Run:
    """Add a comparison to a run and judge it again."""
    kept = [one for one in run.verdict.problems if one.kind not in ("change", "gone")]
    found = baseline_problems.with_past(kept, comparison)
    told = {one.key for one in kept if one.severity in ("failure", "error")}
    found += baseline_problems.change_problems(comparison, told)
    found += baseline_problems.gone_problems(comparison, gone)
    return with_verdict(msgspec.structs.replace(run, baseline=comparison), found)


def compared(
    run: Run, before: Run, path: str, gone: GonePolicy = "inconclusive"
) -> Run:
    """Compare a run with an earlier one."""
    return with_baseline(run, compare_runs(before, run, path), gone)
