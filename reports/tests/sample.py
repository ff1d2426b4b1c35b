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
from pathlib import Path

import msgspec
from claims_sample import with_claims
from pairs import sample_table

from pmm.documents.coverage import Coverage, CoverageFile, CoverageGap
from pmm.documents.grade import Grade, GradePart, Share
from pmm.documents.jobs import Binary, Environment, Job, JobResult, Timer
from pmm.documents.programs import (
    BackendEntry,
    Counters,
    Figure,
    Finding,
    Phase,
    PrintedClaim,
    Series,
    Variant,
    Witness,
    WorkDocument,
    WorkloadEntry,
)
from pmm.documents.results import (
    BenchRow,
    BenchSummary,
    CaseResult,
    Column,
    Frame,
    LeakFinding,
    LeakTally,
    Repetition,
    Requirement,
    Score,
    Skipped,
    SourceLine,
    SubjectEntry,
    WorkResult,
)
from pmm.documents.run import Run, encode_run
from pmm.documents.verdict import Change, Comparison, Problem, Verdict

ROOT = Path(__file__).resolve().parents[2]
BACKENDS = ("pool", "libc", "mimalloc", "jemalloc", "tcmalloc")
CPYTHONS = ("3.11.2", "3.12.1", "3.13.0")
MS = 1_000_000
MIB = 1 << 20
CREATED = "2025-01-01T12:00:00Z"


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


