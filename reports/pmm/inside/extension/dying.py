# SPDX-License-Identifier: MIT
"""Whether the collector still has an object in its list while that object dies.

A collection that begins in the midst of a tp_dealloc, by a finalizer of what is let
go, must not find the object: PyObject_GC_UnTrack comes first. The collector's list
goes through two words before each object:

    head of the list: next | previous | object

An object is in it when its `next` leads to one whose `previous` leads back. Memory
that was freed meanwhile does not look like that.
"""

import gc
import sys

from .naming import word_at
from .refusing import ctypes

FLAGS = 7
"""Bits of `previous` that are none of the address."""


class Dying:
    """What an object is given to hold: looks at the object when it dies itself."""

    header = 0
    was_tracked = False

    def __del__(self):
        if self.header:
            following = word_at(self.header) or 0
            back = word_at(following + 8) if following else 0
            Dying.was_tracked = (back or 0) & ~FLAGS == self.header

    def __call__(self, *arguments, **named):
        return None

    def __iter__(self):
        return self

    def __next__(self):
        raise StopIteration


def can_look():
    """Whether the collector of this interpreter has such a list."""
    return (ctypes is not None and sys.maxsize > 1 << 32
            and "free-threading" not in sys.version)


def dies_tracked(put):
    """Whether an object that `put` lets hold something dies while it is tracked."""
    Dying.was_tracked = False
    item = Dying()
    thing = put(item)
    if gc.is_tracked(thing):
        item.header = id(thing) - 16
    del item
    del thing
    return Dying.was_tracked
