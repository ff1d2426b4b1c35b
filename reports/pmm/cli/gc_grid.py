# SPDX-License-Identifier: MIT
"""`pmm gc grid`: chains and trees of cycles, by size, payload and live heap."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pmm.base import errors, formatting
from pmm.base.errors import UsageError
from pmm.base.paths import Paths, find_paths, shown
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
from pmm.collect.grid import (
    LIVES,
    PAYLOADS,
    SCRIPT,
    SHAPES,
    SIZES,
    Course,
    Place,
    arm_of,
    fits,
    places,
    run_all,
)
from pmm.discover.collectors import (
    Collector,
    each_its_own,
    found_collectors,
    named_collector,
)
from pmm.documents.grid import (
    Grid,
    GridArm,
    GridCell,
    decode_cyclotron,
    encode_cyclotron,
    encode_grid,
)
from pmm.judge.grid import (
    collecting_ns,
    is_stable,
    sentence,
    share,
    spread,
    worst_ns,
)
from pmm.judge.spreads import Spread, confidence
from pmm.render.grid import page_text
from pmm.store.runs import write_atomically

HEADS = (
    "cycle", "payload", "live", "time", "from … to", "collector", "worst pause",
    "waiting", "of all", "peak", "at the end",
)  # fmt: skip


def cyclotron_arms(files: Sequence[Path]) -> list[GridArm]:
    """Read files of cyclotron's; raise UsageError for one that is none."""
    arms = []
    for path in files:
        try:
            arms.append(decode_cyclotron(path.read_bytes(), path.stem))
        except OSError as error:
            raise UsageError(f"cannot read {path}: {error.strerror}") from error
        except msgspec.MsgspecError as error:
            raise UsageError(f"{path} is not of cyclotron's batch: {error}") from error
    return arms


def interpreters(paths: Paths, named: Sequence[str], read: bool) -> list[Collector]:
    """Return who is run: those that are named; all, where nothing is read either."""
    if named:
        return each_its_own([named_collector(one, paths.root) for one in named])
    return [] if read else each_its_own(found_collectors(paths.root))


def shown_spread(found: Spread | None, unit: str) -> tuple[str, str]:
    """Show a median, and its ends."""
    if found is None:
        return formatting.DASH, ""
    ends = [formatting.quantity(value, unit) for value in (found.least, found.most)]
    return formatting.quantity(found.middle, unit), f"{ends[0]} … {ends[1]}"


def row_of(cell: GridCell) -> tuple[str, ...]:
    """Return a cell's figures."""
    spent, ends = shown_spread(spread(cell, lambda run: run.program_ns), "ns")
    collecting, _ = shown_spread(spread(cell, collecting_ns), "ns")
    worst = spread(cell, worst_ns)
    most = spread(cell, lambda run: run.most)
    peak, _ = shown_spread(spread(cell, lambda run: run.peak_bytes), "bytes")
    stable = "[green]✓ stable[/]" if is_stable(cell) else "[red]▲ rises[/]"
    return (
        f"{cell.shape} {cell.size:,}", f"{cell.payload:,}", f"{cell.live:,}",
        spent, ends, collecting, formatting.duration(worst.most if worst else None),
        formatting.number(most.most if most else None),
        f"{share(cell):.0%}" if share(cell) else formatting.DASH, peak, stable,
    )  # fmt: skip


def print_arm(arm: GridArm, console: Console) -> None:
    """Print an interpreter's cells, or why there are none."""
    for glyph, why in (("✗", arm.fault), ("○", arm.absence)):
        if why is not None:
            line = f"{glyph} {arm.id}: {why}"
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    if not arm.cells:
        return
    table = Table(title=escape(arm.id), box=box.SIMPLE_HEAD, title_justify="left")
    for head in HEADS:
        left = head in ("cycle", "at the end")
        table.add_column(head, justify="left" if left else "right", no_wrap=True)
    for cell in sorted(arm.cells, key=lambda one: -share(one)):
        table.add_row(*row_of(cell))
    console.print(table)


def print_grid(grid: Grid, console: Console) -> None:
    """Print the sentence, a table an interpreter, and what was left out."""
    console.print(sentence(grid), markup=False, highlight=False, style="bold")
    for arm in grid.arms:
        print_arm(arm, console)
    if grid.left_out:
        console.print(
            f"left out, as their payloads could take too much memory (--most-mib): "
            f"{'; '.join(grid.left_out)}", markup=False, highlight=False,
        )  # fmt: skip
    if all(arm.path is None for arm in grid.arms):
        return
    console.print(
        f"{grid.total:,} objects a process; medians, and from … to over "
        f"{grid.repetitions} processes, which hold the median "
        f"{confidence(grid.repetitions):.0%} of the time. CPU times.",
        markup=False, highlight=False,
    )  # fmt: skip


