# SPDX-License-Identifier: MIT
"""Where the resident memory of this process is, at one moment.

1. /proc/self/smaps says what is resident of each mapping: files, stacks, and
   memory without a name.
2. pymalloc says what it has of the latter in its arenas, and libc what it has in
   its heaps: in use, and free but kept.
3. What neither knows is a part of its own: `unexplained`.

Invariant: the parts add up to the measured RSS. Where an allocator counts more than
is resident, the difference is taken from what it has free, as that was not touched.
"""

import ctypes
import os
import sys
from _thread import get_ident, stack_size
from contextlib import suppress
from functools import partial
from operator import methodcaller

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PARTS = (
    "interpreter", "extensions", "libraries", "files", "stacks",
    "pymalloc_used", "pymalloc_free", "pymalloc_overhead",
    "libc_used", "libc_free", "unexplained",
)  # fmt: skip
KIB = 1024
NO_FILES = ("/dev/zero (deleted)", "/memfd:", "/SYSV")
"""How memory is called that is shared, and lies in no file."""
MIMALLOC = "Allocated Bytes w/ Overhead"
MIMALLOC_LINES = ("Allocated Bytes", MIMALLOC, "Bytes Committed")
GUARDED = ("libc_free", "pymalloc_free", "libc_used", "pymalloc_overhead",
           "pymalloc_used")  # fmt: skip
"""What is taken from where more is counted than is resident, in this order."""


class Info(ctypes.Structure):
    """struct mallinfo2 of glibc 2.33."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks",
                     "fsmblks", "uordblks", "fordblks", "keepcost")
    ]  # fmt: skip


class Libc:
    """What the C library says of its memory; nothing where it is no glibc."""

    def __init__(self):
        libc = ctypes.CDLL(None)
        self.trim_call = getattr(libc, "malloc_trim", None)
        self.info = getattr(libc, "mallinfo2", None)
        if self.info is not None:
            self.info.restype = Info

    def used_and_free(self):
        """Return the bytes in use and the bytes that are free but kept."""
        if self.info is None:
            return 0, 0
        now = self.info()
        return now.uordblks + now.hblkhd, now.fordblks

    def trim(self):
        """Give back what can be given back."""
        if self.trim_call is not None:
            self.trim_call(0)


class Allocator(ctypes.Structure):
    """PyMemAllocatorEx: a context and four functions."""

    _fields_ = [
        (name, ctypes.c_void_p)
        for name in ("context", "malloc", "calloc", "realloc", "free")
    ]  # fmt: skip


OBJECTS = 2
"""PYMEM_DOMAIN_OBJ."""
take_steps = methodcaller("__call__")


class Pymalloc:
    """What pymalloc says of its arenas, as `sys._debugmallocstats` prints it.

    It prints into memory of ours, so that nobody's standard error is touched. It says
    nothing while tracemalloc stands before it; for that moment it stands alone, and no
    instruction of Python's, and so no other thread, comes in between.
    """

    def __init__(self):
        libc = ctypes.CDLL(None)
        self.open = getattr(libc, "open_memstream", None)
        self.tell: Any = getattr(ctypes.pythonapi, "_PyObject_DebugMallocStats", None)
        self.close, self.release = libc.fclose, libc.free
        for call in (self.close, self.release, self.tell):
            if call is not None:
                call.argtypes, call.restype = [ctypes.c_void_p], None
        self.alone, self.now = Allocator(), Allocator()
        self.get_allocator = ctypes.pythonapi["PyMem_GetAllocator"]
        self.set_allocator = ctypes.pythonapi["PyMem_SetAllocator"]
        for call in (self.get_allocator, self.set_allocator):
            call.argtypes, call.restype = [ctypes.c_int, ctypes.c_void_p], None
        self.get_allocator(OBJECTS, ctypes.addressof(self.alone))
        self.main = get_ident()
        self.mimalloc = (0, 0, 0)
        """What it said in the main thread."""
        self.ask_main = getattr(ctypes.pythonapi, "Py_AddPendingCall", None)
        self.pending = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(self.in_main)
        if self.open is not None:
            self.open.restype = ctypes.c_void_p
            self.open.argtypes = [ctypes.c_void_p, ctypes.c_void_p]

    def in_main(self, _):
        """Ask in the main thread, between two instructions of the program."""
        with suppress(Exception):  # then the last answer stands
            self.used_free_and_overhead()
        return 0

    def renew(self):
        """Begin in the child of a fork, whose main thread is the one that forked."""
        self.main = get_ident()

    def text(self):
        """Return what it prints; nothing where it cannot be asked."""
        if self.open is None or self.tell is None:
            return ""
        buffer, size = ctypes.c_void_p(), ctypes.c_size_t()
        stream = self.open(ctypes.byref(buffer), ctypes.byref(size))
        if not stream:
            return ""
        self.tell_alone(stream)
        self.close(stream)
        said = ctypes.string_at(buffer, size.value).decode("ascii", "replace")
        self.release(buffer)
        return said

    def tell_alone(self, stream):
        """Have it print, with nobody before it."""
        now, alone = ctypes.addressof(self.now), ctypes.addressof(self.alone)
        self.get_allocator(OBJECTS, now)
        if bytes(self.now) == bytes(self.alone):
            self.tell(stream)
            return
        steps = [partial(self.set_allocator, OBJECTS, alone),
                 partial(self.tell, stream),
                 partial(self.set_allocator, OBJECTS, now)]  # fmt: skip
        any(map(take_steps, steps))

    def used_free_and_overhead(self):
        """Return the bytes in blocks, in free blocks and pools, and beside them."""
        said = self.text()
        if MIMALLOC in said:
            return self.of_mimalloc(said)
        used = free = whole = 0
        for line in said.splitlines():
            if line.startswith("# bytes in allocated blocks"):
                used = last_number(line)
            elif line.startswith("# bytes in available blocks") or (
                " unused pools * " in line
            ):
                free += last_number(line)
            elif " bytes/arena " in line:
                whole = last_number(line)
        return used, free, max(0, whole - used - free)


    def of_mimalloc(self, said):
        """Return the same of mimalloc, which tells of the thread's own heap alone.

        Nearly all is in the main thread's: what it said last is what we know.
        """
        if get_ident() == self.main:
            told = dict(line.strip().split(": ") for line in said.splitlines()
                        if line.startswith("    ") and ": " in line)  # fmt: skip
            used, overhead, whole = (int(told.get(name, 0)) for name in MIMALLOC_LINES)
            beside = max(0, overhead - used)
            self.mimalloc = (used, max(0, whole - used - beside), beside)
        elif self.ask_main is not None:
            self.ask_main(self.pending, None)
        return self.mimalloc


def last_number(line):
    """Return the figure at the end of a line."""
    return int(line.rpartition("=")[2].strip().replace(",", ""))


def mappings():
    """Return the mappings: (bytes, permissions, path, resident bytes).

    A line that begins with a capital says something of the mapping above it.
    """
    found = []
    head = b""
    with open("/proc/self/smaps", "rb") as file:
        lines = file.read().split(b"\n")
    for line in lines:
        if not line[:1].isupper():
            head = line
        elif line[:4] == b"Rss:":
            words = head.decode("utf-8", "replace").split(None, 5)
            low, _, high = words[0].partition("-")
            path = words[5] if len(words) > 5 else ""
            size = int(high, 16) - int(low, 16)
            found.append((size, words[1], path, int(line.split()[1]) * KIB))
    return found


class Sorter:
    """Which part a mapping belongs to."""

    def __init__(self):
        import resource

        self.own = {os.path.realpath(sys.executable)}
        limit = resource.getrlimit(resource.RLIMIT_STACK)[0]
        self.stacks = {limit if limit > 0 else 8 << 20}
        """Sizes of the stacks of threads: libc's own, and what the program set."""

    def part_of(self, size, access, path, before):
        """Return the part; None for memory without a name."""
        if path.startswith("[stack"):
            return "stacks"
        if not path or path == "[heap]" or path.startswith("[anon"):
            thread = size in self.stacks and before == "---p" and access == "rw-p"
            return "stacks" if thread else None
        if path.startswith(NO_FILES):
            return None
        if path in self.own or os.path.basename(path).startswith("libpython"):
            return "interpreter"
        if path.startswith("["):
            return "libraries"
        if ".so" in os.path.basename(path):
            is_ours = ".cpython-" in path or ".abi3." in path
            return "extensions" if is_ours else "libraries"
        return "files"


