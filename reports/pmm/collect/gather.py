# SPDX-License-Identifier: MIT
"""Fold a run's folder into one document: journal + what jobs wrote -> Run.

1. Each finished job's document is read strictly. One that is torn, or says
   something else than was asked, turns the job into a failed one.
2. Broken-off columns get cells for what they did not reach.
3. The judge adds classes, scores, tallies and the verdict.

Folding is pure: the same folder gives the same document, so a report can be
made again at any time, and an interrupted run can be folded as far as it came.
"""

from __future__ import annotations

import datetime
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from pmm.base.errors import PmmError, no_document
from pmm.base.last_words import with_line
from pmm.base.paths import Places, shown
from pmm.base.typed_names import is_path
from pmm.collect.bench import collect_bench, summarise
from pmm.collect.conform import ConformOutput, collect_conform, fill_gaps
from pmm.collect.lcov import collect_coverage
from pmm.collect.specification import read_requirements
from pmm.collect.valgrind import collect_valgrind
from pmm.documents.claims import ClaimTable
from pmm.documents.coverage import Coverage
from pmm.documents.jobs import Job, JobResult
from pmm.documents.programs import WorkDocument
from pmm.documents.run import (
    BenchRow,
    CaseResult,
    Column,
    LeakFinding,
    LeakTally,
    Problem,
    Requirement,
    Run,
    Skipped,
    Verdict,
    WorkResult,
)
from pmm.execute.busy import load_of
from pmm.execute.executor import unstarted
from pmm.judge import claims, verdicts
from pmm.judge.expectations import apply_expectations, read_expectations
from pmm.judge.leaks import mark_expected, runtime_findings, tally
from pmm.judge.ranking import Ranking
from pmm.judge.run import judged
from pmm.judge.soundness import Evidence, sound_evidence
from pmm.judge.speed import Pairs, collect_pair, make_speed
from pmm.store.runs import Header, job_folder


@dataclass
class Gathered:
    """What the jobs' documents held."""

    results: dict[str, JobResult] = field(default_factory=dict)
    conform: list[tuple[Job, ConformOutput]] = field(default_factory=list)
    work: list[WorkResult] = field(default_factory=list)
    checked: list[WorkResult] = field(default_factory=list)
    """Workloads under valgrind: judged, but no figure is taken from them."""
    bench: list[BenchRow] = field(default_factory=list)
    findings: list[LeakFinding] = field(default_factory=list)
    pairs: Pairs = field(default_factory=Pairs)


HOSTS = frozenset({"work", "bench", "leaks"})
"""Jobs whose program and what it runs share a process, at least at the start."""


def failed(
    job: Job, result: JobResult, complaint: str | None, document: Path
) -> JobResult:
    """Return the result of a job whose document is not believed.

    That of a job that ended early cannot be whole, so only the end is told. A
    program does not say 0 before its document is whole: then what it ran did.
    """
    if complaint is None or result.status != "ok":
        return result
    if job.kind in HOSTS and result.exit_code == 0 and not is_whole(document):
        reason = with_line("ended with code 0 before its end", result.stderr_tail)
        return msgspec.structs.replace(result, status="crash", reason=reason)
    reason = with_line(complaint, result.stderr_tail)
    return msgspec.structs.replace(result, status="failed", reason=reason)


def is_whole(document: Path) -> bool:
    """Tell whether a JSON object was written to its end."""
    try:
        return document.read_bytes().rstrip().endswith(b"}")
    except OSError:
        return False


def read_work(
    job: Job, result: JobResult, path: Path
) -> tuple[WorkResult | None, str | None]:
    """Read a workload's document; the complaint says why it is not believed."""
    try:
        document = msgspec.json.decode(path.read_bytes(), type=WorkDocument)
    except OSError as error:
        return None, no_document(error)
    except msgspec.MsgspecError as error:
        return None, f"its document is not valid: {error}"
    named = {
        "subject": job.subject_label or document.subject,
        "backend": job.backend_label or document.backend,
    }
    work = WorkResult(
        job=job.id,
        interpreter=job.interpreter,
        document=msgspec.structs.replace(document, **named),
        command=result.command,
    )
    return work, work_lies(job, result, document)


