# SPDX-License-Identifier: MIT
"""The real programs whose collections are counted: workloads/python/collected."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pmm.base.errors import PmmError
from pmm.documents.programs import Strict

FOLDER = Path("workloads", "python", "collected")
FILE = "programs.toml"


def ordered(version: str) -> tuple[int, ...]:
    """Return a version as numbers, of which two can be compared."""
    return tuple(int(part) for part in version.split(".")[:2])


class Package(Strict, frozen=True):
    """A package that a program imports."""

    pin: str
    since: str | None = None
    below: str | None = None

    def is_for(self, version: str) -> bool:
        """Tell whether a Python takes it."""
        mine = ordered(version)
        return (self.since is None or mine >= ordered(self.since)) and (
            self.below is None or mine < ordered(self.below)
        )


class RealProgram(Strict, frozen=True):
    """One of them."""

    name: str
    title: str
    packages: tuple[Package, ...]

    def pins(self, version: str) -> tuple[str, ...]:
        """Return what pip is to install for a Python."""
        return tuple(one.pin for one in self.packages if one.is_for(version))


class ProgramSet(Strict, frozen=True):
    """The whole file."""

    program: tuple[RealProgram, ...]


def read_programs(root: Path) -> tuple[RealProgram, ...]:
    """Read the set; raise PmmError when the file is none."""
    path = root / FOLDER / FILE
    try:
        return msgspec.toml.decode(path.read_bytes(), type=ProgramSet).program
    except (OSError, msgspec.MsgspecError) as error:
        raise PmmError(f"cannot read {path}: {error}") from error


def script_of(root: Path, program: RealProgram) -> Path:
    """Return the program's script."""
    return root / FOLDER / f"{program.name}.py"
