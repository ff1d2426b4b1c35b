# SPDX-License-Identifier: MIT
"""The object graph of an interpreter, as columns of numbers.

1. Tracked objects come in the order of the collector's lists, the oldest generation
   first. Whatever else they refer to follows: atoms, and containers that are not
   tracked.
2. Edges are what an object's traverse visits; of a dict its keys and values.
3. Owners outside of the graph are the reference count less the edges that were
   found, and less what looking costs, which is looked up on a fresh object.

Nothing here runs code of the program, but for a `__sizeof__` of its own.
"""

import gc
import sys
from array import array

MOST_OWNERS = 1 << 20
UNTRACKED = 3
HAVE_GC = 1 << 14
"""Py_TPFLAGS_HAVE_GC."""
ATOM, TUPLE, LIST, DICT, SET, FROZENSET, INSTANCE = range(7)
EXACT = {tuple: TUPLE, list: LIST, dict: DICT, set: SET, frozenset: FROZENSET}
flags_of = type.__dict__["__flags__"].__get__
COLUMNS = ("types", "ages", "sizes", "owners", "edges")


def sizeof(one):
    """Return an object's bytes."""
    try:
        return sys.getsizeof(one)
    except Exception:  # a `__sizeof__` of the program's
        return object.__sizeof__(one)


def name_of(kind):
    """Name a type, in printable ASCII."""
    name = f"{kind.__module__}.{kind.__qualname__}".replace("builtins.", "", 1)
    plain = name.encode("ascii", "replace").decode()
    return "".join(c if " " <= c <= "~" else "?" for c in plain)[:200] or "?"


def kind_of(kind):
    """Return what a type is to the format."""
    if kind in EXACT:
        return EXACT[kind]
    return INSTANCE if flags_of(kind) & HAVE_GC else ATOM


def referents(one):
    """Return what an object refers to."""
    found = gc.get_referents(one)
    if type(one) is dict and found:
        return [part for pair in one.items() for part in pair]
    return found  # a dict that shows what its instance holds visits nothing


class Graph:
    """The objects of this moment; the collector does not run meanwhile."""

    def __init__(self, ours):
        self.objects: list = []
        self.ages = array("b")
        self.tracked = 0
        self.list_tracked(ours)
        self.counts = array("q", map(sys.getrefcount, self.objects))
        self.base = array("q", map(sys.getrefcount, [[]]))[0]
        self.tracked = len(self.objects)
        self.number = {id(one): n for n, one in enumerate(self.objects)}
        self.kinds: dict = {}
        self.types = array("l")
        self.sizes = array("q")
        self.edges = array("l")
        self.targets = array("l")
        self.incoming = array("l", bytes(array("l").itemsize * self.tracked))
        self.walk()

    def list_tracked(self, ours):
        """List what the collector tracks, without what is ours."""
        skipped = {id(self), id(self.objects), id(self.__dict__)}
        frames = type(sys._getframe())
        for generation in (2, 1, 0):
            for one in gc.get_objects(generation=generation):
                if type(one) is frames and one.f_code.co_filename in ours:
                    continue
                if id(one) not in skipped:
                    self.objects.append(one)
                    self.ages.append(generation)

    def walk(self):
        """Look at every object, and at what turns up meanwhile."""
        number, objects, incoming = self.number, self.objects, self.incoming
        at = 0
        while at < len(objects):
            one = objects[at]
            found = referents(one)
            for other in found:
                target = number.setdefault(id(other), len(objects))
                if target == len(objects):
                    objects.append(other)
                    self.ages.append(UNTRACKED)
                elif target < self.tracked:
                    incoming[target] += 1
                self.targets.append(target)
            self.edges.append(len(found))
            self.types.append(self.kinds.setdefault(type(one), len(self.kinds)))
            self.sizes.append(sizeof(one))
            at += 1

    def owners(self):
        """Return how many references come from outside, for each object."""
        column = array("q", bytes(8 * len(self.objects)))
        for n in range(self.tracked):
            more = self.counts[n] - self.base - self.incoming[n]
            column[n] = min(max(more, 0), MOST_OWNERS)
        return column

    def garbage(self, owners):
        """Return the tracked objects that nothing from outside reaches."""
        starts, at = array("l"), 0
        for count in self.edges:
            starts.append(at)
            at += count
        reached = bytearray(len(self.objects))
        waiting = [n for n in range(self.tracked) if owners[n]]
        while waiting:
            n = waiting.pop()
            if not reached[n]:
                reached[n] = 1
                waiting += self.targets[starts[n] : starts[n] + self.edges[n]]
        return [self.objects[n] for n in range(self.tracked) if not reached[n]]

    def write(self, path, owners):
        """Write the columns; return the table of types."""
        columns = (self.types, self.ages, self.sizes, owners, self.edges)
        with open(path, "wb") as file:
            for column in (*columns, self.targets):
                array("q", column).tofile(file)
        return [[kind_of(kind), name_of(kind)] for kind in self.kinds]
