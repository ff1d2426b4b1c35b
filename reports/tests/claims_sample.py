# SPDX-License-Identifier: MIT
"""The claims of a made-up run: most shown, one measured otherwise, one failed."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pmm.documents.claims import ClaimsFile
from pmm.documents.programs import Figure, PrintedClaim, Variant, WorkDocument
from pmm.documents.results import CaseResult, Column, WorkResult
from pmm.documents.run import Run
from pmm.judge import claims

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = "<script>alert('measured')</script>"
SIZES = {
    "empty_bytes": 56, "pointer_bytes": 8,
    "a_bytes": 8_000_056, "b_bytes": 8_000_056, "c_bytes": 16_000_056,
}  # fmt: skip
ITEMS = {"a_items": 1_000_000, "b_items": 1_000_000, "c_items": 2_000_000}
SAID = (
    ("c takes more memory than the sum of a and b", "16,000,056", 1, "false"),
    ("line 1 that memory_usage prints", "Size of 'a': 8000056 bytes", 1, "false"),
    ("a frozenset is stored more efficiently than a set", HOSTILE, 0, "true"),
)


def claims_file() -> ClaimsFile:
    """The project's own."""
    return claims.read_claims(ROOT / claims.FILE)


def memory_usage(blank: Variant, **changes: int) -> Variant:
    """A variant that measured a, b and a + b."""
    figures = [
        Figure(name=name, value=changes.get(name, value), unit=unit, exact=True)
        for unit, rows in (("bytes", SIZES), ("count", ITEMS))
        for name, value in rows.items()
    ]
    return msgspec.structs.replace(
        blank, name="memory_usage", verified=True, figures=tuple(figures)
    )


def example(
    like: WorkResult, workload: str, version: str = "3.11.2", **changes: int
) -> WorkResult:
    """The example of article 1, in the form of another result."""
    document: WorkDocument = like.document
    said = tuple(
        PrintedClaim(text=text, expected="", measured=measured, article=article,
                     verdict=verdict, why=None)  # type: ignore[arg-type]
        for text, measured, article, verdict in SAID
    )  # fmt: skip
    native = document.subject == "reference"
    document = msgspec.structs.replace(
        document, workload=workload,
        subject_version=document.subject_version if native else version,
        variants=(memory_usage(document.variants[0], **changes),),
        claims=() if native else said,
    )  # fmt: skip
    job = f"work/{workload}/{document.subject}"
    return msgspec.structs.replace(like, job=job, document=document)


def examples(work: tuple[WorkResult, ...]) -> tuple[WorkResult, ...]:
    """The articles' example on the reference and on one CPython."""
    native = next(w for w in work if w.document.subject == "reference")
    twin = next(w for w in work if w.document.subject == "cpython")
    return (example(native, "list_concat"), example(twin, "articles"))


def with_claims(run: Run) -> Run:
    """The run with the examples and their jobs, and with its claims judged."""
    made = examples(run.work)
    like = {job.id: job for job in run.plan}[run.work[0].job]
    done = next(result for result in run.results if result.job == like.id)
    fresh = msgspec.structs.replace(
        run,
        work=(*run.work, *made),
        plan=(*run.plan, *(msgspec.structs.replace(like, id=w.job) for w in made)),
        results=(
            *run.results, *(msgspec.structs.replace(done, job=w.job) for w in made)
        ),
    )  # fmt: skip
    return judged(fresh)


def judged(run: Run) -> Run:
    """The run with its claims judged by what it holds."""
    table = claims.judge_claims(claims_file(), run.work, run.cases, run.columns)
    return msgspec.structs.replace(run, claims=table)


def passing(cases: tuple[CaseResult, ...]) -> tuple[CaseResult, ...]:
    """The cases, all passing."""
    return tuple(
        msgspec.structs.replace(case, outcome="PASS", reported="PASS") for case in cases
    )


def plugin_column(column: Column) -> Column:
    """Somebody's own subject."""
    return msgspec.structs.replace(
        column, id="mine", label="mine", subject="mine", subject_version="1"
    )
