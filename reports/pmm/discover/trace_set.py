# SPDX-License-Identifier: MIT
"""The set of traces that the suite brings: its table, and where each of them lies.

`workloads/traces/set.toml` names the programs. The small traces are committed; all
of them are made again by `pmm trace remake`, into the build folder.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from pmm.base.errors import PmmError, UsageError
from pmm.base.paths import Paths
from pmm.base.typed_names import unknown

FOLDER = Path("workloads/traces")
SUFFIX = ".pmmt"


class TraceProgram(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One program of the set and what its trace has to be."""

    name: str
    nature: str
    """What it does, in a few words."""
    events: int
    sha256: str
    """Of the events."""
    threads: int = 1
    committed: bool = False


class TraceSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table of the set."""

    python: str
    """The version of the interpreter that the hashes belong to."""
    platform: str
    program: tuple[TraceProgram, ...]


def read_set(root: Path) -> TraceSet:
    """Read the table."""
    path = root / FOLDER / "set.toml"
    try:
        return msgspec.toml.decode(path.read_bytes(), type=TraceSet)
    except (OSError, ValueError) as error:
        raise PmmError(f"cannot read {path}: {error}") from error


def script_of(root: Path, name: str) -> Path:
    """Return the program that a trace is recorded from."""
    return root / FOLDER / "programs" / f"{name}.py"


def made_folder(paths: Paths) -> Path:
    """Return where traces that are made again lie."""
    return paths.kept("traces")


def place_of(paths: Paths, name: str) -> Path | None:
    """Return where a trace of the set lies; None: it has to be made first."""
    for folder in (paths.root / FOLDER / "data", made_folder(paths)):
        path = folder / f"{name}{SUFFIX}"
        if path.is_file():
            return path
    return None


def find_trace(paths: Paths, typed: str) -> Path:
    """Return the file of a trace: a name of the set, or a path."""
    if "/" in typed or typed.endswith(SUFFIX):
        path = Path(typed)
        if not path.is_file():
            raise UsageError(f"no trace {typed}")
        return path
    names = [one.name for one in read_set(paths.root).program]
    if typed not in names:
        raise unknown("trace", typed, names)
    found = place_of(paths, typed)
    if found is None:
        raise UsageError(f"{typed} is not recorded here: pmm trace remake {typed}")
    return found
