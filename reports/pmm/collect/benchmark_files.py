# SPDX-License-Identifier: MIT
"""What other benchmark tools write, as runs of the history.

    Google Benchmark         --benchmark_out (google_benchmark.py)
    pytest-benchmark         --benchmark-json: the median of each, in seconds
    github-action-benchmark  data.js, or its dev/bench data as JSON: a run a commit

The tool is known by what its document has; units stay as they are, but for times.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from pmm.base.errors import UsageError
from pmm.collect.bench_json import read_json
from pmm.collect.google_benchmark import UNITS_NS, imported
from pmm.documents.history import Entry, Value
from pmm.documents.programs import Foreign

SCRIPT = re.compile(rb"^\s*window\.BENCHMARK_DATA\s*=\s*")
NS = 1e9
TIME = "%Y-%m-%dT%H:%M:%SZ"


class Stats(Foreign, frozen=True):
    """What pytest-benchmark says of one benchmark, in seconds."""

    median: float


class Tested(Foreign, frozen=True):
    """One benchmark of pytest-benchmark's."""

    fullname: str
    stats: Stats


class Commit(Foreign, frozen=True):
    """A commit, as either tool names it."""

    id: str | None = None


class Machine(Foreign, frozen=True):
    """The machine, as pytest-benchmark has it."""

    node: str = ""
    machine: str = ""
    python_version: str = ""


class PytestBenchmark(Foreign, frozen=True):
    """pytest-benchmark's document."""

    datetime: str
    benchmarks: tuple[Tested, ...]
    machine_info: Machine = Machine()
    commit_info: Commit = Commit()


class ActionBench(Foreign, frozen=True):
    """One figure of github-action-benchmark's."""

    name: str
    value: float
    unit: str


class ActionRun(Foreign, frozen=True):
    """The figures of one commit."""

    commit: Commit
    date: int
    """Milliseconds since 1970."""
    tool: str
    benches: tuple[ActionBench, ...]


class Action(Foreign, frozen=True):
    """github-action-benchmark's document."""

    entries: dict[str, tuple[ActionRun, ...]]


def in_ns(name: str, value: float, unit: str) -> Value:
    """Return a figure, a time in nanoseconds; `us/iter` is a time, too."""
    scale = UNITS_NS.get(unit.partition("/")[0].replace("µ", "u"))
    if scale is None:
        return Value(name, unit, False, value)
    return Value(name, "ns", False, value * scale)


def of_pytest(found: Any, text: bytes, name: str, commit: str | None) -> Entry:
    """Return the run of pytest-benchmark's document."""
    said = msgspec.convert(found, PytestBenchmark, strict=False)
    about = said.machine_info
    return Entry(
        name=f"{name} {hashlib.sha256(text).hexdigest()[:12]}",
        machine=f"{about.node}, {about.machine}, Python {about.python_version}",
        created=said.datetime, commit=commit or said.commit_info.id, verdict=None,
        values=tuple(
            Value(f"{name} {one.fullname}", "ns", False, one.stats.median * NS)
            for one in said.benchmarks
        ),
    )  # fmt: skip


def of_action(found: Any, name: str) -> list[Entry]:
    """Return a run for each commit that github-action-benchmark has."""
    said = msgspec.convert(found, Action, strict=False)
    return [
        Entry(
            name=f"{name} {suite} {one.commit.id or '?'} {one.date}",
            machine=f"{one.tool} (the tool does not say on which machine)",
            created=datetime.fromtimestamp(one.date / 1000, UTC).strftime(TIME),
            commit=one.commit.id, verdict=None,
            values=tuple(
                in_ns(f"{name} {suite} {b.name}", b.value, b.unit) for b in one.benches
            ),
        )
        for suite, runs in said.entries.items()
        for one in runs
    ]  # fmt: skip


def read_runs(path: Path, name: str, commit: str | None) -> list[Entry]:
    """Read a document of one of the tools; raise UsageError for any other."""
    try:
        text = SCRIPT.sub(b"", path.read_bytes()).rstrip().rstrip(b";")
        found = read_json(text)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path} is no document of benchmarks: {error}") from error
    keys = set(found) if isinstance(found, dict) else set()
    try:
        if "entries" in keys:
            runs = of_action(found, name)
        elif "machine_info" in keys:
            runs = [of_pytest(found, text, name, commit)]
        else:
            runs = [imported(path, name, commit)]
    except msgspec.ValidationError as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    if not any(one.values for one in runs):
        raise UsageError(f"{path} has no figures")
    return runs
