# SPDX-License-Identifier: MIT
"""`pmm grade`: how far the suite itself can be believed."""

from __future__ import annotations

import os
import re
import sys
import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pmm.base import errors, formatting
from pmm.base.errors import PmmError, UsageError
from pmm.base.paths import Paths, find_paths, shown
from pmm.base.typed_names import choose
from pmm.cli.options import BuildOption, JsonOption, SeedOption, complain, guarded
from pmm.cli.progress import spoken
from pmm.cli.runs import answer_console, command_line
from pmm.collect.grade_parts import Wish, try_part
from pmm.discover.environment import git_state
from pmm.documents.grade import PARTS, Grade, GradePart, PartName, encode_grade
from pmm.store.runs import GRADE, find_run, write_atomically

COLOURS = {"good": "green", "bad": "red", "mute": "dim"}
SHOWN_FAILURES = 10
NEED_SOURCES = frozenset({"faults", "history", "mutants", "fakes"})
"""Parts that an installed package has not all for."""
PART = re.compile(r"[1-9]\d*/[1-9]\d*")


class Progress:
    """How far a part is: a line that moves on a terminal, else nothing."""

    def __init__(self, name: str, console: Console) -> None:
        self.name = name
        self.console = console
        self.started = time.monotonic()
        if not console.is_terminal:
            console.print(f"{name} …", highlight=False)

    def __call__(self, done: int, total: int) -> None:
        """Show it."""
        if not self.console.is_terminal:
            return
        spent = time.monotonic() - self.started
        left = spoken(spent / max(done, 1) * (total - done))
        line = f"{self.name}: {done} of {total}, about {left} left"
        print(f"\r{line:<60}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Take the line away."""
        if self.console.is_terminal:
            print(f"\r{'':<60}\r", end="", file=sys.stderr, flush=True)


def possible(
    paths: Paths, chosen: list[PartName], named: bool, console: Console
) -> list[PartName]:
    """Return the parts that can be tried here; one that was named has to be."""
    absent = [name for name in chosen if name in NEED_SOURCES and paths.installed]
    if named and absent:
        paths.need_sources(f"grade --only {absent[0]}")
    if absent:
        line = f"left out: {', '.join(absent)} (they need the sources of pmm)"
        console.print(line, highlight=False)
    return [name for name in chosen if name not in absent]


def tried(name: PartName, paths: Paths, wish: Wish, before: list[GradePart],
          console: Console) -> GradePart | None:  # fmt: skip
    """Try a part; None after a message when the tool itself failed."""
    progress = Progress(name, console)
    try:
        return try_part(name, paths, wish, progress, before)
    except PmmError as error:
        progress.end()
        complain(f"{name} could not be tried: {error}")
        return None
    finally:
        progress.end()


def print_grade(grade: Grade, console: Console) -> None:
    """Print a row a part, then what did not come out well."""
    table = Table(title="Grade of the suite", box=box.SIMPLE_HEAD, title_justify="left")
    for heading in ("part", "result", "", "what is counted", "time"):
        table.add_column(heading, no_wrap=heading != "what is counted")
    for part in grade.parts:
        state = formatting.GRADES[part.state]
        figure = f"{part.good:,} of {part.total:,}" if part.total else formatting.DASH
        detail = f"{part.counted}; {part.detail}" if part.detail else part.counted
        table.add_row(
            part.name, figure, f"[{COLOURS[state.tone]}]{state.glyph} {state.word}[/]",
            escape(detail), spoken(part.elapsed_ns / 1e9),
        )  # fmt: skip
    console.print(table)
    for part in grade.parts:
        print_failures(part, console)


def print_failures(part: GradePart, console: Console) -> None:
    """Print what did not come out well, and the line that tries it again."""
    if not part.failed:
        return
    mark = "[red]✗[/]" if part.state == "bad" else "[yellow]![/]"
    console.print(f"{mark} {part.name}: {part.total - part.good} are not")
    for line in part.failed[:SHOWN_FAILURES]:
        console.print(f"    {line}", markup=False, highlight=False, soft_wrap=True)
    more = len(part.failed) - SHOWN_FAILURES
    if more > 0:
        console.print(f"    … and {more} more: see the JSON document")
    line = f"    $ {part.command}"
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def exit_code(grade: Grade, wanted: int) -> int:
    """3 when a part came out badly, 1 when one could not be tried, 4 when none was."""
    states = {part.state for part in grade.parts}
    if "bad" in states:
        return errors.FAILURE
    if len(grade.parts) < wanted:
        return errors.TOOL_ERROR
    return errors.PASS if "good" in states else errors.INCONCLUSIVE


@guarded
def grade(
    only: Annotated[
        list[str] | None,
        typer.Option(help=f"Only this part: {', '.join(PARTS)} (repeatable)."),
    ] = None,
    part: Annotated[
        str, typer.Option(metavar="I/N", help="Only every Nth seeded fault, from I on.")
    ] = "1/1",
    sample: Annotated[
        int, typer.Option(min=1, help="Number of mutants, drawn by --seed.")
    ] = 100,
    every: Annotated[
        bool, typer.Option("--all", help="Every mutant of impl/; takes hours.")
    ] = False,
    seconds: Annotated[
        float, typer.Option(min=0.1, help="Time of random programs for each --right.")
    ] = 10.0,
    right: Annotated[
        list[str] | None,
        typer.Option(
            help="What random programs compare the reference with: an interpreter, "
            "./mine.so, or reference,mode=full (repeatable); default: the incremental "
            "collector and python3."
        ),
    ] = None,
    repeats: Annotated[
        int,
        typer.Option(
            min=2, help="Repeats of the plain lane; the suite promises 1000 alike."
        ),
    ] = 3,
    run: Annotated[
        str | None,
        typer.Option(
            help="Keep it with this run, whose report then shows it: an id, a folder, "
            "or `latest`.",
        ),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Jobs at a time; default: one per core.")
    ] = None,
    seed: SeedOption = 1,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:
    """Grade the suite itself: does it notice what is wrong, and only that?

    faults: small mistakes in the reference, each of which a case must catch.

    history: reported bugs of real runtimes, and whether a case catches each.

    mutants: impl/ changed in one small place at a time; a case must fail.

    lockstep: random programs, which must show the same on two runtimes.

    flakes: the same cases repeated, which must end alike each time.

    fakes: misbehaving subjects and allocators, each of which must be told.

    The default takes some minutes, and samples the mutants. The document is
    build/grade.json. Of an installed package, lockstep and flakes can be graded, and
    the document is pmm-grade.json.

    Exit code 3 when a part came out badly, 1 when one could not be tried.

    Example: pmm grade --only faults --part 1/4

    Example: pmm grade --only mutants --sample 300 --seed 7

    Example: pmm grade --all --repeats 1000 --seconds 3600 --run latest
    """
    paths = find_paths(None, build)
    folder = find_run(paths.runs, run).resolve() if run is not None else None
    if not PART.fullmatch(part):
        raise UsageError(f"--part '{part}': the form is I/N, such as 1/4")
    chosen = choose("part of a grade", only or ["*"], PARTS)
    cores = len(os.sched_getaffinity(0))
    wish = Wish(part, None if every else sample, seed, seconds, tuple(right or ()),
                repeats, jobs or cores)  # fmt: skip
    console = answer_console(as_json)
    parts = [name for name in PARTS if name in chosen]
    parts = possible(paths, parts, bool(only), console)
    made = graded(parts, paths, wish, console)
    text = encode_grade(made)
    written = [paths.kept(GRADE), *([folder / GRADE] if folder else [])]
    for path in written:
        write_atomically(path, text)
    print_grade(made, console)
    if as_json:
        print(text.decode(), end="")
    for path in written:
        console.print(f"grade: {shown(path)}", markup=False, highlight=False)
    return exit_code(made, len(parts))


def graded(
    names: list[PartName], paths: Paths, wish: Wish, console: Console
) -> Grade:
    """Try each part in turn."""
    started = time.monotonic_ns()
    parts: list[GradePart] = []
    for name in names:
        made = tried(name, paths, wish, parts, console)
        if made is not None:
            parts.append(made)
    return Grade(
        schema="pmm.grade",
        version=1,
        created=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        elapsed_ns=time.monotonic_ns() - started,
        commit=git_state(paths.root)[0],
        command=command_line(),
        parts=tuple(parts),
    )


def register(app: typer.Typer) -> None:
    """Add the verb to the program."""
    app.command()(grade)


