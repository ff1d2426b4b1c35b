# SPDX-License-Identifier: MIT
"""The reference cycles of a program: what `pmm cycles` writes.

A `CycleGroup` is all cycles of one shape: the way round reads the same, keys and
indexes left out. Bytes are what `sys.getsizeof` says of the objects.

Invariant: `bytes` are of the objects in the cycles, `held_bytes` of what hangs on
cycles of this group only; what hangs on several groups is in `shared_bytes` of the
report.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from pmm.base.decoding import decode_json
from pmm.documents.programs import Strict

Owner = Literal["yours", "package", "stdlib", "unknown"]


class Step(Strict, frozen=True, array_like=True):
    """What an object is, and how it refers to the next one."""

    kind: str
    reference: str


class Count(Strict, frozen=True, array_like=True):
    """How often something was seen."""

    name: str
    count: int


class Site(Strict, frozen=True, array_like=True):
    """A line that made objects of a cycle."""

    file: str
    line: int
    count: int


class FoundGroup(Strict, frozen=True):
    """What the tool inside a process writes of a group."""

    way: tuple[Step, ...]
    owner: Owner
    package: str
    replaced: bool
    """Whether it is a class that a decorator replaced: made once, no leak."""
    cycles: int
    objects: int
    bytes: int
    held_objects: int
    held_bytes: int
    kinds: tuple[Count, ...]
    held_kinds: tuple[Count, ...]
    sites: tuple[Site, ...]
    contexts: tuple[Count, ...]
    """What the program was at; for the plug-in, the tests."""


class FoundProcess(Strict, frozen=True):
    """What the tool inside a process writes."""

    version: Literal[1]
    pid: int
    parent: int
    argv: tuple[str, ...]
    python: str
    executable: str
    reason: str
    """How it ended: exit, os._exit, exec, time; empty while it goes on."""
    elapsed_s: float
    cpu_s: float
    tool_s: float
    """CPU time of the tool, part of `cpu_s`."""
    imports: int
    """Garbage objects of other people's imports, which are not looked at."""
    shared_objects: int
    shared_bytes: int
    troubles: tuple[str, ...]
    groups: tuple[FoundGroup, ...]


class CycleGroup(Strict, frozen=True):
    """All cycles of one shape, of all processes."""

    key: str
    """The way round without keys: what a baseline knows it by."""
    way: str
    """The way round of the first one."""
    kind: str
    advice: str
    """What would break it."""
    owner: Owner
    package: str
    explained: str | None
    """Why nobody is accused; None: it is a finding."""
    cycles: int
    objects: int
    bytes: int
    held_objects: int
    held_bytes: int
    kinds: tuple[Count, ...]
    held_kinds: tuple[Count, ...]
    sites: tuple[Site, ...]
    contexts: tuple[Count, ...]
    processes: int
    new: bool = False
    """Whether the baseline does not know it."""


class CycleProcess(Strict, frozen=True):
    """One interpreter that was looked into."""

    pid: int
    command: str
    python: str
    reason: str
    cycles: int
    cpu_s: float
    tool_s: float
    imports: int
    troubles: tuple[str, ...]


class CycleReport(Strict, frozen=True):
    """One invocation of `pmm cycles`."""

    schema: Literal["pmm.cycles"]
    version: Literal[1]
    created: str
    command: str
    program: str
    """The command that was looked into."""
    exit_code: int | None
    """Of the program; None: a signal ended it, or we did."""
    signal: str | None
    ended_by_us: bool
    elapsed_ns: int
    baseline: str | None
    gone: tuple[str, ...]
    """Keys that the baseline knows and this run has not."""
    shared_objects: int
    shared_bytes: int
    groups: tuple[CycleGroup, ...]
    processes: tuple[CycleProcess, ...]


class CycleBaseline(Strict, frozen=True):
    """The cycles that are known: what `--update` writes."""

    schema: Literal["pmm.cycles-baseline"]
    version: Literal[1]
    known: tuple[Count, ...]
    """The key of each group, and how many cycles there were."""


def encode_report(report: CycleReport) -> bytes:
    """Return the report as JSON, on one line."""
    return msgspec.json.encode(report, order="deterministic") + b"\n"


def decode_report(text: bytes) -> CycleReport:
    """Read a report; raise `msgspec.MsgspecError` when it is not one."""
    return decode_json(text, CycleReport)
