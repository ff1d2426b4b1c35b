# SPDX-License-Identifier: MIT
"""A plan dealt out to several machines, and put together again.

Shard I of N has every Nth job from the Ith on, so that each gets its share of every
kind, and the parts in their order give the whole plan back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

from pmm.base.errors import UsageError

T = TypeVar("T")
FORM = re.compile(r"([1-9]\d{0,3})/([1-9]\d{0,3})")


def shard_of(text: str) -> tuple[int, int]:
    """Read `I/N`; raise UsageError for anything else."""
    found = FORM.fullmatch(text)
    if found is None or int(found[1]) > int(found[2]):
        raise UsageError(f"--shard '{text}': the form is I/N, from 1/4 to 4/4")
    return int(found[1]), int(found[2])


def check_shard(jobs: Sequence[object], shard: tuple[int, int]) -> None:
    """Raise UsageError for a shard that nothing is left for."""
    if not dealt(jobs, shard):
        raise UsageError(
            f"--shard {shard[0]}/{shard[1]}: the plan has {len(jobs)} jobs only"
        )


def dealt(jobs: Sequence[T], shard: tuple[int, int]) -> tuple[T, ...]:
    """Return the jobs of one shard."""
    number, of = shard
    return tuple(jobs[number - 1 :: of])


def together(parts: Sequence[Sequence[T]]) -> tuple[T, ...]:
    """Return the whole of all parts in their order; raise ValueError for no whole."""
    whole: list[T] = []
    for at in range(max(map(len, parts), default=0)):
        whole += [part[at] for part in parts if at < len(part)]
    for number, part in enumerate(parts, 1):
        if dealt(whole, (number, len(parts))) != tuple(part):
            raise ValueError(f"part {number} is not of the same whole")
    return tuple(whole)
