# SPDX-License-Identifier: MIT
"""The sizes of a, b and a + b: measured, computed, and as article 1 prints them.

1. A workload measures a = [1] * n, b = [2] * n and c = a + b on a subject, and
   the size of [] and of a pointer there.
2. The expectation is computed from the subject's own figures: a list is its
   head (the size of []) and a pointer for each item, and c has the items of
   both. So c is one head smaller than the sum of a and b.
3. The article's figures are compared with what was measured; nothing of the
   expectation comes from the article.

Invariant: a row `agrees` only when what was measured is what was computed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pmm.documents.programs import Variant
from pmm.documents.results import WorkResult

VARIANT = "memory_usage"
"""The variant that measures, in `list_concat` and in the articles' twin."""
LISTS = ("a", "b", "c")
PRINTED_ITEMS = 1_000_000
PRINTED = {"a": 9_000_112, "b": 9_000_112, "c": 16_000_112}
"""What article 1 prints, for lists of `PRINTED_ITEMS` items."""


class Size(NamedTuple):
    """One list on one subject, in bytes."""

    name: str
    items: int
    measured: int
    computed: int

    @property
    def agrees(self) -> bool:
        """Tell whether the list has the size that was computed."""
        return self.measured == self.computed


class Sizes(NamedTuple):
    """The three lists on one subject."""

    head: int
    """Size of an empty list."""
    pointer: int
    a: Size
    b: Size
    c: Size

    @property
    def lists(self) -> tuple[Size, Size, Size]:
        """The three in order."""
        return (self.a, self.b, self.c)

    @property
    def saved(self) -> int:
        """Bytes by which c is smaller than the sum of a and b."""
        return self.a.measured + self.b.measured - self.c.measured

    @property
    def agrees(self) -> bool:
        """Tell whether every size and the difference are those computed."""
        whole = self.c.items == self.a.items + self.b.items
        return whole and all(one.agrees for one in self.lists)

    @property
    def comparable(self) -> bool:
        """Tell whether the article's figures are for lists of these lengths."""
        return self.a.items == self.b.items == PRINTED_ITEMS


def sizes_of(variant: Variant) -> Sizes | None:
    """Read the figures; None when one is missing."""
    known = {f.name: int(f.value) for f in variant.figures if f.value is not None}
    wanted = ["empty_bytes", "pointer_bytes"]
    wanted += [f"{name}_{what}" for name in LISTS for what in ("bytes", "items")]
    if any(name not in known for name in wanted):
        return None
    head, pointer = known["empty_bytes"], known["pointer_bytes"]
    items = {name: known[f"{name}_items"] for name in ("a", "b")}
    items["c"] = items["a"] + items["b"]
    return Sizes(
        head,
        pointer,
        *(
            Size(
                name, known[f"{name}_items"], known[f"{name}_bytes"],
                head + pointer * items[name],
            )
            for name in LISTS
        ),
    )  # fmt: skip


def measured_sizes(work: Iterable[WorkResult]) -> list[tuple[WorkResult, Sizes]]:
    """Return every result that measured the three lists."""
    found = []
    for result in work:
        for variant in result.document.variants:
            sizes = sizes_of(variant) if variant.name == VARIANT else None
            if sizes is not None:
                found.append((result, sizes))
    return found
