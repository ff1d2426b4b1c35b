# SPDX-License-Identifier: MIT
"""Google Benchmark's JSON, read or refused entry by entry.

Google Benchmark writes what its counters hold: `NaN` as the coefficient of
variation of a counter that was 0, `Infinity`, `-NaN`. None of them is JSON. So

1. the words for what is no number are spelt as Python's decoder reads them,
2. each entry is converted by itself, and
3. one that cannot be read is refused with the reason; the others stay.

Aggregates are not read at all: everything is computed from the repetitions.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from pmm.base.errors import no_document
from pmm.documents.programs import BenchContext, BenchEntry, Foreign

WORDS = re.compile(
    r'"(?:[^"\\]|\\.)*"|[-+]?\b(nan|inf(?:inity)?)\b(?:\(\w*\))?', re.IGNORECASE
)
"""A string, which is left alone, or a word for what is no number."""
NAMES = {"nan": "NaN", "inf": "Infinity"}
FIGURES = tuple(
    name for name, kind in BenchEntry.__annotations__.items() if "float" in str(kind)
)
MOST_DIGITS = 20
"""Of a number of 64 bits with its sign."""
TIMES = ("real_time", "cpu_time")


@dataclass(frozen=True)
class BenchPaper:
    """What one document says, and what of it is refused."""

    context: BenchContext
    entries: tuple[BenchEntry, ...]
    """The repetitions that can be read."""
    refused: Mapping[str, str]
    """Why a benchmark has no figure, by its name in the document."""


class Outer(Foreign, frozen=True):
    """The document as far as it has to be right for its rows to be read."""

    context: dict[str, Any]
    benchmarks: list[Any]


def spelt(found: re.Match[str]) -> str:
    """Return a string as it is and a word for no number as Python spells it."""
    if found[1] is None:
        return found[0]
    sign = "-" if found[0].startswith("-") else ""
    name = NAMES[found[1][:3].lower()]
    return name if name == "NaN" else sign + name


def whole(digits: str) -> float:
    """Return a whole number; one that no counter holds is as good as infinite."""
    return int(digits) if len(digits) <= MOST_DIGITS else float(digits)


def read_json(text: bytes) -> Any:
    """Decode JSON in which numbers may be none; raise ValueError for no JSON."""
    try:
        return json.loads(
            WORDS.sub(spelt, text.decode("utf-8", "replace")),
            parse_int=whole, strict=False,
        )  # fmt: skip
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def read_bench_document(path: Path) -> tuple[BenchPaper | None, str | None]:
    """Read a `--benchmark_out` file; without a paper, the complaint says why."""
    try:
        found = read_json(path.read_bytes())
        outer = msgspec.convert(found, Outer)
        context = msgspec.convert(outer.context, BenchContext, strict=False)
    except OSError as error:
        return None, no_document(error)
    except ValueError as error:
        return None, f"its document is not valid: {error}"
    entries: list[BenchEntry] = []
    refused: dict[str, str] = {}
    for number, row in enumerate(outer.benchmarks, 1):
        entry, why = read_entry(row)
        if why is not None:
            refused.setdefault(name_of(row, number), why)
        elif entry is not None and entry.run_type == "iteration":
            entries.append(entry)
    kept = tuple(entry for entry in entries if entry.run_name not in refused)
    return BenchPaper(context, kept, refused), None


def name_of(row: object, number: int) -> str:
    """Return by what a row that is refused can be found in the document."""
    names = row if isinstance(row, dict) else {}
    for name in (names.get("run_name"), names.get("name")):
        if isinstance(name, str) and name:
            return name
    return f"entry {number}"


def read_entry(row: object) -> tuple[BenchEntry | None, str | None]:
    """Read one row; the reason says why it is refused. Aggregates give neither."""
    if isinstance(row, dict) and row.get("run_type") == "aggregate":
        return None, None
    try:
        entry = msgspec.convert(row, BenchEntry, strict=False)
    except msgspec.ValidationError as error:
        return None, f"it cannot be read: {error}"
    return known_figures(entry), None


def wrong_time(entry: BenchEntry) -> str | None:
    """Return which number makes an entry useless: a time that is no time."""
    for name in TIMES:
        value = getattr(entry, name)
        if value is None:
            return f"it has no {name}"
        if not math.isfinite(value) or value < 0:
            return f"its {name} is {spoken(value)}"
    if not entry.iterations or entry.iterations < 0:
        return f"its iterations are {entry.iterations}"
    return None


def spoken(value: float) -> str:
    """Return a number as the document has it."""
    return "NaN" if math.isnan(value) else f"{value:g}"


def known_figures(entry: BenchEntry) -> BenchEntry:
    """Return the entry with null for each figure that is no number."""
    values = {name: getattr(entry, name) for name in FIGURES}
    unknown = {
        name: None
        for name, value in values.items()
        if name not in TIMES and value is not None and not math.isfinite(value)
    }
    return msgspec.structs.replace(entry, **unknown) if unknown else entry
