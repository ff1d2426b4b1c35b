# SPDX-License-Identifier: MIT
"""Expected failures, one TOML file per subject family, and what they do.

    schema = 1
    [[expectation]]
    subject = "cpython"        # glob; these six default to "*"
    version = ">=3.12,<3.14"   # PEP 440 range of the subject's version
    build   = "*"
    backend = "*"
    mode    = "*"
    lane    = "*"
    case    = "gc.threshold_*" # glob
    message = "*SYSTEM*"       # optional; glob of what the failed case says
    class   = "FAIL"           # what is expected; "WAIVED" takes any bad class
    reason  = "the young threshold is 2000 since 3.13"
    link    = "https://…"      # optional
    expires = 2026-12-31       # optional; on that day the entry is an error

An expected failure becomes XFAIL (or WAIVED) and stays visible; an expected
failure that passes becomes XPASS, an error. An entry with a message is about one
mistake of a subject that many cases may meet: it speaks of the cases that say so
alone, and of none that passes. An entry that matches no case of a
column it speaks about, or that has expired, is an error too: a list of excuses
that nobody reads must not grow.
"""

from __future__ import annotations

import datetime
import shlex
import tomllib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from pmm.base.decoding import read_toml
from pmm.base.errors import PmmError
from pmm.collect.conform import BAD
from pmm.documents.programs import CaseClass, Strict
from pmm.documents.results import CaseResult, Column
from pmm.documents.verdict import Problem


class Expectation(Strict, frozen=True):
    """One entry of a file."""

    case: str
    outcome: CaseClass = msgspec.field(name="class")
    reason: str
    subject: str = "*"
    version: str = ""
    build: str = "*"
    backend: str = "*"
    mode: str = "*"
    lane: str = "*"
    message: str = "*"
    link: str | None = None
    expires: datetime.date | None = None

    def speaks_of(self, column: Column) -> bool:
        """Tell whether the entry is about a column at all."""
        pairs = [
            (self.subject, column.subject),
            (self.build, column.build),
            (self.backend, column.backend),
            (self.mode, column.mode),
            (self.lane, column.lane),
        ]
        return self.version_fits(column.subject_version) and all(
            fnmatchcase(value or "", glob) for glob, value in pairs
        )

    def version_fits(self, version: str) -> bool:
        """Tell whether a version is in the entry's range; all are in an empty one."""
        if not self.version:
            return True
        try:
            number = Version(version)
        except InvalidVersion:
            return False
        return SpecifierSet(self.version).contains(number, prereleases=True)


class ExpectationFile(Strict, frozen=True):
    """A whole file."""

    schema: Literal[1]
    expectation: tuple[Expectation, ...] = ()


def read_expectations(folder: Path) -> tuple[tuple[str, Expectation], ...]:
    """Read every file of a folder as (where, entry); raise PmmError for a bad one."""
    found: list[tuple[str, Expectation]] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            data = read_toml(path)
            parsed = msgspec.convert(data, ExpectationFile)
            for number, entry in enumerate(parsed.expectation, 1):
                SpecifierSet(entry.version)
                found.append((f"{path.name} entry {number}", entry))
        except (tomllib.TOMLDecodeError, msgspec.MsgspecError) as error:
            raise PmmError(f"{path}: {error}") from error
        except InvalidSpecifier as error:
            raise PmmError(f"{path} entry {number}: {error}") from error
    return tuple(found)


def judged_class(entry: Expectation, reported: CaseClass) -> CaseClass:
    """Return the class that an expectation makes of a reported one."""
    if entry.outcome == "WAIVED":
        return "WAIVED" if reported in BAD else reported
    if reported == entry.outcome:
        return "XFAIL"
    return "XPASS" if reported == "PASS" else reported


def apply_expectations(
    cases: Iterable[CaseResult],
    columns: Sequence[Column],
    entries: Sequence[tuple[str, Expectation]],
    today: datetime.date,
) -> tuple[tuple[CaseResult, ...], tuple[Problem, ...]]:
    """Return the judged cases and what is wrong with the expectations."""
    about = {
        column.id: [(w, e) for w, e in entries if e.speaks_of(column)]
        for column in columns
    }
    used: set[str] = set()
    judged = []
    for case in cases:
        hits = [
            (where, entry)
            for where, entry in about.get(case.column, [])
            if fnmatchcase(case.id, entry.case)
        ]
        used.update(where for where, _ in hits)
        judged.append(judge_case(case, [entry for _, entry in hits], today))
    concerned = {
        where
        for column in columns
        if column.complete
        for where, _ in about.get(column.id, [])
    }
    return tuple(judged), stale(entries, used, concerned, today)


def judge_case(
    case: CaseResult, entries: Sequence[Expectation], today: datetime.date
) -> CaseResult:
    """Apply the first entry that changes a case; an expired one changes nothing."""
    for entry in entries:
        if entry.expires is not None and entry.expires <= today:
            continue
        if not fnmatchcase(case.message or "", entry.message):
            continue
        outcome = judged_class(entry, case.reported)
        if outcome != case.reported:
            return msgspec.structs.replace(
                case, outcome=outcome, expectation=entry.reason, link=entry.link
            )
    return case


def stale(
    entries: Sequence[tuple[str, Expectation]],
    used: set[str],
    concerned: set[str],
    today: datetime.date,
) -> tuple[Problem, ...]:
    """Return a problem for each entry that is expired or matches nothing."""
    problems = []
    for where, entry in entries:
        if entry.expires is not None and entry.expires <= today:
            what = f"expired on {entry.expires}"
        elif where in concerned and where not in used:
            what = f"matches no case ('{entry.case}')"
        else:
            continue
        problems.append(
            Problem(
                kind="expectation",
                severity="failure",
                key=where,
                title=f"An expectation {what}",
                detail=f"{where}: {entry.reason}",
                column=None,
                reproduce=f"pmm conform --case {shlex.quote(entry.case)}",
            )
        )
    return tuple(problems)
