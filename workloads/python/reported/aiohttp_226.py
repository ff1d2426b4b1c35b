# SPDX-License-Identifier: MIT
"""A protocol and the writer that it made: aio-libs/aiohttp#226.

Each knows the other for as long as both live. With `mended` as an argument the
protocol lets go of the writer when the connection is lost.
"""

import sys

MENDED = "mended" in sys.argv


class Writer:
    def __init__(self, protocol):
        self.protocol = protocol


class Protocol:
    def __init__(self):
        self.writer = None
        self.pending = [bytes(100)] * 10

    def connection_made(self):
        self.writer = Writer(self)

    def connection_lost(self):
        if MENDED:
            self.writer = None


def main():
    for _ in range(50):
        protocol = Protocol()
        protocol.connection_made()
        protocol.connection_lost()


main()
