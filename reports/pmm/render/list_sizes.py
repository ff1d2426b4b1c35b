# SPDX-License-Identifier: MIT
"""The table of a, b and a + b: each subject, and article 1 beside them."""

from __future__ import annotations

from typing import NamedTuple

from pmm.documents.run import Run
from pmm.judge.claims import in_order, subject_of
from pmm.judge.list_sizes import LISTS, PRINTED, Sizes, measured_sizes
from pmm.render.readings import together


class SizeRow(NamedTuple):
    """Subjects that report the same sizes."""

    label: str
    sizes: Sizes


class Printed(NamedTuple):
    """What article 1 prints or says, and what is true of it."""

    said: str
    verdict: str


def size_rows(run: Run) -> list[SizeRow]:
    """One row for each subject, or more where backends change its sizes."""
    grouped: dict[tuple[str, Sizes], list[str | None]] = {}
    for result, sizes in measured_sizes(run.work):
        key = (subject_of(result.document), sizes)
        grouped.setdefault(key, []).append(result.document.backend)
    return [
        SizeRow(together([(subject, backend) for backend in over]), sizes)
        for (subject, sizes), over in sorted(
            grouped.items(), key=lambda item: in_order(item[0][0])
        )
    ]


def truth(holds: list[bool]) -> str:
    """True on all, on some, on none."""
    return "true" if all(holds) else "caveat" if any(holds) else "false"


def printed_row(rows: list[SizeRow]) -> list[Printed]:
    """The article's three figures and its sentence, judged by every subject.

    Empty where no subject measured lists of the article's lengths.
    """
    every = [row.sizes for row in rows if row.sizes.comparable]
    if not every:
        return []
    out = [
        Printed(
            f"{PRINTED[name]:,}",
            truth([sizes.lists[at].measured == PRINTED[name] for sizes in every]),
        )
        for at, name in enumerate(LISTS)
    ]
    more = truth([sizes.saved < 0 for sizes in every])
    return [*out, Printed("c takes more memory than the sum of a and b", more)]
