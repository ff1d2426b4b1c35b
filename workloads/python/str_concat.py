# SPDX-License-Identifier: MIT
"""A long string built piece by piece: += against join.

Source of the shape: article 2 ("use concatenation in loops") and requirement
STR-007.  Pieces are the digits 0 to 9, over and over.  += on a local variable
may happen in place; while somebody else holds the string it must be copied.

copied_bytes counts characters that had to be copied: those of each piece once,
and with += those of the string so far whenever the sum is another object than
before.  The result is compared by its length and CRC-32.
"""

from __future__ import annotations

import zlib

from measure import Stage

SUMMARY = "a string built by += against one joined"
PARAMETERS = {"items": (100000, 1, 1000000, "pieces")}
DIGITS = "0123456789"


def digest(data: bytes) -> str:
    return f"crc32:{zlib.crc32(data):08x} size:{len(data)}"


def prepare(stage: Stage) -> None:
    items = stage.parameters["items"]
    whole = DIGITS.encode() * (items // 10 + 1)
    stage.expected = digest(whole[:items])


def finish(stage: Stage, text: str, copied: int) -> None:
    stage.traced_figure("live_built_bytes")
    stage.figure("copied_bytes", copied)
    stage.phase("verify")
    stage.verify(stage.expected, digest(text.encode()))


def append_alone(stage: Stage) -> None:
    text = ""
    copied = moved = 0
    stage.phase("build")
    for start, stop in stage.steps(stage.parameters["items"]):
        for i in range(start, stop):
            before = id(text)
            text += DIGITS[i % 10]
            copied += 1
            if id(text) != before:
                moved += 1
                copied += i
    stage.figure("moved", moved, "appends")
    finish(stage, text, copied)


def append_shared(stage: Stage) -> None:
    text = ""
    copied = moved = 0
    stage.phase("build")
    for start, stop in stage.steps(stage.parameters["items"]):
        for i in range(start, stop):
            other = text
            text += DIGITS[i % 10]
            copied += 1
            if text is not other:
                moved += 1
                copied += i
    del other
    stage.figure("moved", moved, "appends")
    finish(stage, text, copied)


def join(stage: Stage) -> None:
    pieces: list[str] = []
    stage.phase("build")
    for start, stop in stage.steps(stage.parameters["items"]):
        for i in range(start, stop):
            pieces.append(DIGITS[i % 10])
    text = "".join(pieces)
    finish(stage, text, len(text))


VARIANTS = {"append_alone": append_alone, "append_shared": append_shared,
            "join": join}
