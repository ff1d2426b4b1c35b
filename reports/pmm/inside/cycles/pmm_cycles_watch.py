# SPDX-License-Identifier: MIT
"""Every piece of garbage that only the collector could free, before it is freed.

1. The program's own collections go on, by its own thresholds. Around each, a
   callback turns on DEBUG_SAVEALL: the collector then hands out what it found
   instead of freeing it.
2. A generator is closed, and `__del__` is called, before the collector hands out
   anything, and either may take the cycle apart. Such objects are held during the
   collection. Behind it we find out by counting, as the collector does, which of
   them are garbage: references from the objects that they lead to, and from what
   was handed out, are subtracted; what has none left, and is not reached from an
   object that has, is garbage.
3. What was found is kept until it is much. Then, between two instructions of the
   main thread, it is studied, and a full collection without DEBUG_SAVEALL frees it.
   That would free, unseen, what only the garbage referred to, and what other threads
   made garbage since; so another one, right before it, hands this out, and no other
   thread gets its turn between the two.

Invariant: between two calls of ours the collector's debug flags are the program's.
"""

import gc
import sys
from _thread import get_ident
from itertools import chain, compress, filterfalse, starmap
from time import process_time, sleep
from types import AsyncGeneratorType, CoroutineType, GeneratorType

from pmm_cycles_reach import Tally, closure, leading_to, taken_back, unreachable
from pmm_cycles_unbroken import WHOLE, Freeing, as_callback, holding, run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

OLDEST = 2
ROUNDS = 5
"""Finalizers may leave garbage of their own, and so on, so often."""
HEAVY = 16 << 20
"""Bytes of garbage that are let go while the program runs."""
MUCH = 20000
"""Objects of garbage, at least, before they are let go; or a quarter of the heap."""
INCREMENTAL = (3, 14) <= sys.version_info[:3] < (3, 14, 5)
"""Whether only a full collection is sure to look at an object."""

RUNNING = (GeneratorType, CoroutineType, AsyncGeneratorType)
"""What is closed before it is freed."""
PAUSE_S = 0.001
TRIES = 2000
"""So often, a pause apart, we wait for another thread's collection to end."""

HEAP = 1 << 9
"""Py_TPFLAGS_HEAPTYPE: made at run time, by a class statement or an extension."""
IMMUTABLE = 1 << 8
"""Py_TPFLAGS_IMMUTABLETYPE, from 3.10 on: made by an extension for certain."""
MRO = type.__dict__["__mro__"].__get__
NAMESPACE = type.__dict__["__dict__"].__get__


def weight_of(objects):
    """Return about how many bytes some garbage takes, with what hangs on it."""
    behind = filterfalse(gc.is_tracked, gc.get_referents(*objects))
    try:
        return sum(map(sys.getsizeof, chain(objects, behind)))
    except Exception:  # a `__sizeof__` of the program's
        return HEAVY


def finalizer():
    """Return PyObject_CallFinalizer, which calls one once; None without ctypes."""
    try:
        import ctypes
    except ImportError:
        return None
    call: Any = ctypes.pythonapi["PyObject_CallFinalizer"]
    call.argtypes, call.restype = [ctypes.py_object], None
    return call


def is_alone():
    """Tell whether no other thread may go on while we look."""
    return len(sys._current_frames()) == 1


def finalizes(kind):
    """Tell whether dying does more to an object of this type than to free it."""
    return any("__del__" in NAMESPACE(base) for base in MRO(kind))


