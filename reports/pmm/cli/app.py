# SPDX-License-Identifier: MIT
"""The command line: one program, verbs that a stranger guesses.

Each verb turns its options into a Selection and hands it on. A mistake of the
user's is one sentence and an exit code, never a traceback.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from rich.console import Console

from pmm.base import errors
from pmm.base.errors import InterruptedRunError, PmmError
from pmm.base.paths import Places, find_places, shown
from pmm.base.plain_text import PlainConsole, shell_line
from pmm.base.signals import Interruption, listen, refuse_more
from pmm.base.streams import lost_output, settle_streams
from pmm.base.typed_names import unknown
from pmm.cli import show
from pmm.cli.options import (
    AllocatorOption,
    ArmOption,
    BackendOption,
    BaselineOption,
    BuildOption,
    CaseOption,
    GoneOption,
    JsonOption,
    LaneOption,
    ModeOption,
    ObjectsOption,
    OutOption,
    PairsOption,
    ProfileOption,
    SeedOption,
    SubjectOption,
    complain,
    guarded,
    look,
)
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
    write_report,
)
from pmm.cli.summary import print_summary
from pmm.documents.jobs import JobKind
from pmm.documents.journal import Header
from pmm.documents.run import Run
from pmm.documents.verdict import GonePolicy
from pmm.plan.pairs import make_pair_plan, refuse_at_once
from pmm.plan.plan import make_plan
from pmm.plan.selection import KINDS, Selection, wanted_by
from pmm.store.baseline import policy_of, read_baseline
from pmm.store.runs import RUN, claim_report_folder, find_run, load_run, sole_writer

LOG_WIDTH = 140
"""Columns of a log, where no terminal says how many it has."""

EPILOG = """[bold]Exit codes[/bold]

0 pass · 1 tool error, also when nothing was measured · 2 usage ·
3 a failure or a regression · 4 inconclusive: nothing applied, or something that
the baseline had is gone (see --gone) · 5 the runs have nothing in common ·
130 interrupted

[bold]Examples[/bold]

pmm run --profile quick

pmm run --baseline latest --out build/report

pmm conform --subject reference --backend mimalloc --case 'gc.*'

pmm work list_vs_generator --backend pool --set items=100000

pmm bench --subject reference --subject cpython-3.11
"""

app = typer.Typer(
    name="pmm",
    help="Checks and measures Python-style memory management: any runtime "
    "(subject) over any allocator (backend).",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode="rich",
    add_completion=False,
    pretty_exceptions_enable=False,
)


def command_line() -> str:
    """Return the command line as it was typed."""
    return shell_line(["pmm", *sys.argv[1:]])


def answer_console(as_json: bool) -> Console:
    """Return where people read: stderr when stdout is for a machine."""
    console = PlainConsole(stderr=as_json)
    if not console.is_terminal:
        console.width = LOG_WIDTH
    return console


def answer(outcome: Outcome, as_json: bool, console: Console) -> int:
    """Print the result and return its exit code."""
    print_summary(outcome, console)
    if as_json:
        print(machine_answer(outcome).decode())
    return outcome.run.verdict.exit_code


def run_selection(
    selection: Selection,
    build: Path | None,
    baseline: str | None,
    out: Path | None,
    as_json: bool,
    gone: GonePolicy = "inconclusive",
) -> int:
    """Plan, execute and finish a new run."""
    console = answer_console(as_json)
    refuse_at_once(selection)
    places = find_places(None, build)
    against = Against(read_baseline(places.runs, baseline), gone)
    world = look(build, wanted_by(selection))
    make = make_pair_plan if selection.arms else make_plan
    plan = make(world, selection)
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
        return carry_out(header, folder, Order(against, out, as_json), console)


class Order(NamedTuple):
    """What is to be done with a run's results."""

    against: Against
    out: Path | None
    as_json: bool


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
    return answer(outcome, order.as_json, console)


