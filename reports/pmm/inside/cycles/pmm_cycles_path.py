# SPDX-License-Identifier: MIT
"""One way round a cycle, as a person would write it down.

Objects that people do not see are no station of their own: the dict of an instance
or a class, the tuple of a closure and its cells, the frame of a generator. The way
starts at the most telling object, and is the shortest there is from it.
"""

import gc
from types import CellType, FrameType, FunctionType, MethodType, TracebackType

from pmm_cycles_names import (
    FRAMES,
    content,
    frame_of,
    kind_of,
    name,
    names_of,
    raw_namespace,
)
from pmm_cycles_watch import HEAP, IMMUTABLE, MRO

TRIED = 20
"""From so many objects of the most telling type a way is looked for."""
PLAIN = (list, dict, tuple, set, frozenset)


def rank(one):
    """Say how little an object tells about what a cycle is: 0 is most telling."""
    kind = type(one)
    if kind in FRAMES:
        return 2
    if kind in (FunctionType, MethodType):
        return 3
    if isinstance(one, type):
        return 4
    if kind is TracebackType or kind is FrameType:
        return 5
    if kind in PLAIN:
        return 7
    if kind is CellType:
        return 9
    if isinstance(one, BaseException):
        return 1
    return 0 if kind.__flags__ & (HEAP | IMMUTABLE) == HEAP else 6


def is_part(owner, one):
    """Tell whether an object is a part of the owner that people do not see."""
    kind = type(one)
    if kind is CellType:
        return True
    if kind is dict:
        if isinstance(owner, type):
            return raw_namespace(owner) is one
        return names_of(owner) is one
    if kind is tuple:
        if type(owner) is FunctionType:
            return owner.__closure__ is one
        return isinstance(owner, type) and (MRO(owner) is one or owner.__bases__ is one)
    return kind is FrameType and type(owner) in FRAMES and frame_of(owner) is one


def hops(owner, start):
    """Return what an object leads to, seen through its parts: (parts, target)."""
    found = []
    work: list = [((), one) for one in gc.get_referents(owner)]
    for parts, one in work:
        if one is not start and len(parts) < 3 and is_part(owner, one):
            work += [((*parts, one), to) for to in gc.get_referents(one)]
        else:
            found.append((parts, one))
    return found


def shortest(start, members):
    """Return the shortest way from an object to itself, as [(owner, parts, target)]."""
    came: dict = {id(start): None}
    queue = [start]
    for owner in queue:
        for parts, target in hops(owner, start):
            if target is start:
                return rolled_up((owner, parts, target), came)
            if id(target) in members and id(target) not in came:
                came[id(target)] = (owner, parts, target)
                queue.append(target)
    return None


def rolled_up(last, came):
    """Follow the steps back from the last one."""
    way = [last]
    while came[id(way[-1][0])] is not None:
        way.append(came[id(way[-1][0])])
    way.reverse()
    return way


def step(owner, parts, target):
    """Name a step: (what the owner is, how it refers to the target)."""
    if not parts:
        return kind_of(owner), name(owner, target)
    first = parts[0]
    if type(first) is CellType:
        return kind_of(owner), name(owner, first)
    if type(first) is dict and isinstance(owner, type):
        return kind_of(owner), name(owner, target)
    if type(first) is tuple and isinstance(owner, type):
        return kind_of(owner), name(owner, first)
    if type(first) is FrameType and len(parts) > 1:
        return kind_of(owner), name(owner, parts[1])
    return kind_of(owner), name(owner, through(parts, target))


def through(parts, target):
    """Return what the owner's name leads to: a cell's content is behind a variable."""
    return content(parts[-1]) if type(parts[-1]) is CellType else target


def way_round(objects):
    """Return the steps of the most telling cycle in a component."""
    members = {id(one) for one in objects}
    best = min(map(rank, objects))
    starts = [one for one in objects if rank(one) == best]
    first = min(kind_of(one) for one in starts[:TRIED])
    ways = []
    for start in [one for one in starts if kind_of(one) == first][:TRIED]:
        way = shortest(start, members)
        if way is not None:
            ways.append(way)
            if len(way) == 1:
                break
    if not ways:
        return [(kind_of(objects[0]), "(inside)")]
    return [step(*one) for one in min(ways, key=len)]