class Meter:
    """Takes the parts."""

    def __init__(self):
        self.libc = Libc()
        self.pymalloc = Pymalloc()
        self.sorter = Sorter()
        self.mapped = 0
        """Bytes of the files that were mapped when the parts were taken."""

    def parts(self):
        """Return the bytes of each part, in the order of PARTS."""
        sums = dict.fromkeys(PARTS, 0)
        self.sorter.stacks.add(stack_size())
        self.mapped = 0
        nameless, before = 0, ""
        for size, access, path, resident in mappings():
            part = self.sorter.part_of(size, access, path, before)
            before = access
            if part is None:
                nameless += resident
            else:
                sums[part] += resident
                self.mapped += size if part == "files" else 0
        used, free, overhead = self.pymalloc.used_free_and_overhead()
        sums["pymalloc_used"], sums["pymalloc_free"] = used, free
        sums["pymalloc_overhead"] = overhead
        sums["libc_used"], sums["libc_free"] = self.libc.used_and_free()
        left = nameless - sum(sums[name] for name in GUARDED)
        for name in GUARDED:
            if left >= 0:
                break
            taken = min(sums[name], -left)
            sums[name] -= taken
            left += taken
        sums["unexplained"] = left
        return [sums[name] for name in PARTS]

    def live(self):
        """Return the bytes that both allocators have given out."""
        return (
            self.pymalloc.used_free_and_overhead()[0] + (self.libc.used_and_free()[0])
        )
