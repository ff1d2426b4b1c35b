# SPDX-License-Identifier: MIT
"""A heap snapshot that was taken: what `pmm gc snapshot` tells of one.

The snapshot itself is a file of its own (`workloads/heaps/graph.h`).
"""

from __future__ import annotations

from typing import Literal

import msgspec

from pmm.documents.programs import Foreign, Strict


class HeapFigures(Foreign, frozen=True):
    """What `pmm-heap` tells of a file."""

    objects: int
    edges: int
    tracked: int
    held: int
    """Objects with owners outside of the graph."""
    bytes: int
    types: int
    kinds: dict[str, int]
    ages: tuple[int, int, int]
    """Tracked objects by generation, the youngest first."""
    text: str
    garbage: int | None = None
    """What a collection of the reference found, where it was made."""
    lists_beside: int | None = None
    made_tracked: int | None = None


class SnapshotReport(Strict, frozen=True):
    """One invocation of `pmm gc snapshot`."""

    schema: Literal["pmm.gc.snapshot"]
    version: Literal[1]
    created: str
    command: str
    program: str
    file: str
    sha256: str
    """Of the file."""
    file_bytes: int
    python: str
    taken_s: float
    """How long the program had run."""
    processes: int
    """Interpreters that were looked at; the largest heap was kept."""
    garbage: int | None
    """Objects that nothing reached, in the program."""
    collections_ns: tuple[int, ...]
    """Full collections by the program's own interpreter, of this very heap."""
    figures: HeapFigures

    @property
    def live_ns(self) -> float | None:
        """The interpreter's own time for each tracked object, the least of all; None:
        not taken.
        """
        if not self.collections_ns or not self.figures.tracked:
            return None
        return min(self.collections_ns) / self.figures.tracked


def encode_snapshot(report: SnapshotReport) -> bytes:
    """Return the report as JSON."""
    return msgspec.json.encode(report, order="deterministic") + b"\n"
