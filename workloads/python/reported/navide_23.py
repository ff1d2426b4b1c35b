# SPDX-License-Identifier: MIT
"""A peak of small objects, of which a few survive in every arena:
nt-nerdtechnic/Navide#23.

With `mended` as an argument what survives is written down, and made anew when
all is gone, so that the arenas get empty.
"""

import gc
import sys
import time

MENDED = "mended" in sys.argv
SECONDS = float(sys.argv[1])


class Record:
    """A line of a log."""

    __slots__ = ("text",)

    def __init__(self, text):
        self.text = text


records = [Record(f"line {number:07}") for number in range(400_000)]
records = records[::30]
if MENDED:
    written = bytes("\n".join(one.text for one in records), "ascii")
    records.clear()
    gc.collect()  # which empties the free lists, too
    records = [Record(str(line, "ascii")) for line in written.splitlines()]
end = time.monotonic() + SECONDS
while time.monotonic() < end:
    sum(len(one.text) for one in records)
    time.sleep(0.01)
