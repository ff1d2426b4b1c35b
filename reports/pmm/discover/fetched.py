# SPDX-License-Identifier: MIT
"""The allocators that `pmm fetch` brought: what lies in its cache, complete.

Each is known by the name under which it was fetched, and is asked as a library that
a user names by its path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from pmm.base.cache import ALLOCATOR, fetched_roots
from pmm.base.decoding import decode_json
from pmm.base.typed_names import parse_backend
from pmm.discover.named_by_path import Named, NamedBackend


class FetchedAllocator(msgspec.Struct, frozen=True):
    """One of them, as its folder tells of it."""

    name: str
    library: str
    options: str
    """What stands behind the path in `--backend`."""
    instead_of: str | None
    """The backend that it stands for when nobody chooses."""
    version: str

    @property
    def spec(self) -> str:
        """How it is named by its path."""
        return f"{self.name}={self.library}{self.options}"


def fetched_allocators() -> Iterator[FetchedAllocator]:
    """Yield those that are there, by name; a damaged one is none."""
    for root in fetched_roots("allocators"):
        try:
            text = (root / ALLOCATOR).read_bytes()
            one = decode_json(text, FetchedAllocator)
        except (OSError, msgspec.MsgspecError):
            continue
        if Path(one.library).is_file():
            yield one


def meant(texts: Sequence[str], every: bool) -> list[FetchedAllocator]:
    """Return those that a command line means: by name or glob, or all of them.

    Where a user gives a file of the same name, that one is meant.
    """
    taken = {parse_backend(text).label for text in texts}
    return [
        one
        for one in fetched_allocators()
        if one.name not in taken
        and (every or any(fnmatchcase(one.name, text) for text in texts))
    ]


def without(texts: Iterable[str], found: Iterable[FetchedAllocator]) -> list[str]:
    """Return what was typed, but for the names of those."""
    names = {one.name for one in found}
    return [text for text in texts if text not in names]


def of_names(texts: Iterable[str], found: Iterable[FetchedAllocator]) -> list[str]:
    """Return the names and globs that mean none of those, and no file."""
    names = [one.name for one in found]
    return [
        text
        for text in texts
        if parse_backend(text).path is None
        and not any(fnmatchcase(name, text) for name in names)
    ]


def as_fetched(named: Named, found: Iterable[FetchedAllocator]) -> Named:
    """Say of those that were asked by their paths that they were fetched."""
    known = {one.spec: one for one in found}
    return replace(
        named,
        backends=tuple(
            told(one, known[one.spec]) if one.spec in known else one
            for one in named.backends
        ),
    )


def told(one: NamedBackend, fetched: FetchedAllocator) -> NamedBackend:
    """Give an entry its version, and nobody who typed it."""
    entry = msgspec.structs.replace(
        one.entry, origin="fetched", version=fetched.version
    )
    return replace(one, typed=(), entry=entry, instead_of=fetched.instead_of)
