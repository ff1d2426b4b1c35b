# SPDX-License-Identifier: MIT
"""Cycles built and dropped, with the collector on and off.

Source of the shape: articles 1 and 2 (circular references).  Pairs, rings of
`ring` objects, and objects that refer to themselves.  With the collector off
all of it is garbage that waits; with it on, some waits between collections.
At the end a full collection must have freed every object: their finalizers
add up their numbers, and that sum is known.
"""

from __future__ import annotations

import gc
import time
from functools import partial
from typing import Any

from measure import Stage

SUMMARY = "cycles built and dropped, collector on and off"
PARAMETERS = {"items": (100000, 10, 10000000, "objects"),
              "ring": (10, 2, 1000, "objects")}


class Ledger:
    """Who was born and who died."""

    born = 0
    died = 0
    numbers = 0


class Node:
    """An object with one slot, that reports its death."""

    __slots__ = ("other", "number")

    def __init__(self, number: int) -> None:
        self.other: Node | None = None
        self.number = number
        Ledger.born += 1

    def __del__(self) -> None:
        Ledger.died += 1
        Ledger.numbers += self.number


class Pauses:
    """Times of the collections that ran, through gc.callbacks."""

    def __init__(self) -> None:
        self.times_ns: list[int] = []
        self.garbage_most = 0
        self.start_ns = 0

    def __call__(self, phase: str, info: dict[str, Any]) -> None:
        if phase == "start":
            waiting = Ledger.born - Ledger.died
            self.garbage_most = max(self.garbage_most, waiting)
            self.start_ns = time.perf_counter_ns()
        else:
            self.times_ns.append(time.perf_counter_ns() - self.start_ns)


def drop_ring(number: int, size: int) -> None:
    """Make a ring of `size` nodes and lose it."""
    first = last = Node(number)
    for offset in range(1, size):
        last.other = Node(number + offset)
        last = last.other
    last.other = first


def build(stage: Stage, size: int) -> int:
    """Drop rings of `size` until `items` nodes were made."""
    rings: int = stage.parameters["items"] // size
    for start, stop in stage.steps(rings):
        for ring in range(start, stop):
            drop_ring(ring * size, size)
    return rings * size


def report(stage: Stage, pauses: Pauses, prefix: str) -> None:
    times = pauses.times_ns
    stage.figure(prefix + "_collections", len(times), "collections")
    stage.figure(prefix + "_pause_ns", sum(times), "ns")
    stage.figure(prefix + "_pause_most_ns", max(times, default=0), "ns")
    stage.figure(prefix + "_garbage_most", pauses.garbage_most, "objects")


def run(stage: Stage, shape: str, enabled: bool) -> None:
    size = {"pairs": 2, "rings": stage.parameters["ring"], "selves": 1}[shape]
    automatic, full = Pauses(), Pauses()
    (gc.enable if enabled else gc.disable)()
    gc.callbacks.append(automatic)
    stage.phase("build")
    made = build(stage, size)
    gc.callbacks.remove(automatic)
    waiting = Ledger.born - Ledger.died
    automatic.garbage_most = max(automatic.garbage_most, waiting)
    stage.traced_figure("live_built_bytes")
    stage.figure("objects_made", made, "objects", exact=True)
    stage.figure("garbage_left", waiting, "objects", exact=not enabled)
    report(stage, automatic, "automatic")
    stage.phase("collect")
    gc.callbacks.append(full)
    gc.collect()
    gc.callbacks.remove(full)
    report(stage, full, "full")
    stage.phase("release")
    gc.enable()
    stage.traced_figure("live_after_bytes")
    stage.verify((made, made * (made - 1) // 2), (Ledger.died, Ledger.numbers))


VARIANTS = {
    f"{shape}_{word}": partial(run, shape=shape, enabled=word == "on")
    for shape in ("selves", "pairs", "rings") for word in ("on", "off")}
