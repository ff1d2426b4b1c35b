# SPDX-License-Identifier: MIT
"""One run for a verb: planned and carried out, gone on with, or read again."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from pmm.base.errors import InterruptedRunError, PmmError, UsageError, no_room
from pmm.base.paths import find_paths, shown
from pmm.base.plain_text import PlainConsole, shell_line
from pmm.cli.clustered import reached
from pmm.cli.options import complain, look, writable_file
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
from pmm.plan.selection import Selection, refuse_unfetched, wanted_by
from pmm.plan.shards import check_shard
from pmm.render import markdown
from pmm.render.exports import Export, export_of, write_exports
from pmm.store.baseline import read_baseline
from pmm.store.runs import (
    RUN,
    claim_report_folder,
    find_run,
    load_run,
    sole_writer,
)

LOG_WIDTH = 140
"""Columns of a log, where no terminal says how many it has."""


def report_folder(out: Path | None, build: Path | None) -> Path:
    """Return where a report goes: as named, to the build, or beside where there is
    none.
    """
    try:
        return out or find_paths(None, build).kept("report")
    except UsageError:
        if build is not None:
            raise
        return Path("pmm-report")


def files_of(summary: Path | None, export: list[str] | None) -> tuple[Export, ...]:
    """Return what is to be written beside the report, each where it can be."""
    first = (Export("markdown", summary, None),) if summary is not None else ()
    found = tuple(map(export_of, export or ()))
    for one in found:
        writable_file(one.file)
    return (*first, *found)


def command_line() -> str:
    """Return the command line as it was typed."""
    return shell_line(["pmm", *sys.argv[1:]])


def make_folder(folder: Path) -> None:
    """Make the folder of a document; raise PmmError where it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise no_room(error, folder) from error


def page_of(document: Path) -> Path:
    """Return where the page of a document goes: beside it."""
    page = document.with_suffix(".html")
    if page == document:
        raise UsageError(f"--out {document} is the document: give it another ending")
    return page


def answer_console(as_json: bool) -> Console:
    """Return where people read: stderr when stdout is for a machine."""
    console = PlainConsole(stderr=as_json)
    if not console.is_terminal:
        console.width = LOG_WIDTH
    return console


def answer(
    outcome: Outcome, as_json: bool, console: Console, files: tuple[Export, ...] = ()
) -> int:
    """Print the result and return its exit code."""
    print_summary(outcome, console)
    code = outcome.run.verdict.exit_code
    try:
        write_exports(outcome.run, files)
    except PmmError as error:
        complain(str(error))
        code = code or error.exit_code
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in markdown.github_lines(outcome.run):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    if as_json:
        print(machine_answer(outcome).decode())
    return code


class Order(NamedTuple):
    """What is to be done with a run's results."""

    against: Against
    out: Path | None
    as_json: bool
    files: tuple[Export, ...] = ()
    cluster: str | None = None
    """The scheduler of the cluster that runs the jobs."""


def run_selection(
    selection: Selection,
    build: Path | None,
    baseline: str | None,
    out: Path | None,
    as_json: bool,
    gone: GonePolicy = "inconclusive",
    files: tuple[Export, ...] = (),
    shard: tuple[int, int] | None = None,
    cluster: str | None = None,
) -> int:
    """Plan, execute and finish a new run, or one shard of it."""
    console = answer_console(as_json)
    refuse_at_once(selection)
    refuse_unfetched(selection)
    paths = find_paths(None, build)
    against = Against(read_baseline(paths.runs, baseline), gone)
    with reached(cluster):
        world = look(build, wanted_by(selection))
    plan = make_plan(world, selection)
    if shard is not None:
        check_shard(plan.jobs, shard)
    if out is not None:
        with sole_writer(out, console.print):
            claim_report_folder(out)
    header, folder = start_run(
        world, selection, plan, command_line(), against, shard
    )
    for skipped in plan.skipped:
        line = f"skipping {skipped.what}: {skipped.why}"
        if skipped.choice:
            line = f"left out: {skipped.what} ({skipped.why}); {skipped.remedy}"
        console.print(line, markup=False, soft_wrap=True)
    with in_use(folder):
        order = Order(against, out, as_json, files, cluster)
        return carry_out(header, folder, order, console)


def carry_out(header: Header, folder: Path, order: Order, console: Console) -> int:
    """Execute what is left of a run, which is in use, and finish it.

    An interrupted run is folded as far as it came, and has no report yet.
    """
    out = order.out
    try:
        with reached(order.cluster) as client:
            execute_rest(header, folder, console, client)
    except InterruptedRunError as error:
        print(f"pmm: {error}", file=sys.stderr, flush=True)
        out = None
    outcome = finish(folder, order.against, out, console)
    return answer(outcome, order.as_json, console, order.files)


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
    report = (order.out or paths.kept("report")).resolve()
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
