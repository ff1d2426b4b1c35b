# SPDX-License-Identifier: MIT
"""The tool of `pmm rss` inside a program: the parts of its memory over time.

1. A thread takes the parts every so often, and no more than a ninth of the
   time; now and then it counts the live objects by type.
2. At the end it asks what would give memory back: a collection of each generation,
   then malloc_trim. Before and behind each the parts are taken.

What is written is a literal that `ast.literal_eval` reads: nothing is imported late.
"""

import atexit
import gc
import os
import sys
from _thread import start_new_thread
from array import array
from contextlib import suppress
from itertools import filterfalse
from time import monotonic, process_time, sleep, thread_time

from pmm_rss_parts import PARTS, Meter

SHARE = 8
"""The thread sleeps so many times as long as it worked."""
WIDTH = 2 + len(PARTS) + 1 + 3 + 2
"""Figures of a sample: time, RSS, the parts, blocks, counts of the collector,
modules, bytes of mapped files."""
MOST = 600
"""Samples that are kept; then every second one goes."""
LOOKED_AT = 10000
"""Tracked objects that a census looks at."""
FIRST_S = 0.3
"""When the first census is due; each waits twice as long."""
STRETCH = 100
"""Neighbours that are looked at: what is made in turns is counted in proportion."""
KINDS = 40
SITES = 12


def census():
    """Return what is alive by type: [[name, objects, bytes]], most bytes first.

    Every object of a small heap is looked at; of a larger one stretches of the list,
    and of what these refer to a part, and the figures are scaled.
    """
    tracked = gc.get_objects()
    stride = len(tracked) // LOOKED_AT + 1
    some = []
    for start in range(0, len(tracked), STRETCH * stride):
        some += tracked[start : start + STRETCH]
    del tracked
    parts = list(filterfalse(gc.is_tracked, gc.get_referents(*some)))
    atoms = list(dict(zip(map(id, parts), parts)).values())
    del parts
    thin = len(atoms) // LOOKED_AT + 1
    named: dict = {}
    add(some, stride, named)
    add(atoms[::thin], stride * thin, named)
    order = sorted(named.items(), key=lambda entry: -entry[1][1])
    return [[name, *figures] for name, figures in order[:KINDS]]


def add(objects, times, named):
    """Add up objects by their type's name, each counted so many times."""
    sums: dict = {}
    for one in objects:
        count(one, sums)
    for kind, (objects, size) in sums.items():
        entry = named.setdefault(name_of(kind), [0, 0])
        entry[0] += objects * times
        entry[1] += size * times


def name_of(kind):
    """Name a type."""
    hidden = kind.__module__ in ("builtins", "__main__")
    return kind.__qualname__ if hidden else f"{kind.__module__}.{kind.__qualname__}"


def count(one, sums):
    """Count an object."""
    try:
        size = sys.getsizeof(one)
    except Exception:  # a `__sizeof__` of the program's
        size = object.__sizeof__(one)
    entry = sums.get(type(one))
    if entry is None:
        sums[type(one)] = [1, size]
    else:
        entry[0] += 1
        entry[1] += size


def sites():
    """Return the lines that made what is alive, where that is traced."""
    tracer = sys.modules.get("tracemalloc")
    if tracer is None or not tracer.is_tracing():
        return []
    sums: dict = {}
    for trace in tracer.take_snapshot().traces:
        frame = trace.traceback[-1]
        entry = sums.setdefault((frame.filename, frame.lineno), [0, 0])
        entry[0] += 1
        entry[1] += trace.size
    order = sorted(sums.items(), key=lambda entry: -entry[1][1])
    return [[file, line, *figures] for (file, line), figures in order[:SITES]]


