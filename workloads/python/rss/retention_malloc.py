# SPDX-License-Identifier: MIT
"""Retention: buffers below malloc's threshold, and a few of them stay."""

import sys
import time


def fill():
    buffers = [bytearray(b"x" * 50_000) for _ in range(800)]
    return buffers[::40] + buffers[-1:]


def main(seconds):
    kept = fill()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.01)
    return kept


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 2)
