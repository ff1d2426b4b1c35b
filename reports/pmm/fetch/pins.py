# SPDX-License-Identifier: MIT
"""What can be fetched (wanted.toml), and what each package must be (pins.toml).

A pin is a version and the SHA-256 of the package's file, by distribution and
architecture. Nothing is unpacked that has no pin or another hash.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, TypeVar

import msgspec

from pmm.base.cache import Room
from pmm.base.decoding import read_toml
from pmm.base.errors import PmmError, no_room
from pmm.documents.programs import Strict

HERE = Path(__file__).resolve().parent
WANTED = HERE / "wanted.toml"
PINS = HERE / "pins.toml"
HEADER = """\
# SPDX-License-Identifier: MIT
# Written by `pmm fetch --update-pins`: each package of wanted.toml by
# distribution and architecture, as its suite had it then.
schema = 1
"""
Document = TypeVar("Document", bound=Strict)


class AbsentError(PmmError):
    """Something cannot be had here: it is absent, and nothing is wrong."""


class ChangedError(PmmError):
    """A package is not what its pin says: nothing is unpacked."""


class Interpreter(Strict, frozen=True):
    """An interpreter of wanted.toml."""

    room: ClassVar[Room] = "interpreters"
    program: str
    """Its path below the unpacked packages."""
    says: str
    """How what it says of itself starts: implementation and version."""
    packages: tuple[str, ...]

    def path_in(self, root: Path) -> Path:
        """Return its program below the unpacked packages."""
        return root / self.program


class Allocator(Strict, frozen=True):
    """An allocator of wanted.toml."""

    room: ClassVar[Room] = "allocators"
    library: str
    """A glob below the unpacked packages."""
    options: str
    """What stands behind the path in `--backend`."""
    packages: tuple[str, ...]
    instead_of: str | None = None
    """The backend that it stands for when nobody chooses."""

    def path_in(self, root: Path) -> Path:
        """Return its library below the unpacked packages."""
        return next(iter(sorted(root.glob(self.library))), root / self.library)


Fetchable = Interpreter | Allocator


class Catalogue(Strict, frozen=True):
    """The whole of wanted.toml."""

    schema: Literal[1]
    suites: dict[str, str]
    interpreter: dict[str, Interpreter]
    allocator: dict[str, Allocator] = msgspec.field(default_factory=dict)

    @property
    def every(self) -> dict[str, Fetchable]:
        """All that can be fetched, by name."""
        return {**self.interpreter, **self.allocator}


class Pin(Strict, frozen=True):
    """What a package has to be."""

    version: str
    sha256: str

    @property
    def upstream(self) -> str:
        """The version that the package packs: 3.6.0 of `1:3.6.0+ds-1`."""
        own = self.version.rpartition(":")[2].rpartition("-")[0] or self.version
        return own.partition("+")[0]


class PinFile(Strict, frozen=True):
    """The whole of pins.toml."""

    schema: Literal[1]
    pins: dict[str, dict[str, Pin]] = msgspec.field(default_factory=dict)
    """By `debian-amd64`, by package."""


@dataclass(frozen=True)
class Machine:
    """For which packages a machine is: they are pinned by both."""

    distribution: str
    codename: str
    architecture: str

    @property
    def key(self) -> str:
        """How pins.toml calls it."""
        return f"{self.distribution}-{self.architecture}"


def read(path: Path, kind: type[Document]) -> Document:
    """Read one of the two files; raise PmmError for a bad one."""
    try:
        return msgspec.convert(read_toml(path), kind)
    except (OSError, tomllib.TOMLDecodeError, msgspec.MsgspecError) as error:
        raise PmmError(f"{path}: {error}") from error


def catalogue() -> Catalogue:
    """Return what can be fetched."""
    return read(WANTED, Catalogue)


def known_pins(machine: Machine) -> dict[str, Pin]:
    """Return all pins of one kind of machine."""
    return read(PINS, PinFile).pins.get(machine.key, {})


def pins_for(machine: Machine, packages: Sequence[str]) -> dict[str, Pin]:
    """Return the pins of some packages; raise AbsentError where one is missing."""
    known = known_pins(machine)
    missing = [name for name in packages if name not in known]
    if missing:
        raise AbsentError(f"{missing[0]} is not pinned for {machine.key}")
    return {name: known[name] for name in packages}


def digest(one: Fetchable, pins: Mapping[str, Pin]) -> str:
    """Return a short name of what is pinned, and how it is used: a folder's."""
    text = "\n".join(f"{name} {pins[name].sha256}" for name in sorted(pins))
    text += one.options if isinstance(one, Allocator) else ""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def pins_text(every: Mapping[str, Mapping[str, Pin]]) -> str:
    """Return pins.toml."""
    lines = [HEADER]
    for key in sorted(every):
        lines.append(f"[pins.{key}]")
        lines += [
            f'"{name}" = {{version = "{pin.version}", sha256 = "{pin.sha256}"}}'
            for name, pin in sorted(every[key].items())
        ]
        lines.append("")
    return "\n".join(lines)


def write_pins(machine: Machine, pins: Mapping[str, Pin]) -> None:
    """Put what a suite has in place of the pins of one kind of machine."""
    every = {**read(PINS, PinFile).pins, machine.key: dict(pins)}
    try:
        PINS.write_text(pins_text(every), encoding="utf-8")
    except OSError as error:
        raise no_room(error, PINS) from error
