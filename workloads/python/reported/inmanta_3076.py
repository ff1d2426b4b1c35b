# SPDX-License-Identifier: MIT
"""A cache of a method's results, which keeps every object that was asked:
inmanta/inmanta-core#3076.

With `mended` as an argument the object keeps the result itself.
"""

import functools
import sys
import time

MENDED = "mended" in sys.argv
SECONDS = float(sys.argv[1])


class Module:
    def __init__(self, name):
        self.name = name
        self.source = [name] * 100

    def parse(self):
        return [self.name, *self.source]

    plugins = functools.cached_property(parse)
    all_plugins = functools.lru_cache(maxsize=None)(parse)


number = 0
end = time.monotonic() + SECONDS
while time.monotonic() < end:
    for _ in range(20):
        number += 1
        module = Module(f"module {number}")
        assert len(module.plugins if MENDED else module.all_plugins()) == 101
    time.sleep(0.002)
