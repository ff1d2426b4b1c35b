# SPDX-License-Identifier: MIT
"""run.json: everything one invocation produced, in one strict document.

1. The plan says what was to be done (Job), the results what became of it.
2. Columns are the (subject, backend, mode, lane) tuples that were asked; cases
   refer to them by id, as do scores.
3. What the programs reported stands beside the job that reported it.
4. The verdict and the comparison are derived: judging a stored run again gives
   the same bytes.

Invariant: every `job` and `column` field names an entry of `plan` and `columns`.
The JSON Schema of `Run` is published as `schemas/run-1.schema.json`; a change of
meaning raises `version`, and readers of older versions are kept.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from pmm.documents.claims import ClaimTable
from pmm.documents.coverage import Coverage
from pmm.documents.jobs import Environment, Job, JobResult, JobStatus
from pmm.documents.programs import (
    BackendEntry,
    CaseClass,
    Counters,
    Level,
    Strict,
    WorkDocument,
)
from pmm.documents.speed import SpeedTable
from pmm.documents.standings import Standing
from pmm.documents.verdict import Absent, Asked, Load, ProblemGroup, Severity

SCHEMA_NAME = "pmm.run"
SCHEMA_VERSION = 1

Scalar = int | float | str | None


# -------------------------------------------------------------------- results


class Requirement(Strict, frozen=True):
    """A sentence of the specification, as conformance/requirements.toml has it."""

    id: str
    area: str
    level: Level
    title: str
    text: str
    kind: Literal["behaviour", "layout"]
    caseless: str | None = None
    """Why no case of the suite shows it; null where one does."""


class Score(Strict, frozen=True):
    """MUST requirements kept, over two denominators, never rounded up.

    A waived case speaks neither for nor against its requirement.
    """

    must_passed: int
    must_applicable: int
    must_total: int


class Column(Strict, frozen=True):
    """One subject as it was asked: a column of the conformance matrix."""

    id: str
    label: str
    kind: Literal["subject", "backend"]
    subject: str
    subject_version: str
    build: str
    profile: str | None
    backend: str | None
    mode: str | None
    lane: str
    attach: str
    features: tuple[str, ...]
    complete: bool
    """False when only a selection of the cases was asked or the job ended early."""
    counts: dict[CaseClass, int]
    """Cases by class as judged."""
    score: Score | None


class CaseResult(Strict, frozen=True):
    """One case in one column."""

    job: str
    column: str
    id: str
    title: str
    requirements: tuple[str, ...]
    level: Level
    outcome: CaseClass = msgspec.field(name="class")
    """As judged: an expected failure is XFAIL here."""
    reported: CaseClass
    """As the program reported it."""
    expectation: str | None
    """The reason of the expectation that changed the class, if one did."""
    link: str | None
    message: str | None
    feature: str | None
    signal: str | None
    phase: str | None
    point: int | None
    points: int | None
    file: str | None
    line: int | None
    elapsed_ns: int | None
    counters: Counters | None
    reproduce: str
    words: str | None = None
    """What its process said last, where it did not pass (pmm.base.last_words)."""
    inexact: dict[str, str] | None = None
    """Counters that are no part of comparisons, each with the case's reason."""
    unreached: bool = False
    """Its job broke off before it; what became of the job is told once, there."""


class WorkResult(Strict, frozen=True):
    """One workload's document and the job that printed it."""

    job: str
    interpreter: str | None
    document: WorkDocument
    command: str


class Repetition(Strict, frozen=True):
    """One repetition of a benchmark: time of one iteration."""

    real_ns: float
    cpu_ns: float
    iterations: int


class BenchSummary(Strict, frozen=True):
    """Derived from the repetitions; spread is (max - min) / median.

    The time is CPU time, or what the benchmark timed itself where it pauses.
    """

    median_ns: float
    min_ns: float
    max_ns: float
    spread: float
    ratio: float | None
    """Median over the yardstick's median in the same run; below 1 is faster."""
    ratio_low: float | None
    ratio_high: float | None
    """The widest ratios that the repetitions allow: min/max and max/min."""
    yardstick: str | None
    """The backend compared with, or null with the reason in `note`."""
    note: str | None


class BenchRow(Strict, frozen=True):
    """One benchmark on one subject over one backend."""

    job: str
    name: str
    area: str
    subject: str
    backend: str | None
    mode: str | None
    attach: str | None
    witness_object: str | None
    witness_ok: bool | None
    repetitions: tuple[Repetition, ...]
    summary: BenchSummary | None
    error: str | None
    command: str
    spec: str | None = None
    """The backend as it was asked for, where that is a file and not a name."""


