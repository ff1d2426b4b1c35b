# SPDX-License-Identifier: MIT
"""A million integers: stored in a list, or made one at a time.

Source of the shape: article 0, create_list() and create_generator().  The
sum of 0..n-1 is known without either: n * (n - 1) / 2.
"""

from __future__ import annotations

import sys
from itertools import islice
from typing import Iterator

from measure import Stage

SUMMARY = "a list of integers against a generator over the same"
PARAMETERS = {"items": (1000000, 1, 100000000, "integers")}


def create_generator(items: int) -> Iterator[int]:
    yield from range(items)


def consume(stage: Stage, values: Iterator[int], items: int) -> None:
    """Take the values one by one and verify their sum."""
    total = 0
    for start, stop in stage.steps(items):
        for value in islice(values, stop - start):
            total += value
    stage.verify(items * (items - 1) // 2, total)


def generator(stage: Stage) -> None:
    items = stage.parameters["items"]
    stage.phase("build")
    values = create_generator(items)
    stage.figure("object_bytes", sys.getsizeof(values))
    stage.traced_figure("live_built_bytes")
    stage.phase("use")
    consume(stage, values, items)
    stage.phase("release")
    del values
    stage.traced_figure("live_after_bytes")


def use_and_release(stage: Stage, stored: list[int]) -> None:
    stage.figure("object_bytes", sys.getsizeof(stored))
    stage.traced_figure("live_built_bytes")
    stage.phase("use")
    consume(stage, iter(stored), len(stored))
    stage.phase("release")
    stored.clear()
    stage.traced_figure("live_after_bytes")


def list_exact(stage: Stage) -> None:
    items = stage.parameters["items"]
    stage.phase("build")
    stored = [0] * items
    for start, stop in stage.steps(items):
        for i in range(start, stop):
            stored[i] = i
    use_and_release(stage, stored)


def list_append(stage: Stage) -> None:
    stage.phase("build")
    stored: list[int] = []
    for start, stop in stage.steps(stage.parameters["items"]):
        for i in range(start, stop):
            stored.append(i)
    use_and_release(stage, stored)


# The lightest first: what an allocator keeps of a heavy variant must not
# stand in the memory of a light one.
VARIANTS = {"generator": generator, "list_exact": list_exact,
            "list_append": list_append}