@app.command()
@guarded
def run(
    profile: ProfileOption = "standard",
    baseline: BaselineOption = None,
    gone: GoneOption = None,
    backend: BackendOption = None,
    subject: SubjectOption = None,
    case: CaseOption = None,
    workload: Annotated[
        list[str] | None, typer.Option("--workload", "-w", help="Only this (repeat).")
    ] = None,
    lane: LaneOption = None,
    mode: ModeOption = None,
    allocator: AllocatorOption = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help=f"Only this kind of job: {', '.join(KINDS)} (repeat)."),
    ] = None,
    out: OutOption = None,
    resume: Annotated[
        str | None,
        typer.Option(help="Go on with an interrupted run (folder or id)."),
    ] = None,
    seed: SeedOption = 1,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:
    """Run the suite, judge it, and write the report.

    The report goes to build/report unless --out names another folder. After
    Ctrl-C, go on with --resume. The quick profile takes two minutes; standard, up
    to ten, samples what nightly sweeps in hours; smoke, the plan of standard at its
    smallest sizes, takes one.
    """
    policy = policy_of(gone) if gone is not None else None
    if resume is not None:
        return go_on(resume, baseline, policy, Order(Against(), out, as_json), build)
    for kind in only or ():
        if kind not in KINDS:
            raise unknown("kind of job", kind, KINDS)
    kinds: tuple[JobKind, ...] = tuple(k for k in KINDS if not only or k in only)
    selection = Selection(
        profile=profile,
        kinds=kinds,
        backends=tuple(backend or ()),
        subjects=tuple(subject or ()),
        cases=tuple(case or ()),
        workloads=tuple(workload or ()),
        lanes=tuple(lane or ()),
        modes=tuple(mode or ()),
        allocators=tuple(allocator or ()),
        seed=seed,
    )
    report = out or find_places(None, build).build / "report"
    return run_selection(
        selection, build, baseline, report, as_json, policy or "inconclusive"
    )


def go_on(
    name: str,
    baseline: str | None,
    gone: GonePolicy | None,
    order: Order,
    build: Path | None,
) -> int:
    """Finish an interrupted run, compared as it was to be."""
    console = answer_console(order.as_json)
    places = find_places(None, build)
    folder = find_run(places.runs, name).resolve()
    report = (order.out or places.build / "report").resolve()
    with in_use(folder):
        against = compared_with(folder, baseline, gone)
        header = reopen(folder)
        return carry_out(header, folder, Order(against, report, order.as_json), console)


@app.command()
@guarded
def conform(
    subject: SubjectOption = None,
    backend: BackendOption = None,
    case: CaseOption = None,
    lane: LaneOption = None,
    mode: ModeOption = None,
    allocator: AllocatorOption = None,
    out: OutOption = None,
    seed: SeedOption = 1,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:
    """Check subjects against the requirements, without measuring.

    Every collector mode of a subject is checked unless --mode names some, in the
    plain lane unless --lane does; the oldest and the newest CPython unless --subject
    does, over its own allocator unless --allocator does.

    Example: pmm conform --subject cpython-3.11 --allocator all --case 'ref.*'
    """
    kinds: tuple[JobKind, ...] = ("conform",)
    if not (subject or case or lane or mode or allocator):
        kinds = ("conform", "backend-check")
    selection = Selection(
        kinds=kinds,
        backends=tuple(backend or ()),
        subjects=tuple(subject or ()),
        cases=tuple(case or ()),
        lanes=tuple(lane or ("plain",)),
        modes=tuple(mode or ("all",)),
        allocators=tuple(allocator or ()),
        seed=seed,
    )
    return run_selection(selection, build, None, out, as_json)


@app.command()
@guarded
def work(
    workload: Annotated[
        list[str] | None, typer.Argument(help="Names of `pmm list workloads`; all.")
    ] = None,
    subject: SubjectOption = None,
    backend: BackendOption = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="A parameter, e.g. items=100000 (repeat)."),
    ] = None,
    variant: Annotated[
        list[str] | None, typer.Option(help="Only this variant (repeat).")
    ] = None,
    out: OutOption = None,
    seed: SeedOption = 1,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:
    """Run workloads: a realistic job, verified, with its memory over time.

    Example: pmm work list_vs_generator --subject reference --backend mimalloc
    """
    selection = Selection(
        kinds=("work",),
        workloads=tuple(workload or ()),
        backends=tuple(backend or ()),
        subjects=tuple(subject or ()),
        settings=tuple(setting or ()),
        variants=tuple(variant or ()),
        seed=seed,
    )
    return run_selection(selection, build, None, out, as_json)


