# SPDX-License-Identifier: MIT
"""What the tutorials claim (conformance/claims.toml), and what a run says of it.

1. A `Claim` states a verdict and where evidence lies: requirements whose cases
   show it, and workloads that measure it (`Measure`).
2. A `JudgedClaim` adds the evidence of one run and the state that follows.

Invariant: a claim is `contradicted` or `unconfirmed` only by evidence of this
run that is named in it; without any evidence it is `unmeasured`.
"""

from __future__ import annotations

from typing import Literal

from pmm.documents.programs import Strict

ClaimVerdict = Literal["true", "caveat", "false", "not_testable"]
VERDICTS: tuple[ClaimVerdict, ...] = ("true", "caveat", "false", "not_testable")

ClaimState = Literal[
    "contradicted", "unconfirmed", "unmeasured", "confirmed", "untestable"
]
"""Measured otherwise; its evidence failed; none ran; shown; nothing to show."""
STATES: tuple[ClaimState, ...] = (
    "contradicted", "unconfirmed", "unmeasured", "confirmed", "untestable",
)  # fmt: skip
DISAGREE: tuple[ClaimState, ...] = ("contradicted", "unconfirmed")
"""States in which a run does not support the stated verdict."""

Effect = Literal["contradicts", "failed", "supports"]


class Article(Strict, frozen=True):
    """One of the four tutorials."""

    number: int
    title: str


class Measure(Strict, frozen=True):
    """What a workload measures: exactly one of claim, test and variant."""

    workload: str
    claim: str | None = None
    """Text of a verdict that the workload gives."""
    verdict: ClaimVerdict | None = None
    """What that verdict has to be; None: the claim's own."""
    test: str | None = None
    """A comparison of figures."""
    holds: bool | None = None
    """Whether the comparison has to hold."""
    variant: str | None = None
    """An example that has to do its job."""
    what: str | None = None
    """What is tested, in words."""


class Claim(Strict, frozen=True):
    """A sentence of an article, and what is true of it."""

    id: str
    article: int
    text: str
    verdict: ClaimVerdict
    why: str
    requirements: tuple[str, ...]
    measured: tuple[Measure, ...] = ()


class ClaimsFile(Strict, frozen=True):
    """conformance/claims.toml."""

    article: tuple[Article, ...]
    claim: tuple[Claim, ...]


class Reading(Strict, frozen=True):
    """What one subject says of a measure."""

    subject: str
    backend: str | None
    value: str
    effect: Effect
    command: str | None = None
    """The shell line that measures it again."""


class Measurement(Strict, frozen=True):
    """A measure with its readings; none where its workload did not run."""

    workload: str
    what: str
    expected: str
    """A verdict, yes or no: what a reading is where it supports the claim."""
    readings: tuple[Reading, ...]


class RequirementState(Strict, frozen=True):
    """How the subjects keep a requirement in this run, by their names."""

    id: str
    kept: tuple[str, ...]
    differs: tuple[str, ...]
    """Subjects that differ as expected: a warning, a waiver, a known failure."""
    failed: tuple[str, ...]


class JudgedClaim(Strict, frozen=True):
    """A claim and the evidence of one run."""

    claim: Claim
    state: ClaimState
    measurements: tuple[Measurement, ...]
    requirements: tuple[RequirementState, ...]


class ClaimTable(Strict, frozen=True):
    """All claims, judged by one run."""

    articles: tuple[Article, ...]
    claims: tuple[JudgedClaim, ...]
