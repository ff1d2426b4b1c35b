# SPDX-License-Identifier: MIT
"""What needs C: failing allocations, names of C functions, bytes of malloc.

An interpreter without ctypes has none of it.
"""

import os
from typing import Any

try:
    import ctypes as found
except ImportError:
    found = None  # type: ignore[assignment]
ctypes: Any = found

FRAMES_BYTES = 1 << 16
SLOTS = {"tp_alloc": 47, "tp_clear": 51, "tp_dealloc": 52, "tp_init": 60,
         "tp_new": 65, "tp_repr": 66, "tp_traverse": 71}
"""Numbers of typeslots.h, which never change."""


def malloc_meter():
    """A function that tells the bytes in use by malloc; None: libc does not."""
    if ctypes is None:
        return None
    info = getattr(ctypes.CDLL(None), "mallinfo2", None)  # glibc 2.33
    if info is None:
        return None
    words = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks",
             "fsmblks", "uordblks", "fordblks", "keepcost")
    fields = [(word, ctypes.c_size_t) for word in words]
    info.restype = type("mallinfo2", (ctypes.Structure,), {"_fields_": fields})

    def used():
        found = info()
        return found.uordblks + found.hblkhd

    return used


class Library:
    """pmm-refuse.so, loaded into this process."""

    def __init__(self, path):
        self.calls = ctypes.CDLL(path)
        self.calls.pmm_refuse_range.argtypes = [ctypes.c_size_t] * 2
        self.calls.pmm_refuse_watch.argtypes = [ctypes.c_long, ctypes.c_int]
        self.calls.pmm_refuse_watch.restype = None
        self.calls.pmm_refuse_stop.restype = ctypes.c_long
        self.calls.pmm_refuse_injected.restype = ctypes.c_long
        self.calls.pmm_refuse_frames.argtypes = [ctypes.c_char_p,
                                                 ctypes.c_size_t]
        self.calls.pmm_refuse_frames.restype = ctypes.c_size_t
        self.calls.pmm_refuse_name.argtypes = [
            ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
        self.buffer = ctypes.create_string_buffer(FRAMES_BYTES)
        self.watch = self.calls.pmm_refuse_watch
        self.stop = self.calls.pmm_refuse_stop
        self.injected = self.calls.pmm_refuse_injected

    def listen(self, descriptor):
        """Tell of a crash on a descriptor."""
        return self.calls.pmm_refuse_listen(descriptor) == 0

    def install(self, file):
        """Put the hooks; count what goes through the code of a shared object.

        Without a file any allocation counts. False: it cannot be done here.
        """
        if self.calls.pmm_refuse_install() != 0:
            return False
        for start, end in code_of(file) if file else ():
            self.calls.pmm_refuse_range(start, end)
        return True

    def frames(self):
        """The calls that led to the first failed allocation, a line each."""
        self.calls.pmm_refuse_frames(self.buffer, FRAMES_BYTES)
        return self.buffer.value.decode(errors="replace").splitlines()

    def slot(self, kind, name):
        """The C function in a slot of a type, as the one frame there is."""
        get = ctypes.pythonapi.PyType_GetSlot
        get.argtypes = [ctypes.py_object, ctypes.c_int]
        get.restype = ctypes.c_void_p
        try:
            address = get(kind, SLOTS[name])
        except (KeyError, SystemError):  # static types before 3.10 do not tell
            return []
        return self.named(address)

    def named(self, address):
        """The function that begins at an address, as the one frame there is."""
        if not address:
            return []
        # A frame is what a call returns to: behind the start of the function.
        self.calls.pmm_refuse_name(address + 1, self.buffer, FRAMES_BYTES)
        return self.buffer.value.decode(errors="replace").splitlines()

    def file_of(self, kind):
        """The shared object that has a type's functions; empty: the interpreter."""
        for base in kind.__mro__[:-1]:
            for name in ("tp_dealloc", "tp_new", "tp_init", "tp_repr"):
                for line in self.slot(base, name):
                    path = os.path.realpath(line.rpartition(" +")[0])
                    if ".so" in path and "libpython" not in path:
                        return path
        return ""


def load(path):
    """The library; None where it cannot be loaded."""
    if ctypes is None or not path:
        return None
    try:
        return Library(path)
    except OSError:
        return None


def code_of(file):
    """Where the code of a shared object lies, as pairs of addresses."""
    found = []
    with open("/proc/self/maps", errors="replace") as maps:
        for line in maps:
            fields = line.split(None, 5)
            if len(fields) == 6 and fields[5].strip() == file:
                start, _, end = fields[0].partition("-")
                if "x" in fields[1]:
                    found.append((int(start, 16), int(end, 16)))
    return found
