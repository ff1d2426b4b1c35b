# SPDX-License-Identifier: MIT
"""A frame in a list that the frame itself keeps: mgedmin/objgraph#22.

Who asks for all objects gets the own frame with them. With `mended` as an
argument the list is let go in the end.
"""

import sys

MENDED = "mended" in sys.argv


def by_type(name):
    objects = [sys._getframe(), [], {}, "text"]
    found = [one for one in objects if type(one).__name__ == name]
    if MENDED:
        del objects
    return found


def main():
    for _ in range(50):
        by_type("dict")


main()
