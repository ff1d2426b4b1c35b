# SPDX-License-Identifier: MIT
"""`pmm gc shapes`: the experiments that core developers make by hand, as one verb."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from pmm.base import errors, formatting
from pmm.base.paths import find_paths, shown
from pmm.base.typed_names import choose
from pmm.cli.options import (
    BuildOption,
    JsonOption,
    LimitOption,
    PagedOption,
    PythonsOption,
    guarded,
)
from pmm.cli.runs import answer_console, command_line, make_folder, page_of
from pmm.collect.shapes import SHAPES, Course, arm_of, run_all
from pmm.discover.collectors import each_its_own, found_collectors, named_collector
from pmm.documents.shapes import ShapeArm, Shapes, encode_shapes
from pmm.judge.ledger import joined
from pmm.judge.shapes import ShapeRow, rows_of, sentence, workers_of
from pmm.render.shapes import page_text
from pmm.store.runs import write_atomically

HEADS = ("shape", "on", "off", "on : off", "collections", "collector", "worst pause",
         "most waiting", "full, on", "full, off")  # fmt: skip


def shown_row(row: ShapeRow) -> tuple[str, ...]:
    """Return a shape's figures as they are printed."""
    spreads = (row.collecting, row.worst, row.full_on, row.full_off)
    times = [one.middle if one else None for one in spreads]
    collecting, worst, *full = map(formatting.duration, times)
    return (
        row.shape, formatting.duration(row.on.middle),
        formatting.duration(row.off.middle), f"{row.ratio.middle:.2f}",
        joined(row.first.collections), collecting, worst,
        formatting.number(row.most), *full,
    )  # fmt: skip


def print_arm(arm: ShapeArm, console: Console) -> None:
    """Print an interpreter's shapes, or why there are none."""

    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    for glyph, why in (("✗", arm.fault), ("○", arm.absence)):
        if why is not None:
            say(f"{glyph} {arm.id}: {why}")
    rows = rows_of(arm)
    if rows:
        table = Table(title=arm.id, box=box.SIMPLE_HEAD, title_justify="left")
        for head in HEADS:
            left = head == HEADS[0]
            table.add_column(head, justify="left" if left else "right", no_wrap=left)
        for row in rows:
            table.add_row(*shown_row(row))
        console.print(table)
    workers = workers_of(arm)
    if workers is not None:
        say(f"{arm.id}: a forked worker that collects has a PSS of "
            f"{formatting.size(workers.plain.middle)}, and "
            f"{formatting.size(workers.frozen.middle)} behind gc.freeze "
            f"({workers.ratio.middle - 1:+.0%})")  # fmt: skip


def exit_code(made: Shapes) -> int:
    """3 for an interpreter that misbehaves; 4 when no shape was measured."""
    if any(arm.fault is not None for arm in made.arms):
        return errors.FAILURE
    return errors.PASS if any(arm.cells for arm in made.arms) else errors.INCONCLUSIVE


@guarded
def shapes(
    python: PythonsOption = None,
    shape: Annotated[
        list[str] | None,
        typer.Option(help=f"{', '.join(SHAPES)} (repeat); default: all."),
    ] = None,
    objects: Annotated[
        int, typer.Option(min=100, max=100_000_000, help="Objects that are built.")
    ] = 500_000,
    rounds: Annotated[
        int, typer.Option(min=1, max=100, help="Processes of each.")
    ] = 5,
    limit: LimitOption = 60.0,
    out: PagedOption = None,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:  # fmt: skip
    """Repeat the experiments that core developers make by hand.

    Lists and dicts of tuples, built with the collector on and off; a full collection
    after building, on and off; a cache in a deque, where every collection is in vain;
    what waits while a heap grows (the rule of a quarter); and the memory of forked
    workers, frozen and not.

    Exit code 3 when an interpreter misbehaves, 4 when none could be measured.

    Example: pmm gc shapes --python python3.11 --python python3.14

    Example: pmm gc shapes --shape workers --objects 2000000
    """
    paths = find_paths(None, build)
    path = out or paths.kept("gc") / "shapes.json"
    page = page_of(path)
    chosen = choose("shape", shape or ["*"], tuple(SHAPES))
    found = ([named_collector(one, paths.root) for one in python] if python
             else found_collectors(paths.root))  # fmt: skip
    courses = [Course(one, one.fault, one.absence) for one in each_its_own(found)]
    console = answer_console(as_json)

    def note(text: str) -> None:
        console.print(f"{text} …", style="dim", markup=False, highlight=False)

    started = time.monotonic_ns()
    run_all(courses, [one for one in SHAPES if one in chosen], objects, rounds, limit,
            note)  # fmt: skip
    made = Shapes(
        schema="pmm.gc.shapes", version=1,
        created=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        elapsed_ns=time.monotonic_ns() - started, command=command_line(),
        objects=objects, rounds=rounds, arms=tuple(map(arm_of, courses)),
    )  # fmt: skip
    make_folder(path.parent)
    write_atomically(path, encode_shapes(made))
    write_atomically(page, page_text(made, path.name).encode())
    console.print(sentence(made), markup=False, highlight=False, style="bold")
    for arm in made.arms:
        print_arm(arm, console)
    if as_json:
        print(encode_shapes(made).decode(), end="")
    for word, place in (("shapes", path), ("page", page)):
        console.print(f"{word}: {shown(place)}", markup=False, highlight=False)
    return exit_code(made)
