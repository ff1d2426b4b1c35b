# SPDX-License-Identifier: MIT
"""`pmm museum`: regressions of CPython's memory management, told by counts alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pmm.base import errors, formatting
from pmm.base.paths import find_paths, shown
from pmm.cli.options import BuildOption, JsonOption, guarded, writable_file
from pmm.cli.runs import answer_console, command_line, make_folder, page_of
from pmm.collect.museum import entries, show
from pmm.discover.collectors import each_its_own, found_collectors, named_collector
from pmm.discover.environment import git_state
from pmm.documents.museum import Exhibit, Museum, encode_museum
from pmm.render.museum import page_text
from pmm.store.runs import write_atomically

DOCUMENT = "museum.json"


def number(value: int | None) -> str:
    """Show a figure."""
    return formatting.DASH if value is None else f"{value:,}"


def showing(one: Exhibit) -> str:
    """Say which interpreters show it."""
    names = [seen.id for seen in one.seen if seen.shows]
    looked = sum(seen.figure is not None for seen in one.seen)
    if looked == 0:
        return formatting.DASH
    return ", ".join(names) or f"none of {looked}"


def print_museum(museum: Museum, console: Console) -> None:
    """Print the sentence, a row an exhibit, and what went wrong."""
    apart = sum(one.apart for one in museum.exhibits)
    console.print(
        f"{apart} of {len(museum.exhibits)} regressions are told apart by exact counts "
        "alone, no clock.", style="bold", highlight=False,
    )  # fmt: skip
    table = Table(box=box.SIMPLE_HEAD)
    for head in ("exhibit", "issue", "sound", "faulty", "bound", "", "shows in"):
        right = head in ("sound", "faulty", "bound")
        table.add_column(head, justify="right" if right else "left")
    for one in museum.exhibits:
        mark = "[green]✓ told[/]" if one.apart else "[red]✗ not told[/]"
        table.add_row(one.title, one.issue, number(one.sound), number(one.faulty),
                      number(one.bound), mark, escape(showing(one)))  # fmt: skip
    console.print(table)
    for one in museum.exhibits:
        if one.wrong:
            line = f"{one.id}: {one.wrong}"
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    faults: dict[tuple[str, str], list[str]] = {}
    for one in museum.exhibits:
        for seen in one.seen:
            if seen.fault is not None:
                faults.setdefault((seen.id, seen.fault), []).append(one.id)
    for (name, fault), where in faults.items():
        line = f"{name}: {fault} ({', '.join(where)})"
        console.print(line, markup=False, highlight=False, soft_wrap=True)


@guarded
def museum(
    exhibit: Annotated[
        list[str] | None,
        typer.Option(help="Only this exhibit: a name or a glob (repeat)."),
    ] = None,
    python: Annotated[
        list[str] | None,
        typer.Option(
            help="Look into this interpreter (repeat); default: all that are found."
        ),
    ] = None,
    none: Annotated[
        bool, typer.Option("--no-python", help="Look into no interpreter.")
    ] = False,
    limit: Annotated[
        float, typer.Option(min=0.1, max=86400, help="Seconds for one process.")
    ] = 60.0,
    out: Annotated[
        Path | None, typer.Option(
            callback=writable_file,
            help="The document to write, with its page beside it; else build/museum/.",
        )
    ] = None,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show ten regressions of CPython's memory management, by exact counts alone.

    Each is a small fault of policy that is seeded into the reference, and a program
    that counts one figure: the sound build has to stay below the bound, the faulty
    one above it. The same program then runs in interpreters and says which of them
    have the regression. No clock is read, so a busy machine changes nothing.

    Exit code 3 when a fault of the reference is not told apart.

    Example: pmm museum

    Example: pmm museum --exhibit 'tuples_*' --python python3.11 --python python3.13
    """
    paths = find_paths(None, build)
    paths.need_sources("the museum")
    path = out or paths.kept("museum") / DOCUMENT
    page = page_of(path)
    chosen = entries(paths.root, exhibit or [])
    if none:
        pythons = []
    elif python:
        pythons = each_its_own([named_collector(one, paths.root) for one in python])
    else:
        pythons = [one for one in each_its_own(found_collectors(paths.root))
                   if one.id.startswith(("cpython-", "pyodide"))]  # fmt: skip
    console = answer_console(as_json)

    def note(text: str) -> None:
        console.print(f"{text} …", style="dim", markup=False, highlight=False)

    made = Museum(
        schema="pmm.museum", version=1,
        created=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        commit=git_state(paths.root)[0], command=command_line(),
        exhibits=show(paths, chosen, pythons, limit, note),
    )  # fmt: skip
    make_folder(path.parent)
    write_atomically(path, encode_museum(made))
    write_atomically(page, page_text(made, path.name).encode())
    print_museum(made, console)
    if as_json:
        print(encode_museum(made).decode(), end="")
    console.print(f"museum: {shown(path)}", markup=False, highlight=False)
    console.print(f"page: {shown(page)}", markup=False, highlight=False)
    return errors.PASS if all(one.apart for one in made.exhibits) else errors.FAILURE


def register(app: typer.Typer) -> None:
    """Add the verb to the program."""
    app.command()(museum)
