# SPDX-License-Identifier: MIT
"""The branches of impl/ that no test takes, each with the reason; and the check.

    schema = 1
    [[gap]]
    file = "impl/pool/table.c"
    why = "the host has no more than 2^47 bytes to map"   # a person's judgement
    functions = { pmmi_pool_table_grow = 2 }   # branches nothing takes, at most

Functions and not lines, as lines move. The check holds the ledger against a
measurement, both ways: a gap that nobody judged is an error, and so is an
entry for a gap that is closed, as a list that nobody trims excuses too much.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from pmm.coverage_documents import CoverageGap
from pmm.errors import PmmError
from pmm.programs import Strict

LEDGER = Path("impl/tests/coverage_gap.toml")


class Judged(Strict, frozen=True):
    """One reason, and the functions of one file that it holds for."""

    file: str
    why: str
    functions: dict[str, int]


class Ledger(Strict, frozen=True):
    """The whole file."""

    schema: Literal[1]
    gap: tuple[Judged, ...] = ()


def read_ledger(path: Path) -> tuple[Judged, ...]:
    """Read the ledger; empty when there is none. Raise PmmError for a bad one."""
    if not path.is_file():
        return ()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        entries = msgspec.convert(document, Ledger).gap
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise PmmError(f"{path}: {error}") from error
    names = Counter((entry.file, name) for entry in entries for name in entry.functions)
    for (file, name), times in names.items():
        if times > 1:
            raise PmmError(f"{path}: {file}: {name} stands there {times} times")
    return entries


def reasons(ledger: Iterable[Judged]) -> dict[tuple[str, str], str]:
    """Why a function has a gap, by (file, function)."""
    return {
        (entry.file, name): entry.why for entry in ledger for name in entry.functions
    }


def disagreements(ledger: Iterable[Judged], gaps: Iterable[CoverageGap]) -> list[str]:
    """What the ledger and a measurement do not agree on, one sentence each."""
    allowed = {
        (entry.file, name): count
        for entry in ledger
        for name, count in entry.functions.items()
    }
    wrong = []
    for gap in gaps:
        count = allowed.pop((gap.path, gap.function), 0)
        if len(gap.lines) > count:
            lines = ", ".join(str(line) for line in dict.fromkeys(gap.lines))
            wrong.append(
                f"{gap.path}: {gap.function}: {len(gap.lines)} branches are not taken"
                f" (line {lines}), {LEDGER.name} has {count}"
            )
    wrong += [
        f"{file}: {name}: every branch is taken, {LEDGER.name} has {count} that are not"
        for (file, name), count in allowed.items()
    ]
    return wrong
