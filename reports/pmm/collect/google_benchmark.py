# SPDX-License-Identifier: MIT
"""Somebody's Google Benchmark JSON as a run of the history."""

from __future__ import annotations

import hashlib
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from pmm.base.errors import UsageError
from pmm.collect.bench_json import read_bench_document, read_json, wrong_time
from pmm.documents.history import Entry, Value

UNITS_NS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


class Context(msgspec.Struct):
    """What Google Benchmark says of the machine."""

    date: str = ""
    host_name: str = ""
    num_cpus: int = 0
    mhz_per_cpu: int = 0
    library_build_type: str = ""


def imported(path: Path, name: str, commit: str | None) -> Entry:
    """Read a document; times are medians of CPU time over the repetitions.

    `name` stands before the benchmarks' own names, so that two projects keep apart.
    """
    paper, unread = read_bench_document(path)
    if paper is None:
        raise UsageError(f"{path} is no document of Google Benchmark: {unread}")
    text = path.read_bytes()
    said: Any = read_json(text)["context"]
    context = msgspec.convert(said, Context, strict=False)
    groups: dict[str, list[float]] = {}
    for entry in paper.entries:
        if entry.error_occurred or wrong_time(entry) is not None:
            continue
        time = (entry.cpu_time or 0.0) * UNITS_NS[entry.time_unit]
        groups.setdefault(entry.run_name, []).append(time)
    if not groups:
        raise UsageError(f"{path} has no figures")
    return Entry(
        name=f"{name} {hashlib.sha256(text).hexdigest()[:12]}",
        machine=f"{context.host_name}, {context.num_cpus} cores, "
        f"{context.mhz_per_cpu} MHz, {context.library_build_type or 'unknown'} library",
        created=context.date,
        commit=commit,
        verdict=None,
        values=tuple(
            Value(f"{name} {key}", "ns", False, median(times))
            for key, times in groups.items()
        ),
    )
