# SPDX-License-Identifier: MIT
"""Expected findings of an extension, from a file in its author's repository.

The form is that of the suite's own expectations (`pmm.judge.expectations`); a case is
a type and a check, `Ring.cycles`, or a glob:

    schema = 1
    [[expectation]]
    case   = "Ring.cycles"
    class  = "LEAK"
    reason = "holds plain numbers by contract"

An expected finding becomes XFAIL and no longer fails; an entry that nothing meets,
or that has expired, is a problem.
"""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from pmm.base.decoding import read_toml
from pmm.base.errors import UsageError
from pmm.documents.extension import (
    CheckResult,
    ExtensionRun,
    Finding,
    TypeResult,
    worst,
)
from pmm.judge.expectations import Expectation, ExpectationFile, judged_class

FAILING = frozenset({"FAIL", "LEAK", "OOM_UNSAFE", "TIMEOUT", "CRASH", "XPASS"})
"""Classes of a finding that fail the run."""


def read_expected(path: Path) -> tuple[Expectation, ...]:
    """Read a file; raise UsageError for one that is none."""
    try:
        data = read_toml(path)
        entries = msgspec.convert(data, ExpectationFile).expectation
        for entry in entries:
            SpecifierSet(entry.version)
    except OSError as error:
        raise UsageError(f"--expect {path}: {error.strerror}") from error
    except (
        tomllib.TOMLDecodeError,
        msgspec.MsgspecError,
        InvalidSpecifier,
    ) as error:
        raise UsageError(f"--expect {path}: {error}") from error
    return entries


def about(entry: Expectation, run: ExtensionRun, case: str) -> bool:
    """Tell whether an entry speaks of a check of this interpreter."""
    version = run.python.partition(" ")[0]
    return entry.version_fits(version) and fnmatchcase(case, entry.case)


def expired(entry: Expectation, today: datetime.date) -> bool:
    """Tell whether an entry's day has come."""
    return entry.expires is not None and entry.expires <= today


class Judge:
    """Applies entries to a run, and knows which were met."""

    def __init__(self, entries: Sequence[Expectation], today: datetime.date) -> None:
        self.entries = entries
        self.today = today
        self.asked: set[int] = set()
        """Entries that speak of a check that was run."""
        self.met: set[int] = set()
        """Those of them whose finding was there."""

    def finding(self, run: ExtensionRun, case: str, one: Finding) -> Finding:
        """Apply the first entry that expects a finding."""
        for number, entry in enumerate(self.entries):
            if expired(entry, self.today) or not about(entry, run, case):
                continue
            self.asked.add(number)
            outcome = judged_class(entry, one.reported)
            if outcome == one.reported or not fnmatchcase(one.message, entry.message):
                continue
            self.met.add(number)
            return msgspec.structs.replace(
                one, outcome=outcome, expectation=entry.reason, link=entry.link
            )
        return one

    def check(self, run: ExtensionRun, kind: TypeResult, one: CheckResult
              ) -> CheckResult:  # fmt: skip
        """Apply the entries to a check."""
        case = f"{kind.name}.{one.name}"
        self.asked |= {
            n for n, entry in enumerate(self.entries) if about(entry, run, case)
        }
        if not one.findings:
            return one
        found = tuple(self.finding(run, case, each) for each in one.findings)
        outcome = worst(tuple(each.outcome for each in found))
        return msgspec.structs.replace(one, findings=found, outcome=outcome)

    def problems(self) -> tuple[str, ...]:
        """Say what is wrong with the entries."""
        said = []
        for number, entry in enumerate(self.entries):
            if expired(entry, self.today):
                said.append(
                    f"the expectation of {entry.case} expired on {entry.expires}: "
                    f"{entry.reason}"
                )
            elif number in self.asked and number not in self.met:
                said.append(
                    f"{entry.case} is expected to be {entry.outcome} and is not: take "
                    f"the entry out ({entry.reason})"
                )
        return tuple(said)


def judged(
    run: ExtensionRun, entries: Sequence[Expectation], today: datetime.date
) -> ExtensionRun:
    """Return the run with its expected findings, and what is wrong with the file."""
    judge = Judge(entries, today)
    types = tuple(
        msgspec.structs.replace(
            kind, checks=tuple(judge.check(run, kind, one) for one in kind.checks)
        )
        for kind in run.types
    )
    return msgspec.structs.replace(run, types=types, problems=judge.problems())


def failing(run: ExtensionRun) -> list[Finding]:
    """Return the findings that fail the run."""
    return [one for _, _, one in run.findings if one.outcome in FAILING]


def sentence(run: ExtensionRun) -> str:
    """Say in a sentence how it came out."""
    made = [kind for kind in run.types if kind.call]
    accused = [
        kind for kind in made if any(f.outcome in FAILING for f in kind.findings)
    ]
    found = len(failing(run))
    types = f"{len(made)} type{'s' if len(made) != 1 else ''}"
    if not made and not found:
        return f"Nothing of {run.target} could be checked."
    if not found:
        return f"No finding in {types} of {run.target}."
    plural = "s" if found != 1 else ""
    return f"{found} finding{plural} in {len(accused)} of {types} of {run.target}."
