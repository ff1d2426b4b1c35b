# SPDX-License-Identifier: MIT
"""Cycles that hold large buffers, and a collector that counts objects alone:
python/cpython#98801.

Each is made beside so many other objects that live for a while that it is old
when it is lost: it waits for a full collection, which never comes. With
`mended` as an argument the cycle is taken apart.
"""

import collections
import gc
import sys
import time

MENDED = "mended" in sys.argv
SECONDS = float(sys.argv[1])


class Model:
    def __init__(self):
        self.weights = bytearray(300_000)
        self.layer = [self]

    def close(self):
        if MENDED:
            self.layer.clear()


live = [[number] for number in range(100_000)]
gc.collect()
recent = collections.deque()
end = time.monotonic() + SECONDS
while time.monotonic() < end:
    recent.append(Model())
    gc.collect(1)  # as so many allocations in between would
    if len(recent) > 10:
        recent.popleft().close()
    time.sleep(0.01)
