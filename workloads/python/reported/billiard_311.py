# SPDX-License-Identifier: MIT
"""A result that is an exception, kept in a variable: celery/billiard#311.

The frame that waits for a worker's result holds the exception that it raises,
and the exception's traceback holds the frame. With `mended` as an argument the
frame lets go.
"""

import contextlib
import sys

MENDED = "mended" in sys.argv


class Job:
    def __init__(self, value):
        self.value = value

    def get(self):
        value = self.value
        try:
            raise value
        finally:
            if MENDED:
                del value
                self.value = None


def main():
    for number in range(50):
        with contextlib.suppress(ValueError):
            Job(ValueError(number)).get()


main()
