# SPDX-License-Identifier: MIT
"""Cycles: the collector was turned off for speed, and requests refer to
themselves.
"""

import gc
import sys
import time


class Request:
    """A request that keeps its own handler."""

    def __init__(self):
        self.body = bytearray(3000)
        self.handler = self.handle

    def handle(self):
        return len(self.body)


def main(seconds):
    gc.disable()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for _ in range(20):
            Request().handler()
        time.sleep(0.002)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 2)
