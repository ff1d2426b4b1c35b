# SPDX-License-Identifier: MIT
"""A library of a later release, made to load beside this machine's C library.

What compilers since glibc 2.38 make of `strtol` is `__isoc23_strtol@GLIBC_2.38`: the
same function, which also reads `0b101`. Libraries that read their settings by it ask
for a version that an older machine has not, and for nothing else. In place, without a
byte more:

1. Each such symbol gets the end of its own name: `strtol`.
2. The version that is too late gets the name of the earliest one that the library
   needs as well, which every glibc has.

Where anything else is too late the library cannot be had here. The code that
allocates is not touched. Source: ELF-64 (gABI 4.1) and LSB 5.0, 10.7 (versions).
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pmm.base.errors import PmmError
from pmm.fetch.pins import AbsentError

C23 = b"__isoc23_"
NEEDED, VERSIONS, SYMBOLS = 0x6FFFFFFE, 0x6FFFFFFF, 11
"""Types of the sections: versions needed, version of each symbol, dynamic symbols."""
SYMBOL_BYTES = 24
VERSION = re.compile(rb"GLIBC_(\d+)\.(\d+)(?:\.\d+)?")


@dataclass(frozen=True)
class Section:
    """One entry of the section table."""

    kind: int
    offset: int
    size: int
    link: int


@dataclass(frozen=True)
class Need:
    """One version that a library needs of the C library."""

    at: int
    """Where its record lies: hash, flags, number, name, next."""
    number: int
    name: bytes

    @property
    def version(self) -> tuple[int, int]:
        """Its two numbers; (0, 0) for a name like GLIBC_ABI_DT_RELR."""
        found = VERSION.fullmatch(self.name)
        return (int(found[1]), int(found[2])) if found else (0, 0)


class Library:
    """The dynamic symbols and versions of a file, which can be written to."""

    def __init__(self, content: bytearray) -> None:
        if content[:6] != b"\x7fELF\x02\x01":
            raise PmmError("it is no library of 64 bits, lowest byte first")
        self.content = content
        self.sections = list(self.read_sections())
        symbols = self.section(SYMBOLS)
        self.names = self.sections[symbols.link]
        self.symbols = range(symbols.offset, symbols.offset + symbols.size,
                             SYMBOL_BYTES)  # fmt: skip

    def numbers(self, form: str, at: int) -> tuple[int, ...]:
        """Read numbers of a form at an offset."""
        return struct.unpack_from(f"<{form}", self.content, at)

    def read_sections(self) -> Iterator[Section]:
        """Yield the entries of the section table."""
        [table] = self.numbers("Q", 40)
        entry_bytes, count = self.numbers("HH", 58)
        for at in range(table, table + entry_bytes * count, entry_bytes):
            _, kind, _, _, offset, size, link = self.numbers("IIQQQQI", at)
            yield Section(kind, offset, size, link)

    def section(self, kind: int) -> Section:
        """Return the section of a type that a library has once."""
        found = [one for one in self.sections if one.kind == kind]
        if len(found) != 1:
            raise PmmError("its symbols are not those of a library")
        return found[0]

    def name(self, offset: int) -> bytes:
        """Return a name of the string table."""
        at = self.names.offset + offset
        return bytes(self.content[at : self.content.index(0, at)])

    def needs(self) -> Iterator[Need]:
        """Yield the versions that are needed of the C library, if any."""
        if not any(one.kind == NEEDED for one in self.sections):
            return
        at = self.section(NEEDED).offset
        while True:
            _, count, file, first, step = self.numbers("HHIII", at)
            record = at + first
            for _ in range(count):
                _, _, number, name, after = self.numbers("IHHII", record)
                if self.name(file) == b"libc.so.6":
                    yield Need(record, number, self.name(name))
                record += after
            if step == 0:
                return
            at += step

    def number_of(self, symbol: int) -> int:
        """Return the number of a symbol's version."""
        index = (symbol - self.symbols.start) // SYMBOL_BYTES
        [number] = self.numbers("H", self.section(VERSIONS).offset + 2 * index)
        return number & 0x7FFF


def own_glibc() -> tuple[int, int]:
    """Return the version of this machine's C library; raise AbsentError."""
    try:
        said = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (OSError, ValueError):
        said = ""
    found = re.search(r"(\d+)\.(\d+)", said)
    if found is None:
        raise AbsentError("it needs the GNU C library, and this machine has another")
    return int(found[1]), int(found[2])


def fit(content: bytearray, own: tuple[int, int]) -> int:
    """Let a library do with a glibc; return how many symbols were renamed.

    Raises AbsentError where it needs something that is not there.
    """
    library = Library(content)
    needs = list(library.needs())
    late = {one.number: one for one in needs if one.version > own}
    known = [one for one in needs if (0, 0) < one.version <= own]
    if not late:
        return 0
    renamed = 0
    for symbol in library.symbols:
        need = late.get(library.number_of(symbol))
        if need is None:
            continue
        [name] = library.numbers("I", symbol)
        if not library.name(name).startswith(C23) or not known:
            raise AbsentError(
                f"it needs {library.name(name).decode()} of {need.name.decode()}, and "
                f"this machine has glibc {own[0]}.{own[1]}"
            )
        struct.pack_into("<I", content, symbol, name + len(C23))
        renamed += 1
    earliest = min(known, key=lambda one: one.version)
    hashed, _, _, named, _ = library.numbers("IHHII", earliest.at)
    for one in late.values():
        struct.pack_into("<I", content, one.at, hashed)
        struct.pack_into("<I", content, one.at + 8, named)
    return renamed


def fit_file(path: Path) -> int:
    """Let the library in a file do with this machine's C library; return how many
    of its symbols were renamed.
    """
    content = bytearray(path.read_bytes())
    renamed = fit(content, own_glibc())
    if renamed:
        path.write_bytes(content)
    return renamed
