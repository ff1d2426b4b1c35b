# SPDX-License-Identifier: MIT
"""`pmm rank`: one's own allocator beside the others, checked, timed and weighed."""

from __future__ import annotations

from typing import Annotated

import typer

from pmm.cli.options import (
    BackendOption,
    BuildOption,
    JsonOption,
    OutOption,
    SeedOption,
    guarded,
)
from pmm.cli.runs import report_folder, run_selection
from pmm.plan.selection import RankOrder, Selection


@guarded
def rank(
    row: Annotated[
        list[str] | None,
        typer.Argument(
            help="Traces and patterns (names, globs, paths), or `alloc` for the "
            "benchmarks; without: all that are here."
        ),
    ] = None,
    backend: BackendOption = None,
    beside: Annotated[
        list[str] | None,
        typer.Option(
            help="An allocator to compare with, as --backend has it (repeat); "
            "default: all that ship and are here."
        ),
    ] = None,
    rounds: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=50,
            help="Processes of each allocator; 6 can decide something; "
            "default: 7, or 6 where the time is short.",
        ),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            max=1440,
            help="How long it may take; default: 10, with "
            "--programs 20, with --rounds no limit.",
        ),
    ] = None,
    programs: Annotated[
        bool,
        typer.Option(
            "--programs", help="Also whole programs, over each allocator."
        ),
    ] = False,
    python: Annotated[
        str, typer.Option(help="The interpreter that runs them.")
    ] = "python3",
    out: OutOption = None,
    seed: SeedOption = 1,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:
    """Check an allocator, and rank it beside others on what Python programs ask for.

    First its check, then in fresh processes that take turns: recorded programs on a
    fresh and on an aged heap, benchmarks, patterns of memory. The report says where it
    is faster and by how much, what it holds, and how sure that is; within ten minutes.
    Whole programs (those of the traces) take as long again.
    The others are those that ship, in place of the older ones what `pmm fetch` brought.
    Exit code 3 when an allocator of yours is wrong.

    Example: pmm rank --backend ./mine.so

    Example: pmm rank --backend mine=./libmine.so,prefix=my_ --beside libc xml_feed
    """
    selection = Selection(
        profile="rank",
        kinds=("backend-check", "replay", "bench", "pattern", "program"),
        backends=tuple(backend or ()),
        seed=seed,
        rank=RankOrder(
            rows=tuple(row or ()),
            beside=tuple(beside or ()),
            rounds=rounds,
            python=python if programs else None,
            within_s=seconds(minutes, rounds, programs),
        ),
    )
    folder = report_folder(out, build)
    return run_selection(selection, build, None, folder, as_json)


def seconds(minutes: float | None, rounds: int | None, programs: bool) -> float | None:
    """Return how long a ranking may take; None where nothing limits it."""
    if minutes is None:
        if rounds is not None:
            return None
        minutes = 20.0 if programs else 10.0
    return 60.0 * minutes


def register(app: typer.Typer) -> None:
    """Add the verb to the program."""
    app.command()(rank)
