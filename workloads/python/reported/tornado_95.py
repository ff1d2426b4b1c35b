# SPDX-License-Identifier: MIT
"""A handler of requests that its own connection keeps: tornadoweb/tornado#95.

The handler has the request, the request the connection, the connection the
stream, and the stream a method of the handler that it is to call when it is
closed. With `mended` as an argument the stream lets go of the method at its
end.
"""

import sys

MENDED = "mended" in sys.argv


class Stream:
    def __init__(self):
        self.on_close = None

    def close(self):
        if self.on_close is not None:
            self.on_close()
        if MENDED:
            self.on_close = None


class Connection:
    def __init__(self):
        self.stream = Stream()


class Request:
    def __init__(self, connection):
        self.connection = connection
        self.body = bytearray(2000)


class Handler:
    def __init__(self, request):
        self.request = request
        request.connection.stream.on_close = self.closed

    def closed(self):
        self.request.body.clear()


def main():
    for _ in range(50):
        handler = Handler(Request(Connection()))
        handler.request.connection.stream.close()


main()
