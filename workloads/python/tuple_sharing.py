# SPDX-License-Identifier: MIT
"""Tuples that are shared instead of made: how many blocks and bytes it saves.

Source of the shape: article 0 (immutable structures) and article 2 (reuse
objects).  A program asks for `items` tuples of three small integers and keeps
them in a list; hits_P takes P of 100 from those it has already made.  A tuple
of constants, a whole slice and tuple(t) are shared by the runtime itself.

The sum of all integers is known from the numbers alone.
"""

from __future__ import annotations

import sys
from typing import Callable, Tuple

from measure import Stage

SUMMARY = "tuples made anew against tuples shared"
PARAMETERS = {"items": (100000, 100, 10000000, "tuples")}

Triple = Tuple[int, int, int]


def parts(value: int) -> tuple[int, int, int]:
    """Three integers below 200, so that the runtime's own are used."""
    return value % 200, value // 200 % 200, value // 40000 % 200


def value_at(index: int, percent: int) -> int:
    """Number of the tuple that request `index` asks for: new ones come at an
    even pace, the others ask for the newest."""
    misses = 100 - percent
    return ((index + 1) * misses + 99) // 100 - 1


def known_sum(items: int, percent: int) -> int:
    return sum(sum(parts(value_at(i, percent))) for i in range(items))


def hits(stage: Stage, percent: int) -> None:
    items = stage.parameters["items"]
    kept: list[Triple] = []
    made = 0
    stage.phase("build")
    before = sys.getallocatedblocks()
    for start, stop in stage.steps(items):
        for i in range(start, stop):
            value = value_at(i, percent)
            if value == made:
                made += 1
                first, second, third = parts(value)
                kept.append((first, second, third))
            else:
                kept.append(kept[-1])
    stage.figure("blocks_kept", sys.getallocatedblocks() - before, "blocks")
    account(stage, items, made, sys.getsizeof(kept[0]))
    use_and_release(stage, kept, stage.expected)


def account(stage: Stage, items: int, made: int, tuple_bytes: int) -> None:
    """`tuple_bytes` is the reported size, collector header included."""
    stage.traced_figure("live_built_bytes")
    stage.figure("tuples_made", made, "tuples", exact=True)
    stage.figure("tuples_shared", items - made, "tuples", exact=True)
    stage.figure("tuple_bytes", tuple_bytes)
    stage.figure("blocks_saved", items - made, "blocks", exact=True)
    stage.figure("bytes_saved", (items - made) * tuple_bytes)


def use_and_release(stage: Stage, kept: list[Triple], expected: int) -> None:
    stage.phase("use")
    total = 0
    for start, stop in stage.steps(len(kept)):
        for i in range(start, stop):
            for part in kept[i]:
                total += part
    stage.phase("release")
    kept.clear()
    stage.traced_figure("live_after_bytes")
    stage.verify(expected, total)


def distinct(kept: list[Triple]) -> int:
    """Objects in `kept`, where equal neighbours may be one."""
    return 1 + sum(kept[i] is not kept[i - 1] for i in range(1, len(kept)))


def keep(stage: Stage, make: Callable[[], Triple]) -> None:
    """Keep `items` results of `make` and count the objects they are."""
    items = stage.parameters["items"]
    kept: list[Triple] = []
    stage.phase("build")
    before = sys.getallocatedblocks()
    for start, stop in stage.steps(items):
        for _ in range(start, stop):
            kept.append(make())
    stage.figure("blocks_kept", sys.getallocatedblocks() - before, "blocks")
    account(stage, items, distinct(kept), sys.getsizeof(kept[0]))
    use_and_release(stage, kept, 3 * items)


def constants(stage: Stage) -> None:
    keep(stage, lambda: (0, 1, 2))


def whole_slices(stage: Stage) -> None:
    first, second, third = parts(40201)
    source = (first, second, third)
    keep(stage, lambda: source[:])


def part_slices(stage: Stage) -> None:
    source = (0, 1, 2, 3)
    keep(stage, lambda: source[:3])


def hits_0(stage: Stage) -> None:
    hits(stage, 0)


def hits_50(stage: Stage) -> None:
    hits(stage, 50)


def hits_99(stage: Stage) -> None:
    hits(stage, 99)


PERCENTS = {"hits_0": 0, "hits_50": 50, "hits_99": 99}


def prepare(stage: Stage) -> None:
    if stage.variant in PERCENTS:
        stage.expected = known_sum(stage.parameters["items"],
                                   PERCENTS[stage.variant])


VARIANTS = {"hits_99": hits_99, "constants": constants,
            "whole_slices": whole_slices, "hits_50": hits_50,
            "part_slices": part_slices, "hits_0": hits_0}
