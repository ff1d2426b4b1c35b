# SPDX-License-Identifier: MIT
"""`pmm pattern`: how a program uses memory, as a small text, on several backends."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from pmm.base import errors, formatting
from pmm.base.decoding import decode_json
from pmm.base.errors import PmmError, UsageError
from pmm.base.last_words import last_words
from pmm.base.paths import Paths, shown
from pmm.base.plain_text import PlainConsole, say
from pmm.cli.options import BackendOption, BuildOption, JsonOption, guarded, look
from pmm.discover.pattern_set import find_pattern, shipped, title_of
from pmm.discover.world import Wanted, World
from pmm.documents.replays import PatternDocument, PatternFigures
from pmm.execute.executor import signal_name
from pmm.plan.selection import Selection, resolve_backends

LOG_WIDTH = 132
TIMEOUT_S = 300.0
LAST_LINES = 2
"""Of a process that left no document: its own and that of what it ran."""


@dataclass(frozen=True)
class Outcome:
    """What came of a pattern on a backend."""

    label: str
    document: PatternDocument | None
    fault: str | None
    """What went wrong, also where no document was left."""


def program_of(paths: Paths) -> Path:
    """Return pmm-pattern."""
    path = paths.program("pmm-pattern")
    if path is None:
        raise PmmError("pmm-pattern is not built: run `ninja -C build`")
    return path


def check(program: Path, pattern: Path) -> None:
    """Raise UsageError with the line and what was expected when it is none."""
    done = subprocess.run(
        [program, "--check", "--", pattern], capture_output=True, text=True,
        errors="replace", check=False,
    )  # fmt: skip
    if done.returncode != 0:
        said = last_words(done.stderr) or f"code {done.returncode}"
        raise UsageError(said.removeprefix("pmm pattern: "))


def ending(done: subprocess.CompletedProcess[str]) -> str:
    """Say how a process ended that left no document, and what it said last."""
    code = done.returncode
    how = f"it ended with code {code}"
    if code < 0:
        how = f"it crashed with {signal_name(-code)}"
    said = (last_words(done.stderr) or "").split("\n")[-LAST_LINES:]
    return ": ".join([how, *(one for one in said if one)])


def run_one(
    program: Path, pattern: Path, options: Sequence[str], label: str, spec: str
) -> Outcome:
    """Run one process; a crash or no end is an outcome, too."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "document.json"
        argv = [
            str(program), "--backend", spec, "--json", str(path), *options, "--",
            str(pattern),
        ]  # fmt: skip
        try:
            done = subprocess.run(
                argv, capture_output=True, text=True, errors="replace", check=False,
                timeout=TIMEOUT_S,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Outcome(label, None, f"not finished after {TIMEOUT_S:g} s")
        if done.returncode in (errors.TOOL_ERROR, errors.USAGE):
            said = last_words(done.stderr) or ending(done)
            error = PmmError(said.removeprefix("pmm pattern: "))
            error.exit_code = done.returncode
            raise error
        try:
            found = decode_json(path.read_bytes(), PatternDocument)
        except (OSError, ValueError):
            return Outcome(label, None, ending(done))
    return Outcome(label, found, found.error)


def peak_ratio(figures: PatternFigures) -> float:
    """Return peak resident bytes for each peak live byte."""
    return figures.peak_bytes / max(figures.peak_live_bytes, 1)


def row_of(label: str, one: PatternFigures) -> tuple[str, ...]:
    """Return the cells of a backend."""
    return (
        escape(label),
        f"{peak_ratio(one):.2f}",
        formatting.size(one.peak_bytes),
        formatting.size(one.end_bytes),
        formatting.size(one.drained_bytes),
        formatting.size(one.after_1s_bytes),
        f"{one.user_ns / 1e6:.0f}",
        f"{one.system_ns / 1e6:.0f}",
        f"{one.minor_faults + one.major_faults:,}",
    )


def print_table(outcomes: Sequence[Outcome], console: PlainConsole) -> None:
    """Print the backends, the one that held least first, then who has no figure."""
    measured = [
        (one.label, one.document.figures)
        for one in outcomes
        if one.document and one.document.figures and not one.fault
    ]
    table = Table(box=box.SIMPLE_HEAD)
    for head in ("backend", "peak/live", "peak", "at end", "drained", "after 1 s",
                 "user ms", "system ms", "faults"):  # fmt: skip
        table.add_column(head, justify="left" if head == "backend" else "right")
    for label, figures in sorted(measured, key=lambda pair: peak_ratio(pair[1])):
        table.add_row(*row_of(label, figures))
    if measured:
        live = measured[0][1]
        console.print(table)
        console.print(
            f"live: {formatting.size(live.peak_live_bytes)} at the peak, "
            f"{formatting.size(live.end_live_bytes)} at the end; one process each",
            highlight=False,
        )
    for one in outcomes:
        why = one.document.unsupported if one.document else None
        if one.fault or why:
            word = "FAILED" if one.fault else "unsupported"
            said = escape(one.fault or why or "")
            console.print(f"{escape(one.label)} {word}: {said}")


def print_phases(outcome: Outcome, console: PlainConsole) -> None:
    """Print the phases of one backend."""
    figures = outcome.document.figures if outcome.document else None
    if figures is None:
        return
    table = Table(box=box.SIMPLE_HEAD)
    for head in ("phase", "calls", "live", "held", "peak", "user ms", "system ms",
                 "faults"):  # fmt: skip
        table.add_column(head, justify="left" if head == "phase" else "right")
    for one in figures.phases:
        if one.calls or one.elapsed_ns > 1_000_000:
            table.add_row(
                escape(one.name), f"{one.calls:,}", formatting.size(one.end_live_bytes),
                formatting.size(one.end_bytes), formatting.size(one.peak_bytes),
                f"{one.user_ns / 1e6:.0f}", f"{one.system_ns / 1e6:.0f}",
                f"{one.minor_faults + one.major_faults:,}",
            )  # fmt: skip
    console.print(table)


def print_outcomes(pattern: Path, outcomes: Sequence[Outcome]) -> None:
    """Print one pattern: the phases where one backend was asked, and the whole."""
    console = PlainConsole()
    if not console.is_terminal:
        console.width = LOG_WIDTH
    titles = [one.document.title for one in outcomes if one.document]
    aged = any(one.document.aged for one in outcomes if one.document)
    heap = " on an aged heap" if aged else ""
    console.print(escape(f"{pattern.stem}{heap}: {titles[0] if titles else ''}"))
    if len(outcomes) == 1:
        print_phases(outcomes[0], console)
    print_table(outcomes, console)


def named_backends(world: World, typed: Sequence[str]) -> list[tuple[str, str]]:
    """Return label and spec of each backend; a bound only where it is named."""
    found = []
    for spec in resolve_backends(world, Selection(backends=tuple(typed))):
        entry = world.entry_of(spec)
        if typed or not world.is_bound(spec):
            found.append((entry.name if entry else spec, spec))
    return found


def list_patterns(paths: Paths) -> None:
    """Say which patterns come with the suite."""
    for name, path in shipped(paths.root).items():
        say(f"{name:<12} {title_of(path)}\n{'':<12} {shown(path)}")


@guarded
def pattern(
    name: Annotated[
        list[str] | None,
        typer.Argument(help="Patterns: names or paths; default: list them."),
    ] = None,
    backend: BackendOption = None,
    aged: Annotated[
        bool,
        typer.Option(
            "--aged", help="On a heap that the pattern has littered before."
        ),
    ] = False,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:
    """Use memory as a small text says, and tell what was live and what was held.

    All backends unless --backend names some; with one of them, phase by phase. Write
    your own after workloads/patterns/README.md, and attach it to a report. Exit code 2
    when it is no pattern, 3 when a backend fails.

    Example: pmm pattern sawtooth ./mine.pattern --backend pool --backend jemalloc
    """
    wanted = Wanted(
        backends=tuple(backend or ()), every_cpython=False, cases=False,
        workloads=False,
    )  # fmt: skip
    world = look(build, wanted)
    if not name:
        list_patterns(world.paths)
        return errors.PASS
    program = program_of(world.paths)
    files = [find_pattern(world.paths, one) for one in name]
    for file in files:
        check(program, file)
    backends = named_backends(world, backend or ())
    failed = False
    for file in files:
        how = ["--aged"] if aged else []
        outcomes = [run_one(program, file, how, *one) for one in backends]
        failed = failed or any(one.fault for one in outcomes)
        if as_json:
            print(msgspec.json.encode(outcomes).decode())
        else:
            print_outcomes(file, outcomes)
    return errors.FAILURE if failed else errors.PASS


def register(app: typer.Typer) -> None:
    """Add the verb to the program."""
    app.command()(pattern)
