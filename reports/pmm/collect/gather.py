# SPDX-License-Identifier: MIT
"""Gather what the jobs of a run wrote: journal + documents -> Gathered.

1. Each finished job's document is read strictly. One that is torn, or says
   something else than was asked, turns the job into a failed one.
2. Broken-off columns get cells for what they did not reach.

Gathering changes nothing: the same folder gives the same, so a report can be made
again at any time, and an interrupted run can be judged as far as it came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from pmm.base.last_words import with_line
from pmm.base.paths import Paths
from pmm.collect.bench import BenchOutput, collect_bench
from pmm.collect.columns import columns_and_cases
from pmm.collect.conform import NO_END, ConformOutput, collect_conform
from pmm.collect.counts import read_counts
from pmm.collect.facts import read_facts
from pmm.collect.lcov import read_coverage
from pmm.collect.programs import read_program
from pmm.collect.replays import Measured, read_measured
from pmm.collect.runtime_leaks import runtime_findings
from pmm.collect.specification import read_requirements
from pmm.collect.valgrind import collect_valgrind
from pmm.collect.work import read_work
from pmm.documents.coverage import Coverage
from pmm.documents.facts import FACTS, FactSheet
from pmm.documents.instructions import Counted
from pmm.documents.jobs import Job, JobResult
from pmm.documents.journal import Header, job_folders
from pmm.documents.results import (
    CaseResult,
    Column,
    LeakFinding,
    Requirement,
    Skipped,
    WorkResult,
)
from pmm.execute.executor import MISBEHAVED, unstarted


@dataclass
class Gathered:
    """What the jobs' documents held."""

    results: dict[str, JobResult] = field(default_factory=dict)
    conform: list[tuple[Job, ConformOutput]] = field(default_factory=list)
    work: list[WorkResult] = field(default_factory=list)
    checked: list[WorkResult] = field(default_factory=list)
    """Workloads under valgrind: judged, but no figure is taken from them."""
    bench: list[BenchOutput] = field(default_factory=list)
    """Of every benchmark process, of one arm or of several."""
    counts: dict[str, Sequence[Counted]] = field(default_factory=dict)
    """What callgrind counted, by job."""
    measured: list[Measured] = field(default_factory=list)
    """Replays and patterns."""
    facts: list[FactSheet] = field(default_factory=list)
    served: dict[str, str] = field(default_factory=dict)
    """Which file serves malloc, by the setting of a whole program."""
    findings: list[LeakFinding] = field(default_factory=list)
    columns: tuple[Column, ...] = ()
    cases: tuple[CaseResult, ...] = ()
    """Of all columns, with a cell for each case that was not reached."""
    requirements: tuple[Requirement, ...] = ()
    coverage: Coverage | None = None
    skipped: tuple[Skipped, ...] = ()
    """What could not be read of what should be there."""


HOSTS = frozenset({"work", "bench", "leaks", "replay", "pattern", FACTS})
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
    torn = complaint == NO_END or (job.kind in HOSTS and not is_whole(document))
    if result.exit_code == 0 and torn:
        reason = with_line("exited with code 0 before its end", result.stderr_tail)
        return msgspec.structs.replace(result, status="crash", reason=reason)
    if torn and job.kind in HOSTS and result.exit_code == MISBEHAVED:
        complaint = "it ended before its document was whole"
    reason = with_line(complaint, result.stderr_tail)
    return msgspec.structs.replace(result, status="failed", reason=reason)


def is_whole(document: Path) -> bool:
    """Tell whether a JSON object was written to its end."""
    try:
        return document.read_bytes().rstrip().endswith(b"}")
    except OSError:
        return False


def gather(
    header: Header, results: Sequence[JobResult], folder: Path, paths: Paths
) -> Gathered:
    """Read every finished job's documents."""
    found = Gathered()
    by_job = {result.job: result for result in results}
    places = job_folders(folder, header.plan)
    for job in header.plan:
        result = by_job.get(job.id)
        if result is None:
            missing = unstarted(job, header.created, "interrupted before this case")
            found.results[job.id] = msgspec.structs.replace(missing, status="skipped")
            continue
        where = places[job.id]
        complaint = read_job(found, job, result, where, paths)
        document = where / "document.json"
        found.results[job.id] = failed(job, result, complaint, document)
    columns, cases = columns_and_cases(found.conform, found.results, header.filtered)
    found.columns, found.cases = tuple(columns), tuple(cases)
    root = paths.root
    found.requirements = read_requirements(root / "conformance" / "requirements.toml")
    found.coverage, found.skipped = read_coverage(header.plan, folder, root)
    return found


def read_job(
    found: Gathered, job: Job, result: JobResult, where: Path, paths: Paths
) -> str | None:
    """Read one job's documents into `found`; return the complaint, if any."""
    if job.kind in ("conform", "backend-check"):
        output = collect_conform(job, result, where / "document.jsonl", paths)
        found.conform.append((job, output))
        return output.complaint
    if job.kind == "bench":
        measured, complaint = collect_bench(job, result, where / "document.json")
        found.bench += [measured] if measured is not None else []
        if job.count is not None and complaint is None:
            found.counts[job.id], complaint = read_counts(where)
        return complaint
    if job.kind in ("replay", "pattern"):
        told, complaint = read_measured(job, result, where / "document.json")
        found.measured += [told] if told is not None else []
        return complaint
    if job.kind == FACTS:
        sheet, complaint = read_facts(job, result, where / "document.json")
        found.facts += [sheet] if sheet is not None else []
        return complaint
    if job.kind == "program":
        read_program(found.served, job, where / "stderr")
        return None
    work, complaint = read_work(job, result, where / "document.json")
    if work is not None:
        found.findings += runtime_findings(job, result, work, paths)
        (found.work if job.kind == "work" else found.checked).append(work)
    if job.kind == "leaks":
        findings, unread = collect_valgrind(job, result, where, paths.root)
        if work is None or work.document.failures:
            # A process that broke off has lost what it held, and wrote less.
            findings = tuple(f for f in findings if not f.kind.startswith("Leak_"))
            unread = None
        found.findings += findings
        complaint = complaint or unread
    return complaint
