# SPDX-License-Identifier: MIT
"""`pmm gc figures`: our collector beside interpreters', on the figures that count."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from pmm.base import errors, formatting
from pmm.base.errors import PmmError, UsageError
from pmm.base.paths import Paths, find_paths, shown
from pmm.base.typed_names import choose, unknown
from pmm.cli.options import BuildOption, DocumentOption, JsonOption, guarded
from pmm.cli.runs import answer_console, command_line, make_folder
from pmm.collect.figures import AREAS, Course, Work, rows_of, run_all
from pmm.discover.collectors import Collector, each_its_own, named_collector
from pmm.discover.cpythons import host_script
from pmm.discover.environment import git_state
from pmm.documents.figures import FigureArm, FigureRow, Figures, encode_figures
from pmm.plan.pairs import BENCH_MODULE
from pmm.plan.speed_spec import FULL_SIZE
from pmm.plan.speed_spec import SIZES as OBJECTS
from pmm.store.runs import write_atomically

REFERENCE = "reference"
HEAPS = Path("workloads", "heaps", "data")


def settings(paths: Paths, heap: Path | None) -> list[str]:
    """Return the start of a command line that sets what the programs read."""
    heaps = (heap or paths.root / HEAPS).resolve()
    return ["env", f"PMM_HEAPS={heaps}", "PMM_CPYTHON_ACCOUNT=none"]


def reference(paths: Paths, heap: Path | None) -> Course:
    """Return the reference's course."""

    def start(work: Work) -> list[str]:
        program = paths.program(f"pmm-bench-{work.area}")
        if program is None:
            raise PmmError(f"pmm-bench-{work.area} is not built")
        mode = [] if work.mode is None else ["--mode", work.mode]
        return [*settings(paths, heap), str(program), *mode]

    return Course(REFERENCE, start, is_reference=True)


def interpreter(paths: Paths, heap: Path | None, one: Collector) -> Course:
    """Return the course of an interpreter, into which the benchmarks are loaded."""
    version = one.id.partition("-")[2]

    def start(work: Work) -> list[str]:
        script = host_script(paths, version, named=True)
        module = ["--bench-module", str(paths.build / BENCH_MODULE)]
        return [*settings(paths, heap), str(one.path), *script, *module, "bench",
                work.area]  # fmt: skip

    fault = one.fault
    if fault is None and not one.id.startswith("cpython-"):
        fault = "the benchmarks load into a CPython alone"
    return Course(one.id, start, is_reference=False, fault=fault)


def shown_value(row: FigureRow, arm: str) -> str:
    """Show an arm's figure, and from where to where its processes were."""
    value, ends = row.value(arm), row.ends(arm)
    if value is None or ends is None:
        return formatting.DASH
    if row.unit is None:
        return f"{value:.2f} ({ends[0]:.2f} … {ends[1]:.2f})"
    low, high = (formatting.quantity(end, row.unit) for end in ends)
    return f"{formatting.quantity(value, row.unit)} ({low} … {high})"


def goal_of(row: FigureRow) -> str:
    """Show the goal and whether the reference reaches it."""
    value = row.value(REFERENCE)
    if row.goal is None or value is None:
        return ""
    glyph = "[green]✓[/]" if value <= row.goal else "[red]✗[/]"
    goal = formatting.quantity(row.goal, row.unit) if row.unit else f"{row.goal:g}"
    return f"{glyph} {goal}"


def ratio_of(row: FigureRow, arm: str) -> str:
    """Show the reference's figure as a part of an arm's."""
    ours, theirs = row.value(REFERENCE), row.value(arm)
    return f"{ours / theirs:.2f}" if ours is not None and theirs else formatting.DASH


