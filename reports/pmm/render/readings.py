# SPDX-License-Identifier: MIT
"""Readings of many subjects, told in few words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pmm import words
from pmm.claim_documents import Measurement, Reading
from pmm.claims import in_order

FEW = 2
"""Subjects and backends that are named one by one."""
YES_NO = {"holds": ("yes", "no"), "does not hold": ("no", "yes")}


class Told(NamedTuple):
    """One value and the subjects that gave it."""

    word: str
    value: str
    who: str
    effect: str


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


def word_of(one: Measurement, reading: Reading) -> str:
    """Say what the reading answers, in a word."""
    supports = reading.effect == "supports"
    if reading.effect == "failed":
        return "not confirmed"
    if one.expected in YES_NO:
        return YES_NO[one.expected][0 if supports else 1]
    if one.expected == "done":
        return "yes"
    word = words.TRUTHS[one.expected].word
    return word if supports else f"not {word}"


def told(one: Measurement) -> Evidence:
    """Group a measure's readings by their value; against the claim first, then most."""
    groups: dict[tuple[str, str], list[Reading]] = {}
    for reading in one.readings:
        groups.setdefault((reading.value, reading.effect), []).append(reading)
    rows = [
        Told(
            word_of(one, readings[0]), value,
            together([(r.subject, r.backend) for r in readings]), effect,
        )
        for (value, effect), readings in sorted(
            groups.items(), key=lambda item: (item[0][1] == "supports", -len(item[1]))
        )
    ]  # fmt: skip
    return Evidence(one.what, rows[0] if rows else None, rows[1:])