def environment() -> Environment:
    """A plain Debian machine with two cores."""
    return Environment(
        host="sample",
        system="Debian GNU/Linux 12 (bookworm)",
        kernel="6.1.0-18-amd64",
        architecture="x86_64",
        libc="glibc 2.36",
        cpu="AMD EPYC 7763 64-Core Processor",
        cpu_count=2,
        cpus_allowed=(0, 1),
        memory_bytes=8 << 30,
        virtualised="kvm",
        compiler="gcc 12.2.0",
        flags="-O2 -g",
        build_type="debugoptimized",
        build_options={"bench": "auto", "checked": "false"},
        thp="madvise",
        governor=None,
        aslr="2",
        cgroup={"cpu.max": "200000 100000", "memory.max": "max"},
        load_average=(0.31, 0.22, 0.1),
        tools={"valgrind": "3.19.0", "lcov": "1.16", "meson": "1.0.1"},
        libraries={"mimalloc": "2.0.9", "jemalloc": "5.3.0", "tcmalloc": "2.10"},
        python="3.11.2",
        commit="0123456789abcdef0123456789abcdef01234567",
        dirty=False,
        binaries=(
            Binary(path="build/pmm-conform", sha256="ab" * 32, size_bytes=90000),
        ),
        variables={"PATH": "/usr/bin:/bin"},
        seed=1,
        timer=Timer(resolution_ns=1, read_ns=21.5),
        unknown={"governor": "no cpufreq in this machine"},
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
    return rng.choice(rare) if rng.random() < 0.03 else "PASS"


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


def job(kind: str, name: str, *argv: str, measured: bool = False) -> Job:
    """A planned job."""
    return Job(
        id=f"{kind}/{name}",
        kind=kind,  # type: ignore[arg-type]
        argv=argv,
        output_argv=(),
        output_first=(),
        environment={},
        timeout_s=60,
        measured=measured,
        program=Path(argv[0]).name,
        subject="reference",
        interpreter=None,
        backend=None,
        mode="full",
        lane=None,
        workload=None,
        variant=None,
    )


def result(planned: Job, status: str = "ok", reason: str | None = None) -> JobResult:
    """What became of it."""
    return JobResult(
        job=planned.id,
        status=status,  # type: ignore[arg-type]
        reason=reason,
        exit_code=0 if status == "ok" else None,
        signal="SIGKILL" if status == "timeout" else None,
        started=CREATED,
        elapsed_ns=1200 * MS,
        user_ns=1000 * MS,
        system_ns=100 * MS,
        peak_rss_bytes=60 * MIB,
        command=" ".join(planned.argv),
        stderr_tail="" if status == "ok" else "no progress for 60 s\n",
        log=f"jobs/{planned.id.replace('/', '-')}",
    )


def variant(rng: random.Random, name: str, peak: int, slope: bool) -> Variant:
    """A variant with a memory curve that rises and falls, or stays flat."""
    points = 120
    rows = []
    for i in range(points):
        share = min(1.0, i / 60) if i < 80 else max(0.0, 1 - (i - 80) / 20)
        live = int(peak * share) if slope else peak
        rss = 8 * MIB + int(live * 1.1) + rng.randrange(4096)
        rows.append((i * MS, live, rss, 4 if 20 < i < 90 else 3))
    return Variant(
        name=name,
        verified=True,
        checksum="499999500000",
        elapsed_ns=points * MS,
        phases=(
            Phase(name="build", start_ns=0, end_ns=60 * MS),
            Phase(name="use", start_ns=60 * MS, end_ns=80 * MS),
            Phase(name="release", start_ns=80 * MS, end_ns=points * MS),
        ),
        figures=(
            Figure(name="peak_bytes", value=peak, unit="bytes", exact=True),
            Figure(name="end_bytes", value=0, unit="bytes", exact=True),
            Figure(name="peak_rss_bytes", value=rows[60][2], unit="bytes", exact=False),
            Figure(name="allocations", value=peak // 32, unit="count", exact=True),
        ),
        series=Series(
            columns=("t_ns", "live_bytes", "rss_bytes", "descriptors"),
            rows=tuple(rows),
        ),
    )


WORKLOADS = {
    "list_vs_generator": (("list", 40 * MIB, True), ("generator", 592, False)),
    "file_read": (
        ("whole_without_context", 64 * MIB, True),
        ("whole_with_context", 64 * MIB, True),
        ("chunks", 64 << 10, False),
        ("fails_half_way", 64 << 10, False),
    ),
    "tuple_sharing": (("shared", 4096, False), ("separate", 2 * MIB, True)),
    "cycles": (("collector_on", 1 * MIB, False), ("collector_off", 12 * MIB, True)),
}
TITLES = {
    "list_vs_generator": "List against generator", "file_read": "Reading a file",
    "tuple_sharing": "Sharing tuples", "cycles": "Reference cycles",
}  # fmt: skip


def work_document(rng: random.Random, name: str, subject: str, backend: str | None):
    """One workload's document."""
    return WorkDocument(
        schema=1,
        workload=name,
        form="c" if subject == "reference" else "python",
        subject=subject,
        subject_version="0.1.0" if subject == "reference" else "3.11.2",
        backend=backend,
        mode="full" if subject == "reference" else None,
        attach="vtable" if backend else "own",
        parameters={"items": 1_000_000},
        seed=1,
        verified=True,
        checksum="499999500000",
        variants=tuple(variant(rng, *row) for row in WORKLOADS[name]),
        claims=(
            PrintedClaim(
                text="getsizeof of a tuple of 3",
                expected="64",
                measured="64",
                article=0,
            ),
        ),
        findings=(),
        witness=Witness(
            object="/usr/lib/x86_64-linux-gnu/libmimalloc.so.2",
            symbol_in_object=True,
            owns=True,
            usable_size=True,
            counters_moved=True,
        )
        if backend == "mimalloc"
        else None,
        error=None,
    )


def works(rng: random.Random) -> tuple[list[Job], tuple[WorkResult, ...]]:
    """Each workload on the reference over each backend and on one CPython."""
    jobs: list[Job] = []
    out: list[WorkResult] = []
    for name in WORKLOADS:
        for subject, backend in [("reference", b) for b in BACKENDS] + [
            ("cpython", None)
        ]:
            planned = job(
                "work",
                f"{name}/{subject}/{backend or '3.11.2'}",
                "build/workloads/pmm-work",
                name,
                "--backend",
                backend or "none",
                measured=True,
            )
            jobs.append(planned)
            out.append(
                WorkResult(
                    job=planned.id,
                    interpreter=None if backend else "/usr/bin/python3.11",
                    document=work_document(rng, name, subject, backend),
                    command=" ".join(planned.argv),
                )
            )
    return jobs, tuple(out)


BENCHES = {
    "alloc/pair/48": 18.0,
    "alloc/churn/1000": 24.0,
    "alloc/churn/100000": 61.0,
    "refcount/retain_release": 2.1,
    "tuple/create/3": 31.0,
    "list/append/1000000": 5_900_000.0,
    "gc/full_live/100000": 2_400_000.0,
}


def bench_row(rng: random.Random, name: str, base: float, backend: str) -> BenchRow:
    """Five repetitions around a base time."""
    factor = {"pool": 0.62, "libc": 1.0, "mimalloc": 0.71, "jemalloc": 0.93}
    centre = base * factor.get(backend, 0.8)
    times = [centre * rng.uniform(0.98, 1.04) for _ in range(5)]
    middle = sorted(times)[2]
    failed = backend == "tcmalloc" and name.startswith("gc/")
    return BenchRow(
        job=f"bench/{name.split('/')[0]}/{backend}",
        name=name,
        area=name.split("/")[0],
        subject="reference",
        backend=backend,
        mode="full",
        attach="vtable",
        witness_object=None,
        witness_ok=True,
        repetitions=()
        if failed
        else tuple(
            Repetition(real_ns=t * 1.01, cpu_ns=t, iterations=1000) for t in times
        ),
        summary=None
        if failed
        else BenchSummary(
            median_ns=middle,
            min_ns=min(times),
            max_ns=max(times),
            spread=(max(times) - min(times)) / middle,
            ratio=middle / base,
            ratio_low=min(times) / (base * 1.03),
            ratio_high=max(times) / (base * 0.98),
            yardstick="libc",
            note=None,
        ),
        error="out of memory" if failed else None,
        command=f"build/bench/pmm-bench-{name.split('/')[0]} --backend {backend}",
    )


def leaks() -> tuple[LeakFinding, ...]:
    """A planted leak by both detectors and one that nobody planted."""
    frame = Frame(
        function="lose_reference",
        file="workloads/leaks.c",
        line=77,
        object=None,
        excerpt=tuple(
            SourceLine(number=75 + i, text=text)
            for i, text in enumerate(
                ("/* The owner forgets. */", "", "  node = ops->list_new(rt, 0);")
            )
        ),
    )
    shared = {
        "job": "leaks/lost_reference/libc",
        "workload": "leaks",
        "variant": "lost_reference",
        "subject": "reference",
        "backend": "libc",
        "frames": (frame,),
        "suppressed": False,
        "expected": True,
        "reproduce": "valgrind --leak-check=full build/workloads/pmm-work leaks",
    }
    return (
        LeakFinding(
            by="valgrind",
            kind="Leak_DefinitelyLost",
            type=None,
            message="96 bytes in 1 blocks are definitely lost",
            count=1,
            bytes=96,
            suppression="{\n  name\n  Memcheck:Leak\n}",
            **shared,
        ),
        LeakFinding(
            by="runtime",
            kind="reference",
            type="node",
            message="1 node never released",
            count=1,
            bytes=96,
            suppression=None,
            **shared,
        ),
    )


def coverage() -> Coverage:
    """Two files, one of them poor."""
    rows = (
        ("impl/types/list.c", 300, 296, 30, 30, 120, 101),
        ("impl/gc/collect.c", 400, 260, 41, 30, 180, 90),
    )
    names = tuple(CoverageFile.__struct_fields__)
    files = tuple(CoverageFile(**dict(zip(names, row, strict=True))) for row in rows)
    sums = {name: sum(getattr(file, name) for file in files) for name in names[1:]}
    gaps = (
        CoverageGap(
            path=files[0].path, function="grow", lines=(40, 40, 52), why="it is <odd>"
        ),
        CoverageGap(path=files[1].path, function="mark", lines=(7,), why=None),
    )
    return Coverage(files=files, gaps=gaps, html="coverage/html", **sums)


def grade() -> Grade:
    """Parts that came out well, badly, and not at all."""
    fields = {"goal": 1.0, "detail": "", "command": "python3 <x>", "elapsed_ns": 10**9}
    parts = (
        GradePart(
            name="faults", state="bad", good=3, total=4, counted="seeded faults caught",
            shares=(Share(name="GC", good=2, total=3),
                    Share(name="LST", good=1, total=1)),
            failed=("gc.x: a <fault>",), **fields,
        ),
        GradePart(
            name="mutants", state="good", good=98, total=100, counted="mutants killed",
            shares=(Share(name="impl/gc", good=98, total=100),),
            **{**fields, "goal": 0.95},
        ),
        GradePart(
            name="lockstep", state="skipped", good=0, total=0, counted="programs",
            **{**fields, "detail": "no <interpreter>"},
        ),
    )  # fmt: skip
    return Grade(
        schema="pmm.grade", version=1, created="2025-01-01T00:00:00Z",
        elapsed_ns=10**10, commit="0123456789abcdef",
        command="pmm grade --run latest", parts=parts,
    )  # fmt: skip


def comparison() -> Comparison:
    """Something better, something worse, a time that is only shown."""
    rows = (
        ("case", "reference/pool lst.lst_004", "PASS", "FAIL", None, "worse"),
        ("case", "cpython/3.13.0 gc.gc_003", "FAIL", "PASS", None, "better"),
        ("counter", "list_vs_generator/list peak_bytes", 41943040, 41943104, "bytes",
         "worse"),
        ("time", "alloc/pair/48 pool", 11.2, 11.4, "ns", "unjudged"),
    )  # fmt: skip
    changes = tuple(
        Change(
            kind=kind,  # type: ignore[arg-type]
            key=key,
            label=key,
            before=before,
            after=after,
            unit=unit,
            verdict=verdict,  # type: ignore[arg-type]
        )
        for kind, key, before, after, unit, verdict in rows
    )
    return Comparison(
        baseline="20241231-120000-quick",
        path="build/runs/20241231-120000-quick",
        comparable=True,
        reasons=(),
        notes=("another machine: times are not compared",),
        changes=changes,
        unchanged=411,
        counts={"better": 1, "worse": 2, "unjudged": 1},
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


def subjects() -> tuple[SubjectEntry, ...]:
    """The reference and the CPythons, one of them not usable."""
    rows = [("reference", "builtin", "0.1.0", None, True, None)]
    rows += [
        ("cpython", "cpython", version, f"/usr/bin/python{version[:4]}", True, None)
        for version in CPYTHONS
    ]
    rows.append(
        ("cpython", "cpython", "3.7.16", "/usr/bin/python3.7", False, "older than 3.8")
    )
    return tuple(
        SubjectEntry(
            name=name,
            kind=kind,  # type: ignore[arg-type]
            version=version,
            build=None,
            available=available,
            reason=reason,
            interpreter=interpreter,
            optimised=None,
            features=(),
        )
        for name, kind, version, interpreter, available, reason in rows
    )


def backends() -> tuple[BackendEntry, ...]:
    """Five that are there and one that is not."""
    rows = [(name, True, None) for name in BACKENDS]
    rows.append(("snmalloc", False, "libsnmallocshim.so: not found"))
    return tuple(
        BackendEntry(
            name=name,
            version="2.0.9" if available else None,
            summary=f"The {name} allocator",
            available=available,
            reason=reason,
            capabilities=("usable_size", "aligned") if available else (),
            object=None,
        )
        for name, available, reason in rows
    )


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


def build_sample(size: int = 24, seed: int = 1) -> Run:
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
    results[-2] = result(plan[-2], "timeout", "no end after 60 s")
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
        workloads=tuple(
            WorkloadEntry(name=name, title=title, question="What does it cost?")
            for name, title in TITLES.items()
        ),
    )
    return with_claims(run)


def finding() -> Finding:
    """A runtime finding as a leaks document holds it."""
    return Finding(
        by="runtime",
        kind="cycle",
        type="node",
        site="workloads/leaks.c:77",
        count=1,
        bytes=96,
    )


if __name__ == "__main__":
    sys.stdout.buffer.write(encode_run(build_sample()))
