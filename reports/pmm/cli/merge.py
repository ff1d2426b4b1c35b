# SPDX-License-Identifier: MIT
"""`pmm merge`: the runs of all shards as the one run that they are parts of.

1. Every shard is there once, finished, of the same order and the same programs.
2. Their plans give the whole plan; their journals and the documents of their jobs
   go into a run of their own, which is judged as any other.

Figures of different machines stand in one report then: what counts exactly is the
same as in one run; times are each machine's own.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from pmm.base.errors import NotComparableError, PmmError, UsageError, no_room
from pmm.base.paths import Paths, find_paths, shown
from pmm.cli.options import (
    BaselineOption,
    BuildOption,
    ExportOption,
    GoneOption,
    JsonOption,
    OutOption,
    SummaryOption,
    guarded,
)
from pmm.cli.runs import answer, answer_console, files_of
from pmm.cli.session import Against, finish, in_use
from pmm.documents.jobs import JobResult
from pmm.documents.journal import JOURNAL, Header, job_folders
from pmm.execute.journal import Journal, read_journal
from pmm.plan.shards import together
from pmm.store.baseline import policy_of, read_baseline
from pmm.store.runs import find_run, make_run_folder

SHARD = re.compile(r"\s--shard[= ]\S+")


@dataclass(frozen=True)
class Part:
    """One shard: what was planned, what came of it, and where it lies."""

    header: Header
    results: tuple[JobResult, ...]
    folder: Path
    number: int
    of: int


def read_part(folder: Path) -> Part:
    """Read a shard's journal; raise UsageError for a run that is none, or not done."""
    header, results = read_journal(folder)
    if header.shard is None:
        raise UsageError(f"{shown(folder)} is a whole run, not a shard of one")
    number, of = header.shard
    missing = len(header.plan) - len(results)
    if missing:
        raise UsageError(
            f"shard {number}/{of} in {shown(folder)} is not finished: {missing} of "
            f"{len(header.plan)} jobs are left; pmm run --resume goes on with it"
        )
    return Part(header, tuple(results), folder, number, of)


def in_order(parts: Sequence[Part]) -> list[Part]:
    """Return the shards by number; raise UsageError unless each is there once."""
    of = parts[0].of
    other = next((one for one in parts if one.of != of), None)
    if other is not None:
        raise UsageError(
            f"{shown(other.folder)} is shard {other.number}/{other.of}, and "
            f"{shown(parts[0].folder)} one of {of}"
        )
    ordered = sorted(parts, key=lambda one: one.number)
    numbers = [one.number for one in ordered]
    absent = sorted(set(range(1, of + 1)) - set(numbers))
    if absent:
        names = ", ".join(f"{number}/{of}" for number in absent)
        raise UsageError(f"shard {names} is missing")
    if len(numbers) != of:
        twice = next(n for n in numbers if numbers.count(n) > 1)
        raise UsageError(f"shard {twice}/{of} is given twice")
    return ordered


def check_alike(parts: Sequence[Part]) -> None:
    """Raise NotComparableError where shards are of other orders or programs."""
    first = parts[0].header

    def programs(header: Header) -> set[tuple[str, str]]:
        binaries = header.environment.binaries
        return {(Path(one.path).name, one.sha256) for one in binaries}

    for part in parts[1:]:
        other = part.header
        seeds = (first.environment.seed, other.environment.seed)
        if (first.profile, first.asked) != (other.profile, other.asked):
            why = "was asked for something else"
        elif seeds[0] != seeds[1]:
            why = f"has seed {seeds[1]}, the first one {seeds[0]}"
        else:
            known = dict(programs(first))
            differ = [n for n, sha in programs(other) if known.get(n, sha) != sha]
            why = f"is of another build of {', '.join(differ)}" if differ else ""
        if why:
            raise NotComparableError(f"shard {part.number}/{part.of} {why}")


def merged_header(parts: Sequence[Part], paths: Paths, name: str) -> Header:
    """Return the header of the whole run; raise NotComparableError for no whole."""
    first = parts[0].header
    try:
        plan = together([one.header.plan for one in parts])
    except ValueError as error:
        raise NotComparableError(f"the shards have other plans: {error}") from error
    binaries = {
        (one.path, one.sha256): one
        for part in parts
        for one in part.header.environment.binaries
    }
    environment = msgspec.structs.replace(
        first.environment, binaries=tuple(binaries[key] for key in sorted(binaries))
    )
    return msgspec.structs.replace(
        first,
        id=name,
        created=min(one.header.created for one in parts),
        command=SHARD.sub("", first.command),
        working=str(Path.cwd()),
        root=str(paths.root),
        build=str(paths.build),
        environment=environment,
        plan=plan,
        shard=None,
    )


def put_together(parts: Sequence[Part], paths: Paths) -> Path:
    """Write the whole run's folder; return it."""
    stamp = parts[0].header.id
    folder = make_run_folder(paths.runs, f"{stamp}-merged")
    header = merged_header(parts, paths, folder.name)
    whole = job_folders(folder, header.plan)
    journal = Journal(folder / JOURNAL)
    try:
        journal.append(header)
        for part in parts:
            own = job_folders(part.folder, part.header.plan)
            for result in part.results:
                source, target = own[result.job], whole[result.job]
                if source.is_dir():
                    shutil.copytree(source, target)
                journal.append(result)
    except OSError as error:
        raise no_room(error, folder) from error
    finally:
        journal.close()
    return folder


@guarded
def merge(
    shard: Annotated[
        list[str], typer.Argument(help="The runs of all shards: folders, or ids.")
    ],
    baseline: BaselineOption = None,
    gone: GoneOption = None,
    out: OutOption = None,
    summary: SummaryOption = None,
    export: ExportOption = None,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:
    """Make one run of the shards that `pmm run --shard I/N` ran, perhaps elsewhere.

    What counts exactly is as one run would have it. A folder is enough of a shard:
    jobs.jsonl and jobs/ (an artefact of a pipeline).

    Exit code: that of the whole run; 2 when a shard is missing or not finished, 5
    when they are of other programs.

    Example: pmm merge shard-1 shard-2 shard-3 --baseline main/run.json
    """
    console = answer_console(as_json)
    files = files_of(summary, export)
    paths = find_paths(None, build)
    policy = policy_of(gone) if gone is not None else "inconclusive"
    against = Against(read_baseline(paths.runs, baseline), policy)
    parts = in_order([read_part(find_run(paths.runs, one)) for one in shard])
    check_alike(parts)
    folder = put_together(parts, paths)
    report = (out or paths.kept("report")).resolve()
    with in_use(folder):
        outcome = finish(folder, against, report, console)
    if outcome.report is None:
        raise PmmError("there is no report")
    return answer(outcome, as_json, console, files)


def register(app: typer.Typer) -> None:
    """Add the verb to the program."""
    app.command()(merge)
