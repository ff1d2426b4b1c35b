# SPDX-License-Identifier: MIT
"""Regressions of memory management, each a small program that counts one figure.

    PYTHON -I -S exhibits.py NAME      prints {"exhibit": NAME, "figure": N}

No clock: the figure is a count, the same in every run, and from a bound on that
conformance/museum/museum.toml names, the regression shows. Standard library
alone, Python 3.6 to 3.15. The same programs for the reference are in
workloads/ledger/exhibits.c.
"""

import gc
import itertools
import os
import struct
import sys
import tempfile
from collections import deque

OBJECTS = 30000
WINDOW = 1000
CONTAINERS = 100000
ROUNDS = 1000


class Heard:
    """What is heard of the collector."""

    dead = 0
    runs = 0
    full = 0


class Node:
    """An object that refers to itself, and whose death is heard of."""

    __slots__ = ("me",)
    me: object

    def __del__(self):
        Heard.dead += 1


def collected(phase, info):
    """Count collections."""
    if phase == "stop":
        Heard.runs += 1
        Heard.full += info["generation"] == 2


def churn():
    """Make cycles and hold the last of them; return the most that waited."""
    kept: deque = deque(maxlen=WINDOW)
    most = 0
    gc.collect()
    gc.callbacks.append(collected)
    for number in range(OBJECTS):
        one = Node()
        one.me = one
        kept.append(one)
        waiting = number + 1 - Heard.dead - len(kept)
        if waiting > most:
            most = waiting
    gc.callbacks.remove(collected)
    return most


# ---------------------------------------------------------------- the collector


def garbage_waits():
    """Count the most dead objects that wait for the collector."""
    return churn()


def rarer_and_rarer():
    """Count collections: how many times fewer than the threshold says, in percent."""
    churn()
    return OBJECTS // (gc.get_threshold()[0] + 1) * 100 // max(Heard.runs, 1)


def tuples_stay_tracked():
    """Count tuples of ints that the collector examines once they are built."""
    held: list = []
    gc.collect()
    for number in range(CONTAINERS):
        held.append((1000 + number, 1000 + number))
    return sum(gc.is_tracked(one) for one in held)


def quadratic():
    """Count full collections while live lists are made, with low thresholds."""
    held: list = []
    gc.collect()
    gc.set_threshold(100, 2, 2)
    gc.callbacks.append(collected)
    for _ in range(CONTAINERS):
        held.append([])
    gc.callbacks.remove(collected)
    return Heard.full


def not_seen_again():
    """Count iterators whose result is reused, and not tracked any more."""
    makers: tuple = (
        lambda: zip([[]]),
        lambda: iter({1: []}.items()),
        lambda: enumerate([[]]),
        lambda: itertools.product([[]]),
        lambda: itertools.combinations([[]], 1),
        lambda: itertools.zip_longest([[]]),
    )
    lost = 0
    for make in makers:
        iterator = make()
        gc.collect()
        lost += not gc.is_tracked(next(iterator))
    return lost


# ------------------------------------------------------------------- containers


def dict_stays_large():
    """Count bytes of a dict that was large, and has few entries that come and go."""
    table = {number: number for number in range(10000)}
    for number in range(9990):
        del table[number]
    for number in range(10000, 30000):
        table[number] = number
        del table[number - 10]
    return sys.getsizeof(table)


def literal_has_spare():
    """Count slots of a literal list beyond its three items."""
    beyond = sys.getsizeof([1, 2, 3]) - sys.getsizeof([])
    return beyond // struct.calcsize("P") - 3


def list_has_no_padding():
    """Count arrays that a list goes through that is extended by one item twice."""
    grown: list = []
    sizes = [sys.getsizeof(grown)]
    for number in range(2):
        grown += [number]
        sizes.append(sys.getsizeof(grown))
    return len(set(sizes)) - 1


# ----------------------------------------------------------------------- memory


def tuples_pile_up():
    """Count blocks that stay when tuples of twenty come and go one by one."""
    template = [None] * 20
    tuple(template)
    before = sys.getallocatedblocks()
    for _ in range(ROUNDS):
        tuple(template)
    return max(0, sys.getallocatedblocks() - before)


def arenas_taken():
    """Return how many arenas were taken since the start; None: it does not tell.

    The interpreter writes it to the descriptor, not to sys.stderr.
    """
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        sys._debugmallocstats()
        os.dup2(kept, 2)
        os.close(kept)
        file.seek(0)
        lines = file.read().decode("ascii", "replace").splitlines()
    for line in lines:
        if line.startswith("# arenas allocated total"):
            return int(line.rpartition("=")[2].replace(",", ""))
    return None


def arena_comes_and_goes():
    """Count arenas taken while the blocks at an arena's border come and go."""
    held: list = []
    start = arenas_taken()
    if start is None:
        return None
    taken = start
    while taken < start + 2 and len(held) < 400000:
        held.extend([(n,) * 30 for n in range(200)])
        taken = arenas_taken()
    worst = 0
    for size in range(50, 2000, 150):
        before = arenas_taken()
        for _ in range(20):
            more = [(None,) * 30 for _ in range(size)]
            del more
        worst = max(worst, arenas_taken() - before)
    return worst


def main(name):
    """Count it and print it."""
    figure = globals()[name]()
    shown = "null" if figure is None else str(int(figure))
    print(f'{{"exhibit": "{name}", "figure": {shown}}}')


if __name__ == "__main__":
    main(sys.argv[1])
