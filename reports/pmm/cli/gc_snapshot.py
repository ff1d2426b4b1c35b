# SPDX-License-Identifier: MIT
"""`pmm gc snapshot`: the object graph of a real program, in a file."""

from __future__ import annotations

import hashlib
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from rich.console import Console

from pmm.base import errors
from pmm.base.decoding import decode_json
from pmm.base.errors import PmmError, UsageError
from pmm.base.formatting import number, plural, size
from pmm.base.paths import Paths, find_paths, shown
from pmm.base.plain_text import shell_line
from pmm.cli.options import BuildOption, guarded, writable_file
from pmm.cli.own_program import CommandArgument, ForOption, JsonAnswer, keep
from pmm.cli.runs import answer_console, command_line
from pmm.collect.snapshot import Taken, file_of, largest, read_columns, read_taken
from pmm.discover.asking import ask
from pmm.documents.snapshot import HeapFigures, SnapshotReport, encode_snapshot
from pmm.execute.launched import none_looked_into, run_with

PROGRAM = "pmm-heap"
LONGEST = 2000
"""Characters of a command line that go into the file."""


class Shot(NamedTuple):
    """A snapshot before it is written."""

    taken: Taken
    program: str
    data: bytes
    processes: int
    shell_code: int


def take(command: list[str], seconds: float | None, extra: dict[str, str]) -> Shot:
    """Run the program; return its largest heap. Raises PmmError where there is none."""
    with tempfile.TemporaryDirectory(prefix="pmm-") as raw:
        extra["PMM_SNAPSHOT_RAW"] = raw
        done = run_with("snapshot", command, seconds, extra)
        if not done.found:
            raise none_looked_into(command, done)
        every = [read_taken(text) for text in done.found]
        best = largest(every)
        if best is None or best.found is None:
            said = [word for one in every for word in one.troubles]
            why = said[0] if said else "it was over, or killed, before anything was"
            raise PmmError(f"no heap was looked at: {why}")
        program = shell_line(command)[:LONGEST]
        columns = read_columns(Path(raw) / best.found.file, best.found)
        data = file_of(best, best.found, columns, program)
    return Shot(best, program, data, len(every), done.shell_code)


def described(paths: Paths, file: Path) -> HeapFigures:
    """Let the reader of snapshots read the file, and the reference make it."""
    program = paths.program(PROGRAM)
    if program is None:
        raise PmmError(f"{PROGRAM} is not built: run `ninja -C build`")
    answer = ask([program, "--load", file.resolve()], Path.cwd(), 600)
    if answer.returncode == errors.USAGE:
        raise UsageError(answer.last_words.removeprefix(f"{PROGRAM}: "))
    if answer.returncode != 0:
        raise PmmError(answer.last_words.removeprefix(f"{PROGRAM}: "))
    return decode_json(answer.stdout, HeapFigures)


def report_of(shot: Shot, file: Path, figures: HeapFigures) -> SnapshotReport:
    """Put together what is known of a snapshot."""
    found = shot.taken.found
    assert found is not None  # noqa: S101 - `take` looked
    return SnapshotReport(
        schema="pmm.gc.snapshot", version=1,
        created=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", command=command_line(),
        program=shot.program, file=shown(file),
        sha256=hashlib.sha256(shot.data).hexdigest(), file_bytes=len(shot.data),
        python=f"{shot.taken.implementation} {shot.taken.python}",
        taken_s=found.seconds, processes=shot.processes, garbage=found.garbage,
        collections_ns=found.collections_ns, figures=figures,
    )  # fmt: skip


def print_report(report: SnapshotReport, console: Console) -> None:
    """Print what was written, and what the collector has to do with it."""
    known = report.figures

    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    say(f"pmm gc snapshot: {number(known.objects)} objects, "
        f"{number(known.edges)} references, {size(known.bytes)}, after "
        f"{report.taken_s:.2f} s of {report.program}")  # fmt: skip
    say(f"    the collector of {report.python} tracks {number(known.tracked)}: young, "
        f"middle, old {' / '.join(map(number, known.ages))}")  # fmt: skip
    kinds = sorted(known.kinds.items(), key=lambda two: -two[1])
    say("    " + ", ".join(f"{number(n)} {name}" for name, n in kinds if n))
    if report.live_ns is not None:
        say(f"    its full collection takes {report.live_ns:.1f} ns an object")
    if report.garbage is not None:
        say(f"    garbage at that moment: {number(report.garbage)}; in the reference: "
            f"{number(known.garbage or 0)}")  # fmt: skip
    if report.processes > 1:
        say(f"    the largest heap of {plural(report.processes, 'interpreter')}")
    say(f"snapshot: {report.file}, {size(report.file_bytes)}")


@guarded
def snapshot(
    command: CommandArgument,
    out: Annotated[
        Path, typer.Option(callback=writable_file, help="The file to write.")
    ] = Path("heap.pmmg"),
    at: Annotated[
        float | None,
        typer.Option(min=0.0, help="Take it after so many seconds; else the largest."),
    ] = None,
    times: Annotated[
        bool,
        typer.Option("--times", help="Also time the interpreter's own collections of "
                     "this heap, in a fork of the program."),
    ] = False,
    seconds: ForOption = None,
    document: Annotated[
        Path | None,
        typer.Option(
            "--document", callback=writable_file, help="Write the report to this file."
        ),
    ] = None,
    build: BuildOption = None,
    as_json: JsonAnswer = False,
) -> int:  # fmt: skip
    """Run a Python program and write the graph of its objects: a heap snapshot.

    Types, sizes, references, ages (generations), and what is held from outside, as the
    collector sees it. It is taken when the heap is largest, within a quarter, or after
    --at seconds; no value, text or name of a variable is in it. `pmm gc figures
    --heap FILE` collects it in the reference and in any CPython.

    The exit code is the program's own; 1 where its heap cannot be looked at, 2 when
    the command is not there or runs no Python.

    Example: pmm gc snapshot --out mine.pmmg -- python3 program.py

    Example: pmm gc snapshot --at 30 --for 31 --times -- python3 server.py
    """
    paths = find_paths(None, build)
    extra = {} if at is None else {"PMM_SNAPSHOT_AT": str(at)}
    if times:
        extra["PMM_SNAPSHOT_TIMES"] = "1"
    shot = take(command, seconds, extra)
    keep({out: shot.data})
    report = report_of(shot, out, described(paths, out))
    print_report(report, answer_console(as_json=True))
    encoded = encode_snapshot(report)
    keep({document: encoded})
    if as_json:
        print(encoded.decode(), end="")
    return shot.shell_code
