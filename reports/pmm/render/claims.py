# SPDX-License-Identifier: MIT
"""Are the sentences of the tutorials true?"""

from __future__ import annotations

from typing import Any, NamedTuple

from pmm import words
from pmm.documents import Run, WorkResult
from pmm.render.memory import label, rank
from pmm.sizes import LISTS, PRINTED, Sizes, measured_sizes


class SizeRow(NamedTuple):
    """Subjects that report the same sizes."""

    label: str
    sizes: Sizes


class Printed(NamedTuple):
    """A figure or sentence of article 1 beside what was measured."""

    what: str
    said: str
    measured: list[str]
    verdict: str
    why: str


def _who(result: WorkResult) -> tuple[str, str | None]:
    """The subject by name, and the backend it ran over."""
    document = result.document
    if document.form == "python" or document.backend is None:
        return label(result), None
    return f"{document.subject} {document.subject_version}", document.backend


def size_rows(run: Run) -> list[SizeRow]:
    """One row for each subject, or more where backends change its sizes."""
    grouped: dict[tuple[str, Sizes], list[str]] = {}
    for result, sizes in sorted(measured_sizes(run.work), key=lambda r: rank(r[0])):
        name, backend = _who(result)
        grouped.setdefault((name, sizes), []).extend([backend] if backend else [])
    return [
        SizeRow(f"{name} over {', '.join(over)}" if over else name, sizes)
        for (name, sizes), over in grouped.items()
    ]


def _counted(values: list[str]) -> list[str]:
    """Each value once, with how many subjects gave it where they differ."""
    kinds = list(dict.fromkeys(values))
    if len(kinds) == 1:
        return kinds
    return [f"{kind} ({words.plural(values.count(kind), 'subject')})" for kind in kinds]


def _truth(holds: list[bool]) -> str:
    """True on all, on some, on none."""
    return "true" if all(holds) else "caveat" if any(holds) else "false"


def printed_rows(rows: list[SizeRow]) -> list[Printed]:
    """The article's figures and its sentence, judged by every subject."""
    every = [row.sizes for row in rows if row.sizes.comparable]
    if not every:
        return []
    out = []
    for at, name in enumerate(LISTS):
        found = [sizes.lists[at].measured for sizes in every]
        out.append(
            Printed(
                f"Size of '{name}'", f"{PRINTED[name]:,} bytes",
                _counted([f"{value:,} bytes" for value in found]),
                _truth([value == PRINTED[name] for value in found]),
                "computed from the size of [] and of a pointer on each subject",
            )
        )  # fmt: skip
    own = PRINTED["a"] + PRINTED["b"]
    out.append(
        Printed(
            "c takes more memory than the sum of a and b", "more",
            _counted([_against_sum(sizes) for sizes in every]),
            _truth([sizes.saved < 0 for sizes in every]),
            "a + b has one list head where a and b have two; the article's own "
            f"figures add up to {own:,}, which is more than {PRINTED['c']:,}",
        )
    )  # fmt: skip
    return out


def _against_sum(sizes: Sizes) -> str:
    both = sizes.a.measured + sizes.b.measured
    word = "less" if sizes.saved >= 0 else "more"
    return f"{sizes.c.measured:,} against {both:,} bytes: {abs(sizes.saved):,} {word}"


def context(run: Run) -> dict[str, Any]:
    """Values of claims.html."""
    rows = size_rows(run)
    return {
        "size_rows": rows,
        "printed_rows": printed_rows(rows),
        "mismatches": [row for row in rows if not row.sizes.agrees],
    }
