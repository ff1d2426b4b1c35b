# SPDX-License-Identifier: MIT
"""`pmm trace`: what real programs ask of their allocator, recorded and replayed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
import typer

from pmm.base import errors
from pmm.base.decoding import any_json
from pmm.base.errors import PmmError, UsageError
from pmm.base.last_words import last_words
from pmm.base.paths import Paths, find_paths, shown
from pmm.base.plain_text import say
from pmm.base.typed_names import choose
from pmm.cli.options import (
    BackendOption,
    BuildOption,
    JsonOption,
    SeedOption,
    guarded,
    look,
    writable_file,
)
from pmm.cli.trace_replay import Replays, print_replays, side_by_side
from pmm.discover.trace_set import (
    SUFFIX,
    TraceProgram,
    find_trace,
    made_folder,
    place_of,
    read_set,
    script_of,
)
from pmm.discover.world import Wanted
from pmm.plan.selection import Selection, resolve_backends

WORKPLACE = Path("/tmp/pmm-trace-set")  # noqa: S108 - its name is in the traces
"""Where the programs of the set run: a path is text, and text is allocated."""
FileArgument = Annotated[str, typer.Argument(help="A trace: a path, or a name.")]

app = typer.Typer(
    name="trace",
    help="Traces of what real programs ask of their allocator.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


def program_of(paths: Paths) -> Path:
    """Return pmm-trace."""
    path = paths.program("pmm-trace")
    if path is None:
        raise PmmError("pmm-trace is not built: run `ninja -C build`")
    return path


def become(paths: Paths, *arguments: str) -> NoReturn:
    """Let pmm-trace do it: its output, signals and exit code are ours."""
    program = program_of(paths)
    sys.stdout.flush()
    os.execv(program, [str(program), *arguments])  # noqa: S606 - no shell is meant


@app.command()
@guarded
def record(
    command: Annotated[list[str], typer.Argument(help="The program, behind --.")],
    out: Annotated[
        Path, typer.Option(callback=writable_file, help="The trace to write.")
    ] = Path("trace.pmmt"),
    build: BuildOption = None,
) -> None:
    """Run a Python program and write all that it asks of its allocators.

    Strings hash with seed 0 unless PYTHONHASHSEED names another one, and addresses
    are not randomised, so that a program without chance of its own gives the same
    bytes each time.

    Example: pmm trace record --out mine.pmmt -- python3 program.py
    """
    become(find_paths(None, build), "record", "--out", str(out), "--", *command)


@app.command()
@guarded
def info(
    file: FileArgument, build: BuildOption = None, as_json: JsonOption = False
) -> None:
    """Say where a trace comes from and what it is like.

    Example: pmm trace info sqlite_orders
    """
    paths = find_paths(None, build)
    options = ["--json"] if as_json else []
    become(paths, "info", *options, "--", str(find_trace(paths, file)))


@app.command()
@guarded
def verify(file: FileArgument, build: BuildOption = None) -> None:
    """Read a trace to its end; exit code 3, and where, when it is damaged."""
    paths = find_paths(None, build)
    become(paths, "verify", "--", str(find_trace(paths, file)))


@app.command()
@guarded
def trim(
    file: FileArgument,
    events: Annotated[int, typer.Option(min=1, help="How many events to keep.")],
    out: Annotated[
        Path, typer.Option(callback=writable_file, help="The shorter trace to write.")
    ],
    build: BuildOption = None,
) -> None:
    """Write the beginning of a trace; it saves what is whole of a damaged one."""
    paths = find_paths(None, build)
    become(
        paths, "trim", "--events", str(events), "--out", str(out), "--",
        str(find_trace(paths, file)),
    )  # fmt: skip


@app.command(name="import")
@guarded
def import_text(
    file: Annotated[Path, typer.Argument(help="The text of the other tool.")],
    out: Annotated[
        Path, typer.Option(callback=writable_file, help="The trace to write.")
    ],
    form: Annotated[
        str | None,
        typer.Option(
            "--from", help="malloc-lab or memory-replay; default: by the first line."
        ),
    ] = None,
    events: Annotated[
        int | None, typer.Option(min=1, help="Only the first so many events.")
    ] = None,
    build: BuildOption = None,
) -> None:
    """Make a trace of another tool's text: CS:APP's malloc lab, Android's replay.

    Exit code 3 with the line, and what was expected there, when it is damaged.

    Example: pmm trace import --out amptjp.pmmt amptjp-bal.rep
    """
    options = [*(["--from", form] if form is not None else []),
               *(["--events", str(events)] if events is not None else [])]  # fmt: skip
    become(
        find_paths(None, build), "import", "--out", str(out), *options, "--", str(file)
    )


@app.command(name="list")
@guarded
def list_set(build: BuildOption = None, as_json: JsonOption = False) -> None:
    """List the set: each program, its trace, and whether it is here."""
    paths = find_paths(None, build)
    table = read_set(paths.root)
    if as_json:
        print(msgspec.json.encode(table).decode())
        return
    for one in table.program:
        place = place_of(paths, one.name)
        where = shown(place) if place else f"pmm trace remake {one.name}"
        say(f"{one.name:<16} {one.events:>9,} events, {one.nature}\n{'':<17}{where}")


@app.command()
@guarded
def replay(
    trace: Annotated[list[str], typer.Argument(help="Traces: paths, or names.")],
    backend: BackendOption = None,
    aged: Annotated[
        bool, typer.Option("--aged", help="Also on a heap that was littered before.")
    ] = False,
    processes: Annotated[
        int, typer.Option(min=1, max=100, help="Processes per backend.")
    ] = 3,
    repetitions: Annotated[
        int, typer.Option(min=2, max=64, help="Timed passes in each process.")
    ] = 4,
    huge_pages: Annotated[
        str,
        typer.Option(
            help="system: as the machine is set up; never: none for these processes."
        ),
    ] = "system",
    seed: SeedOption = 1,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:
    """Make the calls of a trace on several backends: right, how fast, how much memory.

    All backends unless --backend names some. A backend that verifies a byte wrong, or
    has no memory, gets no figure; exit code 3.

    Example: pmm trace replay sqlite_orders --backend pool --backend mimalloc --aged
    """
    wanted = Wanted(
        backends=tuple(backend or ()), every_cpython=False, cases=False,
        workloads=False,
    )  # fmt: skip
    world = look(build, wanted)
    specs = resolve_backends(world, Selection(backends=tuple(backend or ())))
    named = tuple(
        (entry.name if (entry := world.entry_of(spec)) else spec, spec)
        for spec in specs
        if backend or not world.is_bound(spec)
    )
    failed = False
    for file in [find_trace(world.paths, one) for one in trace]:
        replays = Replays(
            program_of(world.paths), file, named, aged, processes, repetitions, seed,
            huge_pages=huge_pages,
        )  # fmt: skip
        beside = [replace(replays, aged=False, time_only=True)] if aged else []
        arms, *rest = side_by_side([replays, *beside])
        fresh = rest[0] if rest else []
        failed = failed or any(arm.fault for arm in (*arms, *fresh))
        if as_json:
            print(msgspec.json.encode((*arms, *fresh)).decode())
        else:
            print_replays(arms, replays, fresh)
    return errors.FAILURE if failed else errors.PASS


# ------------------------------------------------------------------- the set again


def environment() -> dict[str, str]:
    """Return the whole environment of a recorded program.

    Seed 1, as the XML parser takes 0 for no seed and draws one.
    """
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "PYTHONHASHSEED": "1",
    }


def workplace() -> Path:
    """Make the folder that a program runs in; refuse one that is somebody else's.

    It is empty, as an interpreter that imports lists the folder.
    """
    try:
        WORKPLACE.mkdir(mode=0o700, exist_ok=True)
        owner = WORKPLACE.lstat().st_uid
    except OSError as error:
        raise PmmError(f"cannot make {WORKPLACE}: {error.strerror}") from error
    if owner != os.getuid() or WORKPLACE.is_symlink():
        raise PmmError(f"{WORKPLACE} is somebody else's")
    for path in WORKPLACE.iterdir():
        path.unlink()
    return WORKPLACE


def record_one(paths: Paths, one: TraceProgram, python: str) -> dict[str, object]:
    """Record a program of the set; return what `info` says of its trace."""
    out = made_folder(paths) / f"{one.name}{SUFFIX}"
    out.parent.mkdir(exist_ok=True)
    here = workplace()
    shutil.copyfile(script_of(paths.root, one.name), here / f"{one.name}.py")
    program = str(program_of(paths))
    done = subprocess.run(
        [program, "record", "--out", str(out.resolve()), "--name", f"{one.name}.py",
         "--", python, "-S", "-B", f"{one.name}.py"],
        cwd=here, env=environment(), stdin=subprocess.DEVNULL, capture_output=True,
        text=True, errors="replace", check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise PmmError(f"{one.name}: {last_words(done.stderr) or done.returncode}")
    said = subprocess.run(
        [program, "info", "--json", str(out)], capture_output=True, check=True
    )
    found: dict[str, object] = any_json(said.stdout)
    return found


@app.command()
@guarded
def remake(
    name: Annotated[
        list[str] | None, typer.Argument(help="Names from the set; default: all.")
    ] = None,
    python: Annotated[
        str, typer.Option(help="The interpreter to record.")
    ] = "/usr/bin/python3.11",
    build: BuildOption = None,
) -> int:
    """Record the programs of the set again, and hold them against their hashes.

    The traces go to the build folder. Exit code 3 when the same version of the
    interpreter gives other bytes; another version does, and only that is said.

    Example: pmm trace remake thread_pool
    """
    paths = find_paths(None, build)
    table = read_set(paths.root)
    if shutil.which(python) is None:
        raise UsageError(f"{python} was not found: name an interpreter with --python")
    known = {one.name: one for one in table.program}
    wanted = choose("trace", name or list(known), list(known))
    differ = 0
    for one in (known[key] for key in wanted):
        found = record_one(paths, one, python)
        same = found["sha256"] == one.sha256
        as_pinned = f"python: {table.python}\n" in str(found["text"])
        differ += as_pinned and not same
        state = "the same bytes" if same else (
            "OTHER BYTES" if as_pinned else f"not Python {table.python}"
        )  # fmt: skip
        say(f"{one.name:<16} {found['events']:>9,} events: {state}")
    return errors.FAILURE if differ else errors.PASS


def register(roof: typer.Typer) -> None:
    """Add the verbs to the program."""
    roof.add_typer(app)
