# SPDX-License-Identifier: MIT
"""What a speed table holds: the rows that bench/speed.toml declares.

Rows of an allocator by itself say their sizes, and are of programs without a
subject; those of the other programs are run at the size that is asked for.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from pmm.base.errors import PmmError
from pmm.documents.programs import Strict

FILE = Path("bench", "speed.toml")
ALLOCATORS = ("alloc",)
"""Programs that measure an allocator by itself."""
FULL_SIZE = 1_000_000
"""Objects for which goals are set, and with which an interpreter's own do not
matter."""
FILTER = "--benchmark_filter="
SIZES = (10_000, FULL_SIZE)
"""Numbers of objects that the benchmarks are registered with."""


class RowSpec(Strict, frozen=True):
    """One row, before it is measured."""

    benchmark: str
    figure: str
    title: str
    over: str | None = None
    modes: bool = False
    goal: float | dict[str, float] | None = None

    @property
    def area(self) -> str:
        """The program that has the benchmark."""
        return self.benchmark.partition("/")[0]

    @property
    def is_allocators(self) -> bool:
        """Whether it measures an allocator by itself."""
        return self.area in ALLOCATORS

    @property
    def unit(self) -> str | None:
        """The unit of the figure, which is in its name; None for a quotient."""
        if self.over is not None:
            return None
        if self.figure == "cpu_time":
            return "ns"
        ending = self.figure.rpartition("_")[2]
        return ending if ending in ("ns", "bytes") else "objects"

    def goal_of(self, mode: str | None) -> float | None:
        """Return the goal in a collector mode."""
        if isinstance(self.goal, dict):
            return self.goal.get(mode or "")
        return self.goal


class Spec(Strict, frozen=True):
    """The whole file."""

    row: tuple[RowSpec, ...]


def read_spec(root: Path) -> tuple[RowSpec, ...]:
    """Read the rows; raise PmmError when the file is not one."""
    path = root / FILE
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Spec).row
    except (OSError, msgspec.MsgspecError) as error:
        raise PmmError(f"cannot read {path}: {error}") from error


def areas_of(rows: tuple[RowSpec, ...]) -> tuple[str, ...]:
    """Return the programs that the rows need, in the file's order."""
    return tuple(dict.fromkeys(row.area for row in rows))


def filter_of(rows: tuple[RowSpec, ...], area: str, objects: int) -> str:
    """Return Google Benchmark's filter for one program's rows."""
    mine = [row for row in rows if row.area == area]
    named = [name for row in mine for name in (row.benchmark, row.over) if name]
    names = "|".join(re.escape(name) for name in dict.fromkeys(named))
    size = "" if area in ALLOCATORS else f"/{objects}"
    return f"^({names}){size}(/|$)"


def is_named(row: RowSpec, what: str) -> bool:
    """Tell whether an argument that may be a filter of ours leaves this row in."""
    _, there, behind = what.partition(f"{FILTER}^(")
    return not there or re.escape(row.benchmark) in behind.partition(")")[0].split("|")
