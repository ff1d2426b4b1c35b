# SPDX-License-Identifier: MIT
"""`pmm check-extension`: does a C extension manage its memory as CPython needs it?"""

from __future__ import annotations

import datetime
import os
import re
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape

from pmm.base import errors
from pmm.base.errors import UsageError, no_room
from pmm.base.paths import Paths, find_paths, shown
from pmm.base.plain_text import plain
from pmm.base.typed_names import choose, unknown
from pmm.cli.extension_print import Progress, print_run
from pmm.cli.options import BuildOption, JsonOption, guarded, writable_file
from pmm.cli.own_program import OutFolder, SummaryFile, keep, keep_page
from pmm.cli.runs import answer_console, command_line
from pmm.collect.extension import (
    Target,
    broken_import,
    failed,
    find_maker,
    listed,
    names_of,
    run_check,
    type_result,
)
from pmm.discover.file_kinds import check_interpreter
from pmm.discover.introductions import Introduction, introduce
from pmm.documents.extension import (
    CHECKS,
    ExtensionRun,
    Finding,
    TypeResult,
    encode_extension,
)
from pmm.execute.inside import Host, end_running
from pmm.execute.pool import in_order
from pmm.judge.extension import failing, judged, read_expected, sentence
from pmm.render.extension import page, summary
from pmm.store.extension_junit import extension_junit
from pmm.store.runs import write_atomically

LIBRARY = "pmm-refuse.so"
OLDEST = (3, 8)
ANSWER_SECONDS = 20
SAFE = re.compile(r"[^A-Za-z0-9_.-]+")


def interpreter(given: str | None) -> str:
    """Return the interpreter that is meant: named, of the environment, or PATH's."""
    if given is None:
        home = os.environ.get("VIRTUAL_ENV")
        own = Path(home) / "bin" / "python" if home else None
        given = str(own) if own and own.is_file() else "python3"
    path = shutil.which(given)
    if path is None:
        raise UsageError(f"there is no interpreter {given}: name one with --python")
    check_interpreter(path)
    return path


def without_cores() -> None:
    """Let no process that crashes leave a core file."""
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


def introduced(python: str) -> Introduction:
    """Ask the interpreter who it is; raise UsageError unless it is CPython 3.8+."""
    said, answer = introduce(python, Path.cwd(), ANSWER_SECONDS)
    if said is None:
        raise UsageError(f"{python} does not say what it is: {answer.ending}")
    if said.implementation != "CPython":
        raise UsageError(
            f"{python} is {said.implementation}: the checks are for CPython"
        )
    if tuple(map(int, said.version.split(".")[:2])) < OLDEST:
        raise UsageError(f"{python} is {said.version}: the checks need 3.8 or later")
    return said


def marks(said: Introduction) -> str:
    """Return version and what is unusual about the build."""
    unusual = [("debug", said.debug), ("free-threaded", said.free_threaded)]
    return " ".join([said.version, *(name for name, is_so in unusual if is_so)])


def host_of(python: str, folder: Path, paths: Paths, seconds: float) -> Host:
    """Return how processes are started: the user's folders come first."""
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    places = [str(Path.cwd()), *(str(Path(one).resolve()) for one in given if one)]
    library = paths.program(LIBRARY)
    return Host(
        python=python, folder=folder, paths=tuple(dict.fromkeys(places)),
        library=str(library) if library else None, seconds=seconds,
    )  # fmt: skip


# ------------------------------------------------------------------ what to check


def targets_of(
    host: Host, target: str | None, factories: Path | None, types: list[str]
) -> list[Target] | TypeResult:
    """Return what is to be checked; one result where a module breaks its process."""
    found: list[Target] = []
    if target is not None:
        module, _, name = target.partition(":")
        attempt = listed(host, module, None)
        if not attempt.ended and failed(attempt) is None:
            return broken_import(host, module, attempt)
        names = names_of(attempt, module)
        if name and name.partition(".")[0] not in names.every:
            raise unknown(f"name in {module}", name, names.every)
        wanted = [name] if name else chosen(names.types, types, module)
        found += [Target(one, f"{module}.{one}", module, None) for one in wanted]
    if factories is not None:
        file = str(factories.resolve())
        attempt = listed(host, None, file)
        if not attempt.ended and failed(attempt) is None:
            return broken_import(host, file, attempt)
        wanted = chosen(names_of(attempt, str(factories)).types, types, file)
        found += [Target(one, f"made[{one!r}]", None, file) for one in wanted]
    return found


def chosen(names: list[str], types: list[str], where: str) -> list[str]:
    """Return the names that are wanted, in their order."""
    if not types:
        return names
    return [one for one in names if one in choose(f"type of {where}", types, names)]


def check_type(host: Host, checks: list[str], target: Target) -> TypeResult:
    """Run all checks of a type."""
    maker, made = find_maker(host, target)
    found = [made]
    if maker is not None:
        found += [run_check(host, target, maker, name) for name in checks]
    return type_result(target, maker, found)


def checked(
    host: Host, targets: list[Target], checks: list[str], jobs: int, console: Console
) -> Iterator[TypeResult]:
    """Check each target, several at a time."""
    progress = Progress(len(targets), console)
    progress.begin()
    try:
        work = partial(check_type, host, checks)
        for done, kind in enumerate(in_order(work, targets, jobs, end_running), 1):
            progress.take(done, kind)
            yield kind
    finally:
        progress.end()


