# SPDX-License-Identifier: MIT
"""Make a program smaller while two sides still differ (delta debugging).

A step whose operands are missing does nothing, so any subset of the steps is a
program. ``ddmin`` takes out ever smaller parts; at the end no step can go alone.

Python 3.11, the standard library alone.
"""

from __future__ import annotations

from collections.abc import Callable

Steps = list[str]


def ddmin(steps: Steps, fails: Callable[[Steps], bool]) -> Steps:
    """A smallest part of `steps` that still fails: no single step can go."""
    parts = 2
    while len(steps) >= 2:
        size = -(-len(steps) // parts)
        for start in range(0, len(steps), size):
            rest = steps[:start] + steps[start + size :]
            if rest and fails(rest):
                steps = rest
                parts = max(parts - 1, 2)
                break
        else:
            if size == 1:
                break
            parts = min(parts * 2, len(steps))
    return steps


def first_difference(left: Steps, right: Steps) -> tuple[int, str, str]:
    """Of two traces: the step, and the first observation that differs."""
    for number, (a, b) in enumerate(zip(left, right, strict=False)):
        if a == b:
            continue
        mine = a.partition("->")[2].split()
        theirs = b.partition("->")[2].split()
        for x, y in zip(mine, theirs, strict=False):
            if x != y:
                return number, x, y
        longer = mine if len(mine) > len(theirs) else theirs
        extra = longer[min(len(mine), len(theirs))]
        return (number, extra, "nothing") if longer is mine else (
            number, "nothing", extra)  # fmt: skip
    return min(len(left), len(right)), "nothing", "nothing"
