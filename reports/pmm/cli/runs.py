# SPDX-License-Identifier: MIT
"""One run for a verb: planned and carried out, gone on with, or read again."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from pmm.base.errors import InterruptedRunError, UsageError
from pmm.base.paths import find_paths, shown
from pmm.base.plain_text import PlainConsole, shell_line
from pmm.cli.options import look
from pmm.cli.session import (
    Against,
    Outcome,
    compared_with,
    execute_rest,
    finish,
    in_use,
    machine_answer,
    reopen,
    start_run,
)
from pmm.cli.summary import print_summary
from pmm.documents.asked import GonePolicy
from pmm.documents.journal import JOURNAL, Header
from pmm.documents.run import Run
from pmm.plan.pairs import refuse_at_once
from pmm.plan.plan import make_plan
from pmm.plan.selection import Selection, wanted_by
from pmm.render import markdown
from pmm.store.baseline import read_baseline
from pmm.store.runs import (
    RUN,
    claim_report_folder,
    find_run,
    load_run,
    sole_writer,
    write_atomically,
)

LOG_WIDTH = 140
"""Columns of a log, where no terminal says how many it has."""


def report_folder(out: Path | None, build: Path | None) -> Path:
    """Return where a report goes: as named, to the build, or beside where there is
    none.
    """
    try:
        return out or find_paths(None, build).build / "report"
    except UsageError:
        if build is not None:
            raise
        return Path("pmm-report")


def command_line() -> str:
    """Return the command line as it was typed."""
    return shell_line(["pmm", *sys.argv[1:]])


def answer_console(as_json: bool) -> Console:
    """Return where people read: stderr when stdout is for a machine."""
    console = PlainConsole(stderr=as_json)
    if not console.is_terminal:
        console.width = LOG_WIDTH
    return console


def answer(
    outcome: Outcome, as_json: bool, console: Console, summary: Path | None = None
) -> int:
    """Print the result and return its exit code."""
    print_summary(outcome, console)
    if summary is not None:
        write_atomically(summary, markdown.summary(outcome.run).encode())
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in markdown.github_lines(outcome.run):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    if as_json:
        print(machine_answer(outcome).decode())
    return outcome.run.verdict.exit_code


class Order(NamedTuple):
    """What is to be done with a run's results."""

    against: Against
    out: Path | None
    as_json: bool
    summary: Path | None = None


def run_selection(
    selection: Selection,
    build: Path | None,
    baseline: str | None,
    out: Path | None,
    as_json: bool,
    gone: GonePolicy = "inconclusive",
    summary: Path | None = None,
) -> int:
    """Plan, execute and finish a new run."""
    console = answer_console(as_json)
    refuse_at_once(selection)
    paths = find_paths(None, build)
    against = Against(read_baseline(paths.runs, baseline), gone)
    world = look(build, wanted_by(selection))
    plan = make_plan(world, selection)
    if out is not None:
        with sole_writer(out, console.print):
            claim_report_folder(out)
    header, folder = start_run(world, selection, plan, command_line(), against)
    for skipped in plan.skipped:
        line = f"skipping {skipped.what}: {skipped.why}"
        if skipped.choice:
            line = f"left out: {skipped.what} ({skipped.why}); {skipped.remedy}"
        console.print(line, markup=False, soft_wrap=True)
    with in_use(folder):
        return carry_out(
            header, folder, Order(against, out, as_json, summary), console
        )


def carry_out(header: Header, folder: Path, order: Order, console: Console) -> int:
    """Execute what is left of a run, which is in use, and finish it.

    An interrupted run is folded as far as it came, and has no report yet.
    """
    out = order.out
    try:
        execute_rest(header, folder, console)
    except InterruptedRunError as error:
        print(f"pmm: {error}", file=sys.stderr, flush=True)
        out = None
    outcome = finish(folder, order.against, out, console)
    return answer(outcome, order.as_json, console, order.summary)


def go_on(
    name: str,
    baseline: str | None,
    gone: GonePolicy | None,
    order: Order,
    build: Path | None,
) -> int:
    """Finish an interrupted run, compared as it was to be."""
    console = answer_console(order.as_json)
    paths = find_paths(None, build)
    folder = find_run(paths.runs, name).resolve()
    report = (order.out or paths.build / "report").resolve()
    with in_use(folder):
        against = compared_with(folder, baseline, gone)
        header = reopen(folder)
        order = order._replace(against=against, out=report)
        return carry_out(header, folder, order, console)


def finished_run(
    name: str, build: Path | None, console: Console
) -> tuple[Run, Path]:
    """Load a run and say where it lies; fold it from its journal when run.json is
    missing or partial.

    A document, or a folder with one, needs no build: it may be from elsewhere.
    """
    found: Run | None = None
    given = Path(name).resolve()
    place = given if given.is_file() else given / RUN
    if place.is_file() and place.name != JOURNAL:
        found = load_run(place)
        folder = place.parent
    elif "/" in name and not given.exists():
        raise UsageError(f"there is no run {name}")
    else:
        folder = find_run(find_paths(None, build).runs, name).resolve()
        found = load_run(folder) if (folder / RUN).is_file() else None
    if found is not None and found.verdict.state != "interrupted":
        return found, folder
    if not (folder / JOURNAL).is_file():
        raise UsageError(
            f"{shown(place)} was interrupted, and its {JOURNAL} is not beside it"
        )
    with in_use(folder):
        against = compared_with(folder, None, None)
        return finish(folder, against, None, console).run, folder
