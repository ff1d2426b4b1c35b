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

from pmm.base.decoding import decode_json
from pmm.documents.asked import Asked
from pmm.documents.claims import ClaimTable
from pmm.documents.coverage import Coverage
from pmm.documents.facts import FactSheet
from pmm.documents.grade import Grade
from pmm.documents.instructions import InstructionTable
from pmm.documents.jobs import Environment, Job, JobResult
from pmm.documents.programs import BackendEntry, Strict, WorkloadEntry
from pmm.documents.rank import RankTable
from pmm.documents.results import (
    BenchRow,
    CaseResult,
    Column,
    LeakFinding,
    LeakTally,
    Requirement,
    Skipped,
    SubjectEntry,
    WorkResult,
)
from pmm.documents.speed import SpeedTable
from pmm.documents.standings import Standing
from pmm.documents.verdict import Comparison, Load, Verdict

SCHEMA_NAME = "pmm.run"
SCHEMA_VERSION = 1


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
    workloads: tuple[WorkloadEntry, ...] = ()
    """Those of the plan, as they describe themselves; none in runs from before
    they did.
    """
    load: Load | None = None
    """What else the machine did; null where nobody looked."""
    grade: Grade | None = None
    """Of the suite itself, kept with the run by `pmm grade --run`; null without."""
    rank: RankTable | None = None
    """Allocators over traces, benchmarks and patterns; null when none were ranked."""
    instructions: InstructionTable | None = None
    """Instructions of two, counted; null when none were."""
    facts: tuple[FactSheet, ...] = ()
    """What each CPython's memory manager is made of; none in runs from before they
    were measured.
    """


def encode_run(run: Run) -> bytes:
    """Return the run as JSON; the same run gives the same bytes."""
    return msgspec.json.encode(run, order="deterministic") + b"\n"


def decode_run(text: bytes) -> Run:
    """Read a run document; raise `msgspec.MsgspecError` when it is not one."""
    return decode_json(text, Run)


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