def with_scripts(run: ExtensionRun, folder: Path) -> ExtensionRun:
    """Write each finding's script into a folder; return the run that names them."""
    types = []
    for kind in run.types:
        checks = []
        for check in kind.checks:
            found = tuple(
                written(one, folder, f"{kind.name}_{check.name}_{number}",
                        run.interpreter)
                for number, one in enumerate(check.findings, 1)
            )  # fmt: skip
            checks.append(msgspec.structs.replace(check, findings=found))
        types.append(msgspec.structs.replace(kind, checks=tuple(checks)))
    return msgspec.structs.replace(run, types=tuple(types))


def written(one: Finding, folder: Path, name: str, python: str) -> Finding:
    """Write one script; return the finding with the line that runs it."""
    if not one.script:
        return one
    path = folder / f"{SAFE.sub('-', name)}.py"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise no_room(error, folder) from error
    head = f"# {' '.join(plain(one.message).split())}\n# Prints True where all is well."
    write_atomically(path, f"{head}\n{one.script}".encode())
    return msgspec.structs.replace(one, file=f"{python} {shown(path)}")


def exit_code(run: ExtensionRun) -> int:
    """3 for a finding, 1 when a check itself failed, 4 when nothing was checked."""
    classes = {one.outcome for _, _, one in run.findings}
    if failing(run) or run.problems:
        return errors.FAILURE
    if "HARNESS_ERROR" in classes:
        return errors.TOOL_ERROR
    if not any(kind.call for kind in run.types):
        return errors.INCONCLUSIVE
    return errors.PASS


@guarded
def check_extension(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="MODULE[:NAME]",
            help="A module, or a type or factory of it: mymod, mymod:Ring, mymod:make.",
        ),
    ] = None,
    factories: Annotated[
        Path | None,
        typer.Option(help="A Python file whose functions make objects, see below."),
    ] = None,
    python: Annotated[
        str | None,
        typer.Option(help="The interpreter; default: of $VIRTUAL_ENV, else python3."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--type", help="Only types of this name or glob (repeat)."),
    ] = None,
    check: Annotated[
        list[str] | None,
        typer.Option(help=f"Only this check: {', '.join(CHECKS)} (repeat)."),
    ] = None,
    expect: Annotated[
        Path | None, typer.Option(help="A file of expected findings (TOML), see below.")
    ] = None,
    out: OutFolder = None,
    scripts: Annotated[
        Path | None,
        typer.Option(help="Folder for the programs that show the findings alone."),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Print these programs.")
    ] = False,
    junit: Annotated[
        Path | None, typer.Option(callback=writable_file, help="Write JUnit XML.")
    ] = None,
    markdown: SummaryFile = None,
    seconds: Annotated[
        float, typer.Option(min=1, help="What one process has at most.")
    ] = 60.0,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="At a time; default: as many as cores.")
    ] = None,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:
    r"""Check the types of a C extension: leaks, cycles, crashes, failed allocations.

    Each check of each type is a process of its own, so a crash is a finding and
    ends nothing. A finding has its C function, where symbols tell, and a program of
    some ten lines that shows it without pmm.

    Types that can be made without arguments, or with a few that are tried, are
    found by themselves. For others write a file of functions, each of which makes an
    object; one that takes an argument is given what its object is to hold:

        import mymod

        def ring(): return mymod.Ring(8)

        def pair(held): return mymod.Pair(held, 1)

    Expected findings stand in a file of your own repository. A case is a type and a
    check; the entry is a problem once nothing meets it:

        schema = 1

        \[[expectation]]

        case = "Pair.cycles"

        class = "LEAK"

        reason = "holds plain numbers by contract"

    Exit code 0 without a finding, 3 with one, 2 for what cannot be found or
    imported, 4 when no object could be made.

    Example: pmm check-extension mymod --out build/mymod --scripts build/mymod

    Example: pmm check-extension collections:deque --check nesting --show

    Example: pmm check-extension --factories tests/factories.py --expect known.toml
    """
    if target is None and factories is None:
        raise UsageError("name a module (mymod or mymod:Ring), or give --factories")
    if factories is not None and not factories.is_file():
        raise UsageError(f"--factories {factories}: there is no such file")
    wanted_checks = choose("check", check or ["*"], list(CHECKS))
    names = [one for one in CHECKS if one in wanted_checks]
    entries = read_expected(expect) if expect is not None else ()
    path = interpreter(python)
    without_cores()
    said = introduced(path)
    console = answer_console(as_json)
    started = time.monotonic_ns()
    with tempfile.TemporaryDirectory(prefix="pmm-extension-") as folder:
        host = host_of(said.executable, Path(folder), find_paths(None, build), seconds)
        targets = targets_of(host, target, factories, only or [])
        if isinstance(targets, TypeResult):
            types = [targets]
        else:
            cores = len(os.sched_getaffinity(0))
            wanted = [one for one in names if one != "make"]
            types = list(checked(host, targets, wanted, jobs or cores, console))
    run = ExtensionRun(
        schema="pmm.extension", version=1,
        created=f"{datetime.datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        command=command_line(), target=target or str(factories), interpreter=path,
        python=marks(said), elapsed_ns=time.monotonic_ns() - started,
        types=tuple(types),
    )  # fmt: skip
    run = judged(run, entries, datetime.datetime.now(UTC).date())
    run = with_scripts(run, scripts) if scripts is not None else run
    keep({junit: extension_junit(run), markdown: summary(run).encode()})
    print_run(run, console, show)
    colour = "red" if exit_code(run) else "green"
    console.print(f"[bold {colour}]{escape(sentence(run))}[/]", highlight=False)
    if out is not None:
        keep_page(out, page(run), console)
    if as_json:
        print(encode_extension(run).decode(), end="")
    return exit_code(run)


def register(app: typer.Typer) -> None:
    """Add the verb to the program."""
    app.command(name="check-extension")(check_extension)
