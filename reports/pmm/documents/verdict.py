# SPDX-License-Identifier: MIT
"""What a run comes to: changes, problems, groups of them, one verdict.

1. A `Comparison` holds each `Change` since an earlier run and each `Absent`:
   something that run had and this one lacks.
2. A `Problem` is one thing that makes the run less than good; a `ProblemGroup`
   tells those that have their cause in common as one.
3. The `Verdict` is the one sentence, and what it rests on. A `Load` is what else
   the machine did meanwhile.
"""

from __future__ import annotations

from typing import Literal

from pmm.documents.jobs import JobStatus
from pmm.documents.programs import CaseClass, Strict

Scalar = int | float | str | None
Severity = Literal["error", "failure", "inconclusive", "warning"]

AbsentKind = Literal[
    "kind of job", "column", "workload", "job", "case", "benchmark", "leak check",
    "variant", "counter", "figure",
]  # fmt: skip


class Absent(Strict, frozen=True):
    """Something that the baseline had and this run lacks."""

    kind: AbsentKind
    name: str
    left_out: str | None
    """What in this run's command line left it out; null where it was asked for."""
    command: str | None
    """The shell line that gave it in the baseline."""


ChangeKind = Literal["case", "leak", "counter", "time", "work", "job", "column"]
ChangeVerdict = Literal["better", "worse", "changed", "unjudged"]


class Change(Strict, frozen=True):
    """One difference from the baseline."""

    kind: ChangeKind
    key: str
    label: str
    before: Scalar
    after: Scalar
    unit: str | None
    verdict: ChangeVerdict
    reproduce: str | None = None
    """The shell line that gives the later value."""


class Comparison(Strict, frozen=True):
    """This run against an earlier one."""

    baseline: str
    path: str
    comparable: bool
    reasons: tuple[str, ...]
    """Why the runs do not compare; empty when they do."""
    notes: tuple[str, ...]
    """What limits the comparison without forbidding it, e.g. another machine."""
    changes: tuple[Change, ...]
    unchanged: int
    counts: dict[ChangeVerdict, int]
    gone: tuple[Absent, ...] = ()
    """What the baseline had and this run lacks."""
    added: tuple[str, ...] = ()
    """Columns and jobs that the baseline did not have."""


class Problem(Strict, frozen=True):
    """One thing that makes the run less than good, worst first in the list."""

    kind: Literal[
        "case", "job", "work", "leak", "expectation", "change", "witness", "claim",
        "gone", "speed",
    ]  # fmt: skip
    severity: Severity
    key: str
    title: str
    detail: str
    column: str | None
    reproduce: str | None
    words: str | None = None
    """What the process said last, beyond what the detail tells."""
    word: str | None = None
    """Class of the case, status of the job, or what else it is; null: its kind."""


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


VerdictState = Literal[
    "pass", "fail", "inconclusive", "not-comparable", "error", "interrupted"
]


class Verdict(Strict, frozen=True):
    """The one sentence, and what it rests on."""

    state: VerdictState
    exit_code: int
    sentence: str
    counts: dict[CaseClass, int]
    jobs: dict[JobStatus, int]
    problems: tuple[Problem, ...]
    groups: tuple[ProblemGroup, ...] = ()
    """The same problems by what they have in common, worst first."""
    notices: tuple[str, ...] = ()
    """What limits the trust in this run, e.g. a busy machine."""
    resume: str | None = None
    """The shell line that goes on with an interrupted run."""


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
