# SPDX-License-Identifier: MIT
"""A leak: a cache of answers by a key that never comes again."""

import sys
import time

ANSWERS = {}


def answer(number):
    key = f"/items/{number}?session={number:08d}"
    if key not in ANSWERS:
        ANSWERS[key] = {"path": key, "body": "x" * 200, "tags": [number]}
    return ANSWERS[key]


def main(seconds):
    end = time.monotonic() + seconds
    first = 0
    while time.monotonic() < end:
        for number in range(first, first + 50):
            answer(number)
        first += 50
        time.sleep(0.002)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 2)
