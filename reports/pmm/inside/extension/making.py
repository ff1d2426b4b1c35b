# SPDX-License-Identifier: MIT
"""How an object of a type is made, and how it is given one to hold.

A maker is text, so that a script can say the same:

    prologue  lines that import what is needed
    call      an expression that makes an object: `mymod.Ring()`
    holders   expressions that make one which holds `p`: `mymod.Ring([p])`
    ways      statements that let an object `o` hold `p`: `o.append(p)`
"""

import gc
import sys
from typing import Any

PROBE = [
    "class P:  # holds anything; counts how often what has a `ring` dies",
    "    deaths = 0",
    "    def __del__(self): P.deaths += hasattr(self, 'ring')",
    "    def __call__(self, *a, **k): return None",
    "    def __iter__(self): return self",
    "    def __next__(self): raise StopIteration",
]
"""The class of what is given to hold."""
IMMORTAL = 1 << 28
"""More references than a program can have."""


class Maker:
    """Makes objects of one type, and gives them what they hold."""

    def __init__(self, spec):
        self.spec = spec
        self.name = spec["name"]
        self.prologue = list(spec["prologue"])
        self.call = spec["call"]
        self.holders = list(spec.get("holders", ()))
        self.ways = list(spec.get("ways", ()))
        self.space: dict[str, Any] = {"__name__": "pmm_check"}
        self.run_lines(PROBE)
        self.run_lines(self.prologue)
        self.make = self.function("", "return " + self.call)
        self.probe = self.space["P"]

    def run_lines(self, lines):
        exec("\n".join(lines), self.space)  # the lines of the script

    def function(self, parameters, *body):
        """A function of the lines; no line shows in a count of its own."""
        text = "\n ".join(body)
        space = self.space
        exec(f"def _pmm_({parameters}):\n {text}", space)
        return space.pop("_pmm_")

    def putters(self):
        """Yield (code, function(p) that makes an object which holds p).

        The code sets `o` of a `p`.
        """
        for holder in self.holders:
            yield ["o = " + holder], self.function("p", "return " + holder)
        for way in self.ways:
            code = ["o = " + self.call, way]
            yield code, self.function("p", *code, "return o")

    def type_of(self):
        """The type of what is made."""
        return type(self.make())

    def script(self, *lines):
        """The lines behind those that import."""
        return [*self.prologue, *lines]


def settle():
    """Free what waits; twice, as a finalizer may leave garbage."""
    gc.collect()
    gc.collect()


def is_heap(kind):
    """Whether a type lies on the heap, and is counted by its objects."""
    return bool(kind.__flags__ & (1 << 9))


def has_gc(kind):
    """Whether objects of a type are known to the collector."""
    return bool(kind.__flags__ & (1 << 14))


def is_base(kind):
    """Whether a type may be derived from."""
    return bool(kind.__flags__ & (1 << 10))


def is_immortal(item):
    """Whether the references of an object are not counted."""
    return sys.getrefcount(item) >= IMMORTAL
