# SPDX-License-Identifier: MIT
"""Who has which colour: the same one in every drawing and on every page.

A colour is a place in the palette. Allocators that ship with the suite have theirs
for good, a user's the free ones behind them, in the order in which they were asked;
so has each variant of a workload, in the order in which the workload names them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from pmm.documents.run import Run
from pmm.judge.ranking import Ranking

SHIPPED = ("pool", "libc", "mimalloc", "jemalloc", "tcmalloc")
"""Allocators that always have the same colour."""


def allocator_places(run: Run, ranking: Ranking | None = None) -> dict[str, int]:
    """Return each allocator's place in the palette, by what was asked for."""
    asked = (ranking or Ranking(run)).asked
    every = dict.fromkeys([*asked, *(one.spec for one in run.standings)])
    return places_of(SHIPPED, every)


def places_of(known: Collection[str], names: Iterable[str]) -> dict[str, int]:
    """Give each name a place: a known one its own, the others those behind."""
    places = {name: place for place, name in enumerate(known)}
    for name in names:
        places.setdefault(name, len(places))
    return places
