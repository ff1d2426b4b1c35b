# SPDX-License-Identifier: MIT
"""The documents that the suite's programs write, as frozen typed structs.

The programs and this package are one project, so a field that is not declared
here is an error and not noise: a figure nobody reads would be lost silently.
Google Benchmark's JSON is another project's, so there unknown fields pass.

Unknown figures are null. NaN and infinities are not JSON: our programs write none,
and in Google Benchmark's documents they are read (`pmm.collect.bench_json`). Units are
in the names.
"""

from __future__ import annotations

from typing import Literal

import msgspec

CaseClass = Literal[
    "PASS", "WARN", "UNSUPPORTED", "WAIVED", "XFAIL", "XPASS", "FAIL", "LEAK",
    "OOM_UNSAFE", "SANITIZER", "TIMEOUT", "CRASH", "HARNESS_ERROR", "NOT_RUN",
]  # fmt: skip
CLASSES: tuple[CaseClass, ...] = (
    "PASS", "WARN", "UNSUPPORTED", "WAIVED", "XFAIL", "XPASS", "FAIL", "LEAK",
    "OOM_UNSAFE", "SANITIZER", "TIMEOUT", "CRASH", "HARNESS_ERROR", "NOT_RUN",
)  # fmt: skip
"""What can become of a case, from best to worst."""

Level = Literal["MUST", "SHOULD", "MAY"]
Schema = Literal[1]


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A document of this project: frozen, and closed to undeclared fields."""


class Foreign(msgspec.Struct, frozen=True, kw_only=True):
    """A document of another project: what we do not read, we do not judge."""


# ---------------------------------------------------------------- conformance


class HostLine(Strict, frozen=True, kw_only=True, tag_field="type", tag="host"):
    """First line of `pmm-conform --jsonl`: who was asked, and how."""

    schema: Schema
    subject: str | None
    """Null where a backend is checked by itself."""
    subject_version: str | None
    build: str | None
    profile: str | None = None
    """The profile that the subject declares for numbers of its layout."""
    backend: str | None
    backend_version: str | None = None
    mode: str | None
    lane: str
    features: tuple[str, ...]
    seed: int
    attach: str


class Counters(Strict, frozen=True):
    """The runtime's own exact counts over one case; null is unknown."""

    allocations: int | None
    frees: int | None
    requested_bytes: int | None
    peak_bytes: int | None
    collections: int | None


class CaseLine(Strict, frozen=True, kw_only=True, tag_field="type", tag="case"):
    """One case's outcome."""

    schema: Schema
    id: str
    title: str
    requirements: tuple[str, ...]
    level: Level
    outcome: CaseClass = msgspec.field(name="class")
    message: str | None
    feature: str | None
    signal: int | None
    phase: str | None
    point: int | None
    points: int | None = None
    """How many allocations the out-of-memory lanes failed."""
    file: str | None
    line: int | None
    elapsed_ns: int | None
    counters: Counters | None
    inexact: dict[str, str] | None = None
    """Counters that two runs of one build need not agree on, with the reason."""
    reproduce: str
    words: str | None = None
    """What the case's process printed last, where it did not pass."""


class EndLine(Strict, frozen=True, tag_field="type", tag="end"):
    """Last line: how many cases ended in which class."""

    schema: Schema
    counts: dict[CaseClass, int]


ConformLine = HostLine | CaseLine | EndLine


# ------------------------------------------------------------------ workloads


class Phase(Strict, frozen=True):
    """A named stretch of one variant's time axis."""

    name: str
    start_ns: int
    end_ns: int


class Figure(Strict, frozen=True):
    """One measured value; exact ones are counted and compare for equality."""

    name: str
    value: int | float | None
    unit: str
    exact: bool


class Series(Strict, frozen=True):
    """Samples over time: one row a moment, one column a quantity."""

    columns: tuple[str, ...]
    rows: tuple[tuple[int | float | None, ...], ...]
    pace_operations: int | None = None
    """Operations between two samples inside a phase."""
    thinned: int = 0
    """How often every second row was dropped to keep at most 2,000."""


class Variant(Strict, frozen=True):
    """One way to do the workload's job."""

    name: str
    verified: bool
    checksum: str
    elapsed_ns: int
    phases: tuple[Phase, ...]
    figures: tuple[Figure, ...]
    series: Series
    unsupported: str | None = None
    """The feature that the subject lacks for it; then nothing was measured."""


class PrintedClaim(Strict, frozen=True):
    """A figure that an article prints, beside what was measured."""

    text: str
    expected: str
    measured: str | None
    article: int
    verdict: Literal["true", "caveat", "false"] | None = None
    """What the measurement says of the text."""
    why: str | None = None


