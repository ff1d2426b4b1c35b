# SPDX-License-Identifier: MIT
"""Steps between which no other thread gets its turn.

1. Threads take turns between two instructions of Python. A function in C that calls
   functions in C, one behind the other, has no instruction between them.
2. So steps are worked off by `any(map(call, steps))`; one that returns something
   true is the last.
3. What a step is to work on is an iterator that nobody has asked yet: it looks at a
   list, or calls a function, when its turn comes.

Invariant: every function that a step calls is written in C and runs no code of the
program's, but for the collector, which may call finalizers and weak references.
"""

import gc
from functools import partial
from itertools import chain, compress, repeat, starmap
from operator import methodcaller, not_

call = methodcaller("__call__")
WHOLE = [()]
"""The arguments with which `gc.get_objects` returns all objects."""


def once(function):
    """Return an iterator that calls a function when it is asked for its result."""
    return starmap(function, [()])


def run(steps):
    """Take the steps; return whether one ended it."""
    return any(map(call, steps))


def as_callback(steps):
    """Return a callback of the collector that takes the steps, once.

    As the last one it is followed by the collection, and by no instruction.
    """
    ended = chain(map(any, [map(call, steps)]), repeat(False))
    return partial(max, key=partial(next, ended))


def holding(held, within, kinds, known, generations):
    """Return steps that add to `held` the objects of some types.

    `kinds` are the ids of the types, `known` those of objects to be left out;
    `within`, unless it is None, gets the ids of all objects that are looked at.
    """
    objects: list = []
    some: list = []
    looked = starmap(gc.get_objects, generations)
    are_wanted = map(kinds.__contains__, map(id, map(type, iter(objects))))
    are_new = map(not_, map(known.__contains__, map(id, iter(some))))
    steps = [
        partial(objects.extend, chain.from_iterable(looked)),
        partial(some.extend, compress(iter(objects), are_wanted)),
        partial(held.extend, compress(iter(some), are_new)),
    ]
    if within is not None:
        steps.append(partial(within.update, map(id, iter(objects))))
    return [*steps, some.clear, objects.clear]


class Freeing:
    """Frees what was studied, and nothing that was not, while other threads run.

    1. A collection of the young shows that no other thread is collecting, which
       would make ours do nothing.
    2. What was studied is let go, and a full one hands out all garbage: what was
       studied, what only that referred to, and what others made garbage since.
    3. The next one finds more only when code of the program's ran in the former;
       then it ends here, and is to be tried again.
    4. gc.garbage lets go of all that was studied, and the last one frees it.

    An id tells what was studied only as long as no code of the program's can have
    freed it: of what the collection of step 2 hands out.
    """

    def __init__(self, done, ours, busy, kinds):
        self.held = []
        """What finalizes and was not studied: the collector must not touch it."""
        self.fresh = []
        """What was handed out and not studied."""
        self.freed = []
        """How many objects the last collection freed, once it was."""
        self.known = set(map(id, done)).union(ours)
        self.spared = len(gc.garbage)
        self.flags = gc.get_debug()
        self.callbacks = gc.callbacks[:]
        self.stats = []
        self.handed_out = []
        """How many are in gc.garbage after step 2."""
        run(self.steps(done, busy, kinds))
        self.clean_up(done)

    def steps(self, done, busy, kinds):
        """Return the steps; `busy` is a list that is empty between collections."""
        ignored: list = []
        more: list = []
        save = partial(gc.set_debug, self.flags | gc.DEBUG_SAVEALL)
        restore = partial(gc.set_debug, self.flags)
        collect_young = starmap(gc.collect, [(0,)])
        return [
            busy.__len__,
            partial(self.stats.extend, once(gc.get_stats)),
            gc.callbacks.clear,
            *holding(self.held, None, kinds, self.known, WHOLE),
            save, partial(ignored.extend, collect_young), restore,
            partial(next, map(self.stats.__contains__, once(gc.get_stats))),
            done.clear,
            save, partial(ignored.extend, once(gc.collect)),
            partial(self.handed_out.extend, once(gc.garbage.__len__)),
            partial(more.extend, once(gc.collect)), restore,
            partial(next, iter(more)),
            *self.sorting_out(),
            partial(self.freed.extend, once(gc.collect)),
        ]  # fmt: skip

    def sorting_out(self):
        """Return the steps that take what was not studied out of gc.garbage."""
        some: list = []
        are_new = map(not_, map(self.known.__contains__, map(id, iter(some))))
        ours = slice(self.spared, None)
        return [
            partial(some.extend, chain.from_iterable(
                map(gc.garbage.__getitem__, [ours]))),
            partial(self.fresh.extend, compress(iter(some), are_new)),
            some.clear,
            partial(gc.garbage.__delitem__, ours),
        ]  # fmt: skip

    def clean_up(self, done):
        """Put back what an end before the last step left."""
        if self.stats:  # it went beyond the first step
            gc.set_debug(self.flags)
            there = set(map(id, gc.callbacks))
            gc.callbacks[:0] = [one for one in self.callbacks if id(one) not in there]
        handed_out = gc.garbage[self.spared :]
        del gc.garbage[self.spared :]
        sure = self.handed_out[0] - self.spared if self.handed_out else 0
        for place, one in enumerate(handed_out):
            known = place < sure and id(one) in self.known
            (done if known else self.fresh).append(one)
