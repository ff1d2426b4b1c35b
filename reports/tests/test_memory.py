# SPDX-License-Identifier: MIT
"""The memory page's curves of sparse data."""

from __future__ import annotations

import random

import msgspec
from sample import variant, work_document

from pmm.documents import WorkResult
from pmm.programs import Figure, Variant
from pmm.render import memory


def form(name: str, costs: dict[str, int], **breaks: int | None) -> Variant:
    """A variant with a cost at each density, and its break-evens."""
    figures = [
        Figure(name=f"bytes_at_{at}_percent", value=cost, unit="bytes", exact=True)
        for at, cost in costs.items()
    ]
    figures += [
        Figure(name=f"break_even_{dense}_density", value=at, unit="1/10000", exact=True)
        for dense, at in breaks.items()
    ]
    made = variant(random.Random(1), name, 4096, False)
    return msgspec.structs.replace(made, figures=tuple(figures))


def sparse_result() -> WorkResult:
    document = msgspec.structs.replace(
        work_document(random.Random(1), "cycles", "reference", "pool"),
        workload="sparse",
        variants=(
            form("array", {"0.1": 8040, "100": 8040}),
            form("csr", {"0.1": 150, "100": 16080}, list=None, array=4950),
        ),
    )
    return WorkResult(
        job="work/sparse", interpreter=None, document=document, command="pmm-work"
    )


def test_both_curves_and_the_break_even_are_drawn():
    (drawn,) = memory._charts([("reference / pool", sparse_result())], "sparse")
    assert "<svg" in drawn.svg
    assert drawn.note.startswith("4 measured points.")
    assert "csr costs more than the array from 49.5 percent" in drawn.alt
    assert "csr costs more than the list at no density" in drawn.alt
    assert "array costs" not in drawn.alt


def test_a_result_without_densities_has_no_curve():
    other = sparse_result()
    other = msgspec.structs.replace(
        other, document=msgspec.structs.replace(other.document, variants=())
    )
    assert memory._charts([("reference / pool", other)], "sparse") == []