class Finding(Strict, frozen=True):
    """Memory or a resource that the runtime's own accounting says is lost."""

    by: str
    kind: str
    type: str | None
    site: str | None
    count: int
    bytes: int | None
    variant: str | None = None


class Witness(Strict, frozen=True):
    """The proof that the named backend served the memory."""

    object: str | None
    symbol_in_object: bool
    owns: bool | None
    usable_size: bool | None
    counters_moved: bool | None


class VariantFailure(Strict, frozen=True):
    """A variant that the runtime or its allocator did not bring to an end."""

    variant: str
    outcome: Literal["FAIL", "CRASH", "TIMEOUT"] = msgspec.field(name="class")
    error: str


class WorkDocument(Strict, frozen=True, tag_field="type", tag="work"):
    """What `pmm-work` and the Python twins print."""

    schema: Schema
    workload: str
    form: Literal["c", "python"]
    subject: str
    subject_version: str
    backend: str | None
    mode: str | None
    attach: str
    parameters: dict[str, int | float | str | bool | None]
    seed: int
    verified: bool
    checksum: str
    variants: tuple[Variant, ...]
    claims: tuple[PrintedClaim, ...]
    findings: tuple[Finding, ...]
    witness: Witness | None
    error: str | None
    failures: tuple[VariantFailure, ...] = ()
    """What the subject failed in; an error without one is the program's own."""
    notes: tuple[str, ...] = ()
    """How figures were taken, where that limits what they say."""


# ------------------------------------------------------------------- backends


class BackendEntry(Strict, frozen=True):
    """One backend, as `pmm-backend-check` knows it: from `--list --json` one that
    ships with the suite, from `--describe` one that a user gave or `pmm fetch`
    brought.
    """

    name: str
    """The name that it declares."""
    version: str | None
    summary: str
    available: bool
    reason: str | None
    capabilities: tuple[str, ...]
    object: str | None
    """Path of the file that holds its code."""
    origin: Literal["builtin", "given", "fetched"] = "builtin"
    spec: str | None = None
    """How programs are told of a file; null for one that ships."""
    sha256: str | None = None
    """Of `object`, when the run began; null where it was not asked."""
    repairs: str | None = None
    """What the suite does about a fault of the library, so that its results are
    not those of the bare library; null when nothing.
    """
    package: str | None = None
    """Debian's package that brings the library; null when none has to."""
    replaced_by_valgrind: bool = False
    """Whether valgrind puts its own functions in its place, and sees none of it."""

    @property
    def is_bound(self) -> bool:
        """Whether it is no allocator: it gives nothing back, or takes nothing."""
        return "MEASURES" in self.capabilities


class BackendList(Strict, frozen=True):
    """The whole answer of `pmm-backend-check --list --json`."""

    schema: Schema
    backends: tuple[BackendEntry, ...]


class ListedVariant(Foreign, frozen=True):
    """What we need of a variant in `pmm-work --list --json`."""

    name: str


class WorkloadEntry(Foreign, frozen=True):
    """One workload as it describes itself; of a twin only its name is sure."""

    name: str
    title: str | None = None
    """What a report heads its figures with."""
    question: str | None = None
    """What they answer."""
    page: str | None = None
    """The page that shows them; null: `memory`."""
    small: str | None = None
    """Settings of its small size, blanks between; null when it has none."""
    smallest: str | None = None
    """Settings that only show that it works; null: the small ones."""
    variants: tuple[ListedVariant, ...] = ()


class WorkloadList(Foreign, frozen=True):
    """The whole answer of `pmm-work --list --json`."""

    workloads: tuple[WorkloadEntry, ...]


# ----------------------------------------------------------- Google Benchmark


class BenchContext(Foreign, frozen=True):
    """What Google Benchmark and our custom context say about the process."""

    pmm_subject: str | None = None
    pmm_subject_version: str | None = None
    pmm_subject_build: str | None = None
    pmm_backend: str | None = None
    pmm_mode: str | None = None
    pmm_attach: str | None = None
    pmm_witness_object: str | None = None
    pmm_witness_ok: str | bool | None = None


class BenchEntry(Foreign, frozen=True):
    """One entry of `benchmarks`; those that are aggregates are not read.

    An entry of a benchmark that failed has no times and no iterations.
    """

    name: str
    run_name: str
    run_type: Literal["iteration"]
    iterations: int | None = None
    real_time: float | None = None
    cpu_time: float | None = None
    time_unit: Literal["ns", "us", "ms", "s"] = "ns"
    error_occurred: bool = False
    error_message: str | None = None
    per_object_ns: float | None = None
    longest_step_ns: float | None = None
    longest_pause_ns: float | None = None
    collector_ns: float | None = None
    collections: float | None = None
    most_garbage: float | None = None
    rss_growth_bytes: float | None = None
