# SPDX-License-Identifier: MIT
"""From what benchmark processes measured to rows with all their repetitions.

The summary compares each row with the same benchmark over the yardstick, libc,
in the same run. Its interval is the widest that the repetitions allow; it says
how far one may trust the order of two backends, and gates nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

import msgspec

from pmm.base.typed_names import is_path
from pmm.collect.bench import BenchOutput, bare_name
from pmm.documents.programs import BenchEntry
from pmm.documents.results import BenchRow, BenchSummary, Repetition

YARDSTICK = "libc"
UNITS_NS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


def make_rows(output: BenchOutput) -> tuple[BenchRow, ...]:
    """Make a row of each benchmark of a process, without the summary."""
    measured = [(name, group, None) for name, group in output.repetitions.items()]
    lost = [(name, (), why) for name, why in output.lost.items()]
    return tuple(make_row(output, *one) for one in (*measured, *lost))


def make_row(
    output: BenchOutput, run_name: str, group: Sequence[BenchEntry], why: str | None
) -> BenchRow:
    """Make one benchmark's row; `why` says why it has no figure."""
    name = bare_name(run_name)
    job, said = output.job, output.context
    return BenchRow(
        job=job.id,
        name=name,
        area=name.split("/")[0],
        subject=said.pmm_subject or job.subject or "",
        backend=job.backend_label or said.pmm_backend or job.backend,
        mode=said.pmm_mode or job.mode,
        attach=said.pmm_attach,
        witness_object=said.pmm_witness_object or None,
        witness_ok=output.served,
        repetitions=repetitions(run_name, group),
        summary=None,
        error=why,
        command=output.command,
        spec=job.backend if job.backend and is_path(job.backend) else None,
    )


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
