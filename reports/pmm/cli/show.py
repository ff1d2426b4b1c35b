# SPDX-License-Identifier: MIT
"""The verbs that only show: list, backends, subjects, claims, coverage, doctor,
where.
"""

from __future__ import annotations

import sys
from typing import Annotated

import msgspec
import typer

from pmm.base import errors
from pmm.base.errors import PmmError, UsageError
from pmm.base.paths import find_paths
from pmm.base.plain_text import plain, say
from pmm.base.typed_names import unknown
from pmm.cli.claims import claims
from pmm.cli.doctor import diagnose
from pmm.cli.listing import LISTS, print_rows, rows_of, wanted_for
from pmm.cli.options import (
    BackendOption,
    BuildOption,
    JsonOption,
    ProfileOption,
    SubjectOption,
    guarded,
    look,
)
from pmm.collect.coverage_ledger import LEDGER, disagreements, read_ledger
from pmm.collect.lcov import collect_coverage
from pmm.discover.world import Wanted, subject_entries
from pmm.plan.selection import refuse_unknown_names


@guarded
def list_things(
    what: Annotated[str, typer.Argument(help=", ".join(LISTS))] = "all",
    profile: ProfileOption = "quick",
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> None:
    """List cases, workloads, benchmarks, backends, subjects, runs or jobs.

    Example: pmm list jobs --profile standard
    """
    if what not in LISTS and what != "all":
        raise unknown("list", what, LISTS)
    world = look(build, wanted_for(what, profile))
    print_rows(rows_of(world, what, profile), as_json)


@guarded
def backends(
    backend: BackendOption = None,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the backends: which are here, and why the others are not.

    A library of --backend is loaded and listed with them.

    Example: pmm backends --backend mine=./libmine.so,prefix=my_
    """
    wanted = Wanted(
        backends=tuple(backend or ()), every_cpython=False, cases=False,
        workloads=False,
    )  # fmt: skip
    world = look(build, wanted)
    refuse_unknown_names(world, wanted)
    if as_json:
        print(msgspec.json.encode(world.every_backend).decode())
        return
    for entry in world.every_backend:
        state = "yes" if entry.available else f"no: {entry.reason}"
        line = f"{entry.name:<12} {entry.version or '-':<12} {state}"
        say(f"{line}\n{'':<25} {entry.summary}")
        if entry.repairs:
            say(f"{'':<25} repaired: {entry.repairs}")
    if not world.backends:
        raise UsageError("no backends: pmm-backend-check is not built")


@guarded
def subjects(
    subject: SubjectOption = None,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the subjects: the reference, and every CPython that was found.

    With --subject only those that it names are started and listed.

    Example: pmm subjects --subject ./mine.so --subject cpython-3.11
    """
    wanted = Wanted(subjects=tuple(subject or ()), cases=False, workloads=False)
    world = look(build, wanted)
    refuse_unknown_names(world, wanted)
    entries = subject_entries(world)
    if as_json:
        print(msgspec.json.encode(entries).decode())
        return
    for entry in entries:
        state = "yes" if entry.available else f"no: {entry.reason}"
        where = {"builtin": "built in", "plugin": "a shared object"}.get(entry.kind)
        say(f"{entry.name:<20} {state}\n{'':<20} {entry.interpreter or where}")
    for stranger in world.strangers:
        say(f"{stranger.path}\n{'':<20} no: {stranger.reason}")


@guarded
def coverage(build: BuildOption = None, as_json: JsonOption = False) -> int:
    """List the branches of impl/ that no test takes, and check the ledger of them.

    The measurement is that of ci/run.sh (or ci/test.sh coverage).
    """
    paths = find_paths(None, build)
    paths.need_sources("coverage")
    found = collect_coverage(paths.build, paths.root)
    if found is None:
        raise PmmError(f"{paths.build} has no coverage: run ci/test.sh coverage")
    wrong = disagreements(read_ledger(paths.root / LEDGER), found.gaps)
    if as_json:
        print(msgspec.json.encode(found.gaps).decode())
    else:
        for gap in found.gaps:
            lines = " ".join(str(line) for line in dict.fromkeys(gap.lines))
            say(f"{gap.path}: {gap.function}: {len(gap.lines)} at {lines}")
            say(f"    {gap.why or 'no reason is recorded'}")
    for sentence in wrong:
        print(plain(sentence), file=sys.stderr)
    return errors.FAILURE if wrong else errors.PASS


@guarded
def doctor(
    backend: BackendOption = None,
    subject: SubjectOption = None,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:
    """Say what is missing, what is lost without it, and how to get it.

    What --backend and --subject name is looked at besides.
    """
    wanted = Wanted(backends=tuple(backend or ()), subjects=tuple(subject or ()))
    world = look(build, wanted)
    refuse_unknown_names(world, wanted)
    checks = list(diagnose(world))
    if as_json:
        print(msgspec.json.encode(checks).decode())
    else:
        for one in checks:
            say(f"{'ok' if one.found else '--'}  {one.name:<20} {one.detail}")
            if not one.found:
                say(f"{'':<24} lost: {one.lost}")
                if one.remedy:
                    say(f"{'':<24} get it: {one.remedy}")
    return errors.PASS


PLACES = ("headers", "pkgconfig", "examples")


@guarded
def where(
    what: Annotated[
        str, typer.Argument(help=f"{', '.join(PLACES)}, or a program: pmm-conform …")
    ],
    build: BuildOption = None,
) -> None:
    """Print where something lies that is used from outside, in one line.

    headers: for a backend or a runtime of your own. pkgconfig: the folder for
    PKG_CONFIG_PATH. examples: whole ones to start from.

    Example: cc -shared -fPIC -I$(pmm where headers) -o mine.so mine.c

    Example: $(pmm where pmm-backend-check) --backend ./mine.so
    """
    paths = find_paths(None, build)
    folders = {
        "headers": paths.root / ("include" if paths.installed else "impl/include"),
        "pkgconfig": paths.root / "share" / "pkgconfig",
        "examples": paths.root / "conformance" / "example",
    }
    place = folders.get(what) or paths.program(what)
    if place is None:
        raise UsageError(f"no '{what}' here: {', '.join(PLACES)}, or a built program")
    if not place.exists():
        raise UsageError("a clone has no such folder: meson install makes one")
    print(place)


def register(app: typer.Typer) -> None:
    """Add the verbs to the program."""
    app.command(name="list")(list_things)
    for verb in (backends, subjects, claims, coverage, doctor, where):
        app.command()(verb)
