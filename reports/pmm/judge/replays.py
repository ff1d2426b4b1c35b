# SPDX-License-Identifier: MIT
"""Replays of one trace on several backends: net of the harness, and how sure.

1. Each process gives its best repetition after the first, in nanoseconds a call:
   what disturbs a process makes it slower, never faster.
2. What the backend `null` takes in the same round is the price of the harness, and
   is taken off.
3. A backend's figure is the median of its processes; the least and the most are
   its spread. Where the spread of the first reaches into that of others, none of
   them is called the fastest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from pmm.documents.replays import Placement, ReplayDocument, ReplayMemory


@dataclass(frozen=True)
class Arm:
    """What was measured of one backend over a trace."""

    label: str
    documents: tuple[ReplayDocument, ...]
    """One a round; the first has every pass."""
    prices: tuple[float, ...]
    """Of the harness, in the same rounds."""
    lost: str | None = None
    """How a process of it ended that left no document."""

    @property
    def fault(self) -> str | None:
        """Return what went wrong, if something did."""
        told = next((one.error for one in self.documents if one.error), None)
        return self.lost or told

    @property
    def net(self) -> tuple[float, ...]:
        """Return nanoseconds a call above the harness, of each process."""
        gross = (best(one) for one in self.documents)
        return tuple(g - p for g, p in zip(gross, self.prices, strict=True))

    @property
    def cold(self) -> float:
        """Return nanoseconds a call of the first repetition, the harness's too."""
        return median(first(one) for one in self.documents)

    @property
    def memory(self) -> ReplayMemory | None:
        """Return its memory, which one process told."""
        return self.documents[0].memory

    @property
    def placement(self) -> Placement | None:
        """Return where its blocks lay."""
        return self.documents[0].placement

    @property
    def peak_ratio(self) -> float | None:
        """Return peak resident bytes for each peak live byte."""
        live = self.documents[0].peak_live_bytes
        return self.memory.peak_bytes / live if self.memory and live else None


def first(document: ReplayDocument) -> float:
    """Return nanoseconds a call of the first repetition."""
    assert document.time is not None  # noqa: S101 - a fault has none, and no figure
    return document.time.repetitions_ns[0] / max(document.calls, 1)


def best(document: ReplayDocument) -> float:
    """Return nanoseconds a call of the best repetition after the first."""
    assert document.time is not None  # noqa: S101 - likewise
    later = document.time.repetitions_ns[1:] or document.time.repetitions_ns
    return min(later) / max(document.calls, 1)


def ranked(arms: Sequence[Arm]) -> list[Arm]:
    """Return the sound ones, the fastest first."""
    return sorted(
        (arm for arm in arms if arm.fault is None), key=lambda arm: median(arm.net)
    )


LEAST_NET_NS = 0.5
"""Nanoseconds a call below which the harness's own noise decides a ratio."""


def slower(aged: Arm, fresh: Arm) -> float | None:
    """Return how many times slower a backend is on an aged heap; None: unknown."""
    if aged.fault or fresh.fault or median(fresh.net) < LEAST_NET_NS:
        return None
    return median(aged.net) / median(fresh.net)


def verdict(arms: Sequence[Arm]) -> str:
    """Say which is the fastest, or that none clearly is."""
    order = ranked(arms)
    if len(order) < 2:
        return ""
    slowest = max(order[0].net)
    close = [arm.label for arm in order[1:] if min(arm.net) <= slowest]
    if close:
        return f"no clear winner between {order[0].label}, {', '.join(close)}"
    return f"fastest: {order[0].label}"
