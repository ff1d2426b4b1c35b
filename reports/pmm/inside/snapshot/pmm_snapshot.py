# SPDX-License-Identifier: MIT
"""The tool of `pmm gc snapshot` inside a program: when to look, where to write.

A thread looks how many blocks are allocated, and takes a snapshot whenever there are a
quarter more than at the last one, or once at a time that was asked for; the last one
stays. While it looks no other thread runs, and no collection. A program that is over
sooner is looked at when it ends.

What is written is a literal that `ast.literal_eval` reads, and a file of columns.
"""

import atexit
import gc
import os
import sys
from _thread import allocate_lock, start_new_thread
from contextlib import suppress
from time import monotonic, sleep

import pmm_snapshot_graph
from pmm_snapshot_graph import Graph

GROWN = 1.25
PAUSE_S = 0.02
SHARE = 20
"""The thread sleeps so many times as long as a snapshot took."""
COLLECTIONS = 9
LONG_S = 1e6
leave = os._exit
OURS = frozenset([__file__, pmm_snapshot_graph.__file__])


class Tool:
    """Everything of one process."""

    def __init__(self, out, raw, at, times):
        self.out = out
        self.raw = raw
        self.at = at
        self.times = times
        self.timing = False
        self.renew()

    def renew(self):
        """Begin: at the start, and in the child of a fork that is not ours."""
        if self.timing:
            return
        self.pid = os.getpid()
        self.began = monotonic()
        self.blocks = 0
        self.ended = False
        self.lock = allocate_lock()
        self.troubles: list = []
        self.found: dict = {}
        self.write()
        start_new_thread(self.watch, (self.pid,))

    def watch(self, pid):
        """Take snapshots when it is time: the thread's whole life."""
        while not self.ended and self.pid == pid:
            spent = 0.0
            if self.is_due():
                began = monotonic()
                with self.lock:
                    self.take()
                spent = monotonic() - began
            sleep(max(PAUSE_S, SHARE * spent if self.at is None else 0))

    def is_due(self):
        """Tell whether it is time for one."""
        if self.at is not None:
            return self.blocks == 0 and monotonic() - self.began >= self.at
        return sys.getallocatedblocks() > GROWN * self.blocks

    def take(self):
        """Take a snapshot and write it; a fault of ours hurts nobody."""
        interval, enabled = sys.getswitchinterval(), gc.isenabled()
        sys.setswitchinterval(LONG_S)
        gc.disable()
        try:
            self.look()
        except Exception as error:
            self.troubles.append(f"{type(error).__name__}: {error}")
            self.write()
        finally:
            if enabled:
                gc.enable()
            sys.setswitchinterval(interval)

    def look(self):
        """Look at everything, once."""
        blocks = sys.getallocatedblocks()
        seconds = monotonic() - self.began
        thresholds, counts = list(gc.get_threshold()), list(gc.get_count())
        graph = Graph(OURS)
        owners = graph.owners()
        path = os.path.join(self.raw, f"{self.pid}-{id(self)}")
        types = graph.write(path + ".part", owners)
        os.replace(path + ".part", path)
        self.blocks = blocks
        self.found = {
            "file": os.path.basename(path),
            "objects": len(graph.objects),
            "targets": len(graph.targets),
            "types": types,
            "seconds": seconds,
            "thresholds": thresholds,
            "counts": counts,
            "collections_ns": [],
        }
        self.write()
        if self.times:
            garbage = graph.garbage(owners)
            graph.__dict__.clear()
            self.found["garbage"] = len(garbage)
            self.timing = True
            try:
                self.found["collections_ns"] = timed(path + ".ns", garbage)
            finally:
                self.timing = False
                self.write()

    def finish(self, reason):
        """Take one if there is none yet, or there is more; once."""
        if self.ended or self.pid != os.getpid():
            return
        self.ended = True
        with self.lock:  # writing lets other threads run
            if self.blocks == 0 or (self.at is None and self.is_due()):
                self.take()

    def write(self):
        """Write what is known."""
        path = os.path.join(self.out, f"{self.pid}-{id(self)}")
        document = {
            "version": 1,
            "pid": self.pid,
            "argv": list(getattr(sys, "orig_argv", None) or getattr(sys, "argv", [])),
            "python": ".".join(map(str, sys.version_info[:3])),
            "implementation": sys.implementation.name,
            "troubles": self.troubles,
            "found": self.found,
        }
        with suppress(OSError):  # pmm may be gone, and with it who would read this
            with open(path + ".part", "wb") as file:
                file.write(repr(document).encode("utf-8", "backslashreplace"))
            os.replace(path + ".part", path + ".found")


def timed(path, garbage):
    """Take the time of full collections of this very heap, in a fork.

    Its garbage is held there, so that no finalizer runs; who holds it is seen by no
    collection.
    """
    import ctypes
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        child = os.fork()
    if child != 0:
        os.waitpid(child, 0)
        with open(path, encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    try:
        hold = ctypes.pythonapi.Py_IncRef
        hold.argtypes, hold.restype = [ctypes.py_object], None
        for one in garbage:
            hold(one)
        garbage.clear()
        with open(path, "w", encoding="ascii") as file:
            file.write(" ".join(map(str, collections())))
    finally:
        leave(0)


def collections():
    """Collect again and again; return the times, without the first, which pays for
    the pages that the fork shares.
    """
    from time import perf_counter_ns

    clock = perf_counter_ns
    with suppress(ImportError, OSError):
        from time import thread_time_ns

        clock = thread_time_ns
        clock()
    gc.callbacks.clear()
    spent = []
    for _ in range(COLLECTIONS):
        began = clock()
        gc.collect()
        spent.append(clock() - began)
    return spent[2:]


def wrap_exit(tool):
    """Look before the program's process ends without `atexit`."""

    def _exit(status):
        tool.finish("os._exit")
        leave(status)

    os._exit = _exit


def start():
    """Begin to watch this interpreter."""
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        raise RuntimeError("a free-threaded interpreter cannot be looked at as a whole")
    at = os.environ.get("PMM_SNAPSHOT_AT")
    tool = Tool(
        os.environ["PMM_INSIDE_OUT"],
        os.environ["PMM_SNAPSHOT_RAW"],
        float(at) if at else None,
        bool(os.environ.get("PMM_SNAPSHOT_TIMES")),
    )
    atexit.register(tool.finish, "exit")
    os.register_at_fork(after_in_child=tool.renew)
    wrap_exit(tool)
