# SPDX-License-Identifier: MIT
"""What a verdict adds to its problems: groups, what is gone, how busy it was.

1. A `ProblemGroup` tells problems that have their cause in common as one.
2. An `Absent` is something that the baseline had and this run lacks.
3. A `Load` is what else the machine did while the jobs ran.
"""

from __future__ import annotations

from typing import Literal

from pmm.documents.jobs import JobKind
from pmm.documents.programs import Strict

Severity = Literal["error", "failure", "inconclusive", "warning"]

GonePolicy = Literal["warn", "inconclusive", "fail"]
GONE_POLICIES: tuple[GonePolicy, ...] = ("warn", "inconclusive", "fail")
"""What it costs to lack something that the baseline had: exit code 0, 4 or 3."""

AbsentKind = Literal[
    "kind of job", "column", "workload", "job", "case", "benchmark", "leak check",
    "variant", "counter", "figure",
]  # fmt: skip


class Asked(Strict, frozen=True):
    """What the command line of a run asked for; an empty field leaves nothing out."""

    profile: str
    kinds: tuple[JobKind, ...] = ()
    backends: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    benches: tuple[str, ...] = ()
    lanes: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    allocators: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()


class Absent(Strict, frozen=True):
    """Something that the baseline had and this run lacks."""

    kind: AbsentKind
    name: str
    left_out: str | None
    """What in this run's command line left it out; null where it was asked for."""
    command: str | None
    """The shell line that gave it in the baseline."""


class Said(Strict, frozen=True):
    """What several problems of a group say, numbers and addresses aside."""

    text: str
    """The words of the first of them."""
    count: int


class ProblemGroup(Strict, frozen=True):
    """Problems that have their cause in common."""

    word: str
    """Class of the cases, status of the jobs, or what kind of problem it is."""
    severity: Severity
    title: str
    said: tuple[Said, ...]
    """The most frequent first; those left out are few of a kind each."""
    members: tuple[int, ...]
    """Places in the verdict's problems, the one to look at first in front."""
    reproduce: str | None
    """A shell line for the first of them that has one."""


class Load(Strict, frozen=True):
    """What other programs did on the cores of this run."""

    cores: int
    others: float | None
    """Cores that others kept busy, in the mean over the time that jobs ran."""
    start: float | None
    """One-minute load average before the first job."""
    end: float | None
    """One-minute load average after the last one; it holds the jobs' own work."""
    busy: bool
