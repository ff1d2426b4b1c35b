# SPDX-License-Identifier: MIT
"""`pmm gc`: what cycle collectors leave waiting, exactly; and how long they pause."""

from __future__ import annotations

import platform
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pmm.base import errors
from pmm.base.errors import UsageError
from pmm.base.paths import Paths, find_paths, shown
from pmm.cli.gc_figures import figures
from pmm.cli.gc_grid import grid
from pmm.cli.gc_print import print_ledger
from pmm.cli.gc_programs import programs
from pmm.cli.gc_shapes import shapes
from pmm.cli.gc_snapshot import snapshot
from pmm.cli.options import BuildOption, JsonOption, guarded, writable_file
from pmm.cli.own_program import keep_figures
from pmm.cli.runs import answer_console, command_line, make_folder, page_of
from pmm.collect.ledger import SIZES, Size, arm_of, asked_of, count_all, time_all
from pmm.discover.collectors import MODES, find_collectors
from pmm.discover.environment import git_state
from pmm.documents.ledger import Ledger, LedgerArm, encode_ledger
from pmm.judge.ledger import checked, compared, differs
from pmm.render.collector import page as page_with
from pmm.store.runs import write_atomically

app = typer.Typer(name="gc", invoke_without_command=True, rich_markup_mode="rich")
LEDGER = "ledger.json"
ROUNDS_SHOWN = 3
ROUNDS_JUDGED = 10


def sizes_of(
    made: int | None, live: int | None, window: int | None
) -> tuple[Size, ...]:
    """Return the sizes of the program: the usual three, or the one asked for."""
    if made is None and live is None and window is None:
        return SIZES
    usual = SIZES[0]
    return (
        Size("asked", made or usual.made, live or usual.live, window or usual.window),
    )


def measured(
    paths: Paths, pythons: list[str], modes: list[str], sizes: tuple[Size, ...],
    rounds: int | None, seconds: float, console: Console,
) -> Ledger:  # fmt: skip
    """Count, take times, and judge where two are named."""
    started = time.monotonic_ns()
    asked = asked_of(find_collectors(paths, pythons, modes))
    two = bool(pythons or modes) and len(asked) == 2
    times = rounds if rounds is not None else ROUNDS_JUDGED if two else ROUNDS_SHOWN

    def note(text: str) -> None:
        console.print(f"{text} …", style="dim", markup=False, highlight=False)

    count_all(asked, sizes, seconds, note)
    time_all(asked, sizes, times, seconds, note)
    arms = tuple(checked(arm_of(one, sizes)) for one in asked)
    sound = two and all(arm.fault is None and arm.absence is None for arm in arms)
    return Ledger(
        schema="pmm.gc",
        version=1,
        created=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        elapsed_ns=time.monotonic_ns() - started,
        commit=git_state(paths.root)[0],
        command=command_line(),
        machine=f"{platform.system()} {platform.machine()}",
        arms=arms,
        rows=compared(*arms) if sound else (),
        rounds=times,
    )


def is_measured(arm: LedgerArm) -> bool:
    """Tell whether anything was counted in it."""
    return bool(arm.cells) and arm.fault is None


def exit_code(ledger: Ledger) -> int:
    """3 for a collector that misbehaves, or two that differ; 4 when none was there."""
    if any(arm.fault is not None for arm in ledger.arms):
        return errors.FAILURE
    if any(differs(row) for row in ledger.rows):
        return errors.FAILURE
    return (
        errors.PASS if any(map(is_measured, ledger.arms)) else errors.INCONCLUSIVE
    )


@app.callback()
def gc(
    context: typer.Context,
    python: Annotated[
        list[str] | None,
        typer.Option(
            help="An interpreter: a path, a program's name, or the folder of the "
            "pyodide package (repeat; two are judged against each other)."
        ),
    ] = None,
    mode: Annotated[
        list[str] | None,
        typer.Option(
            help=f"The reference in this collector mode: {', '.join(MODES)}; `all` "
            "(repeat)."
        ),
    ] = None,
    made: Annotated[
        int | None,
        typer.Option(min=1, max=100_000_000, help="So many objects; one size only."),
    ] = None,
    live: Annotated[
        int | None,
        typer.Option(min=0, max=100_000_000, help="Beside so many live lists."),
    ] = None,
    window: Annotated[
        int | None,
        typer.Option(min=1, max=100_000_000, help="The last so many are held."),
    ] = None,
    rounds: Annotated[
        int | None,
        typer.Option(
            min=0, max=1000,
            help=f"Processes that take times, of each; 0: none. Default: "
            f"{ROUNDS_SHOWN}, and {ROUNDS_JUDGED} where two are judged.",
        ),
    ] = None,
    limit: Annotated[
        float, typer.Option(min=0.1, max=86400, help="Seconds for one process.")
    ] = 60.0,
    out: Annotated[
        Path | None, typer.Option(
            callback=writable_file,
            help="The document to write, with its page beside it; else build/gc/.",
        )
    ] = None,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep a ledger of cycle collectors: how much garbage waits, counted exactly.

    Objects that refer to themselves are made one after the other, and the last ones
    are held: 30,000 alone; 100,000 beside 200,000 live lists; and 400,000 of which
    60,000 are held, so that garbage dies old. After each object it is known how many
    dead ones wait for the collector, by its callbacks, by finalizers, and at the end
    by enumeration; the three have to agree, and two runs have to be equal. Pauses,
    times and memory are taken by processes of their own.

    Without --python and --mode: the reference in every mode, and every interpreter
    that is found. Where exactly two are named they are judged: counts by equality,
    times by pairs.

    Exit code 3 when a collector misbehaves (it crashes, does not end, or its counts
    do not agree), or when two that are judged differ; 4 when nothing could be counted.

    Example: pmm gc

    Example: pmm gc --python python3.11 --python ./build/python --rounds 20

    Example: pmm gc --mode all --python python3.13 --made 1000000 --live 0
    """
    if context.invoked_subcommand is None:
        sizes = sizes_of(made, live, window)
        keep(python or [], mode or [], sizes, rounds, limit, out, build, as_json)


@guarded
def keep(
    pythons: list[str], modes: list[str], sizes: tuple[Size, ...], rounds: int | None,
    limit: float, out: Path | None, build: Path | None, as_json: bool,
) -> int:  # fmt: skip
    """Keep the ledger, write it and its page, print it."""
    paths = find_paths(None, build)
    held = next((one for one in sizes if one.window > one.made), None)
    if held is not None:
        raise UsageError(
            f"--window {held.window} holds all of --made {held.made}: nothing dies"
        )
    path = out or paths.kept("gc") / LEDGER
    page = page_of(path)
    console = answer_console(as_json)
    ledger = measured(paths, pythons, modes, sizes, rounds, limit, console)
    make_folder(path.parent)
    write_atomically(path, encode_ledger(ledger))
    made = page_with(ledger, path.name)
    keep_figures(page.parent, made)
    write_atomically(page, made.text.encode())
    print_ledger(ledger, console)
    if as_json:
        print(encode_ledger(ledger).decode(), end="")
    console.print(f"ledger: {shown(path)}", markup=False, highlight=False)
    console.print(f"page: {shown(page)}", markup=False, highlight=False)
    return exit_code(ledger)


app.command()(grid)
app.command()(snapshot)
app.command()(figures)
app.command()(programs)
app.command()(shapes)


def register(roof: typer.Typer) -> None:
    """Add the verbs to the program."""
    roof.add_typer(app)
