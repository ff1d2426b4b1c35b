# SPDX-License-Identifier: MIT
"""Run a few lines of Python, and look at every object after each.

1. The program is run three times, traced line by line: once to count blocks,
   once to count bytes (tracemalloc), once to look at the objects.  Counting
   keeps nothing, so that it adds nothing to what it counts.
2. An object is followed from the line that first names it.  It may lose its
   names and live on, held by another that is followed or by a circle.
3. A count is what `sys.getrefcount` says less what looking itself adds, which
   is measured with an object that nobody else holds.

A first run, which nobody looks at, fills the interpreter's caches.  The
collector is off: it runs where the program calls it.
"""

from __future__ import annotations

import gc
import sys
import tracemalloc
import weakref
from array import array
from contextlib import suppress
from typing import Any, Callable, Dict

IMMORTAL = 1 << 29
"""No object has so many references: it is not counted."""
MOST_FRAMES = 64
ROOM = 22
"""Keys that come and go in a program's namespace before it starts, so that
its own never make it grow."""
LEAD = "_start = None\n" * 2
"""Lines before a program's own: what looking itself keeps is there after
them."""
LONGEST = 18

Names = Dict[str, Any]
Look = Callable[[], None]
Frame = Dict[str, Any]


def namespace(given: Names, setup: str) -> Names:
    """The names that a program starts with."""
    names: Names = {"__name__": "__film__"}
    exec(compile(setup, "<setup>", "exec"), names)
    names.update(given)
    for number in range(ROOM):
        names[f"_{number}"] = None
    for number in range(ROOM):
        del names[f"_{number}"]
    return names


def run_traced(code: Any, names: Names, look: Look,
               lines: list[int] | None = None) -> None:
    """Run a program; `look` before its first line and after each.

    A loop inside one line tells of it many times: that is one look.
    """
    last = 0

    def local(frame: Any, event: str, _: Any) -> Any:
        nonlocal last
        if event == "return":
            look()
        elif event == "line" and frame.f_lineno != last:
            last = frame.f_lineno
            look()
            if lines is not None:
                lines.append(last)
        return local

    def enter(frame: Any, _event: str, _arg: Any) -> Any:
        return local if frame.f_code is code else None

    gc.collect()  # also empties the free lists
    gc.freeze()  # what was there before is no part of the program
    sys.settrace(enter)
    try:
        exec(code, names)
    finally:
        sys.settrace(None)
        gc.unfreeze()


def compiled(source: str) -> Any:
    return compile(LEAD + source, "<film>", "exec")


def counted(source: str, names: Names, count: Callable[[], int]) -> list[int]:
    """How much more `count` says after each line than before the first."""
    cells = array("q", bytes(8 * MOST_FRAMES))
    used = array("q", [0])

    def look() -> None:
        cells[used[0]] = count()
        used[0] += 1

    run_traced(compiled(source), names, look)
    start = LEAD.count("\n")
    return [cells[at] - cells[start] for at in range(start + 1, used[0])]


def traced_bytes() -> int:
    return tracemalloc.get_traced_memory()[0]


# -- objects ----------


def references(holder: list[Any], at: int) -> int:
    return sys.getrefcount(holder[at])


OWN = references([object()], 0)
"""What `references` says of an object that only its list holds."""


def short(value: Any) -> str:
    """What an object is, in a few letters."""
    kind = type(value).__name__
    if hasattr(value, "read"):
        return "closed file" if value.closed else "open file"
    if isinstance(value, str) and len(value) > LONGEST:
        return f"text of {len(value):,}"
    if isinstance(value, (list, tuple, dict, set)):
        return f"{kind} of {len(value):,}"
    if isinstance(value, (int, float, str, bool, type(None))):
        text = repr(value)
        return text if len(text) <= LONGEST else f"{kind}"
    return kind


def young_and_old() -> dict[int, int]:
    """The generation of each object that the collector knows, by address."""
    free_threaded = not getattr(sys, "_is_gil_enabled", lambda: True)()
    generations = 0 if free_threaded else len(gc.get_stats())
    return {id(one): number for number in range(generations)
            for one in gc.get_objects(generation=number)}


class Followed:
    """The objects that a program has named, each in a place of its own."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.given = set(names) | {"__builtins__"}
        self.places: dict[int, int] = {}
        self.watched: dict[int, Any] = {}
        self.count = 0
        self.frames: list[list[Frame]] = []

    def look(self) -> None:
        """Look at each object that is named, or was and is still there."""
        labels = self.labels()
        there = self.named(labels)
        there += self.nameless(labels, there)
        ages = young_and_old()
        seen = [self.describe(there, at, labels, ages)
                for at in range(len(there))]
        self.places = {id(one): self.places[id(one)] for one in there}
        self.frames.append(sorted(seen, key=lambda one: one["place"]))

    def labels(self) -> dict[int, list[str]]:
        """The program's own names, by the address of what they name."""
        found: dict[int, list[str]] = {}
        for name in self.names:
            if name not in self.given and name != "_start":
                found.setdefault(id(self.names[name]), []).append(name)
        return found

    def named(self, labels: dict[int, list[str]]) -> list[Any]:
        found = [self.names[names[0]] for names in labels.values()]
        for one in found:
            if id(one) not in self.places:
                self.places[id(one)] = self.count
                self.count += 1
                self.watch(one)
        return found

    def watch(self, one: Any) -> None:
        """Remember an instance, so that it is found in a circle."""
        with suppress(TypeError):
            self.watched[id(one)] = weakref.ref(one, lambda _: None)

    def nameless(self, labels: dict[int, list[str]],
                 named: list[Any]) -> list[Any]:
        """What has lost its names and lives: another one holds it.

        Addresses are given out again, so only what is reached counts.
        """
        lost = set(self.places) - set(labels)
        found = {}
        for address in lost & set(self.watched):
            one = self.watched[address]()
            if one is not None:
                found[address] = one
        for holder in named if lost else ():
            for one in gc.get_referents(holder):
                if id(one) in lost:
                    found[id(one)] = one
        return list(found.values())

    def describe(self, there: list[Any], at: int,
                 labels: dict[int, list[str]], ages: dict[int, int]) -> Frame:
        count = references(there, at) - OWN
        address = id(there[at])
        return {
            "place": self.places[address], "names": labels.get(address, []),
            "text": short(there[at]),
            "references": None if count > IMMORTAL else count,
            "size_bytes": sys.getsizeof(there[at]),
            "generation": ages.get(address),
        }


def shoot(source: str, given: Names, setup: str) -> list[Frame]:
    """The frames of a program: a line, the objects behind it, and how much
    more there is than before the first."""
    gc.disable()
    try:
        counted(source, namespace(given, setup), sys.getallocatedblocks)
        blocks = counted(source, namespace(given, setup),
                         sys.getallocatedblocks)
        tracemalloc.start()
        size = counted(source, namespace(given, setup), traced_bytes)
        tracemalloc.stop()
        names = namespace(given, setup)
        followed = Followed(names)
        lines: list[int] = []
        run_traced(compiled(source), names, followed.look, lines)
    finally:
        gc.enable()
    start = LEAD.count("\n")
    return [
        {"line": line - start, "objects": seen, "blocks": more,
         "live_bytes": held}
        for line, seen, more, held in zip(
            lines[start:], followed.frames[start + 1:], blocks, size)
    ]
