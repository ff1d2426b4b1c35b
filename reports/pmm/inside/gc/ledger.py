# SPDX-License-Identifier: MIT
"""Keep a ledger of the cycle collector: what waits, what it finds, how long it takes.

    PYTHON -I -S ledger.py count MADE LIVE WINDOW   what waits, object by object
    PYTHON -I -S ledger.py look MADE LIVE WINDOW    and what each collection examines
    PYTHON -I -S ledger.py time MADE LIVE WINDOW    pauses and times, nothing else

1. MADE objects are made one after the other, each of which refers to itself. A
   deque holds the last WINDOW of them; who falls out of it is garbage that only
   the collector can free. LIVE empty lists are there all the time.
2. Garbage is counted in three ways that know nothing of each other: what the
   collector says that it found (gc.callbacks), finalizers that ran (__del__), and
   who is still there at the end (gc.get_objects).
3. What counts makes no container of its own while objects are made: that would
   move the collections. So `look`, which lists generations, is a run of its own,
   and so is `time`, whose objects have no finalizer.

One line of JSON is printed. Standard library alone, Python 3.8 to 3.15.
"""

import gc
import sys
import time
from array import array
from collections import deque

STEP = 100
"""Objects between two points of the curve."""
MOST_PAUSES = 1 << 16
GENERATIONS = 3


class Account:
    """Figures of a run; all are numbers, and made before it begins."""

    dead = 0
    found = 0
    """Objects that collections said they found."""
    stops = 0
    apart = 0
    """Collections after which callbacks and finalizers did not agree."""
    looks = False
    runs = [0] * GENERATIONS
    collected = [0] * GENERATIONS
    candidates = [0] * GENERATIONS
    told = 0
    """Collections that told how many candidates they had."""
    began = 0
    pauses = array("q", [0]) * MOST_PAUSES


class Node:
    """An object that refers to itself, and whose death is heard of."""

    __slots__ = ("me",)
    me: object

    def __del__(self):
        Account.dead += 1


class Plain:
    """The same, and nobody hears."""

    __slots__ = ("me",)
    me: object


def counted(phase, info):
    """Hear of a collection."""
    if phase == "start":
        if Account.looks:
            for generation in range(info["generation"] + 1):
                found = len(gc.get_objects(generation=generation))
                Account.candidates[info["generation"]] += found
        return
    Account.runs[info["generation"]] += 1
    Account.collected[info["generation"]] += info["collected"]
    Account.found += info["collected"]
    Account.stops += 1
    Account.apart += Account.found != Account.dead
    if "candidates" in info and not Account.looks:
        Account.candidates[info["generation"]] += info["candidates"]
        Account.told += 1


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


def churn(made, window, waiting):
    """Make objects, and note after each how many wait; return who is held."""
    kept: deque = deque(maxlen=window)
    gc.collect()
    gc.callbacks.append(counted)
    for number in range(made):
        one = Node()
        one.me = one
        kept.append(one)
        waiting[number] = number + 1 - Account.dead - len(kept)
    gc.disable()
    gc.callbacks.remove(counted)
    return kept


def churn_plainly(made, window):
    """The same, and nothing is noted; return the time that it took."""
    kept: deque = deque(maxlen=window)
    gc.collect()
    gc.callbacks.append(timed)
    start = clock()
    for _ in range(made):
        one = Plain()
        one.me = one
        kept.append(one)
    spent = clock() - start
    gc.callbacks.remove(timed)
    return spent


def share(values, part):
    """Return the value that `part` of the sorted values do not exceed."""
    return values[max(0, -int(-len(values) * part // 1) - 1)]


KINDS: tuple = (
    ("list", lambda: []),
    ("dict", lambda: {}),
    ("dict of ints", lambda: {1000 + len(sys.path): 2000}),
    ("dict of lists", lambda: {1: []}),
    ("tuple of ints", lambda: (1000, 2000 + len(sys.path))),
    ("tuple of lists", lambda: ([], [])),
    ("set of ints", lambda: {1000 + len(sys.path)}),
    ("frozenset of ints", lambda: frozenset([1000 + len(sys.path)])),
    ("instance", lambda: Plain()),
)


def tracked_kinds():
    """Tell which kinds of value the collector still examines once it has run."""
    values = [make() for _, make in KINDS]
    gc.collect()
    return {name: gc.is_tracked(v) for (name, _), v in zip(KINDS, values)}


def count(made, live, window):
    """Count what waits; return the figures."""
    held: list = [[] for _ in range(live)]
    waiting = array("q", [0]) * made
    kept = churn(made, window, waiting)
    inside = len(kept)
    there = sum(type(one) is Node for one in gc.get_objects()) - inside
    figures = {
        "collections": list(Account.runs),
        "collected": list(Account.collected),
        "candidates": candidates(),
        "left": made - Account.dead - inside,
        "by_callbacks": made - Account.found - inside,
        "by_enumeration": there,
        "apart": Account.apart,
        "curve": list(waiting[STEP - 1 :: STEP]),
    }
    ordered = sorted(waiting)
    figures["most"] = ordered[-1]
    figures["p95"] = share(ordered, 0.95)
    gc.collect()
    figures["never"] = made - Account.dead - inside
    figures["kinds"] = tracked_kinds()
    figures["held"] = len(held)
    return figures


def candidates():
    """Return the candidates by generation; None when that is not known."""
    known = Account.looks or Account.told == Account.stops > 0
    return list(Account.candidates) if known else None


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


def timing(made, live, window):
    """Take pauses and times; return the figures."""
    held: list = [[] for _ in range(live)]
    spent = churn_plainly(made, window)
    pauses = list(Account.pauses[: min(Account.stops, MOST_PAUSES)])
    return {
        "pauses_ns": pauses,
        "program_ns": spent,
        "peak_bytes": peak_bytes(),
        "clock": "thread" if clock is not time.perf_counter_ns else "wall",
        "held": len(held),
    }


def missing():
    """Return why nothing can be counted here; None: it can."""
    for name in ("callbacks", "get_objects", "get_threshold", "is_tracked"):
        if not hasattr(gc, name):
            return f"its module gc has no {name}"
    if not gc.isenabled():
        return "its collector is disabled"
    if gc.get_threshold()[0] == 0:
        return "its collector never starts by itself: the first threshold is 0"
    return None


def text(value):
    """Write JSON: the module of that name makes containers that stay."""
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join([text(one) for one in value]) + "]"
    if isinstance(value, dict):
        rows = [text(k) + ": " + text(one) for k, one in value.items()]
        return "{" + ", ".join(rows) + "}"
    if isinstance(value, int):
        return str(value)
    plain = [c if " " <= c <= "~" and c not in '\\"' else "?" for c in str(value)]
    return '"' + "".join(plain) + '"'


def main(what, made, live, window):
    """Do it, and print what came out."""
    why = missing()
    if why is not None:
        print(text({"cannot": why}))
        return
    found = {
        "implementation": sys.implementation.name,
        "version": ".".join([str(part) for part in sys.version_info[:3]]),
        "thresholds": gc.get_threshold(),
    }
    Account.looks = what == "look"
    found.update((timing if what == "time" else count)(made, live, window))
    print(text(found))


if __name__ == "__main__":
    main(sys.argv[1], *[int(one) for one in sys.argv[2:5]])
