# SPDX-License-Identifier: MIT
"""Retention: one small result in a hundred pins the arena of its neighbours."""

import sys
import time


def load(results):
    rows = [("row %d" % number) * 5 for number in range(300_000)]
    results.extend(rows[::100])
    del rows


def main(seconds):
    results = []
    load(results)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.01)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 2)
