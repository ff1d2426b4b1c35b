# SPDX-License-Identifier: MIT
"""What the made-up run measured: workloads, benchmarks, leaks."""

from __future__ import annotations

import random

from sample_jobs import BACKENDS, MIB, MS, job

from pmm.documents.jobs import Job
from pmm.documents.programs import (
    Figure,
    Finding,
    Phase,
    PrintedClaim,
    Series,
    Variant,
    Witness,
    WorkDocument,
)
from pmm.documents.results import (
    BenchRow,
    BenchSummary,
    Frame,
    LeakFinding,
    Repetition,
    SourceLine,
    WorkResult,
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
