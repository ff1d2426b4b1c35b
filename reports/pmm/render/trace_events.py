# SPDX-License-Identifier: MIT
"""A run as trace events, for https://ui.perfetto.dev or chrome://tracing.

Track `jobs` has each job with its length, in the order in which they ended; each
variant of a workload is a process of its own, with its phases and its memory over
time. The times of variants start at 0: each was measured by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from pmm.documents.programs import Variant
from pmm.documents.run import Run

JOBS = 1
US = 1000.0
"""Nanoseconds of the format's unit."""


def name_of(process: int, name: str) -> dict[str, Any]:
    """Name a process."""
    return {"ph": "M", "name": "process_name", "pid": process, "args": {"name": name}}


def jobs(run: Run) -> Iterator[dict[str, Any]]:
    """Return a slice a job; those that overlap are on tracks of their own."""
    begin = datetime.fromisoformat(run.created)
    free: list[float] = []
    yield name_of(JOBS, "jobs")
    for one in sorted(run.results, key=lambda result: result.started):
        start = (datetime.fromisoformat(one.started) - begin).total_seconds() * 1e6
        end = start + one.elapsed_ns / US
        track = next((n for n, at in enumerate(free) if at <= start), len(free))
        free[track : track + 1] = [end]
        yield {
            "ph": "X", "name": one.job, "cat": one.status, "pid": JOBS, "tid": track,
            "ts": start, "dur": one.elapsed_ns / US,
            "args": {"exit_code": one.exit_code, "peak_rss_bytes": one.peak_rss_bytes,
                     "command": one.command},
        }  # fmt: skip


def variant(process: int, one: Variant) -> Iterator[dict[str, Any]]:
    """Return the phases of a variant, and its quantities over time."""
    for phase in one.phases:
        yield {
            "ph": "X", "name": phase.name, "cat": "phase", "pid": process, "tid": 0,
            "ts": phase.start_ns / US, "dur": (phase.end_ns - phase.start_ns) / US,
        }  # fmt: skip
    clock, *quantities = one.series.columns or ("time_ns",)
    for row in one.series.rows if clock.endswith("_ns") else ():
        at, *values = row
        for name, value in zip(quantities, values, strict=True):
            if at is not None and value is not None:
                yield {
                    "ph": "C", "name": name, "pid": process, "ts": at / US,
                    "args": {name: value},
                }  # fmt: skip


def trace_bytes(run: Run) -> bytes:
    """Return the run's trace events as JSON."""
    events = list(jobs(run))
    process = JOBS
    for work in run.work:
        for one in work.document.variants:
            if one.unsupported is None:
                process += 1
                events.append(name_of(process, f"{work.job} {one.name}"))
                events += variant(process, one)
    document = {"traceEvents": events, "otherData": {"run": run.id}}
    return msgspec.json.encode(document) + b"\n"
