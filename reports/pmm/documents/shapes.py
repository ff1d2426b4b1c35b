# SPDX-License-Identifier: MIT
"""What collectors do to programs of a certain shape: what `pmm gc shapes` writes."""

from __future__ import annotations

from typing import Literal

import msgspec

from pmm.documents.ledger import Triple
from pmm.documents.programs import Foreign, Strict


class ShapeRun(Foreign, frozen=True):
    """One process; of forked workers nothing but the PSS is known."""

    program_ns: int | None = None
    collector_ns: int | None = None
    worst_ns: int | None = None
    collections: Triple | None = None
    most: int | None = None
    """The most garbage that waited."""
    left: int | None = None
    full_ns: int | None = None
    """A full collection behind the program."""
    peak_bytes: int | None = None
    pss_bytes: int | None = None
    """Of a worker: its own memory, and its part of what is shared."""


class ShapeCell(Strict, frozen=True):
    """A shape in one of its two variants."""

    shape: str
    variant: str
    runs: tuple[ShapeRun, ...]


class ShapeArm(Strict, frozen=True):
    """One interpreter."""

    id: str
    path: str | None
    fault: str | None
    absence: str | None
    cells: tuple[ShapeCell, ...]


class Shapes(Strict, frozen=True):
    """One invocation of `pmm gc shapes`."""

    schema: Literal["pmm.gc.shapes"]
    version: Literal[1]
    created: str
    elapsed_ns: int
    command: str
    objects: int
    rounds: int
    arms: tuple[ShapeArm, ...]


def encode_shapes(shapes: Shapes) -> bytes:
    """Return the document as JSON."""
    return msgspec.json.encode(shapes, order="deterministic") + b"\n"
