# SPDX-License-Identifier: MIT
"""The verbs that only show: list, backends, subjects, claims, coverage, doctor."""

from __future__ import annotations

import sys
from typing import Annotated

import msgspec
import typer

from pmm import errors
from pmm.cli_claims import claims
from pmm.coverage_ledger import LEDGER, disagreements, read_ledger
from pmm.discover import subject_entries
from pmm.doctor import diagnose
from pmm.errors import PmmError, UsageError
from pmm.lcov import collect_coverage
from pmm.listing import LISTS, print_rows, rows_of
from pmm.names import unknown
from pmm.options import BuildOption, JsonOption, ProfileOption, guarded, look
from pmm.places import find_places


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
    world = look(build)
    print_rows(rows_of(world, what, profile), as_json)


@guarded
def backends(build: BuildOption = None, as_json: JsonOption = False) -> None:
    """List the backends: which are here, and why the others are not."""
    world = look(build)
    if as_json:
        print(msgspec.json.encode(world.backends).decode())
        return
    for entry in world.backends:
        state = "yes" if entry.available else f"no: {entry.reason}"
        line = f"{entry.name:<12} {entry.version or '-':<12} {state}"
        print(f"{line}\n{'':<25} {entry.summary}")
        if entry.repairs:
            print(f"{'':<25} repaired: {entry.repairs}")
    if not world.backends:
        raise UsageError("no backends: pmm-backend-check is not built")


@guarded
def subjects(build: BuildOption = None, as_json: JsonOption = False) -> None:
    """List the subjects: the reference, and every CPython that was found."""
    entries = subject_entries(look(build))
    if as_json:
        print(msgspec.json.encode(entries).decode())
        return
    for entry in entries:
        state = "yes" if entry.available else f"no: {entry.reason}"
        print(f"{entry.name:<20} {state}\n{'':<20} {entry.interpreter or 'built in'}")


@guarded
def coverage(build: BuildOption = None, as_json: JsonOption = False) -> int:
    """List the branches of impl/ that no test takes, and check the ledger of them.

    The measurement is that of ci/run.sh (or ci/test.sh coverage).
    """
    places = find_places(None, build)
    found = collect_coverage(places.build, places.root)
    if found is None:
        raise PmmError(f"{places.build} has no coverage: run ci/test.sh coverage")
    wrong = disagreements(read_ledger(places.root / LEDGER), found.gaps)
    if as_json:
        print(msgspec.json.encode(found.gaps).decode())
    else:
        for gap in found.gaps:
            lines = " ".join(str(line) for line in dict.fromkeys(gap.lines))
            print(f"{gap.path}: {gap.function}: {len(gap.lines)} at {lines}")
            print(f"    {gap.why or 'nobody has said why'}")
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    return errors.FAILURE if wrong else errors.PASS


@guarded
def doctor(build: BuildOption = None, as_json: JsonOption = False) -> int:
    """Say what is missing, what is lost without it, and how to get it."""
    checks = list(diagnose(look(build)))
    if as_json:
        print(msgspec.json.encode(checks).decode())
    else:
        for one in checks:
            print(f"{'ok' if one.found else '--'}  {one.name:<20} {one.detail}")
            if not one.found:
                print(f"{'':<24} lost: {one.lost}")
                if one.remedy:
                    print(f"{'':<24} get it: {one.remedy}")
    return errors.PASS


def register(app: typer.Typer) -> None:
    """Add the verbs to the program."""
    app.command(name="list")(list_things)
    for verb in (backends, subjects, claims, coverage, doctor):
        app.command()(verb)
