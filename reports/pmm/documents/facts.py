# SPDX-License-Identifier: MIT
"""What one CPython's memory manager is made of, and a few programs line by line.

`reports/pmm/inside/facts/run.py` writes a `FactsDocument` inside an interpreter. A
`Fact` is one measured value; a `Film` has a `Frame` for each line that was executed,
with every object that the program named, as it is behind that line.
"""

from __future__ import annotations

from typing import Literal

from pmm.documents.programs import Schema, Strict

FactValue = int | bool | str | tuple[int, ...] | None
"""None where an interpreter does not say."""


class Fact(Strict, frozen=True):
    """One value that an interpreter was asked for."""

    key: str
    group: str
    title: str
    unit: str
    value: FactValue


class FilmObject(Strict, frozen=True):
    """An object behind a line."""

    place: int
    """The same for the same object in all frames of a film."""
    names: tuple[str, ...]
    """Empty where it has lost its names and is still there."""
    text: str
    references: int | None
    """From everywhere; null where it is not counted (immortal)."""
    size_bytes: int
    generation: int | None
    """Of the collector; null where that does not follow it."""


class Frame(Strict, frozen=True):
    """What is there behind one executed line."""

    line: int
    objects: tuple[FilmObject, ...]
    blocks: int
    """Memory blocks more than before the program."""
    live_bytes: int
    """Bytes more than before the program."""


class Film(Strict, frozen=True):
    """A program of a few lines, and what each does to memory."""

    name: str
    article: int
    title: str
    lesson: str
    source: tuple[str, ...]
    frames: tuple[Frame, ...]


class FactsDocument(Strict, frozen=True, tag_field="type", tag="facts"):
    """The whole answer of one interpreter."""

    schema: Schema
    subject: str
    subject_version: str
    build: str
    """What is unusual about it, such as `debug`; empty: nothing."""
    allocator: str
    """What PYTHONMALLOC named; empty: the interpreter's own choice."""
    facts: tuple[Fact, ...]
    films: tuple[Film, ...]


class FactSheet(Strict, frozen=True):
    """An interpreter's document, and the job that had it made."""

    job: str
    interpreter: str | None
    document: FactsDocument
    command: str


FACTS: Literal["facts"] = "facts"
"""The kind of job that makes them."""
