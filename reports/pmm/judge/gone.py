# SPDX-License-Identifier: MIT
"""What a baseline had and a later run lacks, by kind.

1. Jobs that were done then and are not planned now: a whole kind of job or a
   whole workload is said once, a conformance job is a column.
2. In jobs that were done both times: cases, benchmarks, variants, counters and
   exact figures that are not there any more.
3. What the later command line left out is listed with the reason. It is not
   lost: nobody asked for it.

What a failed job could not give is told by the job's own problem.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from pmm.base.typed_names import is_path
from pmm.documents.asked import Asked
from pmm.documents.jobs import Job
from pmm.documents.programs import Variant
from pmm.documents.results import CaseResult, WorkResult
from pmm.documents.run import Run
from pmm.documents.verdict import Absent, AbsentKind
from pmm.judge.groups import bare, subject_of

COUNTERS = ("allocations", "requested_bytes", "peak_bytes", "collections")
JOB_KINDS: Mapping[str, AbsentKind] = {
    "conform": "column", "backend-check": "column", "leaks": "leak check",
}  # fmt: skip


def matches(name: str, wanted: Iterable[str]) -> bool:
    """Tell whether a name is among wanted ones: whole, by glob, or by its start."""
    return any(
        name == one or fnmatchcase(name, one) or name.startswith((f"{one}-", f"{one}."))
        for one in map(bare, wanted)
    )


def deselected(job: Job, asked: Asked) -> str | None:
    """Return the option that left a job out of a run; None where none did."""
    hosted = job.interpreter is not None
    over = asked.allocators if hosted else asked.backends
    name = job.id.split("/")[1] if job.kind == "bench" else ""
    every = "all" in asked.modes
    tests = [
        ("--only", asked.kinds, job.kind),
        ("--subject", asked.subjects, subject_of(job)),
        ("--allocator" if hosted else "--backend", over, bare(job.backend)),
        ("--lane", asked.lanes, job.lane or ""),
        ("--mode", () if every else asked.modes, job.mode or ""),
        ("--workload", asked.workloads, job.workload or ""),
        ("--variant", asked.variants, job.variant or ""),
        ("the benchmarks named", asked.benches, name),
    ]
    for option, wanted, value in tests:
        if wanted and value and "all" not in wanted and not matches(value, wanted):
            return option
    return None


def asked_before_only(job: Job, then: Asked | None, asked: Asked) -> str | None:
    """Return why only the earlier run asked for a job: it named what others do not."""
    named = (job.subject, *((job.backend,) if job.interpreter is None else ()))
    if any(spec is not None and is_path(spec) for spec in named):
        return "only the baseline named it"
    if then is None:
        return None
    for option in ("lanes", "modes", "allocators"):
        if getattr(then, option) and not getattr(asked, option):
            return f"only the baseline asked for {option}"
    return None


def left_out(job: Job, before: Run, after: Run) -> str | None:
    """Return why this run's command line did not ask for a job of the baseline."""
    asked = after.asked
    if asked is None:
        return None
    option = deselected(job, asked)
    if option is not None:
        return f"left out by {option}"
    if before.profile != after.profile:
        return f"profile {after.profile}, the baseline's was {before.profile}"
    return asked_before_only(job, before.asked, asked)


def done(run: Run) -> dict[str, str]:
    """Return the jobs that a run did, with their commands."""
    return {one.job: one.command for one in run.results if one.status == "ok"}


def told_as(
    job: Job, kinds: set[str], workloads: set[str | None]
) -> tuple[AbsentKind, str]:
    """Return as what a missing job is told."""
    if job.kind not in kinds:
        return "kind of job", job.kind
    if job.kind == "work" and job.workload not in workloads:
        return "workload", job.workload or job.id
    kind = JOB_KINDS.get(job.kind, "job")
    name = job.id.partition("/")[2] if job.kind in ("conform", "leaks") else job.id
    return kind, name


def gone_jobs(before: Run, after: Run) -> Iterator[Absent]:
    """Say which jobs were done then and are not planned now."""
    planned = {job.id for job in after.plan}
    kinds: set[str] = {job.kind for job in after.plan}
    workloads = {job.workload for job in after.plan if job.kind == "work"}
    was = done(before)
    found: dict[tuple[AbsentKind, str], list[Job]] = {}
    for job in before.plan:
        if job.id in was and job.id not in planned and not job.in_rounds:
            found.setdefault(told_as(job, kinds, workloads), []).append(job)
    for (kind, name), jobs in found.items():
        whys = [left_out(job, before, after) for job in jobs]
        why = None if None in whys else whys[0]
        asked_for = jobs[whys.index(None)] if None in whys else jobs[0]
        yield Absent(kind=kind, name=name, left_out=why, command=was[asked_for.id])


def both(before: Run, after: Run) -> set[str]:
    """Return the jobs that both runs did."""
    return done(before).keys() & done(after).keys()


