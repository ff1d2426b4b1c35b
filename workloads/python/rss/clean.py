# SPDX-License-Identifier: MIT
"""Programs that are right: named by an argument, behind it the seconds."""

import collections
import functools
import sys
import threading
import time


def until(seconds):
    """Go on for a time, at an even pace."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.002)


def stream(seconds):
    for _ in until(seconds):
        sum(len(str(number)) for number in range(500))


def bounded_cache(seconds):
    @functools.lru_cache(maxsize=500)
    def look_up(number):
        return str(number) * 50

    for round_number, _ in enumerate(until(seconds)):
        for number in range(50):
            look_up(50 * round_number + number)


def window(seconds):
    recent = collections.deque(maxlen=2000)
    for _ in until(seconds):
        recent.extend([{"value": number} for number in range(50)])


def table(seconds):
    kept = {number: str(number) * 10 for number in range(100_000)}
    for _ in until(seconds):
        sum(len(kept[number]) for number in range(500))


def young_cycles(seconds):
    for _ in until(seconds):
        for _ in range(50):
            box = [bytearray(100)]
            box.append(box)


def pool(seconds):
    def work():
        for _ in until(seconds):
            sorted(range(300, 0, -1))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


PROGRAMS = (stream, bounded_cache, window, table, young_cycles, pool)


if __name__ == "__main__":
    wanted = {one.__name__: one for one in PROGRAMS}[sys.argv[1]]
    wanted(float(sys.argv[2]) if len(sys.argv) > 2 else 2)
