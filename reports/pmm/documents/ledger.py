# SPDX-License-Identifier: MIT
"""The ledger of cycle collectors: what `pmm gc` writes, and its page shows.

A `Ledger` has a `LedgerArm` for each collector, an arm a `LedgerCell` for each
size of the program: exact counts, and times from processes of their own. Two arms
that are judged have `LedgerRow`s.

Invariant: an arm with a `fault` or an `absence` says why it has no cells, or fewer.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from pmm.base.decoding import decode_json
from pmm.documents.programs import Foreign, Strict

LedgerVerdict = Literal["same", "different", "less", "more", "undecided"]
"""Of the second arm against the first: exact figures are the same or different;
times are less, more or undecided."""
Triple = tuple[int, int, int]
"""A figure of each generation, the youngest first."""


class LedgerCounts(Foreign, frozen=True):
    """What was counted while objects were made; equal in every run."""

    implementation: str
    thresholds: tuple[int, ...]
    collections: Triple
    collected: Triple
    candidates: Triple | None
    """Objects that the collections examined; null: it does not tell."""
    most: int
    """The most garbage that waited after any object was made."""
    p95: int
    left: int
    """Garbage at the end, by finalizers."""
    by_callbacks: int
    by_enumeration: int
    apart: int
    """Collections after which callbacks and finalizers did not agree."""
    never: int
    """Garbage that not even a full collection freed."""
    curve: tuple[int, ...]
    """Garbage that waits, after each hundred objects."""
    kinds: dict[str, bool]
    """Kinds of value, and whether the collector examines one after it has run."""
    slices: int = 0
    """Parts of collections that an incremental collector did beside."""
    mode: str | None = None
    version: str | None = None


class LedgerTimes(Foreign, frozen=True):
    """One process that took times and counted nothing."""

    pauses_ns: tuple[int, ...]
    program_ns: int
    """The program's own time, collector and all."""
    peak_bytes: int | None
    """Most that was resident; null where the system does not tell."""
    clock: Literal["thread", "wall"]


class LedgerCell(Strict, frozen=True):
    """One size of the program."""

    name: str
    made: int
    live: int
    window: int
    counts: LedgerCounts | None
    times: tuple[LedgerTimes, ...]


class LedgerArm(Strict, frozen=True):
    """One collector."""

    id: str
    """`reference/full`, `cpython-3.13.0`."""
    path: str | None
    """The interpreter; null for the reference."""
    fault: str | None
    """What it did wrong: it crashed, did not end, or its counts do not agree."""
    absence: str | None
    """Why nothing can be counted in it, which is no fault."""
    cells: tuple[LedgerCell, ...]


class LedgerRow(Strict, frozen=True):
    """One figure of two arms."""

    cell: str
    figure: str
    unit: str | None
    exact: bool
    ours: str
    theirs: str
    """As they are shown; of times the medians."""
    ratio: float | None
    """Second over first: Hodges-Lehmann estimate over the pairs."""
    low: float | None
    high: float | None
    p_value: float | None
    adjusted: float | None
    verdict: LedgerVerdict


class Ledger(Strict, frozen=True):
    """One invocation of `pmm gc`."""

    schema: Literal["pmm.gc"]
    version: Literal[1]
    created: str
    elapsed_ns: int
    commit: str | None
    command: str
    machine: str
    arms: tuple[LedgerArm, ...]
    rows: tuple[LedgerRow, ...]
    """Of two arms that were judged; else none."""
    rounds: int
    """Processes that took times, of each arm and size."""


def encode_ledger(ledger: Ledger) -> bytes:
    """Return the ledger as JSON."""
    return msgspec.json.encode(ledger, order="deterministic") + b"\n"


def decode_ledger(text: bytes) -> Ledger:
    """Read a ledger; raise `msgspec.MsgspecError` when it is not one."""
    return decode_json(text, Ledger)
