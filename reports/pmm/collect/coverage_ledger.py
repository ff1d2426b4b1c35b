# SPDX-License-Identifier: MIT
"""The branches of impl/ that no test takes, each with the reason; and the check.

    schema = 1
    [[gap]]
    file = "impl/pool/table.c"
    why = "the host has no more than 2^47 bytes to map"   # a person's judgement
    functions = { pmmi_pool_table_grow = 2 }   # branches nothing takes, at most
    sometimes = true   # some runs take them, for the reason given; else left out

Functions and not lines, as lines move. The check holds the ledger against a
measurement, both ways: a gap that nobody judged is an error, and so is an
entry for a gap that is closed, as a list that nobody trims excuses too much.
An entry of what only some runs take allows its branches on top of those that
none takes, and may find its gap closed.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from pmm.base.decoding import read_toml
from pmm.base.errors import PmmError
from pmm.documents.coverage import CoverageGap
from pmm.documents.programs import Strict

LEDGER = Path("impl/tests/coverage_gap.toml")


class Judged(Strict, frozen=True):
    """One reason, and the functions of one file that it holds for."""

    file: str
    why: str
    functions: dict[str, int]
    sometimes: bool = False


class Ledger(Strict, frozen=True):
    """The whole file."""

    schema: Literal[1]
    gap: tuple[Judged, ...] = ()


def read_ledger(path: Path) -> tuple[Judged, ...]:
    """Read the ledger; empty when there is none. Raise PmmError for a bad one."""
    if not path.is_file():
        return ()
    try:
        document = read_toml(path)
        entries = msgspec.convert(document, Ledger).gap
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise PmmError(f"{path}: {error}") from error
    names = Counter(
        (entry.file, name, entry.sometimes)
        for entry in entries
        for name in entry.functions
    )
    for (file, name, _), times in names.items():
        if times > 1:
            raise PmmError(f"{path}: {file}: {name} is listed {times} times")
    return entries


def reasons(ledger: Iterable[Judged]) -> dict[tuple[str, str], str]:
    """Why a function has a gap, by (file, function)."""
    found: dict[tuple[str, str], list[str]] = {}
    for entry in ledger:
        why = f"some runs take it: {entry.why}" if entry.sometimes else entry.why
        for name in entry.functions:
            found.setdefault((entry.file, name), []).append(why)
    return {key: "; ".join(whys) for key, whys in found.items()}


def counts(ledger: Iterable[Judged], sometimes: bool) -> Counter[tuple[str, str]]:
    """How many branches of a function one kind of entry allows."""
    return Counter(
        {
            (entry.file, name): count
            for entry in ledger
            if entry.sometimes is sometimes
            for name, count in entry.functions.items()
        }
    )


def disagreements(ledger: Iterable[Judged], gaps: Iterable[CoverageGap]) -> list[str]:
    """What the ledger and a measurement do not agree on, one sentence each."""
    entries = tuple(ledger)
    never, sometimes = counts(entries, False), counts(entries, True)
    wrong = []
    for gap in gaps:
        key = (gap.path, gap.function)
        count = never.pop(key, 0) + sometimes[key]
        if len(gap.lines) > count:
            lines = ", ".join(str(line) for line in dict.fromkeys(gap.lines))
            wrong.append(
                f"{gap.path}: {gap.function}: {len(gap.lines)} branches are not taken"
                f" (line {lines}), {LEDGER.name} has {count}"
            )
    wrong += [
        f"{file}: {name}: every branch is taken, {LEDGER.name} has {count} that are not"
        for (file, name), count in never.items()
    ]
    return wrong
