# SPDX-License-Identifier: MIT
"""One cell of the grid of collectors: cycles of one size, payload and live heap.

    PYTHON -I -S grid.py SHAPE SIZE PAYLOAD LIVE TOTAL

Cycles of SIZE objects are made until there were TOTAL objects; a queue holds about
LIVE objects' worth of them, and who falls out of it is garbage. A `chain` is a ring
of objects of which one carries PAYLOAD bytes; a `tree` has 16 branches, its records
know their parents, and together carry about PAYLOAD bytes. The cells are those of
the tool that core developers argue with, nascheme's cyclotron; the programs are our
own.

One line of JSON. Standard library alone, Python 3.8 to 3.15.
"""

import gc
import sys
import time
from array import array
from collections import deque

BRANCHES = 16
MOST_PAUSES = 1 << 16
MULTIPLIER, INCREMENT, MASK = 1103515245, 12345, (1 << 31) - 1


class Account:
    """Figures of a run."""

    dead = 0
    """Cycles."""
    began = 0
    stops = 0
    pauses = array("q", [0]) * MOST_PAUSES


class Link:
    """An object of a chain."""

    __slots__ = ("load", "next")
    load: object
    next: object


class Record:
    """An object of a tree."""

    __slots__ = ("branches", "load", "parent")
    branches: list
    load: object
    parent: object


class Mark:
    """Lies in one object of each cycle, and dies with it."""

    __slots__ = ()

    def __del__(self):
        Account.dead += 1


clock = getattr(time, "thread_time_ns", time.perf_counter_ns)
try:
    clock()
except OSError:
    clock = time.perf_counter_ns


def timed(phase, info):
    """Take the time of a collection."""
    if phase == "start":
        Account.began = clock()
        return
    Account.pauses[Account.stops % MOST_PAUSES] = clock() - Account.began
    Account.stops += 1


def chain(size, payload, seed):
    """Make a ring of objects; the first carries the payload."""
    first = last = Link()
    first.load = (Mark(), b"x" * payload)
    for _ in range(size - 1):
        one = Link()
        one.load = None
        last.next = one
        last = one
    last.next = first
    return first


def tree(size, payload, seed):
    """Make a tree whose records know their parents, and share the payload."""
    bound = 2 * payload // size
    root = Record()
    root.parent = root
    root.load = Mark()
    root.branches = []
    open_records = deque([root])
    for _ in range(size - 1):
        seed = (seed * MULTIPLIER + INCREMENT) & MASK
        parent = open_records[0]
        one = Record()
        one.parent = parent
        one.load = b"x" * (seed * bound >> 31)
        one.branches = []
        parent.branches.append(one)
        if len(parent.branches) == BRANCHES:
            open_records.popleft()
        open_records.append(one)
    return root


def peak_bytes():
    """Return the most that was resident; None where the system does not tell."""
    try:
        with open("/proc/self/status", "rb", buffering=0) as file:
            lines = file.read().splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith(b"VmHWM:"):
            return int(line.split()[1]) * 1024
    return None


def is_stable(waiting):
    """Tell whether what waits no longer rises: its last third against the one before.

    A tenth more is allowed.
    """
    third = len(waiting) // 3
    if third == 0:
        return True
    return max(waiting[-third:]) <= 1.1 * max(waiting[-2 * third : -third]) + 1


def run(make, size, payload, live, total):
    """Make the cycles; return the figures."""
    cycles = max(1, total // size)
    kept: deque = deque(maxlen=max(1, live // size))
    waiting = array("q", [0]) * cycles
    gc.collect()
    gc.callbacks.append(timed)
    start = clock()
    for number in range(cycles):
        kept.append(make(size, payload, number))
        waiting[number] = number + 1 - Account.dead - len(kept)
    spent = clock() - start
    gc.callbacks.remove(timed)
    return {
        "program_ns": spent,
        "pauses_ns": list(Account.pauses[: min(Account.stops, MOST_PAUSES)]),
        "most": max(waiting) * size,
        "left": waiting[-1] * size,
        "garbage": (cycles - len(kept)) * size,
        "stable": is_stable(waiting),
        "peak_bytes": peak_bytes(),
    }


def main(shape, *sizes):
    """Run it, and print what came out."""
    if not hasattr(gc, "callbacks"):
        print('{"cannot": "its module gc has no callbacks"}')
        return
    if not gc.isenabled() or gc.get_threshold()[0] == 0:
        print('{"cannot": "its collector is disabled"}')
        return
    figures = run({"chain": chain, "tree": tree}[shape], *sizes)
    words = {"True": "true", "False": "false", "None": "null"}
    rows = []
    for name, value in figures.items():
        text = str(value)
        rows.append(f'"{name}": {words.get(text, text)}')
    print("{" + ", ".join(rows) + "}")


if __name__ == "__main__":
    main(sys.argv[1], *[int(one) for one in sys.argv[2:6]])
