# SPDX-License-Identifier: MIT
"""Buffers of many sizes, most of them freed, and malloc keeps the space:
amun-ai/hypha#976.

What is freed lies between what still lives, so that the heap cannot shrink.
With `mended` as an argument malloc_trim gives it back.
"""

import ctypes
import sys
import time

MENDED = "mended" in sys.argv
SECONDS = float(sys.argv[1])

kept = []
for number in range(12_000):
    kept.append(bytearray(4000 + number % 1000))
kept = kept[::30] + [bytearray(600)]
if MENDED:
    ctypes.CDLL(None).malloc_trim(0)
end = time.monotonic() + SECONDS
while time.monotonic() < end:
    sum(map(len, kept))
    time.sleep(0.01)
