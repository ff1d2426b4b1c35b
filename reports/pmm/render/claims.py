# SPDX-License-Identifier: MIT
"""Are the sentences of the tutorials true?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from typing import Any, NamedTuple

from pmm.base import formatting
from pmm.documents.claims import (
    DISAGREE,
    STATES,
    VERDICTS,
    Article,
    ClaimTable,
    JudgedClaim,
    RequirementState,
)
from pmm.documents.run import Run
from pmm.judge.claims import articles_of, evidence_against
from pmm.render.list_sizes import printed_row, size_rows
from pmm.render.memory import groups_on, workloads_on
from pmm.render.readings import Evidence, merged

EVIDENT = (*DISAGREE, "confirmed")
"""States that need evidence."""
SHOWN_HERE = {"SIZ-006": "sizes"}
"""Requirements on the report itself: the part of this page that meets them."""


class Kept(NamedTuple):
    """A requirement: how many subjects keep it, and its place in the matrix."""

    state: RequirementState
    title: str
    asked: int
    link: str | None
    here: bool


class Row(NamedTuple):
    """A sentence with its evidence."""

    judged: JudgedClaim
    evidence: list[Evidence]
    requirements: list[Kept]


class Part(NamedTuple):
    """An article: counts by verdict and by state, and its sentences."""

    article: Article
    verdicts: Counter[str]
    states: Counter[str]
    rows: list[Row]


def verdicts_of(claims: Sequence[JudgedClaim]) -> Counter[str]:
    """Count claims by their stated verdict."""
    return Counter(one.claim.verdict for one in claims)


def states_of(claims: Sequence[JudgedClaim]) -> Counter[str]:
    """Count claims by what this run says of them."""
    return Counter(one.state for one in claims)


def sentence(table: ClaimTable) -> str:
    """Answer the page's question in a sentence."""
    verdicts, states = verdicts_of(table.claims), states_of(table.claims)
    testable = len(table.claims) - states["untestable"]
    said = (
        f"Of {formatting.plural(len(table.claims), 'sentence')} {verdicts['true']} are "
        f"true, {verdicts['caveat']} are true with a caveat and {verdicts['false']} "
        f"are false; {verdicts['not_testable']} cannot be tested. This run confirms "
        f"{states['confirmed']} of {testable} verdicts"
    )
    rest = [
        f"{states[name]} {formatting.CLAIM_STATES[name].word}"
        for name in ("contradicted", "unconfirmed", "unmeasured")
        if states[name]
    ]
    return f"{said}: {', '.join(rest)}." if rest else f"{said}."


def _link(name: str, known: Container[str]) -> str | None:
    """Where a requirement is shown."""
    if name in SHOWN_HERE:
        return f"#{SHOWN_HERE[name]}"
    return f"conformance.html#{name}" if name in known else None


def _kept(run: Run, judged: JudgedClaim) -> list[Kept]:
    titles = {one.id: one.title for one in run.requirements}
    known = titles if run.columns else {}
    return [
        Kept(
            one,
            titles.get(one.id, ""),
            len(one.kept) + len(one.differs) + len(one.failed),
            _link(one.id, known),
            one.id in SHOWN_HERE,
        )
        for one in judged.requirements
    ]


def parts(run: Run, table: ClaimTable) -> list[Part]:
    """Each article with its rows."""
    jobs = {one.command: one.job for one in run.work}
    return [
        Part(
            article,
            verdicts_of(claims),
            states_of(claims),
            [
                Row(one, merged(one.measurements, jobs), _kept(run, one))
                for one in claims
            ],
        )
        for article, claims in articles_of(table)
    ]


def has_evidence(run: Run) -> bool:
    """Tell whether the run says anything of the sentences, or of their examples."""
    judged = run.claims.claims if run.claims is not None else ()
    found = any(one.state in EVIDENT for one in judged)
    return found or bool(workloads_on(run, "claims"))


def context(run: Run) -> dict[str, Any]:
    """Values of claims.html."""
    table = run.claims
    claims = table.claims if table is not None else ()
    rows = size_rows(run)
    commands = {one.key: one.reproduce for one in run.verdict.problems}
    return {
        "sentence": sentence(table) if table is not None else None,
        "parts": parts(run, table) if table is not None else [],
        "total": len(claims),
        "by_verdict": verdicts_of(claims),
        "by_state": states_of(claims),
        "verdict_names": VERDICTS,
        "state_names": STATES,
        "disagreements": [
            (one, evidence_against(one), commands.get(f"claim {one.claim.id}"))
            for one in claims
            if one.state in DISAGREE
        ],
        "size_rows": rows,
        "printed": printed_row(rows),
        "mismatches": [row for row in rows if not row.sizes.agrees],
        "examples": groups_on(run, "claims", charts=False),
    }
