# SPDX-License-Identifier: MIT
"""Readings of many subjects, told in few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pmm.base import formatting
from pmm.documents.claims import Measurement, Reading
from pmm.judge.claims import in_order

FEW = 2
"""Subjects and backends that are named one by one."""
OPPOSITES = {"yes": "no", "no": "yes"}


class Told(NamedTuple):
    """One value and the subjects that gave it."""

    word: str
    value: str
    who: str
    effect: str
    jobs: tuple[str, ...]
    """The jobs that read it."""


class Evidence(NamedTuple):
    """A measure: its first value, and the others."""

    what: str
    first: Told | None
    others: list[Told]


def together(who: Sequence[tuple[str, str | None]]) -> str:
    """Name subjects, each with the backends it ran over."""
    over: dict[str, list[str]] = {}
    for subject, backend in who:
        over.setdefault(subject, []).extend([backend] if backend else [])
    pythons = sorted((s for s in over if s.startswith("CPython")), key=in_order)
    out = [
        subject + backends(over[subject]) for subject in over if subject not in pythons
    ]
    if len(pythons) > FEW:
        first, last = (
            one.removeprefix("CPython ") for one in (pythons[0], pythons[-1])
        )
        out.append(f"{len(pythons)} CPythons, {first} to {last}")
    else:
        out += pythons
    return " and ".join(out)


def backends(names: Sequence[str]) -> str:
    """Name few backends, count many."""
    if len(names) > FEW:
        return f" over {len(names)} backends"
    return f" over {' and '.join(names)}" if names else ""


def word_of(expected: str, effect: str) -> str:
    """Say what a reading answers, in a word."""
    if effect == "failed":
        return "not confirmed"
    if expected in OPPOSITES:
        return expected if effect == "supports" else OPPOSITES[expected]
    word = formatting.TRUTHS[expected].word
    return word if effect == "supports" else f"not {word}"


def merged(
    measurements: Sequence[Measurement], jobs: Mapping[str, str] = {}
) -> list[Evidence]:
    """Tell the measures, those of several workloads that say the same as one; `jobs`
    are by their commands.
    """
    groups: dict[tuple[str, str], list[Reading]] = {}
    for one in measurements:
        groups.setdefault((one.what, one.expected), []).extend(one.readings)
    return [
        told(what, expected, rows, jobs) for (what, expected), rows in groups.items()
    ]


def told(
    what: str, expected: str, readings: Sequence[Reading], jobs: Mapping[str, str]
) -> Evidence:
    """Group readings by their value; those against the claim first, then most."""
    groups: dict[tuple[str, str], list[Reading]] = {}
    for reading in sorted(readings, key=lambda r: in_order(r.subject)):
        groups.setdefault((reading.value, reading.effect), []).append(reading)
    rows = [
        Told(
            word_of(expected, effect), value,
            together([(r.subject, r.backend) for r in found]), effect,
            tuple(jobs[r.command] for r in found if r.command and r.command in jobs),
        )
        for (value, effect), found in sorted(
            groups.items(), key=lambda item: (item[0][1] == "supports", -len(item[1]))
        )
    ]  # fmt: skip
    return Evidence(what, rows[0] if rows else None, rows[1:])
