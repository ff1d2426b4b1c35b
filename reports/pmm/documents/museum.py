# SPDX-License-Identifier: MIT
"""The museum of regressions: what `pmm museum` writes.

An `Exhibit` is a regression of CPython's memory management: a figure that is
counted, a bound above which it shows, what the sound and the faulty reference
counted, and what interpreters did.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from pmm.base.decoding import decode_json
from pmm.documents.programs import Strict


class Seen(Strict, frozen=True):
    """What one interpreter counted."""

    id: str
    figure: int | None
    shows: bool
    """Whether the regression is in it."""
    fault: str | None
    """What it did instead of counting."""


class Exhibit(Strict, frozen=True):
    """One regression."""

    id: str
    title: str
    issue: str
    versions: str
    """That had it, as the report says."""
    story: str
    figure: str
    """What is counted."""
    bound: int
    """The regression shows above it."""
    sound: int | None
    """Of the reference as it is; null: not run."""
    faulty: int | None
    """Of the reference with the regression seeded into it."""
    wrong: str
    """Why one of them is missing."""
    apart: bool
    """Whether the two are told apart."""
    seen: tuple[Seen, ...]


class Museum(Strict, frozen=True):
    """One invocation of `pmm museum`."""

    schema: Literal["pmm.museum"]
    version: Literal[1]
    created: str
    commit: str | None
    command: str
    exhibits: tuple[Exhibit, ...]


def encode_museum(museum: Museum) -> bytes:
    """Return the museum as JSON."""
    return msgspec.json.encode(museum, order="deterministic") + b"\n"


def decode_museum(text: bytes) -> Museum:
    """Read a museum; raise `msgspec.MsgspecError` when it is not one."""
    return decode_json(text, Museum)
