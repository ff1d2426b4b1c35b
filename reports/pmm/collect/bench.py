# SPDX-License-Identifier: MIT
"""From Google Benchmark's JSON to rows with all their repetitions.

The summary compares each row with the same benchmark over the yardstick, libc,
in the same run. Its interval is the widest that the repetitions allow; it says
how far one may trust the order of two backends, and gates nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from statistics import median

import msgspec

from pmm.base.typed_names import is_path
from pmm.collect.bench_json import read_bench_document
from pmm.documents.jobs import Job, JobResult
from pmm.documents.programs import BenchContext, BenchEntry
from pmm.documents.run import BenchRow, BenchSummary, Repetition

YARDSTICK = "libc"
UNITS_NS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}
SUFFIX = re.compile(
    r"/(repeats|iterations|min_time|min_warmup_time|threads):[^/]*"
    r"|/(real_time|process_time|manual_time)\b"
)


def collect_bench(
    job: Job, result: JobResult, document: Path
) -> tuple[tuple[BenchRow, ...], str | None]:
    """Read a `--benchmark_out` file; the complaint says why it is not believed."""
    found, unread = read_bench_document(document)
    if found is None:
        return (), unread
    context = found.context
    named = job.backend if job.backend and not is_path(job.backend) else None
    if named is not None and context.pmm_backend not in (None, named):
        return (), f"it measured {context.pmm_backend}, and was asked for {job.backend}"
    groups: dict[str, list[BenchEntry]] = {}
    for entry in found.entries:
        groups.setdefault(entry.run_name, []).append(entry)
    if not groups and not found.refused:
        return (), "it measured nothing"
    rows = (
        *(make_row(job, result, context, n, g) for n, g in groups.items()),
        *(
            make_row(job, result, context, name, [], why)
            for name, why in found.refused.items()
        ),
    )
    witness = next((row for row in rows if row.witness_ok is False), None)
    complaint = None
    if witness is not None:
        complaint = f"{job.backend} did not serve the memory ({witness.witness_object})"
    return rows, complaint


def make_row(
    job: Job,
    result: JobResult,
    context: BenchContext,
    run_name: str,
    group: list[BenchEntry],
    refused: str | None = None,
) -> BenchRow:
    """Make one benchmark's row, without the summary."""
    name = SUFFIX.sub("", run_name)
    failed = next((entry for entry in group if entry.error_occurred), None)
    return BenchRow(
        job=job.id,
        name=name,
        area=name.split("/")[0],
        subject=context.pmm_subject or job.subject or "",
        backend=job.backend_label or context.pmm_backend or job.backend,
        mode=context.pmm_mode or job.mode,
        attach=context.pmm_attach,
        witness_object=context.pmm_witness_object or None,
        witness_ok=as_bool(context.pmm_witness_ok),
        repetitions=() if failed else repetitions(run_name, group),
        summary=None,
        error=(failed.error_message or "failed") if failed else refused,
        command=result.command,
        spec=job.backend if job.backend and is_path(job.backend) else None,
    )


def as_bool(value: str | bool | None) -> bool | None:
    """Read a context value: Google Benchmark's custom ones are strings."""
    if isinstance(value, bool) or value is None:
        return value
    return {"true": True, "1": True, "false": False, "0": False}.get(value.lower())


def repetitions(run_name: str, group: Iterable[BenchEntry]) -> tuple[Repetition, ...]:
    """Return the repetitions in nanoseconds an iteration, in the order measured.

    A benchmark that times itself has no CPU time of its own: its time stands in
    both places.
    """
    itself = "/manual_time" in run_name or "/real_time" in run_name
    out = []
    for entry in group:
        if entry.real_time is None or entry.cpu_time is None or not entry.iterations:
            continue
        factor = UNITS_NS[entry.time_unit]
        real = entry.real_time * factor
        out.append(
            Repetition(
                real_ns=real,
                cpu_ns=real if itself else entry.cpu_time * factor,
                iterations=entry.iterations,
            )
        )
    return tuple(out)


def summarise(rows: Iterable[BenchRow]) -> tuple[BenchRow, ...]:
    """Add median, spread and the ratio to the yardstick to every row."""
    rows = tuple(rows)
    marks = {
        (row.name, row.subject, row.mode): row
        for row in rows
        if row.backend == YARDSTICK and row.spec is None and row.repetitions
    }
    return tuple(
        msgspec.structs.replace(
            row, summary=summary(row, marks.get((row.name, row.subject, row.mode)))
        )
        for row in rows
    )


def summary(row: BenchRow, mark: BenchRow | None) -> BenchSummary | None:
    """Summarise one row; None when it has no repetition."""
    times = [repetition.cpu_ns for repetition in row.repetitions]
    if not times:
        return None
    middle, least, most = median(times), min(times), max(times)
    marks = [repetition.cpu_ns for repetition in mark.repetitions] if mark else []
    comparable = bool(marks) and min(marks) > 0
    note = None
    if not comparable:
        note = f"no {YARDSTICK} figure in this run to compare with"
    return BenchSummary(
        median_ns=middle,
        min_ns=least,
        max_ns=most,
        spread=(most - least) / middle if middle > 0 else 0.0,
        ratio=middle / median(marks) if comparable else None,
        ratio_low=least / max(marks) if comparable else None,
        ratio_high=most / min(marks) if comparable else None,
        yardstick=YARDSTICK if comparable else None,
        note=note,
    )
