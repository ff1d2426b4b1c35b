# SPDX-License-Identifier: MIT
"""What a collector does to a program of a certain shape.

    PYTHON -I -S -B shapes.py SHAPE VARIANT OBJECTS

SHAPE        VARIANT            what is done
tuples       on, off            a list of tuples of two ints is built
dicts        on, off            a dict of tuples is built
nested       on, off            a list of tuples that hold a tuple is built
collect      on, off            lists are built, then a full collection is timed
cache        on, off            a deque holds the last objects; no cycle is made
growth       on, off            lists are built; every fourth is a cycle that dies
workers      frozen, not        a heap is forked; each worker collects

Each is an experiment that core developers made by hand. One line of JSON; standard
library alone, Python 3.8 to 3.15.
"""

import gc
import os
import sys
import time
from array import array
from collections import deque

GENERATIONS = 3
WORKERS = 4


class Account:
    """Figures of a run; all are numbers, and made before it begins."""

    runs = array("q", [0]) * GENERATIONS
    found = 0
    began = 0
    spent = 0
    worst = 0
    waits = 0
    most = 0


clock = getattr(time, "thread_time_ns", time.perf_counter_ns)
try:
    clock()
except OSError:
    clock = time.perf_counter_ns


def heard(phase, info):
    """Hear of a collection."""
    if phase == "start":
        Account.began = clock()
        return
    spent = clock() - Account.began
    Account.spent += spent
    Account.worst = max(Account.worst, spent)
    Account.runs[info["generation"]] += 1
    Account.found += info["collected"]
    Account.waits -= info["collected"]


def tuples(count):
    """Build a list of tuples."""
    return [(1000 + n, n) for n in range(count)]


def dicts(count):
    """Build a dict of tuples."""
    return {n: (1000 + n, n) for n in range(count)}


def nested(count):
    """Build a list of tuples that hold a tuple."""
    return [(n, (1000 + n, n)) for n in range(count)]


def collect(count):
    """Build lists."""
    return [[n] for n in range(count)]


def cache(count):
    """Put objects into a deque that holds a fourth of them."""
    kept: deque = deque(maxlen=max(1, count // 4))
    for n in range(count):
        kept.append({"key": [n]})
    return kept


def growth(count):
    """Build lists that stay; every fourth is a cycle that nobody holds."""
    kept: list = []
    for n in range(count):
        one: list = [n]
        if n % 4 == 3:
            one.append(one)
            Account.waits += 1
            if Account.waits > Account.most:
                Account.most = Account.waits
        else:
            kept.append(one)
    return kept


def proportional_bytes():
    """Return the PSS of this process; 0 where the system does not tell."""
    try:
        with open("/proc/self/smaps_rollup", "rb") as file:
            lines = file.read().splitlines()
    except OSError:
        return 0
    pss = [line for line in lines if line.startswith(b"Pss:")]
    return 1024 * int(pss[0].split()[1]) if pss else 0


def work(ready, go, answer, end):
    """Be a worker: collect, say so, tell the PSS when all have, and end with all."""
    gc.collect()
    os.write(ready, b".")
    os.read(go, 1)
    os.write(answer, b"%d " % proportional_bytes())
    os.read(end, 1)
    os._exit(0)


def workers(count, frozen):
    """Fork workers that collect; return what each has then, the mean."""
    held = collect(count)
    gc.collect()
    if frozen:
        gc.freeze()
    ready, go, answer, end = (os.pipe() for _ in range(4))
    children = []
    for _ in range(WORKERS):
        child = os.fork()
        if child == 0:
            os.close(end[1])
            work(ready[1], go[0], answer[1], end[0])
        children.append(child)
    for _ in children:
        os.read(ready[0], 1)
    os.write(go[1], b"." * WORKERS)
    said = b""
    while said.count(b" ") < WORKERS:
        said += os.read(answer[0], 100)
    os.close(end[1])
    for child in children:
        os.waitpid(child, 0)
    assert len(held) == count
    return sum(map(int, said.split())) // WORKERS or None


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


def built(make, count, on):
    """Build it; return the figures."""
    gc.collect()
    if not on:
        gc.disable()
    gc.callbacks.append(heard)
    start = clock()
    kept = make(count)
    spent = clock() - start
    gc.callbacks.remove(heard)
    start = clock()
    left = gc.collect()
    return {
        "program_ns": spent,
        "collector_ns": Account.spent,
        "worst_ns": Account.worst,
        "collections": list(Account.runs),
        "most": Account.most,
        "left": left,
        "full_ns": clock() - start,
        "kept": len(kept),
        "peak_bytes": peak_bytes(),
    }


def main(shape, variant, count):
    """Do it, and print what came out."""
    if not hasattr(gc, "callbacks"):
        print('{"cannot": "its module gc has no callbacks"}')
        return
    if not gc.isenabled() or gc.get_threshold()[0] == 0:
        print('{"cannot": "its collector is disabled"}')
        return
    if shape == "workers" and not (hasattr(os, "fork") and hasattr(gc, "freeze")):
        print('{"cannot": "it does not fork, or freeze"}')
        return
    if shape == "workers":
        figures = {"pss_bytes": workers(count, variant == "frozen")}
    else:
        figures = built(SHAPES[shape], count, variant == "on")
    rows = [
        f'"{name}": {"null" if value is None else value}'
        for name, value in figures.items()
    ]
    print("{" + ", ".join(rows) + "}")


SHAPES = {
    "tuples": tuples,
    "dicts": dicts,
    "nested": nested,
    "collect": collect,
    "cache": cache,
    "growth": growth,
}

if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
