# SPDX-License-Identifier: MIT
"""`pmm history`: what became of each figure over many runs, the worst step first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from pmm.base import errors
from pmm.base.errors import PmmError, UsageError
from pmm.base.formatting import number, plural
from pmm.base.paths import find_paths, shown
from pmm.base.plain_text import say
from pmm.cli.options import BuildOption, JsonOption, complain, guarded
from pmm.cli.runs import answer_console
from pmm.collect.benchmark_files import read_runs
from pmm.documents.history import Entry
from pmm.judge.steps import Step, steps
from pmm.render.figures import csv_of
from pmm.store.history import FILE, add, all_series, entry_of, listed, opened
from pmm.store.runs import RUN, load_run, write_atomically

MOST = 20
FileOption = Annotated[
    Path | None,
    typer.Option("--file", help="The history; default: build/history.sqlite."),
]
GLOB_HELP = "Only figures whose names match, e.g. '*peak_bytes'."
GlobArgument = Annotated[str, typer.Argument(help=GLOB_HELP)]
GlobOption = Annotated[str, typer.Option("--figures", help=GLOB_HELP)]
MostOption = Annotated[int, typer.Option(min=1, help="So many at most.")]
COLUMNS = ("figure", "unit", "exact", "machine", "run", "created", "commit", "value")

history = typer.Typer(
    help="What became of each figure over many runs.",
    no_args_is_help=True,
)


def history_file(file: Path | None, build: Path | None) -> Path:
    """Return where the history lies."""
    return file or find_paths(None, build).kept(FILE)


def stored_runs(places: list[Path]) -> Iterator[Path]:
    """Return the run documents that are named, or lie below folders."""
    for place in places:
        if place.is_file():
            yield place
        elif place.is_dir():
            yield from sorted(
                path for path in place.rglob(RUN) if not path.parent.is_symlink()
            )
        else:
            raise UsageError(f"there is no {place}")


def entries(paths: list[Path]) -> Iterator[Entry]:
    """Read runs; one that cannot be read is named and left out."""
    for path in paths:
        try:
            run = load_run(path)
        except PmmError as error:
            complain(f"left out: {error}")
            continue
        if run.verdict.state == "interrupted":
            complain(f"left out: {shown(path)} was interrupted")
            continue
        yield entry_of(run)


@history.command("add")
@guarded
def add_runs(
    place: Annotated[
        list[Path] | None,
        typer.Argument(help="run.json files, or folders with some; default: all here."),
    ] = None,
    file: FileOption = None,
    build: BuildOption = None,
) -> int:
    """Add stored runs to the history; those that it has stay as they are.

    Without a place all runs of the build are added, so a history that was deleted is
    made again by this command alone.

    Example: pmm history add artefacts/
    """
    places = place or [find_paths(None, build).runs]
    found = list(stored_runs(places))
    if not found:
        raise UsageError(f"no {RUN} in {', '.join(map(str, places))}")
    path = history_file(file, build)
    with opened(path) as base:
        fresh = add(base, entries(found))
    say(f"{plural(fresh, 'run')} added, {len(found) - fresh} left: {shown(path)}")
    return errors.PASS


@history.command("import")
@guarded
def import_files(
    document: Annotated[
        list[Path],
        typer.Argument(
            help="Documents of Google Benchmark, pytest-benchmark or "
            "github-action-benchmark (JSON, data.js)."
        ),
    ],
    name: Annotated[
        str, typer.Option(help="What they are of; stands before each benchmark.")
    ],
    commit: Annotated[
        str | None, typer.Option(help="The commit that was measured.")
    ] = None,
    file: FileOption = None,
    build: BuildOption = None,
) -> int:
    """Add what other tools wrote: a run a document, or a commit.

    Example: pmm history import out.json --name mylib --commit $(git rev-parse HEAD)
    """
    found = [run for one in document for run in read_runs(one, name, commit)]
    path = history_file(file, build)
    with opened(path) as base:
        fresh = add(base, found)
    say(f"{plural(fresh, 'run')} added: {shown(path)}")
    return errors.PASS


@history.command("steps")
@guarded
def show_steps(
    glob: GlobArgument = "*",
    most: MostOption = MOST,
    file: FileOption = None,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:
    """List where figures changed for good, the worst first.

    A count changes where its value does, a time where its level does (change points;
    six runs at least). Kinds of machines are kept apart. Nothing is gated.

    Example: pmm history steps 'bench/*'
    """
    with opened(history_file(file, build), make=False) as base:
        known = list(all_series(base, glob))
    if not known:
        raise UsageError(f"no figure matches '{glob}'")
    found = steps(known)
    if as_json:
        print(msgspec.json.encode([told(one) for one in found[:most]]).decode())
        return errors.PASS
    console = answer_console(as_json)
    points = max(len(one.points) for one in known)
    if found:
        console.print(table_of(found[:most]))
    console.print(
        f"{plural(len(found), 'step')} in {plural(len(known), 'figure')} of "
        f"up to {plural(points, 'run')}", highlight=False,
    )  # fmt: skip
    return errors.PASS


@history.command("list")
@guarded
def list_series(
    glob: GlobArgument = "*",
    most: MostOption = MOST,
    file: FileOption = None,
    build: BuildOption = None,
) -> int:
    """List the figures that the history has, with what they have been between.

    Example: pmm history list 'work/*'
    """
    with opened(history_file(file, build), make=False) as base:
        known = listed(base, glob)
    for one in known[:most]:
        say(f"{one.name}: {plural(one.runs, 'run')}, {number(one.least)} to "
            f"{number(one.most)} {one.unit}")  # fmt: skip
    say(f"{plural(len(known), 'figure')}" + (
        f", {most} of them shown (--most)" if len(known) > most else ""))
    return errors.PASS


@history.command("csv")
@guarded
def write_csv(
    out: Annotated[Path, typer.Argument(help="The table to write.")],
    glob: GlobOption = "*",
    file: FileOption = None,
    build: BuildOption = None,
) -> int:
    """Write every point of the figures as a table (CSV), the oldest run first.

    Example: pmm history csv peaks.csv --figures '*peak_bytes'
    """
    with opened(history_file(file, build), make=False) as base:
        rows = [
            (one.name, one.unit, one.exact, one.machine, point.run, point.created,
             point.commit or "", point.value)
            for one in all_series(base, glob)
            for point in one.points
        ]  # fmt: skip
    if not rows:
        raise UsageError(f"no figure matches '{glob}'")
    write_atomically(out, csv_of(COLUMNS, rows).encode())
    say(f"{plural(len(rows), 'point')}: {shown(out)}")
    return errors.PASS


def told(step: Step) -> dict[str, object]:
    """Return a step for machines."""
    return {
        "series": step.series.name, "unit": step.series.unit,
        "exact": step.series.exact, "machine": step.series.machine,
        "before": step.before, "after": step.after, "run": step.at.run,
        "commit": step.at.commit, "created": step.at.created,
    }  # fmt: skip


def table_of(found: list[Step]) -> Table:
    """Return the steps as a table for the console."""
    table = Table(title="Steps, the worst first", box=box.SIMPLE_HEAD,
                  title_justify="left")  # fmt: skip
    table.add_column("figure")
    for heading in ("before", "after", "change"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("since", no_wrap=True)
    for one in found:
        share = "from nothing" if one.before == 0 else f"{one.share:+.1%}"
        commit = f" ({one.at.commit[:10]})" if one.at.commit else ""
        table.add_row(
            escape(one.series.name), f"{number(one.before)} {one.series.unit}",
            number(one.after), share, escape(f"{one.at.run}{commit}"),
        )  # fmt: skip
    return table


def register(app: typer.Typer) -> None:
    """Add the verb to the program."""
    app.add_typer(history, name="history")
