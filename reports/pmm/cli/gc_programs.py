# SPDX-License-Identifier: MIT
"""`pmm gc programs`: what collectors do in real programs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from pmm.base import errors, formatting
from pmm.base.errors import UsageError
from pmm.base.paths import Paths, find_paths, shown
from pmm.base.typed_names import choose
from pmm.cli.options import (
    BuildOption,
    JsonOption,
    LimitOption,
    PagedOption,
    PythonsOption,
    guarded,
)
from pmm.cli.runs import answer_console, command_line, make_folder, page_of
from pmm.collect.collected import Course, Program, arms_of, run_all
from pmm.discover.collectors import (
    Collector,
    each_its_own,
    found_collectors,
    named_collector,
)
from pmm.discover.program_set import RealProgram, read_programs, script_of
from pmm.documents.collected import Collected, ProgramArm, encode_collected
from pmm.fetch.packages import packages_for
from pmm.judge.collected import ProgramRow, notes_of, rows_of, sentence
from pmm.judge.ledger import joined
from pmm.render.collected import page_text
from pmm.store.runs import write_atomically

HEADS = (
    "program", "collections", "garbage", "at once", "left", "equal", "99 %", "worst",
    "of time", "on : off", "peak on", "off",
)  # fmt: skip
EQUAL = {True: "✓", False: "≈", None: formatting.DASH}


def course_of(paths: Paths, collector: Collector, one: RealProgram,
              scale: int) -> Course:  # fmt: skip
    """Return a program in an interpreter, with what it imports."""
    program = Program(one.name, script_of(paths.root, one), (str(scale),))
    course = Course(collector, program, fault=collector.fault)
    if not collector.id.startswith("cpython-") and course.fault is None:
        course.absence = "packages are installed for CPython alone"
        return course
    version = collector.id.partition("-")[2]
    pins = one.pins(version) if course.fault is None else ()
    if pins:
        found = packages_for(version, pins)
        if isinstance(found, str):
            course.absence = found
        else:
            course.packages = found
    return course


def own_course(collector: Collector, script: Path, arguments: Sequence[str]) -> Course:
    """Return a script of the user's in an interpreter."""
    program = Program(script.stem, script.resolve(), tuple(arguments))
    return Course(collector, program, fault=collector.fault)


def interpreters(paths: Paths, named: Sequence[str]) -> list[Collector]:
    """Return the interpreters that are meant; those without a path are none."""
    found = (
        [named_collector(one, paths.root) for one in named]
        if named else found_collectors(paths.root)
    )  # fmt: skip
    return each_its_own([one for one in found if one.id != "pyodide"])


def shown_row(row: ProgramRow) -> tuple[str, ...]:
    """Return a program's figures as they are printed."""
    first = row.first
    peaks = [found.middle if found else None for found in (row.peak_on, row.peak_off)]
    return (
        row.cell.program, joined(first.collections), formatting.number(first.garbage),
        formatting.number(first.most), formatting.number(first.left),
        EQUAL[row.equal], formatting.duration(row.p99),
        formatting.duration(row.worst), f"{row.share.middle:.1%}",
        f"{row.ratio.middle:.2f}" if row.ratio else formatting.DASH,
        *map(formatting.size, peaks),
    )  # fmt: skip


def print_arm(arm: ProgramArm, console: Console) -> None:
    """Print an interpreter's programs."""

    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    if arm.fault is not None:
        say(f"✗ {arm.id}: {arm.fault}")
        return
    table = Table(title=arm.id, box=box.SIMPLE_HEAD, title_justify="left")
    for head in HEADS:
        left = head == HEADS[0]
        table.add_column(head, justify="left" if left else "right", no_wrap=left)
    for row in rows_of(arm):
        table.add_row(*shown_row(row))
    if table.row_count:
        console.print(table)
    for cell in arm.cells:
        for note in notes_of(cell):
            say(f"{arm.id}, {cell.program}: {note}")


def exit_code(made: Collected) -> int:
    """3 for a program that went wrong; 4 when none was run."""
    cells = [cell for arm in made.arms for cell in arm.cells]
    if any(cell.fault for cell in cells):
        return errors.FAILURE
    return errors.PASS if any(cell.on for cell in cells) else errors.INCONCLUSIVE


def courses_of(
    paths: Paths, pythons: Sequence[str], programs: Sequence[str], scale: int,
    own: Sequence[str],
) -> tuple[list[Course], dict[str, str]]:  # fmt: skip
    """Return what is to be run, and what the programs do."""
    known = read_programs(paths.root)
    if own:
        script = Path(own[0])
        if not script.is_file():
            raise UsageError(f"there is no {script}: name a Python file")
        everybody = interpreters(paths, pythons)
        return [own_course(one, script, own[1:]) for one in everybody], {}
    wanted = choose("program", list(programs) or ["*"], [one.name for one in known])
    everybody = interpreters(paths, pythons)
    chosen = [one for one in known if one.name in wanted]
    courses = [course_of(paths, python, one, scale)
               for python in everybody for one in chosen]  # fmt: skip
    return courses, {one.name: one.title for one in chosen}


@guarded
def programs(
    own: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- SCRIPT ARGUMENTS]",
                       help="A program of yours instead."),
    ] = None,
    python: PythonsOption = None,
    program: Annotated[
        list[str] | None, typer.Option(help="One of them (repeat); default: all.")
    ] = None,
    scale: Annotated[
        int, typer.Option(min=1, max=1000, help="So many times the work.")
    ] = 1,
    rounds: Annotated[
        int, typer.Option(min=1, max=100, help="Processes, collector on and off each.")
    ] = 2,
    limit: LimitOption = 300.0,
    out: PagedOption = None,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:  # fmt: skip
    """Count the collections of real programs, in any CPython from 3.8 on.

    Eight programs make cycles and containers: docutils, SQLAlchemy, asyncio, parso,
    pytest, mypy, bottle, and compiling the standard library. Each runs with the
    collector on and off: collections, garbage, pauses, the collector's part of the
    time, memory. `equal` says whether two processes counted the same. What they import
    is installed on demand, pinned, into the cache; where it cannot be had, a program
    is left out with a line.

    Exit code 3 when a program fails, does not end, or ends without figures; 4 when
    none could be run.

    Example: pmm gc programs --python python3.11 --python python3.13

    Example: pmm gc programs --program mypy_check --scale 3

    Example: pmm gc programs --python python3.13 -- my_program.py argument
    """
    paths = find_paths(None, build)
    path = out or paths.kept("gc") / "programs.json"
    page = page_of(path)
    console = answer_console(as_json)

    def note(text: str) -> None:
        console.print(f"{text} …", style="dim", markup=False, highlight=False)

    started = time.monotonic_ns()
    courses, titles = courses_of(paths, python or [], program or [], scale, own or [])
    run_all(courses, rounds, limit, note)
    made = Collected(
        schema="pmm.gc.programs", version=1,
        created=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        elapsed_ns=time.monotonic_ns() - started, command=command_line(), scale=scale,
        rounds=rounds, titles=titles, arms=arms_of(courses),
    )  # fmt: skip
    make_folder(path.parent)
    write_atomically(path, encode_collected(made))
    write_atomically(page, page_text(made, path.name).encode())
    console.print(sentence(made), markup=False, highlight=False, style="bold")
    for arm in made.arms:
        print_arm(arm, console)
    if as_json:
        print(encode_collected(made).decode(), end="")
    for word, place in (("programs", path), ("page", page)):
        console.print(f"{word}: {shown(place)}", markup=False, highlight=False)
    return exit_code(made)
