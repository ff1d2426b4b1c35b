# SPDX-License-Identifier: MIT
"""A leak: each session registers a listener, and nobody takes one away."""

import sys
import time


class Bus:
    """It calls whoever listens."""

    def __init__(self):
        self.listeners = []

    def listen(self, function):
        self.listeners.append(function)


class Session:
    """One user for a moment."""

    def __init__(self, bus):
        self.state = bytearray(2000)
        bus.listen(self.changed)

    def changed(self):
        self.state[:] = b""


def main(seconds):
    bus = Bus()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for _ in range(20):
            Session(bus)
        time.sleep(0.002)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 2)
