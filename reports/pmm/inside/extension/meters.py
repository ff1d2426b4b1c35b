# SPDX-License-Identifier: MIT
"""What is counted, and what grows from round to round.

A round does the same thing `n` times; what is then more than before, in every
round after the first ones, by about the same for each time, is a leak. What grows
only in the first rounds is a cache or a free list.
"""

import gc
import sys
import time
from array import array

from .making import is_immortal
from .refusing import malloc_meter

ROUNDS = 6
WARM = 3
MOST_TIMES = 200
LEAST_TIMES = 10
ROUND_SECONDS = 0.25
BYTES_OF_A_LEAK = 8
NEAR = 0.2
CUSHION = 100000


class Meters:
    """The figures of a process, and of the objects that are watched."""

    def __init__(self):
        self.watched = []
        self.cushions = []
        self.malloc = malloc_meter()
        self.total = getattr(sys, "gettotalrefcount", None)

    def watch(self, name, item):
        """Count the references of an object, unless it is immortal."""
        if not is_immortal(item):
            self.watched.append((name, item))

    def cushion(self, item):
        """Let an object outlive those who give back more than they took."""
        if not is_immortal(item):
            self.cushions.append([item] * CUSHION)

    def read(self, readings, at):
        """Write what there is at this moment, in the order of `names`."""
        count = sys.getrefcount
        for _, item in self.watched:
            readings[at] = count(item)
            at += 1
        readings[at] = sys.getallocatedblocks()
        if self.malloc is not None:
            at += 1
            readings[at] = self.malloc()
        if self.total is not None:
            readings[at + 1] = self.total()

    def names(self):
        """What each figure counts: (kind, name)."""
        found = [("references", name) for name, _ in self.watched]
        found.append(("blocks", "blocks"))
        if self.malloc is not None:
            found.append(("bytes", "bytes of malloc"))
        if self.total is not None:
            found.append(("total", "references in all"))
        return found


def times_for(work):
    """How often a round does it, so that it takes no longer than it should."""
    work()
    start = time.perf_counter()
    work()
    spent = max(time.perf_counter() - start, 1e-7)
    return int(max(LEAST_TIMES, min(MOST_TIMES, ROUND_SECONDS / spent)))


def a_round(work, times):
    """Do it so many times, and free what waits.

    Before 3.12 each unused place of the interpreter's cache of attributes is a
    reference of None, so a cache that fills up looks like references that get lost.
    """
    for _ in range(times):
        work()
    gc.collect()
    if sys.version_info < (3, 12):
        sys._clear_type_cache()


class Growth:
    """What one time changed a figure by, in every round."""

    def __init__(self, kind, name, each):
        self.kind = kind
        self.name = name
        self.each = each


def growths(work, meters, times=None, base=()):
    """Do it in rounds; return what grew, or shrank, in each of them.

    `base` is what grows anyway: that alone is not told.
    """
    times = times or times_for(work)
    for _ in range(WARM):
        a_round(work, times)
    names = meters.names()
    # What is written down must not be among what is counted.
    readings = array("q", [0]) * (len(names) * (ROUNDS + 1))
    meters.read(readings, 0)
    for at in range(ROUNDS):
        a_round(work, times)
        meters.read(readings, (at + 1) * len(names))
    anyway = {(one.kind, one.name): one.each for one in base}
    found = []
    for at, (kind, name) in enumerate(names):
        figures = readings[at::len(names)]
        steps = [b - a for a, b in zip(figures, figures[1:])]
        each = steady(kind, steps, times)
        if each and abs(each - anyway.get((kind, name), 0)) > NEAR:
            found.append(Growth(kind, name, each - anyway.get((kind, name), 0)))
    return found


def steady(kind, steps, times):
    """What each time adds or takes; 0 where the rounds do not agree on one."""
    least = max(2, times // 4) * (BYTES_OF_A_LEAK if kind == "bytes" else 1)
    middle = sorted(steps)[len(steps) // 2] / times
    if min(steps) >= least:
        return middle
    if max(steps) <= -least and kind == "references":
        return middle
    return 0
