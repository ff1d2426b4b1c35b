# SPDX-License-Identifier: MIT
"""What some objects lead to, and which of them nothing else leads to.

As the collector does it, by counting: references that come from the objects themselves
are subtracted; what has others left is reached from outside, and all behind it.
"""

import gc
import sys
from collections import Counter
from types import ModuleType

MANY = 20000
"""Referents are asked for so many objects at a time."""


def own_references():
    """Return what `getrefcount` says of an object that one list holds."""
    return next(map(sys.getrefcount, [object()]))


OWN = own_references()


def referents(objects):
    """Return the referents of many objects, with repetitions, a list at a time."""
    for start in range(0, len(objects), MANY):
        yield gc.get_referents(*objects[start : start + MANY])


class Tally:
    """Some objects' ids, and the references that come from them, by the id they
    lead to.

    It is right as long as the objects stay as they are: what is garbage does, until
    it is named or finalized.
    """

    def __init__(self, objects=()):
        self.ids: set = set()
        self.counts: Counter = Counter()
        self.add(objects)

    def lacks(self, one):
        """Tell whether an object is none of them."""
        return id(one) not in self.ids

    def add(self, objects):
        """Count more objects."""
        self.ids.update(map(id, objects))
        for found in referents(objects):
            self.counts.update(map(id, found))


def known_alive():
    """Return the ids of what modules hold: nothing of it needs to be looked at."""
    alive = set()
    for module in list(sys.modules.values()):
        if isinstance(module, ModuleType):
            names = vars(module)
            alive.add(id(module))
            alive.add(id(names))
            alive.update(map(id, list(names.values())))
    return alive


def closure(roots, within):
    """Return the tracked objects that some lead to, themselves included.

    `within` are ids to stay in, or None: then what modules hold is left out.
    """
    seen = set() if within is not None else known_alive()
    found = [one for one in roots if id(one) not in seen]
    seen.update(map(id, found))
    front = found
    while front:
        behind = []
        for reached in referents(front):
            for one in reached:
                key = id(one)
                if key in seen or (within is not None and key not in within):
                    continue
                seen.add(key)
                if gc.is_tracked(one):
                    behind.append(one)
        found = found + behind
        front = behind
    return found


def unreachable(objects, others, held):
    """Return those objects that only themselves and the `others` refer to.

    `others` are tallies of what is not among the objects, `held` the ids of which we
    hold one reference more.
    """
    counts = list(map(sys.getrefcount, objects))
    mine = Tally(objects)
    left = mine.ids
    known = [one.counts for one in (mine, *others)]
    front = []
    for one, count in zip(objects, counts):
        key = id(one)
        count -= OWN + (key in held)
        for inner in known:
            if count > 0:
                count -= inner.get(key, 0)
        if count > 0:
            left.discard(key)
            front.append(one)
    while front:
        behind = []
        for reached in referents(front):
            for one in reached:
                if id(one) in left:
                    left.discard(id(one))
                    behind.append(one)
        front = behind
    return [one for one in objects if id(one) in left]


def leading_to(known, objects):
    """Return those objects that lead to one of which the id is known, through each
    other at most.
    """
    seen = set(known)
    found = []
    front = objects
    while front:
        front = [
            one for one in objects
            if id(one) not in seen
            and not seen.isdisjoint(map(id, gc.get_referents(one)))
        ]  # fmt: skip
        seen.update(map(id, front))
        found += front
    return found


def taken_back(fresh, known):
    """Take out of some garbage what leads to that of which the ids are known; return
    it with what it leads to.

    It was made by naming the other: nobody else's object leads to garbage.
    """
    ours = leading_to(known, fresh)
    if not ours:
        return []
    mine = set(map(id, ours))
    fresh[:] = [one for one in fresh if id(one) not in mine]
    return closure(ours, known.union(mine))