def work_lies(job: Job, result: JobResult, document: WorkDocument) -> str | None:
    """Return what a work document says against its order or its exit code."""
    pairs = [
        ("workload", job.workload, document.workload),
        ("subject", job.subject, document.subject),
        ("backend", job.backend, document.backend),
    ]
    for what, asked, said in pairs:
        free = asked is None or is_path(asked)
        if not free and asked != said:
            return f"it says {what} {said}, and was asked for {asked}"
    if document.verified and not all(
        variant.verified or variant.unsupported for variant in document.variants
    ):
        return "it claims to be verified, and a variant is not"
    if result.exit_code == 0 and not document.verified and document.error is None:
        return "exit code 0, and the answer is not verified"
    return None if document.variants or document.error else "it measured nothing"


def gather(
    header: Header, results: Sequence[JobResult], folder: Path, places: Places
) -> Gathered:
    """Read every finished job's documents."""
    found = Gathered()
    by_job = {result.job: result for result in results}
    for job in header.plan:
        result = by_job.get(job.id)
        if result is None:
            missing = unstarted(job, header.created, "interrupted before it")
            found.results[job.id] = msgspec.structs.replace(missing, status="skipped")
            continue
        where = job_folder(folder, job, header.plan)
        complaint = read_job(found, job, result, where, places)
        document = where / "document.json"
        found.results[job.id] = failed(job, result, complaint, document)
    return found


def read_job(
    found: Gathered, job: Job, result: JobResult, where: Path, places: Places
) -> str | None:
    """Read one job's documents into `found`; return the complaint, if any."""
    if job.kind in ("conform", "backend-check"):
        output = collect_conform(job, result, where / "document.jsonl", places)
        found.conform.append((job, output))
        return output.complaint
    if job.pair is not None:
        return collect_pair(found.pairs, job, where / "document.json")
    if job.kind == "bench":
        rows, complaint = collect_bench(job, result, where / "document.json")
        found.bench += rows
        return complaint
    work, complaint = read_work(job, result, where / "document.json")
    if work is not None:
        found.findings += runtime_findings(job, result, work, places)
        (found.work if job.kind == "work" else found.checked).append(work)
    if job.kind == "leaks":
        findings, unread = collect_valgrind(job, result, where, places.root)
        if work is None or work.document.failures:
            # A process that broke off has lost what it held, and wrote less.
            findings = tuple(f for f in findings if not f.kind.startswith("Leak_"))
            unread = None
        found.findings += findings
        complaint = complaint or unread
    return complaint


def sample(job: Job) -> str | None:
    """Return the share of the cases that a job takes; None is all of them."""
    where = job.argv.index("--sample") + 1 if "--sample" in job.argv else None
    return None if where is None else job.argv[where]


def columns_and_cases(
    found: Gathered, filtered: bool
) -> tuple[list[Column], list[CaseResult]]:
    """Return all columns and cells, with cells for what was not reached.

    A column that takes a sample of the cases is not complete; when it breaks off,
    columns of the same sample say what it was to reach.
    """
    columns: list[Column] = []
    cases: list[CaseResult] = []
    for job, output in found.conform:
        whole = [
            other.cases
            for peer, other in found.conform
            if peer.kind == job.kind
            and other.column.complete
            and sample(peer) == sample(job)
        ]
        known = max(whole, key=len, default=())
        mine = output.cases
        if not output.column.complete:
            mine = fill_gaps(output, job, found.results[job.id], known)
        whole_plan = not filtered and sample(job) is None
        complete = output.column.complete and whole_plan
        columns.append(msgspec.structs.replace(output.column, complete=complete))
        cases += mine
    return columns, cases


@dataclass(frozen=True)
class Folded:
    """The judged parts of a run, before the comparison."""

    columns: tuple[Column, ...]
    cases: tuple[CaseResult, ...]
    requirements: tuple[Requirement, ...]
    bench: tuple[BenchRow, ...]
    findings: tuple[LeakFinding, ...]
    tallies: tuple[LeakTally, ...]
    claims: ClaimTable | None
    problems: tuple[Problem, ...]


