# SPDX-License-Identifier: MIT
"""Names that users type: found, or refused with the nearest ones."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from pmm.errors import UsageError

MOST_NAMES = 12
"""Names that an error message lists at most."""


def nearest(name: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """Return the known names that the given one was probably meant to be."""
    known = sorted(set(known))
    lowered = {candidate.lower(): candidate for candidate in reversed(known)}
    close = difflib.get_close_matches(name.lower(), lowered, n=limit, cutoff=0.5)
    inside = [key for key in lowered if name and name.lower() in key]
    return [lowered[key] for key in dict.fromkeys([*close, *inside])][:limit]


def unknown(kind: str, name: str, known: Iterable[str]) -> UsageError:
    """Make the error for a name that nothing bears."""
    known = sorted(set(known))
    message = f"no {kind} '{name}'"
    close = nearest(name, known)
    if close:
        return UsageError(f"{message}; did you mean {' or '.join(close)}?")
    if known:
        more = len(known) - MOST_NAMES
        rest = f" and {more} more (see `pmm list`)" if more > 0 else ""
        names = ", ".join(known[:MOST_NAMES])
        return UsageError(f"{message}; there are: {names}{rest}")
    return UsageError(f"{message}; none is there (see `pmm doctor`)")


def choose(kind: str, wanted: Sequence[str], known: Sequence[str]) -> list[str]:
    """Return the known names that match the wanted names or globs, in known order.

    Raises UsageError at the first wanted one that matches nothing.
    """
    chosen: set[str] = set()
    for pattern in wanted:
        hits = [name for name in known if name == pattern or fnmatchcase(name, pattern)]
        if not hits:
            raise unknown(kind, pattern, known)
        chosen.update(hits)
    return [name for name in known if name in chosen]


def is_path(name: str) -> bool:
    """Tell whether a name is a file or a spec rather than a listed name."""
    return "/" in name or "=" in name or name.endswith(".so")


def slug(text: str) -> str:
    """Make a file name of a job id: no separator, no dot at the start, no surprise."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip(".-")[:120] or "job"


def by_number(text: str) -> str:
    """Make a sort key that puts 3.8 before 3.10."""
    return re.sub(r"\d+", lambda found: found[0].zfill(9), text)


def newest_first(version: str) -> tuple[int, ...]:
    """Make a sort key that puts 3.13 before 3.8, and 3.11.7 before 3.11.2."""
    return tuple(-int(number) for number in re.findall(r"\d+", version))
