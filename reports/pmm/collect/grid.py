# SPDX-License-Identifier: MIT
"""Run the grid of collectors: every cell once in every interpreter, then again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import NamedTuple

from pmm.base.errors import PmmError
from pmm.collect.script_figures import figures_of
from pmm.discover.collectors import INSIDE, Collector
from pmm.documents.grid import GridArm, GridCell, GridRun, Shape

SCRIPT = INSIDE / "gc" / "grid.py"
SIZES = (10, 100, 1000)
PAYLOADS = (0, 10_000, 100_000, 300_000)
LIVES = (100, 10_000, 30_000)
SHAPES: tuple[Shape, ...] = ("chain", "tree")
MIB = 1 << 20

Note = Callable[[str], None]


class Place(NamedTuple):
    """A cell before it was run."""

    shape: Shape
    size: int
    payload: int
    live: int

    @property
    def name(self) -> str:
        """How it is called."""
        return f"{self.shape} of {self.size}, {self.payload:,} B, {self.live:,} live"


@dataclass
class Course:
    """An interpreter, and what came of it."""

    collector: Collector
    fault: str | None = None
    absence: str | None = None
    runs: dict[Place, list[GridRun]] = field(default_factory=dict)


def places(
    shapes: Sequence[Shape], sizes: Sequence[int], payloads: Sequence[int],
    lives: Sequence[int],
) -> list[Place]:  # fmt: skip
    """Return the cells of the grid."""
    return [Place(*one) for one in product(shapes, sizes, payloads, lives)]


def fits(place: Place, total: int, most_mib: int) -> bool:
    """Tell whether the payloads fit, even if no garbage is ever freed."""
    return total // place.size * place.payload <= most_mib * MIB


def arguments(place: Place, total: int) -> list[str]:
    """Return the script's words for a cell."""
    return [place.shape, *map(str, (place.size, place.payload, place.live, total))]


def run_all(
    courses: Sequence[Course], script: Path, grid: Sequence[Place], total: int,
    repetitions: int, seconds: float, note: Note,
) -> None:  # fmt: skip
    """Run the rounds; a collector that misbehaves is out, the others go on."""
    for number in range(repetitions):
        note(f"round {number + 1} of {repetitions}")
        for place in grid:
            for one in courses if number % 2 == 0 else reversed(courses):
                if one.fault is not None or one.absence is not None:
                    continue
                try:
                    argv = [*one.collector.argv[:-1], str(script)]
                    argv += arguments(place, total)
                    found = figures_of(argv, seconds, GridRun)
                except PmmError as error:
                    one.fault = f"{place.name}: {error}"
                    continue
                if isinstance(found, str):
                    one.absence = found
                else:
                    one.runs.setdefault(place, []).append(found)


def arm_of(one: Course) -> GridArm:
    """Return what was measured of an interpreter."""
    cells = [
        GridCell(shape=place.shape, size=place.size, payload=place.payload,
                 live=place.live, runs=tuple(runs))
        for place, runs in one.runs.items()
    ]  # fmt: skip
    return GridArm(id=one.collector.id, path=one.collector.path, fault=one.fault,
                   absence=one.absence, cells=tuple(cells))  # fmt: skip
