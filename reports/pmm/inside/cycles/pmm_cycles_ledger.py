# SPDX-License-Identifier: MIT
"""What was found, in groups: cycles of one shape, whose way round reads the same.

Two cycles that look alike are named once: a fingerprint of types, code, attribute
names and edges tells whether a component needs a look of its own.
"""

import sys
from collections import Counter
from types import FrameType, FunctionType

from pmm_cycles_graph import (
    SHARED,
    Holdings,
    components,
    edges_of,
    is_cycle,
)
from pmm_cycles_names import FRAMES, label, names_of
from pmm_cycles_path import way_round
from pmm_cycles_watch import NAMESPACE
from pmm_cycles_whose import CODES, is_replaced_class, whose

SMALL = 24
"""A component of so many objects gets a fingerprint."""
KINDS_KEPT = 8
SITES_KEPT = 5


class Group:
    """Cycles of one shape."""

    def __init__(self, way, owner, replaced):
        self.way = way
        self.owner = owner
        self.replaced = replaced
        self.cycles = 0
        self.objects = 0
        self.size = 0
        self.held_objects = 0
        self.held_size = 0
        self.kinds: Counter = Counter()
        self.held_kinds: Counter = Counter()
        self.sites: Counter = Counter()
        self.contexts: Counter = Counter()

    def add(self, objects, context):
        """Count a cycle."""
        self.cycles += 1
        self.objects += len(objects)
        self.kinds.update(map(label, map(type, objects)))
        self.contexts[context] += 1
        self.add_sites(objects)

    def add_sites(self, objects):
        """Count where the objects of a cycle were made, where that is traced."""
        tracer = sys.modules.get("tracemalloc")
        if tracer is None or not tracer.is_tracing():
            return
        for one in objects:
            trace = tracer.get_object_traceback(one)
            if trace:
                self.sites[trace[-1].filename, trace[-1].lineno] += 1

    def hold(self, one, size):
        """Count an object that hangs on cycles of this group only."""
        self.held_objects += 1
        self.held_size += size
        self.held_kinds[label(type(one))] += 1

    def document(self):
        """Return the group as plain values."""
        return {
            "way": [list(step) for step in self.way],
            "owner": self.owner[0],
            "package": self.owner[1],
            "replaced": self.replaced,
            "cycles": self.cycles,
            "objects": self.objects,
            "bytes": self.size,
            "held_objects": self.held_objects,
            "held_bytes": self.held_size,
            "kinds": most(self.kinds),
            "held_kinds": most(self.held_kinds),
            "sites": [
                [file, line, count]
                for (file, line), count in self.sites.most_common(SITES_KEPT)
            ],
            "contexts": [[name, count] for name, count in self.contexts.items()],
        }


def most(counts):
    """Return the most frequent names."""
    order = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return [list(entry) for entry in order[:KINDS_KEPT]]


def without_keys(way):
    """Return a way with its indexes and keys left out, as a key of groups."""
    return tuple(
        (kind, "[]" if reference.startswith("[") else reference)
        for kind, reference in way
    )


def tag(one):
    """Return what tells one object from another of the same shape.

    Only names and numbers: what is garbage must not be kept alive by us.
    """
    kind = type(one)
    mark = label(kind)
    code = None
    if kind is FunctionType:
        code = one.__code__
    elif kind is FrameType:
        code = one.f_code
    elif kind in FRAMES:
        code = getattr(one, CODES[kind.__name__])
    if code is not None:
        return (mark, id(code), code.co_name, code.co_firstlineno)
    if isinstance(one, type):
        return (mark, label(one), tuple(NAMESPACE(one)))
    names = names_of(one)
    return (mark, tuple(names)) if names else mark


class Ledger:
    """The groups of this process."""

    def __init__(self):
        self.groups = {}
        self.known = {}
        """Group by fingerprint."""
        self.context = ""
        """What the program is at, as it is told."""
        self.shared_objects = 0
        self.shared_size = 0

    def study(self, found):
        """Note the cycles of some garbage."""
        edges = edges_of(found)
        parts = components(edges)
        holdings = Holdings(found, edges)
        groups = {}
        for place, members in enumerate(parts):
            if is_cycle(members, edges):
                group = groups[place] = self.group_of(members, found, edges)
                group.add([found[one] for one in members], self.context)
        holdings.hand_down(parts, groups)
        inside = {one for place in groups for one in parts[place]}
        for place, owner in enumerate(holdings.owner):
            if owner is not None:
                self.count(owner, holdings, place, place in inside)

    def count(self, owner, holdings, place, inside):
        """Count an object for a group: of a cycle, or of what hangs on it."""
        size = holdings.sizes[place]
        if owner is SHARED:
            self.shared_objects += 1
            self.shared_size += size
        elif inside:
            owner.size += size
        else:
            owner.hold(holdings.objects[place], size)

    def group_of(self, members, found, edges):
        """Return the group of a component."""
        print_of = fingerprint(members, found, edges)
        group = self.known.get(print_of)
        if group is None or print_of is None:
            group = self.named([found[one] for one in members])
            if print_of is not None:
                self.known[print_of] = group
        return group

    def named(self, objects):
        """Return the group of a component that has to be looked at."""
        way = way_round(objects)
        owner = whose(objects)
        replaced = is_replaced_class(objects)
        key = (without_keys(way), owner, replaced)
        if key not in self.groups:
            self.groups[key] = Group(way, owner, replaced)
        return self.groups[key]

    def documents(self):
        """Return all groups, largest first."""
        found = [one.document() for one in self.groups.values()]
        found.sort(key=lambda one: (-one["bytes"] - one["held_bytes"], one["way"]))
        return found


def fingerprint(members, found, edges):
    """Return what two components have in common that look alike; None: too large."""
    if len(members) > SMALL:
        return None
    place = {one: number for number, one in enumerate(members)}
    return (
        tuple([tag(found[one]) for one in members]),
        tuple([tuple([place.get(to, -1) for to in edges[one]]) for one in members]),
    )
