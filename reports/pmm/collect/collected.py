# SPDX-License-Identifier: MIT
"""Run real programs in interpreters, the collector on and off, and take its figures.

A program that fails, hangs, forks itself away or ends without figures has a fault, one
whose packages cannot be had is absent; the others go on.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import msgspec

from pmm.base.decoding import decode_json
from pmm.base.errors import PmmError
from pmm.base.last_words import shorten
from pmm.discover.asking import ask
from pmm.discover.collectors import INSIDE, Collector
from pmm.documents.collected import ProgramArm, ProgramCell, ProgramFigures

SCRIPT = INSIDE / "gc" / "program.py"
Note = Callable[[str], None]


class Program(NamedTuple):
    """What is run: a script, with its arguments."""

    name: str
    script: Path
    arguments: tuple[str, ...]


@dataclass
class Course:
    """A program in an interpreter, and what came of it."""

    collector: Collector
    program: Program
    packages: Path | None = None
    fault: str | None = None
    absence: str | None = None
    on: list[ProgramFigures] = field(default_factory=list)
    off: list[ProgramFigures] = field(default_factory=list)

    @property
    def is_out(self) -> bool:
        """Whether it is not to be run again."""
        return self.fault is not None or self.absence is not None


def once(course: Course, on: bool, seconds: float) -> ProgramFigures:
    """Run one process; raise PmmError for one that goes wrong."""
    with tempfile.TemporaryDirectory(prefix="pmm-") as folder:
        out = Path(folder) / "figures.json"
        argv = [
            "env", "PYTHONHASHSEED=0", f"TMPDIR={folder}", str(course.collector.path),
            "-B", str(SCRIPT), "on" if on else "off", str(out),
            str(course.packages or ""), str(course.program.script),
            *course.program.arguments,
        ]  # fmt: skip
        answer = ask(argv, Path(folder), seconds)
        said = f": {shorten(answer.last_words, 160)}" if answer.last_words else ""
        if answer.returncode != 0:
            raise PmmError(f"it ended with {answer.ending}{said}")
        try:
            figures = decode_json(out.read_bytes(), ProgramFigures)
        except OSError as error:
            raise PmmError("it ended its process by itself, and has no figures") from (
                error
            )
        except msgspec.MsgspecError as error:
            raise PmmError(f"it wrote no figures ({error})") from error
    if figures.failure is not None:
        raise PmmError(f"{figures.failure}")
    return figures


def run_all(
    courses: Sequence[Course], rounds: int, seconds: float, note: Note
) -> None:
    """Run the rounds: each program in each interpreter, on and off by turns."""
    for number in range(rounds):
        for one in courses:
            if one.is_out:
                continue
            note(f"{one.program.name} in {one.collector.id}")
            for on in (True, False) if number % 2 == 0 else (False, True):
                try:
                    found = once(one, on, seconds)
                except PmmError as error:
                    one.fault = str(error)
                    break
                (one.on if on else one.off).append(found)


def cell_of(one: Course) -> ProgramCell:
    """Return what was measured of a program."""
    return ProgramCell(program=one.program.name, on=tuple(one.on), off=tuple(one.off),
                       fault=one.fault, absence=one.absence)  # fmt: skip


def arms_of(courses: Sequence[Course]) -> tuple[ProgramArm, ...]:
    """Return the interpreters with what was measured in them."""
    by_id: dict[str, list[Course]] = {}
    for one in courses:
        by_id.setdefault(one.collector.id, []).append(one)
    return tuple(
        ProgramArm(id=name, path=mine[0].collector.path,
                   fault=mine[0].collector.fault, cells=tuple(map(cell_of, mine)))
        for name, mine in by_id.items()
    )  # fmt: skip
