# SPDX-License-Identifier: MIT
"""Cells of the matrix put together: what one case shows is one finding.

Columns that differ in the lane alone make a place: one subject over one backend
in one mode. A case that goes wrong in three lanes there is told once, with the
list of its lanes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pmm.collect.conform import BAD
from pmm.documents.programs import CLASSES
from pmm.documents.results import CaseResult, Column


class Place(NamedTuple):
    """A subject over a backend in a mode, and its columns, one a lane."""

    id: str
    label: str
    columns: tuple[Column, ...]


class Saying(NamedTuple):
    """What a case says in some columns, in the same words."""

    outcome: str
    message: str
    columns: tuple[str, ...]
    first: CaseResult


def without_lane(column: Column) -> tuple[str, str]:
    """Return id and label of a column's place."""
    name = column.id.removesuffix(f"/{column.lane}")
    return name, column.label.removesuffix(f" {column.lane}")


def places_of(columns: Iterable[Column]) -> tuple[Place, ...]:
    """Put the columns together that differ in the lane alone, in their order."""
    found: dict[str, list[Column]] = {}
    for column in columns:
        found.setdefault(without_lane(column)[0], []).append(column)
    return tuple(
        Place(name, without_lane(members[0])[1], tuple(members))
        if len(members) > 1
        else Place(members[0].id, members[0].label, tuple(members))
        for name, members in found.items()
    )


def worst_first(cases: Iterable[CaseResult]) -> list[CaseResult]:
    """Order what one case came to in several columns."""
    return sorted(cases, key=lambda case: -CLASSES.index(case.outcome))


def sayings(cases: Iterable[CaseResult], names: Mapping[str, str]) -> list[Saying]:
    """Tell the same words once, with the names of the columns that said them."""
    found: dict[tuple[str, str], list[CaseResult]] = {}
    for case in worst_first(cases):
        said = case.message or case.expectation or case.title
        found.setdefault((case.outcome, said), []).append(case)
    return [
        Saying(
            outcome, said, tuple(names[one.column] for one in members), members[0]
        )
        for (outcome, said), members in found.items()
    ]


def bad(cases: Iterable[CaseResult]) -> list[CaseResult]:
    """Return the cells that fail a run."""
    return [case for case in cases if case.outcome in BAD]
