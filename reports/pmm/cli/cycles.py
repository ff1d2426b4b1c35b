# SPDX-License-Identifier: MIT
"""`pmm cycles`: the reference cycles of a program of the user's."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pmm.base import errors
from pmm.base.errors import UsageError
from pmm.base.formatting import duration, number, plural, size, times
from pmm.base.paths import shown
from pmm.base.plain_text import shell_line
from pmm.cli.options import guarded
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
from pmm.collect.cycles import process_of, read_process
from pmm.documents.cycles import CycleBaseline, CycleGroup, CycleReport, encode_report
from pmm.execute.launched import Launched, none_looked_into, run_with
from pmm.judge.cycle_groups import groups_of
from pmm.judge.cycles import (
    baseline_of,
    computed,
    findings,
    has_new,
    judged,
    overhead,
    sentence,
)
from pmm.render import cycles as rendered
from pmm.store.cycles import read_known, write_known

SHOWN = 12
FRAMES = 1


def report_of(
    command: list[str], done: Launched, known: CycleBaseline | None, name: Path | None
) -> CycleReport:
    """Put together what every interpreter told."""
    found = [read_process(text) for text in done.found]
    groups = groups_of(found)
    gone: tuple[str, ...] = ()
    if known is not None:
        groups, gone = judged(groups, known)
    return CycleReport(
        schema="pmm.cycles",
        version=1,
        created=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        command=command_line(),
        program=shell_line(command),
        exit_code=done.exit_code,
        signal=done.signal,
        ended_by_us=done.ended_by_us,
        elapsed_ns=done.elapsed_ns,
        baseline=shown(name) if name is not None else None,
        gone=gone,
        shared_objects=sum(one.shared_objects for one in found),
        shared_bytes=sum(one.shared_bytes for one in found),
        groups=groups,
        processes=tuple(process_of(one) for one in found),
    )


def print_group(group: CycleGroup, console: Console) -> None:
    """Print a finding: what it is, its way round, what breaks it."""
    mark = "[red]new[/] " if group.new else ""
    held = f", {size(group.held_bytes)} hanging on it" if group.held_bytes else ""
    console.print(
        f"{mark}[bold]{group.kind}[/]: {plural(group.cycles, 'cycle')}, "
        f"{number(group.objects)} objects, {size(group.bytes)}{held} "
        f"({rendered.owner_of(group)})", highlight=False,
    )  # fmt: skip
    console.print(f"    {group.way}", markup=False, highlight=False, soft_wrap=True)
    for site in group.sites[:2]:
        line = f"    made at {site.file}:{site.line}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    advice = f"    breaks it: {group.advice}"
    console.print(advice, markup=False, highlight=False, soft_wrap=True)


def print_report(report: CycleReport, console: Console) -> None:
    """Print the verdict, the findings and what is explained."""
    console.print(f"pmm cycles: {sentence(report)}", markup=False, highlight=False)
    found = findings(report.groups)
    for group in found[:SHOWN]:
        print_group(group, console)
    if len(found) > SHOWN:
        console.print(f"… and {plural(len(found) - SHOWN, 'shape')} more")
    quiet = rendered.explained(report)
    if quiet:
        cycles = sum(one.cycles for one in quiet)
        console.print(
            f"explained, not accused: {plural(cycles, 'cycle')} of the standard "
            "library or of replaced classes", highlight=False,
        )  # fmt: skip
    for process in report.processes:
        for trouble in process.troubles:
            console.print(f"! process {process.pid}: {trouble}", markup=False)
    cut_off = sum(not one.reason for one in report.processes)
    if cut_off and not report.ended_by_us:
        console.print(f"! {plural(cut_off, 'interpreter')} cut off by a signal: what "
                      "was found until a second before is counted")  # fmt: skip
    ratio = overhead(report)
    if ratio is not None:
        spent = duration(computed(report) * 1e9)
        console.print(f"the program computed {spent}, {times(ratio)} as long as alone",
                      markup=False, highlight=False)  # fmt: skip


@guarded
def cycles(
    command: CommandArgument,
    baseline: Annotated[
        Path | None,
        typer.Option(help="The cycles that are known: exit code 3 on other ones."),
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Write the baseline from this run.")
    ] = False,
    where: Annotated[
        bool,
        typer.Option("--where", help="Say which lines made the objects (slower)."),
    ] = False,
    seconds: ForOption = None,
    out: OutFolder = None,
    summary: SummaryFile = None,
    document: DocumentOption = None,
    as_json: JsonAnswer = False,
) -> int:
    """Run a Python program and find the reference cycles that it makes.

    Every set of objects that keep each other alive when nothing else does is found
    exactly, in each interpreter that the program starts: types, the way round, what
    hangs on it. The program runs with its own streams, signals and collections.

    The exit code is the program's own; 3 when there are cycles that --baseline does
    not know; 2 when the command is not there or runs no Python; 0 after --for.

    Example: pmm cycles -- python3 program.py

    Example: pmm cycles --baseline cycles.json --update -- python3 -m unittest

    Example: pmm cycles --baseline cycles.json -- python3 -m unittest
    """
    if update and baseline is None:
        raise UsageError("--update writes the file of --baseline: name one")
    known = read_known(baseline) if baseline is not None and not update else None
    extra = {"PMM_CYCLES_WHERE": str(FRAMES)} if where else {}
    with progress("cycles", command) as tell:
        done = run_with("cycles", command, seconds, extra, tell)
    if not done.found:
        raise none_looked_into(command, done)
    report = report_of(command, done, known, baseline if known is not None else None)
    console = answer_console(as_json=True)
    print_report(report, console)
    if update and baseline is not None:
        write_known(baseline, baseline_of(report.groups))
        console.print(f"baseline: {shown(baseline)}", markup=False, highlight=False)
    encoded = encode_report(report)
    keep({document: encoded, summary: rendered.summary(report).encode()})
    if out is not None:
        keep_page(out, rendered.page(report), console, {"cycles.json": encoded})
    if as_json:
        print(encoded.decode(), end="")
    return errors.FAILURE if has_new(report) else done.shell_code


def register(app: typer.Typer) -> None:
    """Add the verb to the program."""
    app.command()(cycles)
