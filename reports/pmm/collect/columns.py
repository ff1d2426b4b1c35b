# SPDX-License-Identifier: MIT
"""Columns and cells of all conformance jobs, gaps included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from pmm.collect.conform import ConformOutput, fill_gaps
from pmm.documents.jobs import Job, JobResult
from pmm.documents.results import CaseResult, Column

Output = tuple[Job, ConformOutput]


def sample(job: Job) -> str | None:
    """Return the share of the cases that a job takes; None is all of them."""
    where = job.argv.index("--sample") + 1 if "--sample" in job.argv else None
    return None if where is None else job.argv[where]


def columns_and_cases(
    outputs: Sequence[Output], results: Mapping[str, JobResult], filtered: bool
) -> tuple[list[Column], list[CaseResult]]:
    """Return all columns and cells, with cells for what was not reached.

    A column that takes a sample of the cases is not complete; when it breaks off,
    columns of the same sample say what it was to reach.
    """
    columns: list[Column] = []
    cases: list[CaseResult] = []
    for job, output in outputs:
        whole = [
            other.cases
            for peer, other in outputs
            if peer.kind == job.kind
            and other.column.complete
            and sample(peer) == sample(job)
            and peer.plain_python == job.plain_python
        ]
        known = max(whole, key=len, default=())
        mine = output.cases
        if not output.column.complete:
            mine = fill_gaps(output, job, results[job.id], known)
        whole_plan = not filtered and sample(job) is None
        complete = output.column.complete and whole_plan
        columns.append(msgspec.structs.replace(output.column, complete=complete))
        cases += mine
    return columns, cases
