# SPDX-License-Identifier: MIT
"""Are the sentences of the tutorials true, by the evidence of one run?

1. Each measure of a claim is read from the documents of its workload: on the
   reference over each backend, and on each CPython by its twin.
2. Each requirement is read from the cases of the plain lane: which subjects
   keep it, which differ as expected, which fail.
3. A reading that says otherwise contradicts the stated verdict; evidence that
   failed leaves it unconfirmed; one piece that supports it confirms it.

Only shipped parts that passed their checks speak (soundness.py): somebody's own
subject or allocator is not asked, as the sentences are about Python, and neither
is a job that failed.
Judging is pure: the same run and the same file give the same table.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from pmm.base.decoding import read_toml
from pmm.base.errors import PmmError
from pmm.base.typed_names import by_number
from pmm.collect.conform import BAD
from pmm.documents.claims import (
    DISAGREE,
    Article,
    Claim,
    ClaimsFile,
    ClaimState,
    ClaimTable,
    Effect,
    JudgedClaim,
    Measure,
    Measurement,
    Reading,
    RequirementState,
)
from pmm.documents.programs import Variant, WorkDocument
from pmm.documents.results import CaseResult, Column, WorkResult
from pmm.documents.verdict import Problem
from pmm.judge import claim_tests

FILE = Path("conformance") / "claims.toml"
IDLE = frozenset({"UNSUPPORTED", "NOT_RUN"})
SUBJECTS = frozenset({"reference", "cpython"})
Commands = Mapping[str, str]
"""Requirement: the shell line of a case of it that failed."""


def read_claims(path: Path) -> ClaimsFile:
    """Read claims.toml; raise PmmError when it cannot be read."""
    try:
        rows = read_toml(path)
        return msgspec.convert(rows, ClaimsFile)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise PmmError(f"cannot read {path}: {error}") from error


def complaints(file: ClaimsFile, requirements: Iterable[str]) -> list[str]:
    """Return what is wrong with the file beyond its shape."""
    known = set(requirements)
    numbers = {article.number for article in file.article}
    out = []
    seen: set[str] = set()
    for claim in file.claim:
        at = f"claim {claim.id}"
        if claim.id in seen:
            out.append(f"{at} is there twice")
        seen.add(claim.id)
        if claim.article not in numbers or not claim.id.startswith(
            f"{claim.article:03d}-"
        ):
            out.append(f"{at} names article {claim.article}")
        strange = [one for one in claim.requirements if one not in known]
        out += [f"{at}: no requirement {one}" for one in strange]
        testable = claim.verdict != "not_testable"
        if testable != bool(claim.requirements or claim.measured):
            out.append(f"{at} is {claim.verdict}, and its evidence says otherwise")
        out += [f"{at}: {wrong}" for one in claim.measured if (wrong := misfit(one))]
    return out


def misfit(measure: Measure) -> str | None:
    """Return why a measure cannot be read, if it cannot."""
    kinds = (measure.claim, measure.test, measure.variant)
    if sum(kind is not None for kind in kinds) != 1:
        return f"{measure.workload} needs one of claim, test and variant"
    if (measure.test is None) != (measure.holds is None):
        return f"{measure.workload}: `holds` goes with a test"
    if (measure.claim is None) == (measure.what is None):
        return f"{measure.workload}: `what` goes with a test or a variant"
    try:
        if measure.test is not None:
            claim_tests.parse(measure.test)
    except ValueError as error:
        return str(error)
    return None


# ------------------------------------------------------------------- measures


def subject_of(document: WorkDocument) -> str:
    """Name the subject that a document is about."""
    name = "CPython" if document.subject == "cpython" else document.subject
    return f"{name} {document.subject_version}"


def in_order(subject: str) -> tuple[bool, str]:
    """Key that puts the reference first, then version 3.8 before 3.10."""
    return not subject.startswith("reference"), by_number(subject)


def done(document: WorkDocument, variants: Iterable[str]) -> str | None:
    """Return None where the variants did their job, else what went wrong."""
    by_name = {variant.name: variant for variant in document.variants}
    if document.error is not None:
        return document.error
    wrong = [name for name in variants if not by_name[name].verified]
    return f"not verified: {', '.join(sorted(wrong))}" if wrong else None


def usable(document: WorkDocument) -> dict[str, Variant]:
    """Return the variants that the subject can do, by name."""
    return {v.name: v for v in document.variants if v.unsupported is None}


def read_claim(
    measure: Measure, claim: Claim, document: WorkDocument
) -> tuple[str, Effect] | None:
    """Read the verdict that a workload gives."""
    found = next((c for c in document.claims if c.text == measure.claim), None)
    if found is None or found.verdict is None:
        return None
    wanted = measure.verdict or claim.verdict
    value = found.measured or "nothing"
    return value, "supports" if found.verdict == wanted else "contradicts"


def read_test(measure: Measure, document: WorkDocument) -> tuple[str, Effect] | None:
    """Compare the figures of a test; None where one was not measured."""
    test = measure.test or ""
    figures = {
        (name, figure.name): figure.value
        for name, variant in usable(document).items()
        for figure in variant.figures
        if figure.value is not None
    }
    needed = claim_tests.names(test)
    if any(name not in figures for name in needed):
        return None
    wrong = done(document, {variant for variant, _ in needed})
    if wrong is not None:
        return wrong, "failed"
    holds, said = claim_tests.evaluate(test, figures)
    return said, "supports" if holds == measure.holds else "contradicts"


def read_variant(measure: Measure, document: WorkDocument) -> tuple[str, Effect] | None:
    """Read whether an example did its job."""
    name = measure.variant or ""
    if name not in usable(document):
        return None
    wrong = done(document, [name])
    return ("it does", "supports") if wrong is None else (wrong, "failed")


def read_measure(
    measure: Measure, claim: Claim, document: WorkDocument
) -> tuple[str, Effect] | None:
    """Read one document; None where it says nothing of the measure."""
    if measure.claim is not None:
        return read_claim(measure, claim, document)
    if measure.test is not None:
        return read_test(measure, document)
    return read_variant(measure, document)


def expected_of(measure: Measure, claim: Claim) -> str:
    """Say what a reading has to be."""
    if measure.claim is not None:
        return measure.verdict or claim.verdict
    return "no" if measure.holds is False else "yes"


def measurement(
    measure: Measure, claim: Claim, work: Sequence[WorkResult]
) -> Measurement:
    """Read a measure on every subject whose workload ran."""
    readings = []
    for result in work:
        document = result.document
        if document.workload != measure.workload or document.subject not in SUBJECTS:
            continue
        read = read_measure(measure, claim, document)
        if read is not None:
            readings.append(
                Reading(
                    subject=subject_of(document), backend=document.backend,
                    value=read[0], effect=read[1], command=result.command,
                )
            )  # fmt: skip
    return Measurement(
        workload=measure.workload,
        what=measure.claim or measure.what or "",
        expected=expected_of(measure, claim),
        readings=tuple(sorted(readings, key=lambda r: in_order(r.subject))),
    )


# --------------------------------------------------------------- requirements


def outcomes(
    cases: Sequence[CaseResult], columns: Sequence[Column]
) -> dict[str, dict[str, set[str]]]:
    """Return requirement: subject: the outcomes of its cases that applied."""
    names = {
        column.id: f"CPython {column.subject_version}"
        if column.subject == "cpython"
        else f"{column.subject} {column.subject_version}"
        for column in columns
        if column.kind == "subject"
        and column.lane == "plain"
        and column.subject in SUBJECTS
    }
    out: dict[str, dict[str, set[str]]] = {}
    for case in cases:
        if case.column not in names or case.outcome in IDLE:
            continue
        for requirement in case.requirements:
            by_subject = out.setdefault(requirement, {})
            by_subject.setdefault(names[case.column], set()).add(case.outcome)
    return out


def requirement_state(name: str, found: dict[str, set[str]]) -> RequirementState:
    """Sort the subjects by how they keep a requirement."""
    order = sorted(found, key=in_order)
    failed = tuple(subject for subject in order if found[subject] & BAD)
    kept = tuple(subject for subject in order if found[subject] == {"PASS"})
    differs = tuple(one for one in order if one not in failed and one not in kept)
    return RequirementState(id=name, kept=kept, differs=differs, failed=failed)


# ---------------------------------------------------------------------- judge


def state_of(
    claim: Claim,
    measurements: Sequence[Measurement],
    requirements: Sequence[RequirementState],
) -> ClaimState:
    """Compare the stated verdict with what the run supports."""
    if claim.verdict == "not_testable":
        return "untestable"
    effects = {r.effect for one in measurements for r in one.readings}
    if "contradicts" in effects:
        return "contradicted"
    if "failed" in effects or any(one.failed for one in requirements):
        return "unconfirmed"
    shown = "supports" in effects or any(one.kept for one in requirements)
    return "confirmed" if shown else "unmeasured"


def judge_claims(
    file: ClaimsFile,
    work: Sequence[WorkResult],
    cases: Sequence[CaseResult],
    columns: Sequence[Column],
) -> ClaimTable:
    """Judge every claim by the evidence of a run."""
    met = outcomes(cases, columns)
    judged = []
    for claim in file.claim:
        measurements = [measurement(one, claim, work) for one in claim.measured]
        states = [requirement_state(r, met.get(r, {})) for r in claim.requirements]
        judged.append(
            JudgedClaim(
                claim=claim,
                state=state_of(claim, measurements, states),
                measurements=tuple(measurements),
                requirements=tuple(states),
            )
        )
    return ClaimTable(articles=file.article, claims=tuple(judged))


def evidence_against(judged: JudgedClaim) -> str:
    """Say what contradicts a claim or leaves it unconfirmed."""
    said = [
        f"{one.what}: {reading.value} on {reading.subject}, expected {one.expected}"
        for one in judged.measurements
        for reading in one.readings
        if reading.effect != "supports"
    ]
    said += [
        f"{one.id} fails on {', '.join(one.failed)}"
        for one in judged.requirements
        if one.failed
    ]
    return "; ".join(said)


def failed_cases(cases: Iterable[CaseResult]) -> Commands:
    """Return of each requirement that a case fails the line that repeats it."""
    out: dict[str, str] = {}
    for case in cases:
        for name in case.requirements if case.outcome in BAD else ():
            out.setdefault(name, case.reproduce)
    return out


def command_against(judged: JudgedClaim, failed: Commands) -> str | None:
    """Return a shell line that shows what does not support a claim."""
    for one in judged.measurements:
        for reading in one.readings:
            if reading.effect != "supports":
                return reading.command
    names = [one.id for one in judged.requirements if one.failed]
    return next((failed[name] for name in names if name in failed), None)


def claim_problems(
    table: ClaimTable | None, failed: Commands | None = None
) -> list[Problem]:
    """Return a problem for each verdict that the run does not support.

    Failed evidence is a failure of its own, told by its case or workload; here
    it only warns what rests on it.
    """
    return [
        Problem(
            kind="claim",
            severity="failure" if judged.state == "contradicted" else "warning",
            key=f"claim {judged.claim.id}",
            title=f"claim {judged.claim.id} is stated {judged.claim.verdict}, and "
            + (
                "measured otherwise"
                if judged.state == "contradicted"
                else "not confirmed here"
            ),
            detail=f"{judged.claim.text} {evidence_against(judged)}",
            column=None,
            reproduce=command_against(judged, failed or {}),
        )
        for judged in (table.claims if table is not None else ())
        if judged.state in DISAGREE
    ]


def articles_of(table: ClaimTable) -> list[tuple[Article, list[JudgedClaim]]]:
    """Return each article with its claims, in order."""
    return [
        (article, [j for j in table.claims if j.claim.article == article.number])
        for article in table.articles
    ]
