# SPDX-License-Identifier: MIT
"""Garbage as a graph: its cycles, and what they hold.

1. Strongly connected components (Tarjan 1972, without recursion). One that has an
   edge inside is a cycle; everything else hangs on one.
2. What hangs on cycles of one group only belongs to that group; this is handed
   down from a component to those behind it.
3. What the collector did not look at (str, bytes, an older generation) dies with
   the garbage when all of its references come from it.
"""

import gc
import sys

from pmm_cycles_reach import OWN

SHARED = object()
"""The owner of what hangs on cycles of several groups."""


def edges_of(objects):
    """Return for each object the places in the list that it refers to."""
    place = {id(one): number for number, one in enumerate(objects)}
    return [
        [place[id(to)] for to in gc.get_referents(one) if id(to) in place]
        for one in objects
    ]


def components(edges):
    """Return the strongly connected components, each behind all that it leads to."""
    number = [0] * len(edges)
    low = [0] * len(edges)
    done = [False] * len(edges)
    stack = []
    found = []
    count = 0
    for root in range(len(edges)):
        if number[root]:
            continue
        count += 1
        number[root] = low[root] = count
        stack.append(root)
        work = [(root, iter(edges[root]))]
        while work:
            here, rest = work[-1]
            for to in rest:
                if not number[to]:
                    count += 1
                    number[to] = low[to] = count
                    stack.append(to)
                    work.append((to, iter(edges[to])))
                    break
                if not done[to]:
                    low[here] = min(low[here], number[to])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], low[here])
                if low[here] == number[here]:
                    found.append(popped(stack, here, done))
    return found


def popped(stack, last, done):
    """Take a finished component from the stack, in the order that it was met."""
    at = len(stack) - 1
    while stack[at] != last:
        at -= 1
    members = stack[at:]
    del stack[at:]
    for one in members:
        done[one] = True
    return members


def is_cycle(members, edges):
    """Tell whether a component has an edge inside."""
    return len(members) > 1 or members[0] in edges[members[0]]


def joined(owner, other):
    """Return who owns what two owners lead to."""
    return other if owner is None or owner is other else SHARED


class Holdings:
    """Which group each object that hangs on cycles belongs to.

    Everything is looked at before anything is named: naming may make objects.
    """

    def __init__(self, objects, edges):
        self.objects = list(objects)
        """The garbage, then what dies with it."""
        self.edges = edges
        self.referrers = []
        """Of each object behind the garbage: the places of what refers to it."""
        self.find_dependants()
        self.sizes = list(map(size_of, self.objects))
        self.owner: list = [None] * len(self.objects)

    def find_dependants(self):
        """Add what is no garbage by itself and dies with it."""
        mine = {id(one) for one in self.objects}
        known: dict = {}
        done = 0
        while done < len(self.objects):
            front = range(done, len(self.objects))
            done = len(self.objects)
            fresh = outer_references(self.objects, front, mine, known)
            for one, referrers in whole_references(known, fresh):
                mine.add(id(one))
                self.objects.append(one)
                self.referrers.append(referrers)

    def hand_down(self, found, group_of):
        """Give every object its owner.

        `found` are components, `group_of` the groups of those that are cycles, by the
        component's place in the list.
        """
        for place in range(len(found) - 1, -1, -1):
            group = group_of.get(place)
            for one in found[place]:
                if group is not None:
                    self.owner[one] = group
                for to in self.edges[one]:
                    self.owner[to] = joined(self.owner[to], self.owner[one])
        first = len(self.edges)
        for number, referrers in enumerate(self.referrers):
            for one in referrers:
                self.owner[first + number] = joined(
                    self.owner[first + number], self.owner[one]
                )


def outer_references(objects, front, mine, known):
    """Note the references from the places `front` to what is not `mine`.

    `known` has [object, places that refer to it] by id; return the ids that were
    added to.
    """
    touched: dict = {}
    for place in front:
        for to in gc.get_referents(objects[place]):
            key = id(to)
            if key not in mine:
                known.setdefault(key, [to, []])[1].append(place)
                touched[key] = None
    return touched


def whole_references(known, fresh):
    """Return the objects of which all references are noted, and forget them."""
    whole = []
    for key in fresh:
        entry = known[key]
        if next(map(sys.getrefcount, entry)) - OWN == len(entry[1]):
            whole.append((entry[0], entry[1]))
            del known[key]
    return whole


def size_of(one):
    """Return the bytes of an object, its collector's header included."""
    try:
        return sys.getsizeof(one)
    except Exception:  # a `__sizeof__` of the program's
        return object.__sizeof__(one)
