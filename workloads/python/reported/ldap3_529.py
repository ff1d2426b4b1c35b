# SPDX-License-Identifier: MIT
"""A history of exceptions in the object that failed: cannatag/ldap3#529.

Each exception has a traceback, whose frame has `self`, which has the history.
With `mended` as an argument the history keeps what the exceptions say.
"""

import sys

MENDED = "mended" in sys.argv


class Strategy:
    def __init__(self):
        self.history = []
        self.buffer = bytearray(1000)

    def open(self):
        try:
            raise OSError("refused")
        except OSError as error:
            self.history.append(repr(error) if MENDED else error)


def main():
    for _ in range(50):
        strategy = Strategy()
        for _ in range(3):
            strategy.open()


main()