class Watch:
    """The collector under control.

    `study` is given the garbage; `later` has to call `settle` soon.
    """

    def __init__(self, study, later):
        self.study = study
        self.later = later
        self.found = []
        """Handed out and not studied yet."""
        self.muted = False
        """Whether what is collected is of no interest."""
        self.done = []
        """Studied and not freed yet."""
        self.kept: Any = None
        """Of `found` and `done`; None: they are no longer as they were counted."""
        self.weight = 0
        """Bytes of both, about."""
        self.heap = 0
        """Objects that the last full collection looked at."""
        self.busy = []
        """Not empty from the beginning of a collection to its end."""
        self.held = []
        """What finalizes, during a collection."""
        self.within = None
        """The ids that such a collection looks at; None: all."""
        self.last = None
        """Our last callback of a collection, where it has one."""
        self.flags = None
        """The program's debug flags during a collection."""
        self.spared = 0
        """Objects in gc.garbage that are not ours."""
        self.settling = False
        self.unseen = 0
        """Garbage of muted collections."""
        self.swallowed = 0
        """More was freed than was studied."""
        self.settler = None
        """The thread that settles."""
        self.seconds = 0.0
        """Of CPU time that we took."""
        self.kinds = {}
        """What `finalizes` said of types in C."""
        self.finalizer = finalizer()

    def begin(self):
        """Go on watching from here."""
        gc.callbacks.insert(0, self.callback)

    def forked(self):
        """Forget what other threads were at: here they do not go on."""
        if self.flags is not None:
            gc.set_debug(self.flags)
        self.flags, self.held, self.within = None, [], None
        self.busy.clear()
        self.settling, self.settler, self.kept = False, None, None
        self.seconds, self.unseen = 0.0, 0

    def is_called(self):
        """Tell whether the collector still calls us."""
        return self.callback in gc.callbacks

    def end(self):
        """Leave the collector alone."""
        gc.callbacks.remove(self.callback)

    def callback(self, phase, info):
        """Take part in a collection."""
        began = process_time()
        if phase == "start":
            self.before(info["generation"])
        else:
            self.after(info)
        if not self.settling:
            self.seconds += process_time() - began

    def before(self, generation):
        """Have garbage handed out, and hold what finalizes."""
        if self.muted:
            return
        self.busy.append(None)
        self.spared = len(gc.garbage)
        self.hold_finalizing(generation)
        self.flags = gc.get_debug()
        gc.set_debug(self.flags | gc.DEBUG_SAVEALL)

    def after(self, info):
        """Take what was handed out."""
        if self.flags is None:
            self.unseen += info["collected"]
            return
        gc.set_debug(self.flags)
        self.flags = None
        if self.last is not None:
            gc.callbacks.remove(self.last)
            self.last = None
        found = gc.garbage[self.spared :]
        del gc.garbage[self.spared :]
        self.take(found, self.held, self.within)
        self.held, self.within = [], None
        kept = len(self.found) + len(self.done)
        much = self.weight > HEAVY or kept > max(MUCH, self.heap // 4)
        self.busy.clear()
        if much and not self.settling:
            self.later()

    def take(self, found, held, within=None):
        """Take what was handed out, and what of the held objects is garbage."""
        found += self.dead_finalizers(found, held, within)
        self.found.extend(found)  # never bound anew: see `taken`
        if self.kept is not None:
            self.kept.add(found)
        self.weight += weight_of(found)

    def hold_finalizing(self, generation):
        """Hold what finalizes of what a collection looks at, and note the ids of it.

        Other threads, and callbacks of the program's, make more before it begins:
        then it is done at the last moment.
        """
        whole = generation >= OLDEST or INCREMENTAL
        generations = WHOLE if whole else [(one,) for one in range(generation + 1)]
        objects = list(chain.from_iterable(starmap(gc.get_objects, generations)))
        if whole:
            self.heap = len(objects)
        finalizing = self.finalizing(objects)
        objects.clear()
        alone = is_alone() and len(gc.callbacks) == 1
        if alone and not finalizing:
            return
        self.within = None if whole else set()
        kinds = set(map(id, finalizing.union(RUNNING)))
        steps = holding(self.held, self.within, kinds, (), generations)
        if alone:
            run(steps)
        else:
            self.last = as_callback(steps)
            gc.callbacks.append(self.last)

    def finalizing(self, objects):
        """Return which types of some objects finalize."""
        return set(filter(self.does_finalize, set(map(type, objects))))

    def does_finalize(self, kind):
        """Tell whether a type finalizes; of those that live for ever, asked once.

        A class of the program must not be kept alive by us.
        """
        if kind.__flags__ & HEAP:
            return finalizes(kind)
        if kind not in self.kinds:
            self.kinds[kind] = finalizes(kind)
        return self.kinds[kind]

    def dead_finalizers(self, found, held, within):
        """Return what of the held objects, and behind them, is garbage.

        What other threads hand around may look like it at a first glance.
        """
        if not held:
            return []
        mine = set(map(id, held))
        if self.kept is None:
            self.kept = Tally(self.done + self.found)
        others = (self.kept, Tally(found))
        reached = closure(held, within)
        for one in others:
            reached = list(compress(reached, map(one.lacks, reached)))
        dead = unreachable(reached, others, mine)
        del reached
        return dead if is_alone() else unreachable(dead, others, mine)

    def taken(self):
        """Take what was found; another thread may find more meanwhile."""
        self.kept = None
        found = self.found[:]
        del self.found[: len(found)]
        return found

    def look(self):
        """Study what was found so far; it is freed another time."""
        began = process_time()
        found = self.taken()
        if found:
            self.study(found)
            self.done += found
            self.kept = None
        self.seconds += process_time() - began

    def settle(self, rounds=1):
        """Find all that is garbage by now, study and free it; `rounds` times, as
        long as there is any.
        """
        while self.settling:  # another thread does it, or a signal's handler asks
            if self.settler == get_ident():
                return
            sleep(PAUSE_S)
        began = process_time()
        enabled = gc.isenabled()
        gc.disable()
        self.settling, self.settler = True, get_ident()
        try:
            for _ in range(rounds):
                if not self.settled():
                    break
        finally:
            if enabled:
                gc.enable()
            self.settling, self.settler = False, None
            self.seconds += process_time() - began

    def settled(self):
        """Study, let go and collect; return whether there is more to study."""
        found = self.taken()
        if found:
            self.study(found)
            self.done += found
            self.kept = None
        del found
        self.let_go()
        return bool(self.found)

    def let_go(self):
        """Free what was studied; what else is garbage is found."""
        self.kept = None
        self.finalize()
        ours = self.made_by_us()
        objects = gc.get_objects()
        self.heap = len(objects)
        kinds = set(map(id, self.finalizing(objects).union(RUNNING)))
        objects.clear()
        for _ in range(TRIES):
            freeing = Freeing(self.done, ours, self.busy, kinds)
            self.done += taken_back(freeing.fresh, freeing.known)
            self.take(freeing.fresh, freeing.held)
            freed = freeing.freed
            if freed:
                self.swallowed += max(0, freed[0] - len(freeing.known))
            self.kept = None
            del freeing
            if freed and not self.done:
                break
            sleep(PAUSE_S)  # another thread's collection is going on
        self.weight = weight_of(self.found)

    def finalize(self):
        """Call the finalizers of what was studied, as the collector would.

        In a collection of ours they would make garbage that we do not see, or keep
        theirs and have it found twice.
        """
        if self.finalizer is not None:
            kinds = self.finalizing(self.done)
            for one in [one for one in self.done if type(one) in kinds]:
                self.finalizer(one)

    def made_by_us(self):
        """Return the ids of what studying and finalizers made: of the youngest what
        leads to garbage. Nobody else's object does.
        """
        young = gc.get_objects(generation=0)
        return set(map(id, leading_to(set(map(id, self.done)), young)))
