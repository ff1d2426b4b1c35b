# SPDX-License-Identifier: MIT
"""What a run asks for and on which machine: jobs, their results, the environment.

A job is one fresh process. Its id is readable, unique in the plan and the same
in every plan that asks for the same thing, so results of two runs can be paired
and an interrupted run knows what is left to do.
"""

from __future__ import annotations

from typing import Literal

from pmm.documents.instructions import CountPlace
from pmm.documents.programs import Strict
from pmm.documents.rank import RankPlace
from pmm.documents.speed import SpeedArm

JobKind = Literal[
    "conform", "backend-check", "work", "bench", "leaks", "replay", "pattern",
    "program", "facts",
]  # fmt: skip
FACE = "conformance/python/conform.py"
"""The program that runs the cases in plain Python, from the project's root."""
JobStatus = Literal["ok", "failed", "timeout", "crash", "skipped", "omitted"]
"""`skipped`: the run was interrupted before; `omitted`: its time was over."""
NOT_RUN = frozenset({"skipped", "omitted"})


# ----------------------------------------------------------------------- plan


class PairPlace(Strict, frozen=True):
    """Where a job stands in a plan of pairs."""

    round: int
    unit: str
    """The benchmark program; arms of one round and unit make a pair."""
    arm: SpeedArm


class Job(Strict, frozen=True):
    """One fresh process that the plan wants, and how to start it."""

    id: str
    """Readable and unique in the plan, e.g. `conform/reference/pool/full/plain`."""
    kind: JobKind
    argv: tuple[str, ...]
    """The program and the arguments that repeat the job by hand."""
    output_argv: tuple[str, ...]
    """Arguments added to have documents written; `{dir}` is the job's folder."""
    output_first: tuple[str, ...]
    """The same, for a program that wants them right behind its name."""
    environment: dict[str, str]
    timeout_s: int
    measured: bool
    """Measured jobs run alone, pinned; checks may share the cores."""
    program: str
    subject: str | None
    interpreter: str | None
    """Path of the Python that hosts the job, for CPython subjects and twins."""
    backend: str | None
    mode: str | None
    lane: str | None
    workload: str | None
    variant: str | None
    pair: PairPlace | None = None
    subject_label: str | None = None
    """What tables call a subject that a path names; None: by its own name."""
    backend_label: str | None = None
    """The same of a backend."""
    place: RankPlace | None = None
    """Where it stands in a plan that ranks allocators."""
    count: CountPlace | None = None
    """Where it stands in a plan that counts instructions."""

    @property
    def in_rounds(self) -> bool:
        """Whether it is one of several that are only judged together."""
        return self.pair is not None or self.place is not None

    @property
    def stands_alone(self) -> bool:
        """Whether its figures are rows of their own, and no part of a table."""
        return not self.in_rounds and self.count is None

    @property
    def plain_python(self) -> bool:
        """Whether it runs the cases in plain Python."""
        return any(part.endswith(FACE) for part in self.argv)

    @property
    def shown_subject(self) -> str | None:
        """What tables call the subject."""
        return self.subject_label or self.subject

    @property
    def shown_backend(self) -> str | None:
        """What tables call the backend."""
        return self.backend_label or self.backend


class JobResult(Strict, frozen=True):
    """What became of one job."""

    job: str
    status: JobStatus
    reason: str | None
    """Why it is not ok, in one sentence."""
    exit_code: int | None
    signal: str | None
    """Name of the signal that ended it, e.g. `SIGSEGV`."""
    started: str
    elapsed_ns: int
    user_ns: int | None
    system_ns: int | None
    peak_rss_bytes: int | None
    command: str
    """A shell line that repeats the job, from the folder the run was started in."""
    stderr_tail: str
    log: str | None
    """The job's folder, relative to run.json."""
    load_average: float | None = None
    """Of the last minute, when the job ended."""
    others: float | None = None
    """Cores that other programs kept busy in the mean while it ran."""
    host: str | None = None
    """The machine of a cluster that ran it; null: the one that planned it."""


# ---------------------------------------------------------------- environment


class Binary(Strict, frozen=True):
    """A program that was run, so that two runs can tell whether it differed."""

    path: str
    sha256: str
    size_bytes: int


class Timer(Strict, frozen=True):
    """The clock's grain and what reading it costs, measured in this run."""

    resolution_ns: int
    read_ns: float


class Environment(Strict, frozen=True):
    """The machine, the build and the settings that figures depend on."""

    host: str
    system: str
    kernel: str
    architecture: str
    libc: str | None
    cpu: str | None
    cpu_count: int
    cpus_allowed: tuple[int, ...]
    memory_bytes: int | None
    virtualised: str | None
    compiler: str | None
    flags: str | None
    build_type: str | None
    build_options: dict[str, str]
    thp: str | None
    governor: str | None
    aslr: str | None
    cgroup: dict[str, str]
    load_average: tuple[float, float, float]
    tools: dict[str, str | None]
    libraries: dict[str, str | None]
    python: str
    commit: str | None
    dirty: bool | None
    binaries: tuple[Binary, ...]
    variables: dict[str, str]
    """Variables of the caller's shell that jobs are given."""
    seed: int
    timer: Timer
    unknown: dict[str, str]
    """Why a field is null, by the field's name."""