class SourceLine(Strict, frozen=True):
    """One line of a source excerpt."""

    number: int
    text: str


class Frame(Strict, frozen=True):
    """One level of a stack, innermost first."""

    function: str | None
    file: str | None
    line: int | None
    object: str | None
    excerpt: tuple[SourceLine, ...] = ()


class LeakFinding(Strict, frozen=True):
    """Memory or a resource lost, by whom it was noticed, and where it came from."""

    job: str
    by: Literal["valgrind", "runtime"]
    kind: str
    """Valgrind's kind (`Leak_DefinitelyLost`, `InvalidRead`, …) or the runtime's."""
    workload: str
    variant: str | None
    subject: str
    backend: str | None
    type: str | None
    message: str
    count: int
    bytes: int | None
    frames: tuple[Frame, ...]
    suppression: str | None
    """Text for a valgrind suppression file, where the tool offers one."""
    suppressed: bool
    expected: bool
    """True where the workload loses memory on purpose and this is the find."""
    reproduce: str


class LeakTally(Strict, frozen=True):
    """Per variant on purpose or clean: what each detector saw, and whether right."""

    variant: str
    subject: str
    backend: str | None
    planted: bool
    """Whether the variant loses something on purpose."""
    valgrind: int | None
    """Findings by valgrind; null where it did not run."""
    runtime: int | None
    needs: tuple[str, ...]
    """The detectors that have to see it."""
    right: bool
    note: str | None
    command: str | None = None
    """The shell line that repeats the check."""


class SubjectEntry(Strict, frozen=True):
    """A subject that could have been asked."""

    name: str
    kind: Literal["builtin", "cpython", "plugin"]
    version: str | None
    build: str | None
    available: bool
    reason: str | None
    interpreter: str | None
    optimised: bool | None
    features: tuple[str, ...]


class Skipped(Strict, frozen=True):
    """Something that was not run."""

    what: str
    why: str
    lost: str
    remedy: str | None
    """A shell line that would bring it back."""
    choice: bool = False
    """The profile put it off or took a sample of it; this machine could run it."""


# -------------------------------------------------------------------- verdict

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


class Run(Strict, frozen=True):
    """One invocation of `pmm run`."""

    schema: Literal["pmm.run"]
    version: Literal[1]
    id: str
    created: str
    finished: str
    elapsed_ns: int
    command: str
    """The shell line that started the run."""
    profile: str
    environment: Environment
    plan: tuple[Job, ...]
    results: tuple[JobResult, ...]
    columns: tuple[Column, ...]
    requirements: tuple[Requirement, ...]
    cases: tuple[CaseResult, ...]
    work: tuple[WorkResult, ...]
    bench: tuple[BenchRow, ...]
    leaks: tuple[LeakFinding, ...]
    leak_tally: tuple[LeakTally, ...]
    backends: tuple[BackendEntry, ...]
    subjects: tuple[SubjectEntry, ...]
    coverage: Coverage | None
    skipped: tuple[Skipped, ...]
    baseline: Comparison | None
    verdict: Verdict
    speed: SpeedTable | None = None
    """Two subjects in interleaved pairs; null when none were compared."""
    standings: tuple[Standing, ...] = ()
    """The allocators asked: the user's first, then by place, then those without."""
    claims: ClaimTable | None = None
    """The sentences of the tutorials; null where the clone has no claims.toml."""
    asked: Asked | None = None
    """What the command line asked for; null in runs from before it was kept."""
    load: Load | None = None
    """What else the machine did; null where nobody looked."""


def encode_run(run: Run) -> bytes:
    """Return the run as JSON; the same run gives the same bytes."""
    return msgspec.json.encode(run, order="deterministic") + b"\n"


def decode_run(text: bytes) -> Run:
    """Read a run document; raise `msgspec.MsgspecError` when it is not one."""
    return msgspec.json.decode(text, type=Run)


def run_schema() -> dict[str, Any]:
    """Return the JSON Schema of run.json."""
    schema = msgspec.json.schema(Run)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{SCHEMA_NAME} version {SCHEMA_VERSION}",
        **schema,
    }


def run_schema_text() -> str:
    """Return the schema as it is published."""
    text = msgspec.json.format(msgspec.json.encode(run_schema()), indent=2)
    return text.decode() + "\n"
