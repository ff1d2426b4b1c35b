# SPDX-License-Identifier: MIT
"""The tool of `pmm cycles` inside a program: when to look, and where to write.

It looks at every collection, before a fork or an exec, and at the end, when the
program's own handlers of `atexit` are done and nothing is torn down yet. A fork has
a report of its own and tells nothing that its parent knows.

What is written is a literal that `ast.literal_eval` reads: nothing is imported late.
"""

import atexit
import gc
import os
import sys
from _thread import get_ident, start_new_thread
from contextlib import suppress
from time import monotonic, process_time, sleep

from pmm_cycles_imports import YOUNG, watch_imports
from pmm_cycles_ledger import Ledger
from pmm_cycles_watch import PAUSE_S, ROUNDS, Watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

REPORT_S = 1.0
"""Between two reports of a program that goes on."""


class Tool:
    """Everything of one process."""

    def __init__(self, out):
        self.out = out
        self.began_cpu = process_time()
        self.watch = Watch(self.study, Soon(self.settle))
        self.troubles = []
        self.renew()

    def renew(self):
        """Start to count: in the beginning, and in the child of a fork."""
        self.ledger = Ledger()
        self.began = monotonic()
        self.began_cpu = process_time()
        self.written = 0.0
        self.ended = False
        self.pid = os.getpid()
        self.path = os.path.join(self.out, f"{self.pid}-{id(self.ledger)}")
        self.watch.forked()
        self.watch.later.renew()
        self.write("")

    def study(self, found):
        """Note what was found; a fault of ours is told and hurts nobody."""
        try:
            self.ledger.study(found)
        except Exception as error:
            self.troubles.append(f"{type(error).__name__}: {error}")
        if monotonic() - self.written > REPORT_S:
            self.write("")

    def settle(self):
        """Study what is there, unless it is over."""
        if not self.ended and not self.watch.settling:
            self.watch.settle()

    def checkpoint(self):
        """Find everything that is garbage by now."""
        if not self.ended:
            self.watch.settle(ROUNDS)

    def finish(self, reason):
        """Find the rest and write the report; once."""
        if self.ended or self.pid != os.getpid():
            return
        if not self.watch.is_called():
            self.troubles.append("the program took our hook out of gc.callbacks")
            self.watch.begin()
        self.checkpoint()
        self.watch.end()
        if self.watch.swallowed:
            self.troubles.append(f"{self.watch.swallowed} objects were freed unseen")
        if self.watch.done:
            self.troubles.append("another thread was collecting at the end")
        self.ended = True
        self.write(reason)

    def resume(self):
        """Go on behind an end that was none."""
        self.ended = False
        self.watch.begin()

    def write(self, reason):
        """Write what is known; `reason` is empty while the program goes on."""
        self.written = monotonic()
        document = {
            "version": 1,
            "pid": self.pid,
            "parent": os.getppid(),
            "argv": list(getattr(sys, "orig_argv", None) or getattr(sys, "argv", [])),
            "python": ".".join(map(str, sys.version_info[:3])),
            "executable": sys.executable or "",
            "reason": reason,
            "elapsed_s": monotonic() - self.began,
            "cpu_s": process_time() - self.began_cpu,
            "tool_s": self.watch.seconds,
            "imports": self.watch.unseen,
            "shared_objects": self.ledger.shared_objects,
            "shared_bytes": self.ledger.shared_size,
            "troubles": self.troubles,
            "groups": self.ledger.documents(),
        }
        with suppress(OSError):  # pmm may be gone, and with it who would read this
            with open(self.path + ".part", "wb") as file:
                file.write(repr(document).encode("utf-8", "backslashreplace"))
            os.replace(self.path + ".part", self.path + ".found")


def nothing():
    """Where nothing can be done soon, it is done at the end."""


class Soon:
    """Has a function called between two instructions, once the collection that is
    going on is over.

    1. Py_AddPendingCall does it, but a callback of the collector has instructions
       of its own, between which it would be called too early.
    2. So the C function itself becomes the collector's last callback: it is called
       behind ours, and no instruction follows it. What prepares its arguments takes
       it out again.
    """

    def __init__(self, function):
        self.function = function
        self.renew()
        self.add: Any = None
        try:
            import ctypes
        except ImportError:  # then it is done at the end
            return
        self.called = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(self.run)
        self.add = ctypes.pythonapi["Py_AddPendingCall"]
        arguments: list = [Argument(self.prepare), Argument(lambda info: None)]
        self.add.argtypes = arguments

    def renew(self):
        """Begin: in the main thread, which is the one that forked in a child."""
        self.running = False
        self.has_thread = False
        self.main = get_ident()

    def __call__(self):
        """Have it called soon; to be called by a callback of the collector."""
        if self.running:
            return
        if get_ident() == self.main:
            if self.add is not None:
                gc.callbacks.append(self.add)
        elif not self.has_thread:
            self.has_thread = True
            with suppress(RuntimeError):  # no more threads: it is done at the end
                start_new_thread(self.in_thread, ())

    def in_thread(self):
        """Call it when the collection is over, which the caller is in."""
        sleep(PAUSE_S)
        self.run(None)
        self.has_thread = False

    def prepare(self, phase):
        """Leave the callbacks; return what is to be called."""
        gc.callbacks.remove(self.add)
        return self.called

    def run(self, _):
        """Call it."""
        if not self.running:
            self.running = True
            with suppress(Exception):  # `study` tells what goes wrong
                self.function()
            self.running = False
        return 0


class Argument:
    """A type of ctypes that makes an argument of what is given."""

    def __init__(self, make):
        self.from_param = make


class Collecting:
    """The collector under control for a program that says what it is at."""

    def __init__(self, context):
        self.ledger = Ledger()
        self.ledger.context = context
        self.watch = Watch(self.ledger.study, Soon(self.settle))
        watch_imports(self.watch)
        gc.collect()
        self.watch.begin()

    def settle(self):
        """Study what was found."""
        if not self.watch.settling:
            self.watch.settle()

    def enter(self, context):
        """Find what the young objects left, and go on with something else."""
        gc.collect(YOUNG)
        self.watch.look()
        self.ledger.context = context

    def everything(self):
        """Find what old objects left, too."""
        self.watch.settle(ROUNDS)

    def end(self):
        """Find the rest, and leave the collector alone."""
        if not self.watch.is_called():
            self.watch.begin()
        self.everything()
        self.watch.end()

    def documents(self):
        """Return the groups as plain values."""
        return self.ledger.documents()


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


def end_after(tool, seconds):
    """Have a thread write the report after a time."""

    def wait():
        sleep(seconds)
        tool.finish("time")

    start_new_thread(wait, ())


def start():
    """Begin to watch this interpreter."""
    frames = os.environ.get("PMM_CYCLES_WHERE")
    if frames:
        import tracemalloc

        tracemalloc.start(int(frames))
    tool = Tool(os.environ["PMM_INSIDE_OUT"])
    atexit.register(tool.finish, "exit")
    os.register_at_fork(before=tool.checkpoint, after_in_child=tool.renew)
    wrap_endings(tool)
    watch_imports(tool.watch)
    if os.environ.get("PMM_INSIDE_FOR"):
        end_after(tool, float(os.environ["PMM_INSIDE_FOR"]))
    gc.collect()
    tool.watch.begin()
