# SPDX-License-Identifier: MIT
"""A list of the exceptions of all attempts, in the frame that raises one of
them: python/cpython#124858.

The frame has the list, the list the exceptions, and their tracebacks the
frame. With `mended` as an argument the frame lets go of the list at its end.
"""

import contextlib
import sys

MENDED = "mended" in sys.argv


def connect(addresses):
    failures = []
    try:
        for address in addresses:
            try:
                raise ConnectionRefusedError(address)
            except ConnectionRefusedError as error:
                failures.append(error)
        raise failures[0]
    finally:
        if MENDED:
            del failures


def main():
    for _ in range(50):
        with contextlib.suppress(ConnectionRefusedError):
            connect(["::1", "127.0.0.1"])


main()
