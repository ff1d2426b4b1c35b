# SPDX-License-Identifier: MIT
"""The verbs that only show: list, backends, subjects, claims, doctor."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from pmm import errors
from pmm.cli_claims import claims
from pmm.discover import subject_entries
from pmm.doctor import diagnose
from pmm.errors import UsageError
from pmm.listing import LISTS, print_rows, rows_of
from pmm.names import unknown
from pmm.options import BuildOption, JsonOption, ProfileOption, guarded, look


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
    for verb in (backends, subjects, claims, doctor):
        app.command()(verb)