@app.command()
@guarded
def bench(
    area: Annotated[
        list[str] | None, typer.Argument(help="Names of `pmm list benchmarks`; all.")
    ] = None,
    backend: BackendOption = None,
    subject: ArmOption = None,
    pairs: PairsOption = None,
    objects: ObjectsOption = 1_000_000,
    profile: ProfileOption = "quick",
    out: OutOption = None,
    seed: SeedOption = 1,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:
    """Run Google Benchmark programs over the backends, or compare two subjects.

    Example: pmm bench alloc --backend pool --backend libc --profile standard

    Example: pmm bench --subject reference --subject cpython:/usr/bin/python3.11
    """
    selection = Selection(
        profile="pairs" if subject else profile,
        kinds=("bench",),
        benches=tuple(area or ()),
        backends=tuple(backend or ()),
        seed=seed,
        arms=tuple(subject or ()),
        pairs=pairs,
        objects=objects,
    )
    return run_selection(selection, build, None, out, as_json)


def finished_run(places: Places, name: str, console: Console) -> tuple[Run, Path]:
    """Load a run; fold it from its journal when run.json is missing or partial."""
    folder = find_run(places.runs, name).resolve()
    if (folder / RUN).is_file():
        found = load_run(folder)
        if found.verdict.state != "interrupted":
            return found, folder
    with in_use(folder):
        against = compared_with(folder, None, None)
        return finish(folder, against, None, console).run, folder


@app.command()
@guarded
def report(
    name: Annotated[
        str, typer.Argument(metavar="[RUN]", help="An id, a folder, or `latest`.")
    ] = "latest",
    out: OutOption = None,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:
    """Write the HTML report of a stored run anew.

    Example: pmm report 20250101-120000-quick --out /tmp/report
    """
    console = answer_console(as_json)
    places = find_places(None, build)
    found, folder = finished_run(places, name, console)
    path = write_report(found, folder, out or places.build / "report", console)
    if path is None:
        raise PmmError("there is no report")
    if as_json:
        print(machine_answer(Outcome(found, folder, path)).decode())
    else:
        print(f"report: {shown(path)}")
    return errors.PASS


show.register(app)


def refuse_undecodable() -> None:
    """Refuse words that are no text: a run could not write them down."""
    for word in (*sys.argv, str(Path.cwd())):
        if any("\ud800" <= letter <= "\udfff" for letter in word):
            complain(f"a name is not UTF-8, give it another one: {word}")
            sys.exit(errors.USAGE)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program; output that was lost is an error unless a verdict is worse."""
    settle_streams()
    listen()
    code: int | str | None = errors.PASS
    try:
        refuse_undecodable()
        app(args=list(arguments) if arguments is not None else None)
    except SystemExit as end:
        code = end.code
    except Interruption as end:
        refuse_more()
        complain(f"interrupted by {end}")
        code = errors.INTERRUPTED
    lost = lost_output()
    if lost is not None:
        complain(f"the output is not complete: {lost.strerror}")
    sys.exit(code or (errors.TOOL_ERROR if lost else errors.PASS))


if __name__ == "__main__":
    main()
