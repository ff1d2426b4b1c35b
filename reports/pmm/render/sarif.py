# SPDX-License-Identifier: MIT
"""A run as SARIF 2.1.0, which GitHub and other servers show beside the code.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from pmm.base import errors
from pmm.documents.run import Run
from pmm.documents.verdict import Severity
from pmm.judge.sentences import NAMES
from pmm.render.spots import Finding, Spot, findings

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
    "sarif-schema-2.1.0.json"
)
LEVELS: dict[Severity, str] = {
    "error": "error", "failure": "error", "inconclusive": "warning",
    "warning": "note",
}  # fmt: skip
DONE = (errors.PASS, errors.FAILURE, errors.INCONCLUSIVE, errors.NOT_COMPARABLE)
"""Exit codes of a run that did its own work."""


def location(spot: Spot) -> dict[str, Any]:
    """Return a line of a file."""
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(spot.path)},
            "region": {"startLine": spot.line},
        }
    }


def rules(found: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return what kinds of findings there are, each once."""
    kinds = {one.rule: one.kind for one in found}
    return [
        {"id": rule, "shortDescription": {"text": NAMES.get(kind, kind)}}
        for rule, kind in kinds.items()
    ]


def result(one: Finding, order: Sequence[str]) -> dict[str, Any]:
    """Return one finding."""
    seen = [{**location(one.seen), "message": {"text": "the case that saw it"}}] if (
        one.seen and one.seen != one.spot
    ) else []  # fmt: skip
    again = f"\n{one.reproduce}" if one.reproduce else ""
    return {
        "ruleId": one.rule,
        "ruleIndex": order.index(one.rule),
        "level": LEVELS[one.severity],
        "message": {"text": one.text + again},
        "locations": [location(one.spot)],
        **({"relatedLocations": seen} if seen else {}),
        "occurrenceCount": one.members,
        "partialFingerprints": {"pmm/v1": one.print},
    }


def sarif_bytes(run: Run, at: str | None) -> bytes:
    """Return the run's SARIF log; `at` is the file to which its findings belong."""
    found = list(findings(run, at))
    kinds = rules(found)
    order = [one["id"] for one in kinds]
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "pmm", "rules": kinds}},
            "automationDetails": {"id": f"pmm/{run.profile}/"},
            "invocations": [{
                "executionSuccessful": run.verdict.exit_code in DONE,
                "exitCode": run.verdict.exit_code,
                "commandLine": run.command,
                "startTimeUtc": run.created,
                "endTimeUtc": run.finished,
            }],
            "columnKind": "unicodeCodePoints",
            "results": [result(one, order) for one in found],
            "properties": {"verdict": run.verdict.sentence},
        }],
    }  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(log), indent=1) + b"\n"
