# SPDX-License-Identifier: MIT
"""Cycles: sessions grow old before they die, and wait for a full collection."""

import collections
import gc
import sys
import time


class Session:
    """A session whose error keeps its frame."""

    def __init__(self):
        self.data = bytearray(40_000)
        self.error = None

    def fail(self):
        try:
            raise ValueError("planted")
        except ValueError as error:
            self.error = error


def main(seconds):
    open_ones = collections.deque(maxlen=200)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        session = Session()
        session.fail()
        open_ones.append(session)
        if len(open_ones) % 50 == 0:
            gc.collect(1)  # what is young gets old
        time.sleep(0.001)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 2)