def print_figures(figures: Figures, console: Console) -> None:
    """Print the table, and who has a fault."""
    for arm in figures.arms:
        if arm.fault is not None:
            console.print(f"✗ {arm.id}: {arm.fault}", markup=False, highlight=False,
                          soft_wrap=True)  # fmt: skip
    table = Table(box=box.SIMPLE_HEAD)
    others = [arm.id for arm in figures.arms[1:]]
    for head in ("figure", REFERENCE, "goal", *(w for one in others
                                                for w in (one, "ratio"))):  # fmt: skip
        table.add_column(head, overflow="fold")
    for row in figures.rows:
        cells = [w for one in others for w in (shown_value(row, one),
                                               ratio_of(row, one))]  # fmt: skip
        table.add_row(row.title, shown_value(row, REFERENCE), goal_of(row), *cells)
    console.print(table)
    console.print(
        f"{figures.rounds} rounds of interleaved processes, {figures.objects:,} "
        "objects; medians (of steps and waiting garbage the worst), and from … to. "
        "CPU times.", markup=False, highlight=False,
    )  # fmt: skip


def checked(objects: int, heap: Path | None, areas: Sequence[str]) -> list[str]:
    """Return the areas that are meant; raise UsageError for what makes no sense."""
    if objects not in OBJECTS:
        known = [str(size) for size in OBJECTS]
        raise unknown("number of objects", str(objects), known)
    if heap is not None and not heap.exists():
        raise UsageError(f"there is no {heap}: name a snapshot, or a folder of them")
    chosen = choose("area", list(areas) or ["*"], tuple(AREAS))
    return [area for area in AREAS if area in chosen]


@guarded
def figures(
    python: Annotated[
        list[str] | None, typer.Option(help="A CPython to measure beside (repeat).")
    ] = None,
    area: Annotated[
        list[str] | None,
        typer.Option(help=f"{', '.join(AREAS)} (repeat); default: all."),
    ] = None,
    heap: Annotated[
        Path | None,
        typer.Option(help="A snapshot, or a folder of them; else those of pmm."),
    ] = None,
    objects: Annotated[
        int, typer.Option(help="10000 (a try) or 1000000.")
    ] = FULL_SIZE,
    seconds: Annotated[
        float, typer.Option(min=1, help="Begin no round that would end later.")
    ] = 350.0,
    rounds: Annotated[int, typer.Option(min=1, help="At most so many rounds.")] = 10,
    out: DocumentOption = None,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:  # fmt: skip
    """Measure the collector's figures: the reference beside CPythons, interleaved.

    Full collections of lists and of real programs' heaps (`pmm gc snapshot`), garbage,
    building with the collector on and off, the longest step, what waits, and dropping.
    The same benchmarks run in each; each figure comes from fresh processes.

    Exit code 3 when one of them misbehaves.

    Example: pmm gc figures --python /usr/bin/python3.11 --python python3.15

    Example: pmm gc figures --area heap --heap mine.pmmg --python python3.13
    """
    paths = find_paths(None, build)
    areas = checked(objects, heap, area or [])
    named = each_its_own([named_collector(one, paths.root) for one in python or []])
    courses = [reference(paths, heap),
               *(interpreter(paths, heap, one) for one in named)]  # fmt: skip
    console = answer_console(as_json)

    def note(text: str) -> None:
        console.print(f"{text} …", style="dim", markup=False, highlight=False)

    started = time.monotonic_ns()
    done = run_all(courses, areas, objects, seconds, rounds, note)
    made = Figures(
        schema="pmm.gc.figures", version=1,
        created=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        elapsed_ns=time.monotonic_ns() - started, command=command_line(),
        commit=git_state(paths.root)[0], objects=objects, rounds=done,
        arms=tuple(FigureArm(one.id, one.fault) for one in courses),
        rows=rows_of(courses, objects),
    )  # fmt: skip
    path = out or paths.kept("gc") / "figures.json"
    make_folder(path.parent)
    write_atomically(path, encode_figures(made))
    print_figures(made, console)
    if as_json:
        print(encode_figures(made).decode(), end="")
    console.print(f"figures: {shown(path)}", markup=False, highlight=False)
    bad = any(one.fault is not None for one in courses)
    return errors.FAILURE if bad else errors.PASS
