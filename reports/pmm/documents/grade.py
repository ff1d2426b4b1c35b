# SPDX-License-Identifier: MIT
"""A grade of the suite itself: what `pmm grade` writes, and a report shows.

A `Grade` has a `GradePart` for each thing that was tried: how much of it came
out well, the shares of that by area or by folder, and what did not.

Invariant: `state` is good only where `good` reaches `goal` of `total`; a part that
could not be tried is skipped, with the reason in `detail`.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from pmm.base.decoding import any_json, decode_json
from pmm.documents.programs import Strict

PartName = Literal["faults", "history", "mutants", "lockstep", "flakes", "fakes"]
PARTS: tuple[PartName, ...] = (
    "faults", "history", "mutants", "lockstep", "flakes", "fakes",
)  # fmt: skip
PartState = Literal["good", "bad", "skipped"]
SCHEMA_NAME: Literal["pmm.grade"] = "pmm.grade"


class Share(Strict, frozen=True):
    """How much of an area (`GC`), a folder (`impl/gc`) or a pair came out well."""

    name: str
    good: int
    total: int


class GradePart(Strict, frozen=True):
    """One thing that was tried."""

    name: PartName
    state: PartState
    good: int
    total: int
    goal: float
    """The least share of `total` that is good enough."""
    counted: str
    """What `good` and `total` count, such as "seeded faults caught"."""
    detail: str
    """A sentence more; why, where the part was skipped."""
    command: str | None
    """The shell line that tries it alone."""
    elapsed_ns: int
    shares: tuple[Share, ...] = ()
    failed: tuple[str, ...] = ()
    """What did not come out well, a line each."""
    explained: tuple[str, ...] = ()
    """What no case can notice, and why, a line each."""


class Grade(Strict, frozen=True):
    """One invocation of `pmm grade`."""

    schema: Literal["pmm.grade"]
    version: Literal[1]
    created: str
    elapsed_ns: int
    commit: str | None
    command: str
    parts: tuple[GradePart, ...]

    def part(self, name: PartName) -> GradePart | None:
        """Return a part; None when it was not asked for."""
        return next((one for one in self.parts if one.name == name), None)


def encode_grade(grade: Grade) -> bytes:
    """Return the grade as JSON."""
    return msgspec.json.encode(grade, order="deterministic") + b"\n"


def decode_grade(text: bytes) -> Grade:
    """Read a grade; raise `msgspec.MsgspecError` when it is not one."""
    return decode_json(text, Grade)


def read_json(text: str) -> Any:
    """Read what one of the suite's own scripts wrote as JSON."""
    return any_json(text)