def by_key(run: Run, jobs: set[str]) -> dict[str, CaseResult]:
    """Return the cases of some jobs by column and id."""
    return {f"{c.column} {c.id}": c for c in run.cases if c.job in jobs}


def gone_cases(before: Run, after: Run) -> Iterator[Absent]:
    """Say which cases are not there in columns that were done both times."""
    jobs = both(before, after)
    was, now = by_key(before, jobs), by_key(after, jobs)
    globs = after.asked.cases if after.asked is not None else ()
    unasked: list[CaseResult] = []
    for key in was.keys() - now.keys():
        case = was[key]
        if globs and not any(fnmatchcase(case.id, glob) for glob in globs):
            unasked.append(case)
        else:
            yield Absent(kind="case", name=key, left_out=None, command=case.reproduce)
    if unasked:
        ids = {case.id for case in unasked}
        name = f"{len(ids):,} cases that the baseline ran"
        yield Absent(
            kind="case", name=name, left_out="left out by --case",
            command=unasked[0].reproduce,
        )  # fmt: skip


def gone_counters(before: Run, after: Run) -> Iterator[Absent]:
    """Say which counters cases had and have no more."""
    jobs = both(before, after)
    was, now = by_key(before, jobs), by_key(after, jobs)
    lost: dict[str, list[CaseResult]] = {}
    for key in was.keys() & now.keys():
        for name in COUNTERS:
            old = getattr(was[key].counters, name, None)
            new = getattr(now[key].counters, name, None)
            passed = was[key].outcome == now[key].outcome == "PASS"
            if passed and old is not None and new is None:
                lost.setdefault(f"{name} on {was[key].column}", []).append(now[key])
    for name, cases in lost.items():
        yield Absent(
            kind="counter", name=f"{name} ({len(cases):,} cases)", left_out=None,
            command=cases[0].reproduce,
        )  # fmt: skip


def gone_benchmarks(before: Run, after: Run) -> Iterator[Absent]:
    """Say which benchmarks gave a figure and are not there."""
    jobs = both(before, after)
    now = {(row.name, row.job) for row in after.bench}
    other = before.profile != after.profile
    for row in before.bench:
        if row.job in jobs and row.summary and (row.name, row.job) not in now:
            yield Absent(
                kind="benchmark", name=f"{row.name} over {row.backend or row.subject}",
                left_out=f"profile {after.profile}" if other else None,
                command=row.command,
            )  # fmt: skip


def gone_work(before: Run, after: Run) -> Iterator[Absent]:
    """Say which variants and exact figures of a workload are not there."""
    jobs = both(before, after)
    now = {work.job: work for work in after.work if work.job in jobs}
    for old in before.work:
        new = now.get(old.job)
        if new is None:
            continue
        other = old.document.parameters != new.document.parameters
        if other:
            yield gone_size(old, before, after)
        left = applicable(new)
        for name, variant in applicable(old).items():
            where = f"{old.job} {name}"
            if name not in left:
                few = after.asked is not None and after.asked.variants
                why = "left out by --variant" if few else None
                yield Absent(
                    kind="variant", name=where, left_out=why, command=old.command
                )
                continue
            lost = exact(variant) - exact(left[name]) if not other else set()
            for figure in sorted(lost):
                yield Absent(
                    kind="figure", name=f"{where} {figure}", left_out=None,
                    command=old.command,
                )  # fmt: skip


def applicable(work: WorkResult) -> dict[str, Variant]:
    """Return the variants that the subject can do, by name."""
    return {v.name: v for v in work.document.variants if v.unsupported is None}


def exact(variant: Variant) -> set[str]:
    """Return the names of a variant's exact figures."""
    return {f.name for f in variant.figures if f.exact and f.value is not None}


def gone_size(old: WorkResult, before: Run, after: Run) -> Absent:
    """Say that a workload was measured with other parameters."""
    settings = [f"{name}={value}" for name, value in old.document.parameters.items()]
    why = None
    if before.profile != after.profile:
        why = f"profile {after.profile}"
    elif after.asked is not None and after.asked.settings:
        why = "left out by --set"
    elif before.asked is not None and before.asked.settings:
        why = "only the baseline asked for settings"
    name = f"all of {old.job} at {' '.join(settings)}"
    return Absent(kind="figure", name=name, left_out=why, command=old.command)


def find_gone(before: Run, after: Run) -> tuple[Absent, ...]:
    """Return everything that the earlier run had and the later one lacks."""
    parts = (gone_jobs, gone_cases, gone_benchmarks, gone_work, gone_counters)
    found = [absent for part in parts for absent in part(before, after)]
    return tuple(sorted(found, key=lambda one: (one.kind, one.name)))


def find_added(before: Run, after: Run) -> tuple[str, ...]:
    """Return the jobs that the earlier run did not plan; a column by its name."""
    was = {job.id for job in before.plan}
    return tuple(
        job.id.removeprefix("conform/")
        for job in after.plan
        if job.id not in was and not job.in_rounds
    )
