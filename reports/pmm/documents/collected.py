# SPDX-License-Identifier: MIT
"""What collectors do in real programs: what `pmm gc programs` writes."""

from __future__ import annotations

from typing import Literal

import msgspec

from pmm.documents.ledger import Triple
from pmm.documents.programs import Foreign, Strict


class ProgramFigures(Foreign, frozen=True):
    """One process: a program from its beginning to its end."""

    version: str
    failure: str | None
    """How the program ended; null: well."""
    troubles: tuple[str, ...]
    """What it did that moves its figures."""
    thresholds: tuple[int, ...]
    changed_thresholds: bool
    collections: Triple
    collected: Triple
    candidates: Triple | None
    """Objects that the collections examined; null: it does not tell."""
    uncollectable: int
    most: int
    """The most that one collection found: at least so much had waited."""
    left: int
    """What a full collection found behind the program."""
    pauses_ns: tuple[int, ...]
    program_ns: int
    cpu_ns: int
    peak_bytes: int | None

    @property
    def garbage(self) -> int:
        """All objects that only the collector could free."""
        return sum(self.collected) + self.left

    @property
    def counts(self) -> tuple[object, ...]:
        """What should be equal in two runs."""
        return (self.collections, self.collected, self.most, self.left)


class ProgramCell(Strict, frozen=True):
    """One program in one interpreter."""

    program: str
    on: tuple[ProgramFigures, ...]
    off: tuple[ProgramFigures, ...]
    """The same with the collector off."""
    fault: str | None
    """What went wrong in the program or the interpreter."""
    absence: str | None
    """Why it was not run, which is no fault."""


class ProgramArm(Strict, frozen=True):
    """One interpreter."""

    id: str
    path: str | None
    fault: str | None
    cells: tuple[ProgramCell, ...]


class Collected(Strict, frozen=True):
    """One invocation of `pmm gc programs`."""

    schema: Literal["pmm.gc.programs"]
    version: Literal[1]
    created: str
    elapsed_ns: int
    command: str
    scale: int
    rounds: int
    titles: dict[str, str]
    arms: tuple[ProgramArm, ...]


def encode_collected(collected: Collected) -> bytes:
    """Return the document as JSON."""
    return msgspec.json.encode(collected, order="deterministic") + b"\n"
