# SPDX-License-Identifier: MIT
"""A leak outside of Python: memory that C code takes and nobody frees."""

import ctypes
import sys
import time

LIBC = ctypes.CDLL(None)
LIBC.malloc.restype = ctypes.c_void_p
LIBC.strdup.restype = ctypes.c_void_p
TEXT = b"x" * 3000


def main(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for _ in range(20):
            LIBC.strdup(TEXT)
        time.sleep(0.002)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 2)
