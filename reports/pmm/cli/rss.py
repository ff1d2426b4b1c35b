# SPDX-License-Identifier: MIT
"""`pmm rss`: where the memory of a program of the user's is, and why."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pmm.base.formatting import size, times
from pmm.base.plain_text import shell_line
from pmm.cli.options import guarded, writable_file
from pmm.cli.own_program import (
    CommandArgument,
    DocumentOption,
    ForOption,
    JsonAnswer,
    OutFolder,
    SummaryFile,
    keep,
    keep_page,
    progress,
)
from pmm.cli.runs import answer_console, command_line
from pmm.collect.rss import read_rss
from pmm.documents.rss import PARTS, WORDS, RssProcess, RssReport, encode_rss
from pmm.execute.launched import Launched, none_looked_into, run_with
from pmm.judge.rss import judged, overhead
from pmm.render import rss as rendered

FRAMES = 1
SHOWN_PARTS = 6


def report_of(command: list[str], done: Launched) -> RssReport:
    """Put together what every interpreter told, the largest first."""
    found = [judged(read_rss(text)) for text in done.found]
    found.sort(key=lambda one: -max(sample.rss for sample in one.samples))
    return RssReport(
        schema="pmm.rss",
        version=1,
        created=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        command=command_line(),
        program=shell_line(command),
        exit_code=done.exit_code,
        signal=done.signal,
        ended_by_us=done.ended_by_us,
        elapsed_ns=done.elapsed_ns,
        processes=tuple(found),
    )


def parts_line(process: RssProcess) -> str:
    """Say where the memory was when there was most of it."""
    most = max(process.samples, key=lambda one: one.rss)
    sizes = {name: getattr(most.parts, name) for name in PARTS}
    order = sorted(PARTS, key=lambda name: -sizes[name])[:SHOWN_PARTS]
    parts = ", ".join(f"{WORDS[name]} {size(sizes[name])}" for name in order)
    return f"{size(most.rss)} resident at most: {parts}"


def print_process(process: RssProcess, console: Console) -> None:
    """Print the verdict, its evidence, and what gives the memory back."""

    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    say(f"pmm rss: {process.sentence}")
    for one in process.evidence:
        say(f"    {one}")
    if process.remedy:
        say(f"    gives it back: {process.remedy}")
    say(f"    {parts_line(process)}")


def print_report(report: RssReport, console: Console) -> None:
    """Print the largest process, and a line for each of the others."""
    print_process(report.processes[0], console)
    for one in report.processes[1:]:
        console.print(f"process {one.pid}: {one.sentence}", markup=False,
                      highlight=False)  # fmt: skip
    ratio = overhead(report.processes[0])
    if ratio is not None:
        console.print(f"measuring made it at most {times(ratio)} as long",
                      markup=False, highlight=False)  # fmt: skip


@guarded
def rss(
    command: CommandArgument,
    interval: Annotated[
        float, typer.Option(min=0.01, help="Seconds between two samples, at least.")
    ] = 0.1,
    where: Annotated[
        bool,
        typer.Option("--where", help="Say which lines made what grows (slower)."),
    ] = False,
    seconds: ForOption = None,
    out: OutFolder = None,
    summary: SummaryFile = None,
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv", callback=writable_file, help="Write the series to this file."
        ),
    ] = None,
    document: DocumentOption = None,
    as_json: JsonAnswer = False,
) -> int:
    """Run a Python program and tell where its resident memory is, and why.

    The parts, which add up to what the system counts, are taken over time: objects,
    free blocks of pymalloc, memory that malloc keeps, files, stacks, what nobody
    explains. The verdict is a leak, cycles, retention or flat, with the evidence and
    what would give the memory back.

    The exit code is the program's own; 2 when the command is not there or runs no
    Python; 0 after --for. A server that does not end is measured with --for.

    Example: pmm rss -- python3 program.py

    Example: pmm rss --for 60 --where --out page -- python3 server.py
    """
    extra = {"PMM_RSS_INTERVAL": str(interval)}
    if where:
        extra["PMM_RSS_WHERE"] = str(FRAMES)
    with progress("rss", command) as tell:
        done = run_with("rss", command, seconds, extra, tell)
    if not done.found:
        raise none_looked_into(command, done)
    report = report_of(command, done)
    console = answer_console(as_json=True)
    print_report(report, console)
    encoded, series = encode_rss(report), rendered.series(report).encode()
    keep({document: encoded, csv: series, summary: rendered.summary(report).encode()})
    if out is not None:
        beside = {"rss.json": encoded, "rss.csv": series}
        keep_page(out, rendered.page(report), console, beside)
    if as_json:
        print(encoded.decode(), end="")
    return done.shell_code


def register(app: typer.Typer) -> None:
    """Add the verb to the program."""
    app.command()(rss)
