# SPDX-License-Identifier: MIT
"""What one benchmark process measured: its word, and every repetition.

Of one arm or of several, each process's document is read in this one way; what
is made of the figures, rows or pairs, is the judge's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pmm.collect.asked import Answer, other_than_asked
from pmm.collect.bench_json import BenchPaper, read_bench_document, wrong_time
from pmm.documents.jobs import Job, JobResult
from pmm.documents.programs import BenchContext, BenchEntry

SUFFIX = re.compile(
    r"/(repeats|iterations|min_time|min_warmup_time|threads):[^/]*"
    r"|/(real_time|process_time|manual_time)\b"
)


@dataclass(frozen=True)
class BenchOutput:
    """What one process said, and why some of its benchmarks have no figure."""

    job: Job
    command: str
    context: BenchContext
    repetitions: Mapping[str, Sequence[BenchEntry]]
    """By the name that the benchmark ran under; what has no figure is not there."""
    lost: Mapping[str, str]
    """Why a benchmark has no figure, by the same name."""

    @property
    def served(self) -> bool | None:
        """Whether the backend served the memory; None where nobody looked."""
        return as_bool(self.context.pmm_witness_ok)


def collect_bench(
    job: Job, result: JobResult, document: Path
) -> tuple[BenchOutput | None, str | None]:
    """Read a `--benchmark_out` file; the complaint says why it is not believed.

    A benchmark without a figure is no complaint, and the others count.
    """
    paper, unread = read_bench_document(document)
    if paper is None:
        return None, unread
    said = paper.context
    wrong = other_than_asked(answers(job, said))
    if wrong is not None:
        return None, wrong
    lost = without_figure(paper, timed=job.pair is None)
    groups: dict[str, list[BenchEntry]] = {}
    for entry in paper.entries:
        if entry.run_name not in lost:
            groups.setdefault(entry.run_name, []).append(entry)
    output = BenchOutput(job, result.command, said, groups, lost)
    if not groups and not lost:
        return None, "it measured nothing"
    if output.served is False:
        return (
            output,
            f"{job.backend} did not serve the memory ({said.pmm_witness_object})",
        )
    return output, None


def answers(job: Job, said: BenchContext) -> list[Answer]:
    """Return what a job asked for beside what its document says.

    A program that measures an allocator by itself has no subject to name; an arm
    of a pair has to name its own.
    """
    found: list[Answer] = [("backend", job.backend, said.pmm_backend)]
    if said.pmm_subject is not None or job.pair is not None:
        found += [
            ("subject", job.subject, said.pmm_subject),
            ("mode", job.mode, said.pmm_mode),
        ]
    return found


def without_figure(paper: BenchPaper, timed: bool) -> dict[str, str]:
    """Say which benchmarks have no figure, and why.

    `timed` tells that times are compared, and not only what a benchmark counts.
    """
    lost: dict[str, str] = {}
    for entry in paper.entries:
        if entry.error_occurred:
            lost.setdefault(entry.run_name, entry.error_message or "failed")
        elif timed and (why := wrong_time(entry)) is not None:
            lost.setdefault(entry.run_name, why)
    return {**lost, **paper.refused}


def bare_name(run_name: str) -> str:
    """Return a benchmark's name without how often and how long it ran."""
    return SUFFIX.sub("", run_name)


def as_bool(value: str | bool | None) -> bool | None:
    """Read a context value: Google Benchmark's custom ones are strings."""
    if isinstance(value, bool) or value is None:
        return value
    return {"true": True, "1": True, "false": False, "0": False}.get(value.lower())
