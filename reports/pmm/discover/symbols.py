# SPDX-License-Identifier: MIT
"""Which C function an address of a program lies in, as far as symbols tell.

`nm` lists functions with their sizes, so an address is in one or in none: a
stripped program has only those that it exports. `addr2line` adds the line where
there is debug information. Without these programs no function is named.
"""

from __future__ import annotations

import bisect
import functools
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

FRAME = re.compile(r"(.*) \+0?x?([0-9a-f]+) =0x([0-9a-f]+) (.*)")
FIXED = 2
"""e_type of a program that is loaded where it was linked to (ET_EXEC)."""
SECONDS = 60


@dataclass(frozen=True)
class Frame:
    """One call: the program or library, and where in it."""

    object: str
    address: int
    """As the symbols of the object have it."""

    @property
    def function(self) -> str | None:
        """The function's name; None: no symbol says."""
        return function_at(self.object, self.address)

    @property
    def shown(self) -> str:
        """Function and object, for people."""
        name = Path(self.object).name
        return f"{self.function or hex(self.address)} ({name})"


def read_frame(line: str) -> Frame | None:
    """Read `OBJECT +OFFSET =ADDRESS SYMBOL`."""
    found = FRAME.fullmatch(line)
    if found is None or found[1] == "?":
        return None
    fixed = is_fixed(found[1])
    return Frame(found[1], int(found[3] if fixed else found[2], 16))


@functools.cache
def is_fixed(path: str) -> bool:
    """Tell whether an object is not moved when it is loaded."""
    try:
        with Path(path).open("rb") as file:
            head = file.read(18)
    except OSError:
        return False
    return head[:4] == b"\x7fELF" and int.from_bytes(head[16:18], "little") == FIXED


@functools.cache
def functions_of(path: str) -> tuple[tuple[int, int, str], ...]:
    """Return (start, end, name) of an object's functions, sorted."""
    found: dict[int, tuple[int, int, str]] = {}
    for option in ((), ("-D",)):
        for start, size, name in listed(path, option):
            found.setdefault(start, (start, start + size, name))
    return tuple(sorted(found.values()))


def listed(path: str, option: tuple[str, ...]) -> list[tuple[int, int, str]]:
    """Return what `nm` lists of functions; nothing without nm."""
    try:
        done = subprocess.run(
            ["nm", "-C", "-S", "--defined-only", *option, "--", path],
            capture_output=True, text=True, errors="replace", timeout=SECONDS,
            check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return []
    lines = [line.split(None, 3) for line in done.stdout.splitlines()]
    return [
        (int(words[0], 16), int(words[1], 16), words[3])
        for words in lines
        if len(words) == 4 and words[2] in "tTwWiI"
    ]


def function_at(path: str, address: int) -> str | None:
    """Return the function that an address lies in."""
    table = functions_of(path)
    at = bisect.bisect_right(table, (address, 1 << 64, "")) - 1
    if at < 0 or not table[at][0] <= address < table[at][1]:
        return None
    return re.sub(r"\.(cold|part|constprop|isra|lto_priv).*", "", table[at][2])


@functools.cache
def line_at(path: str, address: int) -> str | None:
    """Return `file.c:123` of a return address; None without debug information."""
    try:
        done = subprocess.run(
            ["addr2line", "-i", "-e", path, hex(address - 1)], capture_output=True,
            text=True, errors="replace", timeout=SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    # Of functions that were put into one another the last is the outermost.
    place = (done.stdout.splitlines() or [""])[-1].partition(" ")[0]
    return None if not place or "?" in place else Path(place).name
