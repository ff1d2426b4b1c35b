# SPDX-License-Identifier: MIT
"""Run programs of each shape in both variants, one interpreter after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pmm.base.errors import PmmError
from pmm.collect.script_figures import figures_of
from pmm.discover.collectors import INSIDE, Collector
from pmm.documents.shapes import ShapeArm, ShapeCell, ShapeRun

SCRIPT = INSIDE / "gc" / "shapes.py"
ON_OFF, WORKERS = ("on", "off"), ("frozen", "not")
SHAPES = {
    "tuples": "a list of tuples of ints is built",
    "dicts": "a dict of tuples is built",
    "nested": "a list of tuples that hold a tuple is built",
    "collect": "lists are built, then everything is collected",
    "cache": "a deque holds the last objects, without any cycle",
    "growth": "lists are built, and every fourth is garbage",
    "workers": "a heap is forked, and each of four workers collects",
}
Note = Callable[[str], None]
Key = tuple[str, str]


def variants(shape: str) -> tuple[str, str]:
    """Return the two that are compared."""
    return WORKERS if shape == "workers" else ON_OFF


@dataclass
class Course:
    """An interpreter, and what came of it."""

    collector: Collector
    fault: str | None = None
    absence: str | None = None
    runs: dict[Key, list[ShapeRun]] = field(default_factory=dict)


def run_all(
    courses: Sequence[Course], shapes: Sequence[str], objects: int, rounds: int,
    seconds: float, note: Note,
) -> None:  # fmt: skip
    """Run the rounds; every second one runs backwards."""
    keys = [(shape, variant) for shape in shapes for variant in variants(shape)]
    for number in range(rounds):
        note(f"round {number + 1} of {rounds}")
        for key in keys if number % 2 == 0 else keys[::-1]:
            for one in courses:
                if one.fault is not None or one.absence is not None:
                    continue
                try:
                    argv = [*one.collector.argv[:-1], str(SCRIPT), *key, str(objects)]
                    found = figures_of(argv, seconds, ShapeRun)
                except PmmError as error:
                    one.fault = f"{' '.join(key)}: {error}"
                    continue
                if isinstance(found, ShapeRun):
                    one.runs.setdefault(key, []).append(found)
                elif key[0] != "workers":  # others may not fork
                    one.absence = found


def arm_of(one: Course) -> ShapeArm:
    """Return what was measured of an interpreter."""
    return ShapeArm(
        id=one.collector.id, path=one.collector.path, fault=one.fault,
        absence=one.absence,
        cells=tuple(ShapeCell(*key, tuple(runs)) for key, runs in one.runs.items()),
    )  # fmt: skip
