# SPDX-License-Identifier: MIT
"""What can be fetched (interpreters.toml), and what each package must be (pins.toml).

A pin is a version and the SHA-256 of the package's file, by distribution and
architecture. Nothing is unpacked that has no pin or another hash.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from pmm.base.errors import PmmError, no_room
from pmm.documents.programs import Strict

HERE = Path(__file__).resolve().parent
WANTED = HERE / "interpreters.toml"
PINS = HERE / "pins.toml"
HEADER = """\
# SPDX-License-Identifier: MIT
# Written by `pmm fetch --update-pins`: each package of interpreters.toml by
# distribution and architecture, as its suite had it then.
schema = 1
"""
Document = TypeVar("Document", bound=Strict)


class AbsentError(PmmError):
    """An interpreter cannot be had here: a column is absent, nothing is wrong."""


class ChangedError(PmmError):
    """A package is not what its pin says: nothing is unpacked."""


class Interpreter(Strict, frozen=True):
    """One entry of interpreters.toml."""

    program: str
    """Its path below the unpacked packages."""
    says: str
    """How what it says of itself starts: implementation and version."""
    packages: tuple[str, ...]


class Catalogue(Strict, frozen=True):
    """The whole of interpreters.toml."""

    schema: Literal[1]
    suites: dict[str, str]
    interpreter: dict[str, Interpreter]


class Pin(Strict, frozen=True):
    """What a package has to be."""

    version: str
    sha256: str


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
        with path.open("rb") as file:
            return msgspec.convert(tomllib.load(file), kind)
    except (OSError, tomllib.TOMLDecodeError, msgspec.MsgspecError) as error:
        raise PmmError(f"{path}: {error}") from error


def catalogue() -> Catalogue:
    """Return what can be fetched."""
    return read(WANTED, Catalogue)


def pins_for(machine: Machine, packages: Sequence[str]) -> dict[str, Pin]:
    """Return the pins of some packages; raise AbsentError where one is missing."""
    known = read(PINS, PinFile).pins.get(machine.key, {})
    missing = [name for name in packages if name not in known]
    if missing:
        raise AbsentError(f"{missing[0]} is not pinned for {machine.key}")
    return {name: known[name] for name in packages}


def digest(pins: Mapping[str, Pin]) -> str:
    """Return a short name of what is pinned: a folder's."""
    text = "\n".join(f"{name} {pins[name].sha256}" for name in sorted(pins))
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
