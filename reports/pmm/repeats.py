# SPDX-License-Identifier: MIT
"""How often the same cases are repeated: collector modes and allocators.

Requirement DOM-016 wants the same semantics whatever serves the memory, and every
collector mode of a runtime has to keep the same requirements. So the cases are
repeated

quick     in every mode over the first yardstick
standard  in every mode over every backend, in the plain lane; over every
          allocator of the baseline CPython
full      in every mode over every backend, in every lane; over every allocator of
          every CPython

and `--mode` and `--allocator` ask for others; `all` is every one there is. Modes
are those that a subject declares, allocators those that an interpreter was built
with (PYTHONMALLOC).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from pmm.names import unknown

EVERY = "all"


def chosen(wanted: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Return what one subject has of the wanted names or globs, in its order."""
    return tuple(
        name
        for name in known
        if EVERY in wanted or any(fnmatchcase(name, glob) for glob in wanted)
    )


def refuse_unknown(kind: str, wanted: Iterable[str], known: Sequence[str]) -> None:
    """Raise UsageError for a name that no subject of the run has."""
    for name in wanted:
        if name != EVERY and not chosen([name], known):
            raise unknown(kind, name, known)


def modes_of_job(
    known: Sequence[str], wanted: Sequence[str], profile: str, lane: str, first: bool
) -> tuple[str | None, ...]:
    """Return the modes in which a native subject runs a lane over a backend.

    `known` are the subject's modes, its default first; a subject without modes is
    asked for none. `first` tells whether the backend is the first yardstick.
    """
    if not known:
        return () if wanted and EVERY not in wanted else (None,)
    if wanted:
        return chosen(wanted, known)
    plain = lane == "plain" and (first or profile == "standard")
    return tuple(known) if plain or profile == "full" else (known[0],)


def allocators_of_job(
    known: Sequence[str], wanted: Sequence[str], profile: str, baseline: bool
) -> tuple[str | None, ...]:
    """Return the allocators over which a CPython runs; None is what it takes itself.

    `known` are those it was built with, its own choice first.
    """
    if wanted:
        return chosen(wanted, known)
    every = profile == "full" or (profile == "standard" and baseline)
    return (None, *known[1:]) if every else (None,)
