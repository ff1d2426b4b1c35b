# SPDX-License-Identifier: MIT
"""What the tool of `pmm gc snapshot` wrote in an interpreter, as a heap snapshot.

The tool writes columns of numbers; here they become the file of
`workloads/heaps/graph.h`, whose reader trusts nobody.
"""

from __future__ import annotations

import ast
import hashlib
import struct
import zlib
from array import array
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from pmm.base.errors import PmmError
from pmm.base.plain_text import shell_line
from pmm.documents.programs import Foreign

MAGIC = b"PMMGRAPH"
VERSION = 1
HEADER = struct.Struct("<8sHHIQQQQIIQ32s28s")
COLUMNS = 5
UNTRACKED = 3
RATIO = 16
"""A body is at most so many times its packed bytes."""
LEVEL = 9
SMALL, MORE, SHIFT = 0x80, 0x7F, 7


class Found(Foreign, frozen=True):
    """A snapshot that was taken in an interpreter."""

    file: str
    objects: int
    targets: int
    types: tuple[tuple[int, str], ...]
    seconds: float
    thresholds: tuple[int, ...]
    counts: tuple[int, ...]
    collections_ns: tuple[int, ...] = ()
    garbage: int | None = None


class Taken(NamedTuple):
    """What one interpreter told."""

    command: str
    python: str
    implementation: str
    troubles: tuple[str, ...]
    found: Found | None


def read_taken(text: str) -> Taken:
    """Read what one interpreter wrote: a Python literal."""
    try:
        said = ast.literal_eval(text)
        found = said["found"]
        return Taken(
            shell_line(said["argv"]), said["python"], said["implementation"],
            tuple(map(str, said["troubles"])),
            msgspec.convert(found, Found) if found else None,
        )  # fmt: skip
    except (ValueError, SyntaxError, KeyError, TypeError) as error:
        raise PmmError(f"the tool inside the program wrote nonsense: {error}") from None


def largest(taken: list[Taken]) -> Taken | None:
    """Return the interpreter with most objects; None where none was looked at."""
    whole = [one for one in taken if one.found is not None]
    return max(whole, key=lambda one: one.found.objects if one.found else 0,
               default=None)  # fmt: skip


# ---------------------------------------------------------------------------- body


def put(out: bytearray, value: int) -> None:
    """Write a varint."""
    while value >= SMALL:
        out.append(value & MORE | SMALL)
        value >>= SHIFT
    out.append(value)


def put_types(out: bytearray, types: tuple[tuple[int, str], ...]) -> None:
    """Write the table of types."""
    for kind, name in types:
        out.append(kind)
        put(out, len(name))
        out += name.encode("ascii")


class Columns(NamedTuple):
    """Numbers of each object, and of each edge."""

    types: array[int]
    ages: array[int]
    sizes: array[int]
    owners: array[int]
    edges: array[int]
    targets: array[int]


def read_columns(path: Path, found: Found) -> Columns:
    """Read what the tool wrote beside its literal."""
    numbers: array[int] = array("q")
    numbers.frombytes(path.read_bytes())
    if len(numbers) != COLUMNS * found.objects + found.targets:
        raise PmmError("the tool inside the program wrote a file that is not whole")
    n = found.objects
    parts = [numbers[i * n : (i + 1) * n] for i in range(COLUMNS)]
    return Columns._make([*parts, numbers[COLUMNS * n :]])


def zigzag(step: int) -> int:
    """Put the sign lowest."""
    return 2 * step if step >= 0 else -2 * step - 1


def number_tracked(columns: Columns) -> int:
    """Return how many objects the collector tracks; they come first."""
    return sum(age != UNTRACKED for age in columns.ages)


def body_of(found: Found, columns: Columns) -> bytes:
    """Return the body of the file."""
    out = bytearray()
    put_types(out, found.types)
    targets = iter(columns.targets)
    tracked, behind = number_tracked(columns), 0
    rows = zip(*columns[:COLUMNS], strict=True)
    for number, (kind, age, size, owners, edges) in enumerate(rows):
        put(out, kind)
        out.append(age)
        for value in (size, owners, edges):
            put(out, value)
        for target in islice(targets, edges):
            second = target >= tracked
            put(out, 2 * zigzag(target - (behind if second else number)) + second)
            behind = target + 1 if second else behind
    return bytes(out)


# ---------------------------------------------------------------------------- file


def text_of(taken: Taken, found: Found, program: str) -> bytes:
    """Return the lines of the file's text."""
    lines = {
        "program": program,
        "python": f"{taken.implementation} {taken.python}",
        "taken_s": f"{found.seconds:.3f}",
        "thresholds": " ".join(map(str, found.thresholds)),
        "counts": " ".join(map(str, found.counts)),
        "garbage": "unknown" if found.garbage is None else str(found.garbage),
        "collections_ns": " ".join(map(str, found.collections_ns)) or "unknown",
    }
    text = "".join(f"{name}: {value}\n" for name, value in lines.items())
    plain = text.encode("ascii", "backslashreplace")
    return bytes(byte if 32 <= byte < 127 or byte == 10 else 63 for byte in plain)


def packed(body: bytes) -> bytes:
    """Pack the body, less where the reader would not believe it."""
    small = zlib.compress(body, LEVEL)
    return small if len(body) <= RATIO * len(small) else zlib.compress(body, 0)


def file_of(taken: Taken, found: Found, columns: Columns, program: str) -> bytes:
    """Return the whole file."""
    body = body_of(found, columns)
    text = text_of(taken, found, program)
    tracked = number_tracked(columns)
    held = sum(owners != 0 for owners in columns.owners)
    header = HEADER.pack(
        MAGIC, VERSION, 0, len(text), found.objects, found.targets, held,
        sum(columns.sizes), len(found.types), tracked, len(body),
        hashlib.sha256(body).digest(), bytes(28),
    )  # fmt: skip
    crc = zlib.crc32(text, zlib.crc32(header))
    return header + struct.pack("<I", crc) + text + packed(body)
