# SPDX-License-Identifier: MIT
"""`pmm compare`: what is worse in a candidate than in a base."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pmm.base.errors import PmmError, UsageError
from pmm.base.paths import find_paths, shown
from pmm.cli.options import (
    BuildOption,
    CaseOption,
    ExportOption,
    GoneOption,
    JsonOption,
    ObjectsOption,
    OutOption,
    PairsOption,
    SeedOption,
    SummaryOption,
    guarded,
)
from pmm.cli.refs import built_refs
from pmm.cli.runs import answer, answer_console, files_of, finished_run
from pmm.cli.session import Outcome, write_report
from pmm.cli.versus import Wish, common_kind, side_by_side
from pmm.documents.asked import GonePolicy
from pmm.documents.journal import JOURNAL
from pmm.judge.run import compared
from pmm.store.baseline import policy_of
from pmm.store.runs import RUN

RUN_HELP = (
    "A stored run (an id, a folder, a run.json, `latest`), or something to measure: an "
    "allocator, a runtime, a build folder."
)
LATEST = "latest"


@guarded
def compare(
    base: Annotated[
        str | None, typer.Argument(metavar="[BASE]", help=RUN_HELP)
    ] = None,
    candidate: Annotated[
        str, typer.Argument(metavar="[CANDIDATE]", help="The same; default: `latest`.")
    ] = LATEST,
    base_ref: Annotated[
        str | None,
        typer.Option(
            help="In a clone of pmm: build this commit and HEAD alike, and measure "
            "both."
        ),
    ] = None,
    gone: GoneOption = None,
    exact: Annotated[
        bool, typer.Option(help="Run what is measured for what counts exactly.")
    ] = True,
    instructions: Annotated[
        bool, typer.Option(help="Count the instructions of what is measured.")
    ] = True,
    time: Annotated[
        bool, typer.Option(help="Judge the time of what is measured, by pairs.")
    ] = True,
    case: CaseOption = None,
    row: Annotated[
        list[str] | None,
        typer.Option(help="Time only these benchmarks, e.g. 'alloc/*' (repeat)."),
    ] = None,
    pairs: PairsOption = None,
    objects: ObjectsOption = 10_000,
    seed: SeedOption = 1,
    out: OutOption = None,
    summary: SummaryOption = None,
    export: ExportOption = None,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:
    """Compare a candidate with a base: what is worse, and what is gone?

    Two stored runs are compared as they are, and need no build: documents from other
    machines do. Two allocators (./old.so ./new.so, libc mimalloc), runtimes, builds
    or commits are measured first: both for cases, leaks and counters, which are
    compared without tolerance; then the instructions of each benchmark, where valgrind
    is (0.2 % more is worse); then their time, in interleaved pairs of fresh processes.
    What looks slower is measured again, and has to be slower again. The candidate
    beside itself is the control: where it differs, nothing is decided.

    What only the base has is a finding (--gone says what it costs). A candidate that
    fails by itself fails here too. With --out, its report is written.

    Exit code 0 nothing is worse, 3 something is, 4 something is gone or undecided.

    Example: pmm compare main/run.json pull-request/run.json --out changes

    Example: pmm compare ./old/libmine.so ./new/libmine.so

    Example: pmm compare --base-ref origin/main
    """
    console = answer_console(as_json)
    files = files_of(summary, export)
    policy = policy_of(gone) if gone is not None else "inconclusive"
    if base_ref is not None:
        if base is not None:
            raise UsageError("--base-ref names the base: leave out BASE and CANDIDATE")
        base, candidate = built_refs(find_paths(None, build), base_ref, console)
    if base is None:
        raise UsageError("name what to compare with: a run, ./old.so, --base-ref REF")
    if base_ref is None and (candidate == LATEST or is_stored(base, build)):
        found = stored(base, candidate, policy, build, console)
    else:
        kind = common_kind(base, candidate, build)
        wish = Wish(base, candidate, kind, policy, exact, instructions, time,
                    tuple(case or ()), tuple(row or ()), pairs, objects, seed,
                    build)  # fmt: skip
        found = side_by_side(wish, console)
    run, folder = found.run, found.folder
    report = write_report(run, folder, out, console) if out is not None else None
    if out is not None and report is None:
        raise PmmError("no report was written")
    return answer(Outcome(run, folder, report), as_json, console, files)


def is_stored(name: str, build: Path | None) -> bool:
    """Tell whether a name is that of a stored run."""
    given = Path(name)
    if given.suffix == ".json" or any((given / n).is_file() for n in (RUN, JOURNAL)):
        return True
    try:
        runs = find_paths(None, build).runs
    except UsageError:
        return False
    return "/" not in name and (runs / name / JOURNAL).is_file()


def stored(
    base: str, candidate: str, policy: GonePolicy, build: Path | None, console: Console
) -> Outcome:
    """Compare two runs that are there."""
    before, where = finished_run(base, build, console)
    run, folder = finished_run(candidate, build, console)
    return Outcome(compared(run, before, shown(where), policy), folder, None)


def register(app: typer.Typer) -> None:
    """Add the verb to the program."""
    app.command()(compare)
