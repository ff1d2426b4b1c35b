# SPDX-License-Identifier: MIT
"""Benchmark programs linked in several orders, so that no layout is the verdict.

Where functions lie in a program moves its times by half a per cent to one, in each
run of it alike, so that pairs of two programs take it for a difference. Of a build of
ours the parts are there: the same objects are linked again with their libraries in
another order, and the rounds of a comparison take the orders in turn.
"""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pmm.base.errors import PmmError, no_room
from pmm.base.tools import answered, called
from pmm.plan.pairs import ORDERS, order_folder


def rotated(
    argv: Sequence[str], objects: Sequence[str], number: int, out: Path
) -> list[str]:
    """Return a link command of these objects, from another one on, to another file."""
    first = number * len(objects) // ORDERS
    rest = [word for word in argv if not word.endswith((".a", ".o"))]
    at = rest.index("-o") + 1
    return [*rest[:at], str(out), *objects[first:], *objects[:first], *rest[at + 1 :]]


def objects_of(argv: Sequence[str], build: Path) -> list[str]:
    """Return the objects that a link takes, also those that it takes from archives.

    The linker says them; where an archive holds copies, it names the archive, and
    there is nothing to put in order.
    """
    with tempfile.TemporaryDirectory(prefix="pmm-") as folder:
        probe = [*argv, "-Wl,--trace"]
        probe[probe.index("-o") + 1] = f"{folder}/program"
        said = answered(probe, build).splitlines()
    found = [one for one in said if one.endswith(".o") and not one.startswith("/")]
    if len(found) < ORDERS:
        raise PmmError(f"the linker names {len(found)} objects of {build}")
    return found


def link_command(build: Path, program: str) -> list[str]:
    """Return how the build links a program; raise PmmError where it does not."""
    listed = answered(("ninja", "-t", "commands", program), build)
    argv = shlex.split(listed.splitlines()[-1]) if listed else []
    if "-o" not in argv:
        raise PmmError(f"{build} has no command that links {program}")
    return argv


def linked_in_orders(build: Path, areas: Sequence[str]) -> None:
    """Link the programs of some areas in each order but the build's own.

    Raises PmmError where that cannot be: then there is the build's own order alone.
    """
    for area in areas:
        program = f"bench/pmm-bench-{area}"
        argv = link_command(build, program)
        objects = objects_of(argv, build)
        for number in range(1, ORDERS):
            out = order_folder(build, number).resolve() / Path(program).name
            try:
                out.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise no_room(error, out) from error
            called(rotated(argv, objects, number, out), build)