class Tool:
    """Everything of one process."""

    def __init__(self, out, interval):
        self.out = out
        self.meter = Meter()
        self.interval = interval
        self.seconds = 0.0
        self.renew()

    def renew(self):
        """Start to measure: in the beginning, and in the child of a fork."""
        self.pid = os.getpid()
        self.meter.pymalloc.renew()
        self.began, self.began_cpu = monotonic(), process_time()
        self.seconds = 0.0
        self.samples = array("d")
        self.every, self.skipped = 1, 0
        self.counts: list = []
        """Each as text: small objects that stay would hold the program's arenas."""
        self.next_census = FIRST_S
        self.ended = False
        self.end: dict = {}
        self.sample()
        self.write("")
        start_new_thread(self.watch, (self.pid,))

    def resume(self):
        """Go on behind an end that was none."""
        self.ended, self.end = False, {}
        start_new_thread(self.watch, (self.pid,))

    def sample(self):
        """Take the parts of this moment."""
        parts = self.meter.parts()
        blocks = sys.getallocatedblocks()
        line = [monotonic() - self.began, sum(parts), *parts, blocks, *gc.get_count(),
                len(sys.modules), self.meter.mapped]  # fmt: skip
        self.samples.extend(line)
        return line

    def rows(self):
        """Return the samples as lists, times in seconds and all else whole."""
        whole = self.samples.tolist()
        starts = range(0, len(whole), WIDTH)
        return [[whole[at], *map(int, whole[at + 1 : at + WIDTH])] for at in starts]

    def watch(self, pid):
        """Sample until the end: the thread's whole life."""
        spent = 0.0
        while not self.ended and self.pid == pid:
            began = thread_time()
            with suppress(Exception):  # the interpreter may be ending around us
                self.look()
                spent = thread_time() - began
                self.look_closely()
            self.seconds += thread_time() - began
            sleep(max(self.interval, SHARE * spent))

    def look(self):
        """Take a sample, unless there are too many for that."""
        self.skipped += 1
        if self.skipped >= self.every:
            self.skipped = 0
            self.sample()
        if len(self.samples) > MOST * WIDTH:
            kept = array("d")
            for at in range(0, len(self.samples), 2 * WIDTH):
                kept.extend(self.samples[at : at + WIDTH])
            self.samples = kept
            self.every *= 2

    def look_closely(self):
        """Take a census when it is time for one."""
        now = monotonic() - self.began
        if now > self.next_census:
            began = thread_time()
            self.counts.append(repr([now, census(), sites()]))
            self.write("")
            self.next_census = 2 * now + SHARE * (thread_time() - began)

    def finish(self, reason):
        """Ask what would give memory back, and write the report; once."""
        if self.ended or self.pid != os.getpid():
            return
        self.ended = True
        began = process_time()
        with suppress(OSError, ValueError):
            self.ask()
        self.seconds += process_time() - began
        self.write(reason)

    def ask(self):
        """Collect each generation, then trim: what does either give back?"""
        last = self.sample()
        live = [self.meter.live()]
        found = []
        for generation in range(3):
            found.append(gc.collect(generation))
            live.append(self.meter.live())
        self.counts.append(repr([monotonic() - self.began, census(), sites()]))
        collected = self.meter.parts()
        self.meter.libc.trim()
        self.end = {
            "last": last,
            "garbage": found,
            "live": live,
            "collected": collected,
            "trimmed": self.meter.parts(),
            "enabled": gc.isenabled(),
            "thresholds": list(gc.get_threshold()),
        }

    def write(self, reason):
        """Write what is known; `reason` is empty while the program goes on."""
        path = os.path.join(self.out, f"{self.pid}-{id(self)}")
        document = {
            "version": 1,
            "pid": self.pid,
            "argv": list(getattr(sys, "orig_argv", None) or getattr(sys, "argv", [])),
            "python": ".".join(map(str, sys.version_info[:3])),
            "reason": reason,
            "elapsed_s": monotonic() - self.began,
            "cpu_s": process_time() - self.began_cpu,
            "tool_s": self.seconds,
            "samples": self.rows(),
            "end": self.end,
        }
        text = f"{repr(document)[:-1]}, 'counts': [{', '.join(self.counts)}]}}"
        with suppress(OSError):  # pmm may be gone, and with it who would read this
            with open(path + ".part", "wb") as file:
                file.write(text.encode("utf-8", "backslashreplace"))
            os.replace(path + ".part", path + ".found")


def end_after(tool, seconds):
    """Have a thread write the report after a time."""

    def wait():
        sleep(seconds)
        tool.finish("time")

    start_new_thread(wait, ())


def wrap_endings(tool):
    """Look before the program's process ends without `atexit`."""
    leave, execv, execve = os._exit, os.execv, os.execve

    def _exit(status):
        tool.finish("os._exit")
        leave(status)

    def replaced(function):
        def run(*arguments, **named):
            tool.finish("exec")
            try:
                return function(*arguments, **named)
            finally:
                tool.resume()  # only a call that failed comes back

        return run

    os._exit = _exit
    os.execv, os.execve = replaced(execv), replaced(execve)


def start():
    """Begin to measure this interpreter."""
    interval = float(os.environ.get("PMM_RSS_INTERVAL", "0.1"))
    tool = Tool(os.environ["PMM_INSIDE_OUT"], interval)
    frames = os.environ.get("PMM_RSS_WHERE")
    if frames:
        import tracemalloc

        tracemalloc.start(int(frames))
    atexit.register(tool.finish, "exit")
    os.register_at_fork(after_in_child=tool.renew)
    wrap_endings(tool)
    if os.environ.get("PMM_INSIDE_FOR"):
        end_after(tool, float(os.environ["PMM_INSIDE_FOR"]))
