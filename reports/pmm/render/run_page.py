# SPDX-License-Identifier: MIT
"""Could I repeat this?"""

from __future__ import annotations

from typing import Any

from pmm.documents.run import Run

WORST_FIRST = ("crash", "timeout", "failed", "skipped", "omitted", "ok")


def context(run: Run) -> dict[str, Any]:
    """Values of run.html: jobs worst first, environment field by field."""
    planned = {job.id: job for job in run.plan}
    results = sorted(run.results, key=lambda r: (WORST_FIRST.index(r.status), r.job))
    environment = run.environment
    facts = [
        (name, getattr(environment, name))
        for name in environment.__struct_fields__
        if name not in {"tools", "libraries", "binaries", "unknown", "timer", "cgroup",
                        "build_options"}
    ]  # fmt: skip
    return {"planned": planned, "results": results, "facts": facts}