def write_cyclotron(grid: Grid, folder: Path) -> None:
    """Write a file of cyclotron's for each interpreter."""
    folder.mkdir(parents=True, exist_ok=True)
    for arm in grid.arms:
        if arm.cells:
            path = folder / f"{arm.id.replace('/', '-')}.json"
            write_atomically(path, encode_cyclotron(arm, grid.total, grid.created))


class Wish(NamedTuple):
    """What is to be run."""

    every: list[Place]
    total: int
    repetitions: int
    most_mib: int
    seconds: float


def measured(
    paths: Paths, pythons: Sequence[Collector], files: Sequence[GridArm], wish: Wish,
    console: Console,
) -> Grid:  # fmt: skip
    """Run the cells that fit, and put what was read beside them."""
    started = time.monotonic_ns()
    fitting = [one for one in wish.every if fits(one, wish.total, wish.most_mib)]
    courses = [Course(one, one.fault, one.absence) for one in pythons]

    def note(text: str) -> None:
        console.print(f"{text} …", style="dim", markup=False, highlight=False)

    run_all(courses, SCRIPT, fitting, wish.total, wish.repetitions, wish.seconds,
            note)  # fmt: skip
    return Grid(
        schema="pmm.gc.grid", version=1,
        created=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        elapsed_ns=time.monotonic_ns() - started, command=command_line(),
        total=wish.total, repetitions=wish.repetitions,
        arms=(*map(arm_of, courses), *files),
        left_out=tuple(one.name for one in wish.every
                       if pythons and one not in fitting),
    )  # fmt: skip


def exit_code(made: Grid) -> int:
    """3 for an interpreter that misbehaves; 4 when no cell was measured."""
    if any(arm.fault is not None for arm in made.arms):
        return errors.FAILURE
    return errors.PASS if any(arm.cells for arm in made.arms) else errors.INCONCLUSIVE


@guarded
def grid(
    python: PythonsOption = None,
    shape: Annotated[
        list[str] | None, typer.Option(help="chain or tree (repeat); default: both.")
    ] = None,
    size: Annotated[
        list[int] | None, typer.Option(min=1, help="Objects of a cycle (repeat).")
    ] = None,
    payload: Annotated[
        list[int] | None, typer.Option(min=0, help="Bytes of a cycle (repeat).")
    ] = None,
    live: Annotated[
        list[int] | None, typer.Option(min=1, help="Objects that are held (repeat).")
    ] = None,
    total: Annotated[
        int, typer.Option(min=1, max=100_000_000, help="Objects a process makes.")
    ] = 200_000,
    repetitions: Annotated[
        int, typer.Option(min=1, max=100, help="Processes of each cell.")
    ] = 5,
    most_mib: Annotated[
        int, typer.Option(min=1, help="Leave out cells whose payloads could take more.")
    ] = 700,
    limit: LimitOption = 60.0,
    read: Annotated[
        list[Path] | None,
        typer.Option(help="Also show a file of cyclotron's batch (repeat)."),
    ] = None,
    cyclotron: Annotated[
        Path | None,
        typer.Option(help="Also write cyclotron's files into this folder."),
    ] = None,
    out: PagedOption = None,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:
    """Run the grid of nascheme's cyclotron: shapes, sizes, payloads, live heaps.

    Chains and trees of cycles, of 10, 100 and 1,000 objects, with 0 to 300,000 bytes
    each, beside 100 to 30,000 objects that are held: time, pauses, the most garbage
    that waits, peak memory, and whether what waits had stopped rising. Five processes
    a cell; an interpreter takes about two minutes of a core.

    Exit code 3 when an interpreter misbehaves, 4 when none could be measured.

    Example: pmm gc grid --python python3.13 --python ./build/python

    Example: pmm gc grid --read results/base.json --read results/inc.json
    """
    paths = find_paths(None, build)
    shapes = choose("shape", shape or ["*"], SHAPES)
    every = places([one for one in SHAPES if one in shapes], size or SIZES,
                   payload or PAYLOADS, live or LIVES)  # fmt: skip
    path = out or paths.kept("gc") / "grid.json"
    page = page_of(path)
    files = cyclotron_arms(read or [])
    pythons = interpreters(paths, python or [], bool(files))
    console = answer_console(as_json)
    wish = Wish(every, total, repetitions, most_mib, limit)
    made = measured(paths, pythons, files, wish, console)
    make_folder(path.parent)
    write_atomically(path, encode_grid(made))
    write_atomically(page, page_text(made, path.name).encode())
    if cyclotron is not None:
        write_cyclotron(made, cyclotron)
    print_grid(made, console)
    if as_json:
        print(encode_grid(made).decode(), end="")
    for word, place in (("grid", path), ("page", page)):
        console.print(f"{word}: {shown(place)}", markup=False, highlight=False)
    return exit_code(made)
