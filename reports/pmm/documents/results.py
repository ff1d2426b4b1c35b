# SPDX-License-Identifier: MIT
"""What became of the jobs: cases, workloads, figures, leaks, and what was left out.

Columns are the (subject, backend, mode, lane) tuples that were asked; cases refer
to them by id, as do scores. What a program reported stands beside its job.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from pmm.documents.programs import CaseClass, Counters, Level, Strict, WorkDocument


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
    kind: Literal["builtin", "cpython", "plugin", "python"]
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
