# SPDX-License-Identifier: MIT
"""A run as GitLab's code quality report, shown at a merge request.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import msgspec

from pmm.documents.run import Run
from pmm.documents.verdict import Severity
from pmm.render.spots import findings

SEVERITIES: dict[Severity, str] = {
    "error": "blocker", "failure": "critical", "inconclusive": "minor",
    "warning": "info",
}  # fmt: skip


def code_quality_bytes(run: Run, at: str | None) -> bytes:
    """Return the report; `at` is the file to which the findings belong."""
    found = [
        {
            "description": one.text,
            "check_name": f"pmm-{one.rule}",
            "fingerprint": one.print,
            "severity": SEVERITIES[one.severity],
            "location": {"path": one.spot.path, "lines": {"begin": one.spot.line}},
        }
        for one in findings(run, at)
    ]
    return msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n"
