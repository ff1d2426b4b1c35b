# SPDX-License-Identifier: MIT
"""The verb that brings what the machine lacks: `pmm fetch`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from pmm.base import errors
from pmm.base.errors import PmmError
from pmm.base.formatting import plural
from pmm.base.plain_text import plain, say
from pmm.base.typed_names import choose
from pmm.cli.options import complain, guarded
from pmm.fetch.fetching import Fetcher, there
from pmm.fetch.pins import AbsentError


def note(sentence: str) -> None:
    """Show a step on stderr."""
    print(plain(sentence), file=sys.stderr, flush=True)


@guarded
def fetch(
    name: Annotated[
        list[str] | None,
        typer.Argument(help="What to fetch: a name or a glob; default: list them."),
    ] = None,
    update_pins: Annotated[
        bool,
        typer.Option(
            "--update-pins",
            help="For maintainers: pin the versions that the distribution has; what "
            "it lacks keeps its pin.",
        ),
    ] = False,
) -> int:
    """Bring interpreters and allocators that this machine lacks into pmm's cache.

    They come from the machine's own package source, checked by its keys and by the
    hashes that pmm has of them; nothing of the system is touched, and no root is
    needed. `pmm run` and `pmm conform` find the interpreters there, `pmm rank` the
    allocators, which --backend and --beside take by name. What cannot be had is told,
    and is no error: it is absent.

    Example: pmm fetch python3.14 python3.15

    Example: pmm fetch mimalloc-3 jemalloc-5.3 tcmalloc-2 rpmalloc-2 tbbmalloc
    """
    try:
        fetcher = Fetcher(note)
        if update_pins:
            pinned, lacked = fetcher.update_pins()
            kept = f"; as before, for the suite lacks them: {lacked}" if lacked else ""
            say(f"pinned as the suite has them: {plural(pinned, 'package')}{kept}")
            return errors.PASS
    except AbsentError as error:
        say(f"nothing can be fetched: {error}")
        return errors.PASS
    if not name:
        list_all(fetcher)
        return errors.PASS
    wanted = choose("thing to fetch", name, list(fetcher.catalogue.every))
    return max(bring(fetcher, one) for one in wanted)


def list_all(fetcher: Fetcher) -> None:
    """Say what can be had and what is there."""
    for name, one in fetcher.catalogue.every.items():
        program = there(name, one, fetcher.machine)
        say(f"{name:<16} {program or f'not fetched: pmm fetch {name}'}")


def bring(fetcher: Fetcher, name: str) -> int:
    """Bring one; return its exit code."""
    try:
        say(f"{name}: {fetcher.fetch(name)}")
    except AbsentError as error:
        say(f"{name}: cannot be fetched: {error}")
    except PmmError as error:
        complain(f"{name}: {error}")
        return error.exit_code
    return errors.PASS


def register(app: typer.Typer) -> None:
    """Add the verb to the program."""
    app.command()(fetch)
