# SPDX-License-Identifier: MIT
"""What a run lost, by stack, as a profile for `go tool pprof` and its like.

A sample is a leak: how many blocks, how many bytes, and the stack that allocated
them. The format is profile.proto (https://github.com/google/pprof), of which five
messages of numbers and texts are written here, and zipped as it asks for.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from pmm.base.errors import UsageError
from pmm.documents.results import Frame, LeakFinding
from pmm.documents.run import Run

VALUES = (("blocks", "count"), ("lost", "bytes"))
UNKNOWN = "(unknown)"


def varint(number: int) -> bytes:
    """Write a number as it stands in a message: seven bits a byte, lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def number(tag: int, value: int) -> bytes:
    """Write a field that is a number."""
    return varint(tag << 3) + varint(value)


def block(tag: int, data: bytes) -> bytes:
    """Write a field that is a text or a message."""
    return varint(tag << 3 | 2) + varint(len(data)) + data


def numbers(tag: int, values: Iterable[int]) -> bytes:
    """Write a field that is several numbers."""
    return block(tag, b"".join(map(varint, values)))


@dataclass
class Tables:
    """What samples refer to: texts from 0 on, functions and places from 1 on."""

    texts: dict[str, int] = field(default_factory=lambda: {"": 0})
    functions: dict[tuple[str, str], int] = field(default_factory=dict)
    places: dict[tuple[int, int], int] = field(default_factory=dict)

    def text(self, words: str) -> int:
        """Return the number of a text."""
        return self.texts.setdefault(words, len(self.texts))

    def place(self, frame: Frame) -> int:
        """Return the number of a line of a function."""
        names = (frame.function or frame.object or UNKNOWN, frame.file or "")
        function = self.functions.setdefault(names, len(self.functions) + 1)
        return self.places.setdefault(
            (function, frame.line or 0), len(self.places) + 1
        )

    def written(self) -> bytes:
        """Write the tables."""
        out = [
            block(4, number(1, at) + block(4, number(1, function) + number(2, line)))
            for (function, line), at in self.places.items()
        ]
        out += [
            block(5, number(1, at) + number(2, self.text(name))
                  + number(3, self.text(name)) + number(4, self.text(file)))
            for (name, file), at in self.functions.items()
        ]  # fmt: skip
        return b"".join([*out, *(block(6, one.encode()) for one in self.texts)])


def sample(leak: LeakFinding, tables: Tables) -> bytes:
    """Write one leak: its stack, what it lost, and who it was seen in."""
    where = leak.workload if leak.variant is None else f"{leak.workload}/{leak.variant}"
    labels = {"kind": leak.kind, "workload": where, "by": leak.by}
    return block(2, b"".join([
        numbers(1, [tables.place(frame) for frame in leak.frames]),
        numbers(2, [leak.count, leak.bytes or 0]),
        *(block(3, number(1, tables.text(key)) + number(2, tables.text(words)))
          for key, words in labels.items()),
    ]))  # fmt: skip


def pprof_bytes(run: Run) -> bytes:
    """Return the profile of what was lost; raise UsageError where no stack is."""
    leaks = [one for one in run.leaks if one.frames and not one.suppressed]
    if not leaks:
        raise UsageError(
            f"{run.id} has no leak with a stack: pmm run --only leaks (needs valgrind)"
        )
    tables = Tables()
    kinds = [
        block(1, number(1, tables.text(what)) + number(2, tables.text(unit)))
        for what, unit in VALUES
    ]
    samples = [sample(one, tables) for one in leaks]
    made = int(datetime.fromisoformat(run.created).timestamp() * 1e9)
    whole = b"".join([*kinds, *samples, tables.written(), number(9, made)])
    return gzip.compress(whole, mtime=0)
