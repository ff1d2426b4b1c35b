# SPDX-License-Identifier: MIT
"""A realistic run, made up deterministically: `python tests/sample.py > run.json`.

It holds one of everything that a page has to show: each class of outcome, a
crash with its signal, a hostile name, a benchmark that failed, a leak on purpose
that was found and one that was not planted, a skipped tool, a comparison, a claim
measured otherwise than it is stated.
"""

from __future__ import annotations

import random
import sys
import tomllib

import msgspec
from claims_sample import with_claims
from facts_sample import sheets
from pairs import sample_table
from sample_jobs import BACKENDS, CPYTHONS, CREATED, MS, ROOT, environment, job, result
from sample_tables import backends, comparison, coverage, grade, subjects
from sample_work import BENCHES, TITLES, bench_row, leaks, works

from pmm.documents.jobs import Job
from pmm.documents.programs import (
    Counters,
    WorkloadEntry,
)
from pmm.documents.results import (
    CaseResult,
    Column,
    LeakTally,
    Requirement,
    Score,
    Skipped,
)
from pmm.documents.run import Run, encode_run
from pmm.documents.verdict import Problem, Verdict


def requirements(limit: int) -> tuple[Requirement, ...]:
    """The first `limit` requirements, spread over the areas."""
    path = ROOT / "conformance" / "requirements.toml"
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["requirement"]
    rows = [rows[i * len(rows) // limit] for i in range(min(limit, len(rows)))]
    return tuple(
        Requirement(
            id=row["id"],
            area=row["area"],
            level=row["level"],
            title=row["title"],
            text=row["text"],
            kind=row.get("kind", "behaviour"),
        )
        for row in rows
    )


def subject_columns() -> list[tuple[str, str, str | None, str]]:
    """(subject, version, backend, build) of each conformance column."""
    rows: list[tuple[str, str, str | None, str]] = [
        ("reference", "0.1.0", name, "gcc 12 -O2") for name in BACKENDS
    ]
    rows += [("cpython", version, None, "optimised") for version in CPYTHONS]
    return rows


def outcome(rng: random.Random, subject: str, index: int) -> str:
    """Mostly PASS; each other class somewhere."""
    rare = ("FAIL", "CRASH", "TIMEOUT", "LEAK", "WARN", "XFAIL", "OOM_UNSAFE")
    if subject == "cpython" and index % 7 == 3:
        return "UNSUPPORTED"
    return rng.choice(rare) if rng.random() < 0.05 else "PASS"


def case(
    rng: random.Random, requirement: Requirement, column: Column, job: str, index: int
) -> CaseResult:
    """One cell of the matrix."""
    result = outcome(rng, column.subject, index)
    name = f"{requirement.area.lower()}.{requirement.id.lower().replace('-', '_')}"
    bad = result not in {"PASS", "UNSUPPORTED", "XFAIL"}
    return CaseResult(
        job=job,
        column=column.id,
        id=name,
        title=requirement.title,
        requirements=(requirement.id,),
        level=requirement.level,
        outcome=result,  # type: ignore[arg-type]
        reported="FAIL" if result == "XFAIL" else result,  # type: ignore[arg-type]
        expectation="shrinks one step later" if result == "XFAIL" else None,
        link="https://example.org/issue/1" if result == "XFAIL" else None,
        message=f"expected 1, got 2 <script>alert('{name}')</script>" if bad else None,
        feature="gc.freeze" if result == "UNSUPPORTED" else None,
        signal="SIGSEGV" if result == "CRASH" else None,
        phase="act" if result == "CRASH" else None,
        point=3 if result == "OOM_UNSAFE" else None,
        points=40 if result == "OOM_UNSAFE" else None,
        file=f"conformance/cases/{requirement.area.lower()}.c",
        line=20 + 3 * index,
        elapsed_ns=rng.randrange(90_000, 900_000),
        counters=Counters(
            allocations=index + 3,
            frees=index + 3,
            requested_bytes=48 * (index + 3),
            peak_bytes=480,
            collections=index % 3,
        )
        if column.subject == "reference"
        else None,
        reproduce=f"build/conformance/pmm-conform --subject {column.subject} "
        f"--backend {column.backend} --lane plain --case {name}",
    )


def column(subject: str, version: str, backend: str | None, build: str) -> Column:
    """A column without its counts."""
    label = f"{subject} {backend}" if backend else f"{subject} {version}"
    return Column(
        id=label.replace(" ", "/"),
        label=label,
        kind="subject",
        subject=subject,
        subject_version=version,
        build=build,
        profile="reference" if backend else f"cpython-{version[:4]}",
        backend=backend,
        mode="full",
        lane="plain",
        attach="vtable" if backend else "own",
        features=("refcount", "gc.collect.sync", "weakref"),
        complete=True,
        counts={},
        score=None,
    )


def conform(
    rng: random.Random, needed: tuple[Requirement, ...]
) -> tuple[list[Job], tuple[Column, ...], tuple[CaseResult, ...]]:
    """Jobs, columns with counts and score, and cases."""
    jobs, columns, cases = [], [], []
    for row in subject_columns():
        blank = column(*row)
        planned = msgspec.structs.replace(
            job("conform", blank.id, "build/conformance/pmm-conform"),
            subject=blank.subject,
            backend=blank.backend,
            interpreter=None if blank.backend else f"/usr/bin/python{row[1]}",
        )
        mine = [case(rng, need, blank, planned.id, i) for i, need in enumerate(needed)]
        counts: dict[str, int] = {}
        for cell in mine:
            counts[cell.outcome] = counts.get(cell.outcome, 0) + 1
        fields = {name: getattr(blank, name) for name in Column.__struct_fields__}
        fields["counts"] = counts
        fields["score"] = Score(
            must_passed=sum(c.outcome == "PASS" and c.level == "MUST" for c in mine),
            must_applicable=sum(
                c.outcome != "UNSUPPORTED" and c.level == "MUST" for c in mine
            ),
            must_total=sum(c.level == "MUST" for c in mine),
        )
        columns.append(Column(**fields))
        jobs.append(planned)
        cases.extend(mine)
    return jobs, tuple(columns), tuple(cases)


def checks(like: CaseResult) -> tuple[list[Job], list[Column], list[CaseResult]]:
    """The allocators' own checks, all of them passed."""
    jobs, columns, cases = [], [], []
    for name in BACKENDS:
        planned = job("backend-check", name, "build/conformance/pmm-backend-check")
        planned = msgspec.structs.replace(planned, subject=None, backend=name)
        blank = column("", "", name, "")
        jobs.append(planned)
        columns.append(msgspec.structs.replace(
            blank, id=planned.id, label=f"backend-check {name}", kind="backend",
            counts={"PASS": 1},
        ))  # fmt: skip
        cases.append(msgspec.structs.replace(
            like, job=planned.id, column=planned.id, id="backend.contents",
            title="The bytes of a block belong to its owner", requirements=(),
            outcome="PASS", reported="PASS", message=None, signal=None,
        ))  # fmt: skip
    return jobs, columns, cases


def verdict(cases: tuple[CaseResult, ...], jobs: list[Job]) -> Verdict:
    """Failing, as some cases are red."""
    counts: dict[str, int] = {}
    for cell in cases:
        counts[cell.outcome] = counts.get(cell.outcome, 0) + 1
    red = [c for c in cases if c.outcome in {"FAIL", "CRASH", "TIMEOUT", "LEAK"}]
    problems = tuple(
        Problem(
            kind="case",
            severity="failure",
            key=f"{cell.column} {cell.id}",
            title=f"{cell.outcome}: {cell.title}",
            detail=cell.message or "",
            column=cell.column,
            reproduce=cell.reproduce,
        )
        for cell in red
    )
    return Verdict(
        state="fail",
        exit_code=3,
        sentence=f"{len(red)} of {len(cases)} cases went wrong; "
        "2 changes for the worse since the baseline.",
        counts=counts,  # type: ignore[arg-type]
        jobs={"ok": len(jobs) - 1, "timeout": 1},
        problems=problems,
    )


def in_lanes(run: Run, *lanes: str) -> Run:
    """The run with its first column in further lanes, all alike."""
    first, columns, cases = run.columns[0], list(run.columns), list(run.cases)
    names = {"plain": first.id, **{lane: f"{first.id}/{lane}" for lane in lanes}}
    for lane in lanes:
        label = f"{first.label} {lane}"
        columns.append(
            msgspec.structs.replace(first, id=names[lane], label=label, lane=lane)
        )
        cases += [
            msgspec.structs.replace(case, column=names[lane])
            for case in run.cases
            if case.column == first.id
        ]
    return msgspec.structs.replace(run, columns=tuple(columns), cases=tuple(cases))


def build_sample(size: int = 24, seed: int = 3) -> Run:
    """A run with `size` cases in each of the eight columns."""
    rng = random.Random(seed)
    needed = requirements(size)
    case_jobs, columns, cases = conform(rng, needed)
    check_jobs, check_columns, check_cases = checks(cases[0])
    work_jobs, documents = works(rng)
    bench = tuple(
        bench_row(rng, name, base, backend)
        for name, base in BENCHES.items()
        for backend in BACKENDS
    )
    bench_jobs = [
        job(
            "bench", name.removeprefix("bench/"), "build/bench/pmm-bench", measured=True
        )
        for name in dict.fromkeys(row.job for row in bench)
    ]
    leak_job = job(
        "leaks", "lost_reference/libc", "valgrind", "build/pmm-work", "leaks"
    )
    plan = [*case_jobs, *check_jobs, *work_jobs, *bench_jobs, leak_job]
    results = [result(planned) for planned in plan]
    results[-2] = result(plan[-2], "timeout", "not finished after 60 s")
    run = Run(
        schema="pmm.run",
        version=1,
        id="20250101-120000-quick",
        created=CREATED,
        finished="2025-01-01T12:01:40Z",
        elapsed_ns=100_000 * MS,
        command="pmm run --profile quick --baseline build/runs/20241231-120000-quick",
        profile="quick",
        environment=environment(),
        plan=tuple(plan),
        results=tuple(results),
        columns=(*columns, *check_columns),
        requirements=needed,
        cases=(*cases, *check_cases),
        work=documents,
        bench=bench,
        leaks=leaks(),
        leak_tally=(
            LeakTally(
                variant="lost_reference",
                subject="reference",
                backend="libc",
                planted=True,
                valgrind=1,
                runtime=1,
                needs=("valgrind", "runtime"),
                right=True,
                note=None,
            ),
            LeakTally(
                variant="clean",
                subject="reference",
                backend="libc",
                planted=False,
                valgrind=0,
                runtime=0,
                needs=(),
                right=True,
                note=None,
            ),
        ),
        backends=backends(),
        subjects=subjects(),
        coverage=coverage(),
        grade=grade(),
        skipped=(
            Skipped(
                what="snmalloc",
                why="libsnmallocshim.so: not found",
                lost="no figures over this backend",
                remedy=None,
            ),
        ),
        baseline=comparison(),
        verdict=verdict(cases, plan),
        speed=sample_table(),
        facts=sheets(),
        workloads=tuple(
            WorkloadEntry(name=name, title=title, question="What does it cost?")
            for name, title in TITLES.items()
        ),
    )
    return with_claims(run)


if __name__ == "__main__":
    sys.stdout.buffer.write(encode_run(build_sample()))
