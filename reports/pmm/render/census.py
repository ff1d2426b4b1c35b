# SPDX-License-Identifier: MIT
"""Who was asked: subjects, of which one may have many columns.

A column over somebody's own allocator is that allocator's: the runtime on top of
it is not to blame for what goes wrong there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pmm.base.formatting import plural
from pmm.base.typed_names import is_path
from pmm.documents.jobs import Job
from pmm.documents.results import Column
from pmm.documents.run import Run

Kind = Literal["allocator", "theirs", "ours", "cpython", "python"]


@dataclass
class Subject:
    """A runtime, an interpreter or an allocator, with the columns that are its."""

    name: str
    kind: Kind
    columns: list[Column] = field(default_factory=list)

    @property
    def as_expected(self) -> bool:
        """Whether it keeps each MUST it offers, known deviations aside."""
        return not any(
            count and outcome not in FINE
            for column in self.columns
            for outcome, count in column.counts.items()
        )


FINE = frozenset({"PASS", "WARN", "UNSUPPORTED", "WAIVED", "XFAIL", "NOT_RUN"})
"""Outcomes that are as they should be, or as somebody expected."""


def subjects_of(run: Run) -> tuple[Subject, ...]:
    """Return the subjects of a run's columns, in the order of the matrix."""
    jobs = {job.id: job for job in run.plan}
    found: dict[str, Subject] = {}
    for column in run.columns:
        if column.kind != "subject":
            continue
        one = identity(column, jobs.get(f"conform/{column.id}"))
        found.setdefault(one.name, one).columns.append(column)
    return tuple(found.values())


def identity(column: Column, job: Job | None) -> Subject:
    """Return whose a column is, as yet without columns."""
    if column.attach == "python":
        return Subject(column.label, "python")
    if job is None or job.interpreter is not None:
        cpython = column.subject == "cpython"
        name = job.interpreter if job is not None else None
        version = f"{column.subject} {column.subject_version}".strip()
        return Subject(name or version, "cpython" if cpython else "ours")
    if job.subject is not None and is_path(job.subject):
        return Subject(job.shown_subject or "", "theirs")
    if job.backend is not None and is_path(job.backend):
        return Subject(job.shown_backend or "", "allocator")
    return Subject(job.subject or column.label, "ours")


WORDS: Mapping[Kind, str] = {
    "allocator": "allocator of yours", "theirs": "runtime of yours",
    "ours": "runtime of ours", "cpython": "CPython",
    "python": "Python by plain programs",
}  # fmt: skip
"""In the order in which they are counted: what was asked for by path first."""


def counted(subjects: tuple[Subject, ...]) -> str:
    """Say who was asked: `1 runtime of ours in 8 columns, 7 CPythons`."""
    parts = []
    for kind, word in WORDS.items():
        mine = [one for one in subjects if one.kind == kind]
        if not mine:
            continue
        columns = sum(len(one.columns) for one in mine)
        noun, _, rest = word.partition(" ")
        said = f"{plural(len(mine), noun)} {rest}".rstrip()
        parts.append(said + (f" in {columns:,} columns" if columns > len(mine) else ""))
    return ", ".join(parts)
