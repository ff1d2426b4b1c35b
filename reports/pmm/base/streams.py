# SPDX-License-Identifier: MIT
"""Standard streams that cannot end a run: any text, any locale, closed or full.

1. A descriptor that the caller closed is opened on /dev/null, so that no file
   of a run gets its number.
2. What the locale's encoding lacks is written in ASCII: a twin of the glyph, or
   an escape.
3. A reader that has gone (`| head -1`) or a full disk loses output, never the
   run: its verdict and its files are worth more than what is shown of them.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import os
import select
import sys
from typing import TextIO

TWINS = {
    "✓": "+", "✗": "x", "‼": "!!", "○": "o", "≈": "~", "▽": "v", "▲": "^", "◆": "#",
    "◷": "T", "✸": "*", "·": ".", "±": "+-", "×": "x", "–": "-", "—": "-", "…": "...",
    "“": '"', "”": '"', "‘": "'", "’": "'", "µ": "u", "≠": "!=", "≤": "<=", "≥": ">=",
    "→": "->", "├": "|", "└": "`", "─": "-", "│": "|", "•": "*",
}  # fmt: skip
"""The glyphs that pmm writes, in ASCII."""

HANDLER = "pmm.twins"


def ascii_twins(error: UnicodeError) -> tuple[str, int]:
    """Encode what an encoding lacks: its twin in ASCII, or an escape."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    escaped = (
        TWINS.get(letter) or letter.encode("ascii", "backslashreplace").decode()
        for letter in text
    )
    return "".join(escaped), error.end


class Enduring(io.FileIO):
    """A descriptor that remembers its first error and goes on as if written."""

    lost: OSError | None = None

    def write(self, data: object) -> int:
        """Write all of the data; after an error, nothing more."""
        left = memoryview(data).cast("B")  # type: ignore[arg-type]
        whole = len(left)
        while left and self.lost is None:
            try:
                written = super().write(left)
            except OSError as error:
                self.lost = error
                break
            if written is None:  # somebody made the pipe non-blocking
                select.select([], [self], [])
                continue
            left = left[written:]
        return whole


def open_closed_descriptors() -> None:
    """Give 0, 1 and 2 something to be, as the next file would take the number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(number, True)


def enduring(stream: TextIO | None, number: int) -> TextIO:
    """Return the stream anew: same encoding, no error that it can raise."""
    encoding = stream.encoding if stream is not None else "utf-8"
    if stream is not None:
        with contextlib.suppress(OSError):
            stream.flush()
    raw = Enduring(number, "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=encoding,
        errors=HANDLER,
        line_buffering=raw.isatty() or number == 2,
    )


def settle_streams() -> None:
    """Make stdout and stderr streams that cannot fail."""
    codecs.register_error(HANDLER, ascii_twins)
    open_closed_descriptors()
    sys.stdout = enduring(sys.stdout, 1)
    sys.stderr = enduring(sys.stderr, 2)


def lost_output() -> OSError | None:
    """Flush stdout; return why some of it was lost, unless its reader left."""
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    lost = raw.lost if isinstance(raw, Enduring) else None
    return None if lost is None or lost.errno == errno.EPIPE else lost
