# SPDX-License-Identifier: MIT
"""Findings for servers that show each at a line of a file: what, where, how bad.

One finding is one cause (a group of the verdict's problems). Its place is the file
that the caller names, as it is theirs that is gated; or else the case that saw it,
the file that was measured, or the repository as a whole.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pmm.base.plain_text import plain
from pmm.base.typed_names import is_path, parse_backend
from pmm.documents.run import Run
from pmm.documents.verdict import Problem, ProblemGroup, Severity
from pmm.judge.groups import groups_of

WHOLE = "."
"""The repository, where nothing says more."""


class Spot(NamedTuple):
    """A line of a file, from the repository's root."""

    path: str
    line: int = 1


class Finding(NamedTuple):
    """One cause, as such servers want it."""

    rule: str
    kind: str
    severity: Severity
    text: str
    spot: Spot
    seen: Spot | None
    """The line of the case that saw it."""
    members: int
    reproduce: str | None
    print: str
    """The same while the finding is the same."""


def case_spot(problem: Problem, run: Run) -> Spot | None:
    """Return the line of the case of a problem."""
    for case in run.cases if problem.kind == "case" else ():
        if problem.key == f"{case.column} {case.id}" and case.file:
            path = os.path.normpath(case.file)
            while path.startswith("../"):
                path = path.removeprefix("../")
            return Spot(path.lstrip("/"), max(1, case.line or 1))
    return None


def measured_spot(run: Run) -> Spot | None:
    """Return the first file that the user named, if it is one of the repository's."""
    for job in run.plan:
        for spec in (job.backend, job.subject):
            path = parse_backend(spec).path if spec and is_path(spec) else None
            if path and Path(path).is_relative_to(Path.cwd()):
                return Spot(str(Path(path).relative_to(Path.cwd())))
            if path and not path.startswith("/"):
                return Spot(os.path.normpath(path))
    return None


def finding(group: ProblemGroup, run: Run, at: str | None) -> Finding:
    """Return what is to be shown of one cause."""
    first = run.verdict.problems[group.members[0]]
    seen = case_spot(first, run)
    spot = Spot(at) if at else seen or measured_spot(run) or Spot(WHOLE)
    detail = "" if first.detail in group.title else f": {first.detail}"
    mark = hashlib.sha256(f"{group.word}\n{first.kind}\n{first.key}".encode())
    return Finding(
        rule=group.word.replace(" ", "-"), kind=first.kind, severity=group.severity,
        text=plain(f"{group.title}{detail}"), spot=spot, seen=seen,
        members=len(group.members), reproduce=group.reproduce, print=mark.hexdigest(),
    )  # fmt: skip


def findings(run: Run, at: str | None) -> Iterator[Finding]:
    """Return every cause, the worst first; no two have a print in common."""
    used: dict[str, int] = {}
    for group in groups_of(run.verdict):
        one = finding(group, run, at)
        used[one.print] = used.get(one.print, 0) + 1
        again = used[one.print]
        if again > 1:
            mark = hashlib.sha256(f"{one.print} {again}".encode()).hexdigest()
            one = one._replace(print=mark)
        yield one
