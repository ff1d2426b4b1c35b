# SPDX-License-Identifier: MIT
"""A dict whose entries are its attributes, too: KelSolaar/sIBL_GUI#141.

Its `__dict__` is itself. With `mended` as an argument attributes are looked
up.
"""

import sys

MENDED = "mended" in sys.argv


class Structure(dict):
    def __init__(self, **entries):
        super().__init__(**entries)
        if not MENDED:
            self.__dict__ = self

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def main():
    for number in range(50):
        structure = Structure(path="image", rows=[number] * 100)
        assert structure.path == "image"


main()
