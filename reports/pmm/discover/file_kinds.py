# SPDX-License-Identifier: MIT
"""Files that users name: is it there, and what is it by its first bytes?

Nothing here starts or loads anything: a wrong path costs nothing. ELF as in the
System V ABI, chapters 4 and 5; of the header only type, machine and the kinds
of segments are read.
"""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pmm.base.errors import UsageError
from pmm.base.typed_names import nearest

MACHINES = {
    3: "x86", 8: "MIPS", 20: "PowerPC", 21: "PowerPC 64", 22: "s390x", 40: "ARM",
    62: "x86-64", 183: "AArch64", 243: "RISC-V", 258: "LoongArch",
}  # fmt: skip
KINDS = {1: "object", 2: "program", 3: "library", 4: "core"}
PT_INTERP = 3
HEADER_BYTES = 64
MOST_SEGMENTS = 64
FAMILY = ("malloc", "calloc", "realloc", "free")
"""What makes a library malloc-like."""

FileKind = Literal["library", "program", "script"]


@dataclass(frozen=True)
class Elf:
    """What the first bytes of an ELF file say."""

    kind: str
    machine: str


def read_elf(path: Path) -> Elf | None:
    """Read the start of a file; None when it is no ELF file, or a torn one."""
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
        if len(head) < HEADER_BYTES or not head.startswith(b"\x7fELF"):
            return None
        wide, order = head[4] == 2, "<" if head[5] == 1 else ">"
        kind, machine = struct.unpack_from(f"{order}HH", head, 16)
        word, at = ("Q", 32) if wide else ("L", 28)
        start = struct.unpack_from(f"{order}{word}", head, at)
        size, count = struct.unpack_from(f"{order}HH", head, 54 if wide else 42)
        file.seek(start[0])
        table = file.read(size * min(count, MOST_SEGMENTS))
    kinds = {
        struct.unpack_from(f"{order}L", table, at)[0]
        for at in range(0, len(table) - 3, max(size, 4))
    }
    name = KINDS.get(kind, "file of an unknown kind")
    if name == "library" and PT_INTERP in kinds and ".so" not in path.name:
        name = "program"  # one that can be loaded anywhere
    bits = f"{MACHINES.get(machine, f'machine {machine}')}, {64 if wide else 32} bit"
    return Elf(name, bits)


def own_machine() -> str | None:
    """Return the machine of this interpreter, as `read_elf` says it."""
    try:
        found = read_elf(Path(sys.executable).resolve())
    except OSError:
        return None
    return found.machine if found else None


def missing(path: Path) -> str:
    """Say that a file is not there, and which one may be meant."""
    if path.is_symlink():
        return f"{path} is a link to {path.readlink()}, which is not there"
    folder = path.parent
    if not folder.is_dir():
        return f"there is no folder {folder}"
    try:
        names = [one.name for one in folder.iterdir() if one.is_file()]
        close = nearest(path.name, names, 1)
    except OSError:
        close = []
    hint = f"; did you mean {folder / close[0]}?" if close else ""
    where = "" if path.is_absolute() else f" (from {Path.cwd()})"
    return f"there is no file {path}{where}{hint}"


def unlike_library(path: Path) -> str:
    """Say what a file is that is no ELF file."""
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        return f"{path} is empty"
    if start == b"!<arch>\n":
        return f"{path} is a static library: link it with -shared"
    if start.startswith(b"#!"):
        return f"{path} is a script, not a shared object"
    return f"{path} is not a shared object"


def file_kind(text: str) -> FileKind:
    """Return what a file is; raise UsageError when nothing of ours could use it."""
    path = Path(text)
    try:
        if not path.exists():
            raise UsageError(missing(path))
        if not path.is_file():
            what = "a folder" if path.is_dir() else "not a file"
            raise UsageError(f"{path} is {what}")
        found = read_elf(path)
        if found is None:
            with path.open("rb") as file:
                script = file.read(2) == b"#!"
            if script and not re.search(r"\.so\b", path.name):
                return "script"
            raise UsageError(unlike_library(path))
    except (OSError, ValueError, struct.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"cannot read {path}: {reason}") from error
    ours = own_machine()
    if ours is not None and found.machine != ours:
        raise UsageError(f"{path} is for {found.machine}; this machine is {ours}")
    if found.kind not in ("library", "program"):
        what = "an object file" if found.kind == "object" else f"a {found.kind}"
        raise UsageError(f"{path} is {what}: link it with -shared")
    return "library" if found.kind == "library" else "program"


def check_library(text: str) -> None:
    """Raise UsageError for a file that is no shared object."""
    kind = file_kind(text)
    if kind != "library":
        raise UsageError(f"{text} is a {kind}, not a shared object")


def check_interpreter(text: str) -> None:
    """Raise UsageError for a file that cannot be an interpreter.

    A script that is named as an interpreter is (pyenv's) is one; any other script
    must not be run just to see.
    """
    kind = file_kind(text)
    name = Path(text).name
    if kind == "library":
        raise UsageError(f"{text} is a shared object, not an interpreter")
    if kind == "script" and not re.fullmatch(r"python[\d.]*[a-z]?", name):
        raise UsageError(f"{text} is a script, not an interpreter")
    if not os.access(text, os.X_OK):
        raise UsageError(f"{text} may not be executed")


def functions_of(text: str) -> frozenset[str]:
    """Return the names that a library defines; none where `nm` cannot tell."""
    try:
        done = subprocess.run(
            ["nm", "-D", "--defined-only", "--format=posix", "--", text],
            capture_output=True, text=True, errors="replace", timeout=20, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return frozenset()
    lines = [line.split() for line in done.stdout.splitlines()]
    return frozenset(
        parts[0].partition("@")[0]
        for parts in lines
        if len(parts) > 1 and parts[1] in "TWi"
    )


def prefixes_of(functions: frozenset[str]) -> list[str]:
    """Return the prefixes under which a library is malloc-like, the shortest first."""
    found = [
        name.removesuffix("malloc") for name in functions if name.endswith("malloc")
    ]
    whole = [
        prefix for prefix in found if all(prefix + part in functions for part in FAMILY)
    ]
    return sorted(whole, key=lambda prefix: (len(prefix), prefix))