def fold_parts(header: Header, found: Gathered, root: Path) -> Folded:
    """Judge what was gathered."""
    requirements = read_requirements(root / "conformance" / "requirements.toml")
    columns, raw = columns_and_cases(found, header.filtered)
    entries = read_expectations(root / "conformance" / "expectations")
    today = datetime.date.fromisoformat(header.created[:10])
    cases, stale = apply_expectations(raw, columns, entries, today)
    findings = mark_expected(found.findings)
    broken = {one.job for one in found.checked if one.document.failures}
    plan = [job for job in header.plan if job.id not in broken]
    tallies = tally(plan, found.results, found.work, findings)
    evidence = sound_evidence(header.plan, found.results, found.work, cases, columns)
    table = fold_claims(root, evidence)
    problems = [
        *stale,
        *verdicts.case_problems(cases),
        *verdicts.job_problems(found.results.values()),
        *verdicts.work_problems([*found.work, *found.checked], found.results),
        *verdicts.bench_problems(found.bench),
        *verdicts.leak_problems(tallies, findings),
        *claims.claim_problems(table, claims.failed_cases(evidence.cases)),
    ]
    return Folded(
        columns=verdicts.judge_columns(columns, cases, requirements),
        cases=cases,
        requirements=requirements,
        bench=summarise(found.bench),
        findings=findings,
        tallies=tallies,
        claims=table,
        problems=tuple(problems),
    )


def fold_claims(root: Path, by: Evidence) -> ClaimTable | None:
    """Judge what the tutorials claim; None in a clone without the claims."""
    path = root / claims.FILE
    if not path.is_file():
        return None
    file = claims.read_claims(path)
    return claims.judge_claims(file, by.work, by.cases, by.columns)


def covers(plan: Sequence[Job]) -> bool:
    """Tell whether a run is about what coverage is of: the reference, by its cases."""
    return any(job.kind == "conform" and job.subject == "reference" for job in plan)


def read_coverage(
    plan: Sequence[Job], folder: Path, root: Path
) -> tuple[Coverage | None, tuple[Skipped, ...]]:
    """Read lcov's summary; say what is lost where there should be one."""
    if not covers(plan):
        return None, ()
    lost = "no coverage page"
    remedy = "ci/run.sh"
    try:
        found = collect_coverage(folder, root)
    except PmmError as error:
        skipped = Skipped(what="coverage", why=str(error), lost=lost, remedy=remedy)
        return None, (skipped,)
    if found is not None:
        return found, ()
    why = "not measured with this build (no build/coverage/impl.info as new)"
    return None, (Skipped(what="coverage", why=why, lost=lost, remedy=remedy),)


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


def fold(
    header: Header,
    results: Sequence[JobResult],
    folder: Path,
    places: Places,
) -> Run:
    """Make the run document, without a comparison."""
    found = gather(header, results, folder, places)
    parts = fold_parts(header, found, places.root)
    coverage, uncovered = read_coverage(header.plan, folder, places.root)
    done = tuple(found.results.values())
    speed = make_speed(places.root, header.plan, found.results, found.pairs)
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
        results=done,
        columns=parts.columns,
        requirements=parts.requirements,
        cases=parts.cases,
        work=tuple(found.work),
        bench=parts.bench,
        leaks=parts.findings,
        leak_tally=parts.tallies,
        backends=header.backends,
        subjects=header.subjects,
        coverage=coverage,
        skipped=(*header.skipped, *uncovered),
        baseline=None,
        verdict=blank_verdict(header, places),
        speed=speed,
        claims=parts.claims,
        asked=header.asked,
        load=load_of(
            results,
            {job.id for job in header.plan if job.measured},
            len(header.environment.cpus_allowed),
            header.environment.load_average[0],
        ),
    )
    run = judged(run, parts.problems)
    return msgspec.structs.replace(run, standings=Ranking(run).standings)


def blank_verdict(header: Header, places: Places) -> Verdict:
    """Return the verdict on a run that nobody has judged: only how to go on."""
    elsewhere = places.build != places.root / "build"
    build = f" --build {shlex.quote(shown(places.build))}" if elsewhere else ""
    return Verdict(
        state="pass", exit_code=0, sentence="", counts={}, jobs={}, problems=(),
        resume=f"pmm run --resume {header.id}{build}",
    )  # fmt: skip
