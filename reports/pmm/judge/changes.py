# SPDX-License-Identifier: MIT
"""How a comparison makes one difference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from pmm.documents.verdict import Change, ChangeKind, ChangeVerdict, Scalar

T = TypeVar("T")


def pair(before: Mapping[str, T], after: Mapping[str, T]) -> Iterable[tuple[str, T, T]]:
    """Return what both have, in the later order."""
    return ((key, before[key], after[key]) for key in after if key in before)


def change(
    kind: ChangeKind,
    key: str,
    values: tuple[Scalar, Scalar],
    verdict: ChangeVerdict,
    unit: str | None = None,
) -> Change:
    """Make one difference."""
    return Change(
        kind=kind,
        key=key,
        label=key,
        before=values[0],
        after=values[1],
        unit=unit,
        verdict=verdict,
    )
