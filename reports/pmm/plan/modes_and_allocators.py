# SPDX-License-Identifier: MIT
"""How often the same cases are repeated: collector modes and allocators.

Requirement DOM-016 wants the same semantics whatever serves the memory, and every
collector mode of a runtime has to keep the same requirements. So the cases are
repeated in several modes and over several allocators, as many as the profile says
(`pmm.plan.profiles`); `--mode` and `--allocator` ask for others, and `all` is every one
there is. Modes are those that a subject declares, allocators those that an
interpreter was built with (PYTHONMALLOC).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from pmm.base.typed_names import unknown
from pmm.plan.profiles import Profile, reaches

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
    known: Sequence[str], wanted: Sequence[str], how: Profile, lane: str,
    backend: str | None,
) -> tuple[str | None, ...]:  # fmt: skip
    """Return the modes in which a native subject runs a lane over a backend.

    `known` are the subject's modes, its default first; a subject without modes is
    asked for none.
    """
    if not known:
        return () if wanted and EVERY not in wanted else (None,)
    if wanted:
        return chosen(wanted, known)
    every = how.modes_in_lanes or (lane == "plain" and reaches(how.modes, backend))
    return tuple(known) if every else (known[0],)


def allocators_of_job(
    known: Sequence[str], wanted: Sequence[str], how: Profile, baseline: bool,
    seed: int,
) -> tuple[str | None, ...]:  # fmt: skip
    """Return the allocators over which a CPython runs; None is what it takes itself.

    `known` are those it was built with, its own choice first. A profile that does
    not take all takes one more on the baseline, another with another seed.
    """
    if wanted:
        return chosen(wanted, known)
    others = tuple(known[1:])
    if how.allocators == "every":
        return (None, *others)
    if how.allocators == "yardsticks" and baseline and others:
        return (None, others[seed % len(others)])
    return (None,)
