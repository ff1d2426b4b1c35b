# SPDX-License-Identifier: MIT
"""`pmm selftest`: the gate, held against slowdowns and allocations that are known."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from pmm.base import errors
from pmm.base.decoding import decode_json
from pmm.base.errors import PmmError, UsageError, no_room
from pmm.base.paths import Paths, find_paths, shown
from pmm.base.plain_text import PlainConsole
from pmm.cli.options import BuildOption, JsonOption, SeedOption, guarded
from pmm.cli.runs import answer_console
from pmm.cli.versus import Kind, Wish, side_by_side
from pmm.documents.programs import Strict
from pmm.documents.run import Run
from pmm.judge.held_to import POWER, Held, Trial, held_to, trial_of
from pmm.store.runs import write_atomically

DOCUMENT = "selftest.json"
FOLDER = Path("bench", "known")
ROWS = ("alloc/pair/*", "alloc/calloc/*", "alloc/lifo/*")
SHORT_ROWS = ("alloc/pair/48",)
CASE = "lst.append*"
WORDS = {True: "✓ kept", False: "✗ missed", None: "– too few to say"}
SURE = 20
"""Per cent that no gate may miss."""


class SelfTest(Strict, frozen=True):
    """The document: what was tried, and what it comes to."""

    schema: Literal["pmm.selftest"]
    version: Literal[1]
    held: tuple[Held, ...]
    trials: tuple[Trial, ...]


def library(paths: Paths, name: str) -> Path:
    """Return one of the known libraries."""
    path = paths.build / FOLDER / f"{name}.so"
    if not path.is_file():
        raise PmmError(f"{shown(path)} is not built: ninja -C {shown(paths.build)}")
    return path


def wish(
    kind: Kind, two: tuple[str, str], seed: int, build: Path | None,
    rows: tuple[str, ...],
) -> Wish:  # fmt: skip
    """Return the comparison of two that are known."""
    timed = kind == "backend"
    return Wish(
        *two, kind, "inconclusive", not timed, False, timed, () if timed else (CASE,),
        rows, None, 10_000, seed, build,
    )  # fmt: skip


def kept_trials(path: Path | None) -> list[Trial]:
    """Read the reports that earlier parts made; none where there is no file yet."""
    if path is None or not path.is_file():
        return []
    try:
        lines = path.read_bytes().splitlines()
        return [decode_json(line, Trial) for line in lines]
    except (OSError, msgspec.MsgspecError) as error:
        raise UsageError(f"--keep {path} is no file of reports: {error}") from error


def keep_trial(path: Path | None, one: Trial) -> None:
    """Write a report down at once, so that an interruption costs only one."""
    if path is None:
        return
    try:
        with path.open("ab") as file:
            file.write(msgspec.json.encode(one) + b"\n")
    except OSError as error:
        raise no_room(error, path) from error


class Trials:
    """Known slowdowns, one report after the other."""

    def __init__(
        self, build: Path | None, rows: tuple[str, ...], short: bool,
        keep: Path | None, console: Console,
    ) -> None:  # fmt: skip
        self.paths = find_paths(None, build)
        self.build = build
        self.rows = rows
        self.short = short
        self.keep = keep
        self.console = console
        self.done = kept_trials(keep)

    def free_seed(self, seed: int) -> int:
        """Return the first seed that no report of an earlier part has."""
        return max([seed, *(one.seed + 2 for one in self.done)])

    def compared(self, kind: Kind, two: tuple[str, str], seed: int) -> Run:
        """Compare two; what the comparison says on the way is not shown."""
        silent = PlainConsole(file=io.StringIO())
        return side_by_side(wish(kind, two, seed, self.build, self.rows), silent).run

    def report(self, percent: int, seed: int) -> None:
        """Make a report on an allocator that is slower by so much."""
        two = (
            f"old={library(self.paths, 'slow_0')},prefix=slow_",
            f"new={library(self.paths, f'slow_{percent}')},prefix=slow_",
        )
        run = self.compared("backend", two, seed)
        if run.speed is None:
            raise PmmError(f"nothing was measured: {run.verdict.sentence}")
        one = trial_of(run.speed, percent, seed)
        self.done.append(one)
        keep_trial(self.keep, one)
        rows = f"{one.found} of {len(one.ratios)} rows slower"
        self.console.print(
            f"{percent:>2} % slower, seed {seed}: {rows}, exit code "
            f"{run.verdict.exit_code}" + (f" ({one.reason})" if one.reason else ""),
            markup=False, highlight=False,
        )  # fmt: skip

    def allocation(self) -> Held:
        """Compare runtimes one of which allocates once more in each append."""
        first, more = (str(library(self.paths, f"extra_{n}")) for n in (0, 1))
        wanted = {more: errors.FAILURE}
        if not self.short:
            wanted[first] = errors.PASS
        codes = {
            other: self.compared(
                "subject", (f"old={first}", f"new={other}"), 1
            ).verdict.exit_code
            for other in wanted
        }
        right = sum(codes[other] == code for other, code in wanted.items())
        wrong = "" if right == len(wanted) else f"exit codes {[*codes.values()]}"
        return Held(
            what="one allocation more is found, and none where there is none",
            good=right, of=len(wanted), goal="each time", kept=not wrong, detail=wrong,
        )  # fmt: skip

    def emptiness(self) -> Held:
        """Compare nothing at all: that has to be refused."""
        one = f"old={library(self.paths, 'slow_0')},prefix=slow_"
        other = f"new={library(self.paths, 'slow_0')},prefix=slow_"
        nothing = wish("backend", (one, other), 1, self.build, self.rows)
        nothing = Wish(**{**vars(nothing), "rows": ("no such row",)})
        try:
            side_by_side(nothing, PlainConsole(file=io.StringIO()))
            refused = False
        except UsageError:
            refused = True
        return Held(
            what="an empty selection is an error", good=int(refused), of=1,
            goal="each time", kept=refused,
        )  # fmt: skip


def print_held(held: tuple[Held, ...], console: Console) -> None:
    """Print a row a goal."""
    table = Table(title="The gate, held to its word", box=box.SIMPLE_HEAD,
                  title_justify="left")  # fmt: skip
    for heading in ("what", "found", "goal", ""):
        table.add_column(heading, no_wrap=heading != "what")
    for one in held:
        detail = f"; {one.detail}" if one.detail else ""
        table.add_row(one.what, f"{one.good} of {one.of}{detail}", one.goal,
                      WORDS[one.kept])  # fmt: skip
    console.print(table)


def failed(held: tuple[Held, ...], trials: list[Trial]) -> bool:
    """Tell whether the gate let something known pass, or misses a goal."""
    passed = any(one.percent == SURE and one.found == 0 for one in trials
                 if one.state == "sound")  # fmt: skip
    return passed or any(one.kept is False for one in held)


@guarded
def selftest(
    short: Annotated[
        bool, typer.Option("--short", help="One report of one row: for each CI run.")
    ] = False,
    reports: Annotated[
        int, typer.Option(min=0, help="Reports on the same, and on each slowdown.")
    ] = 5,
    percent: Annotated[
        list[int] | None,
        typer.Option(
            help=f"Slower by: {', '.join(map(str, POWER))}; 0: only the same (repeat)."
        ),
    ] = None,
    row: Annotated[
        list[str] | None,
        typer.Option(help="Only these benchmarks, e.g. 'alloc/pair/48' (repeat)."),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(
            help="Add the reports to this file (a line each), and count those of "
            "earlier parts, too."
        ),
    ] = None,
    seed: SeedOption = 1,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:
    """Hold the gate of `pmm compare` to its word, by regressions that are known.

    Reports are made on an allocator beside itself, and beside builds that are slower
    by 2, 5 and 20 % (bench/known/slow.c): how many give a false alarm, how many rows
    are found, how many intervals hold the known ratio, which change could have been
    seen. A runtime that allocates once more in list.append has to fail; so has a
    selection of nothing. The document with every report is build/selftest.json.

    A report of all eight rows takes half a minute of processor time, one of three
    ten seconds; 200 reports on the same bound false alarms well. They can be made
    in parts, with --keep; --reports 0 judges what a file has.

    Exit code 3 when something known was let pass or a goal is missed, 4 when no
    report decided anything.

    Example: pmm selftest --reports 200 --percent 2 --percent 5

    Example: pmm selftest --reports 25 --percent 0 --keep bench/selftest.jsonl
    --row alloc/pair/48 --row alloc/calloc/48 --row alloc/lifo/48
    """
    console = answer_console(as_json)
    percents = sorted(set(percent or ([SURE] if short else POWER)))
    for one in percents:
        if one not in (0, *POWER):
            raise UsageError(f"--percent {one}: there are {', '.join(map(str, POWER))}")
    rows = tuple(row or (SHORT_ROWS if short else ROWS))
    trials = Trials(build, rows, short, keep, console)
    sure = (trials.emptiness(), trials.allocation())
    first = trials.free_seed(seed)
    for number in range(1 if short else reports):
        for known in percents if short else sorted({0, *percents}):
            trials.report(known, first + 2 * number)
    held = (*held_to(trials.done), *sure)
    document = SelfTest("pmm.selftest", 1, held, tuple(trials.done))
    text = msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"
    path = trials.paths.kept(DOCUMENT)
    write_atomically(path, text)
    print_held(held, console)
    if as_json:
        print(text.decode(), end="")
    console.print(f"document: {shown(path)}", markup=False, highlight=False)
    if failed(held, trials.done):
        return errors.FAILURE
    decided = any(one.state == "sound" for one in trials.done)
    return errors.PASS if decided else errors.INCONCLUSIVE


def register(app: typer.Typer) -> None:
    """Add the verb to the program."""
    app.command()(selftest)
