# SPDX-License-Identifier: MIT
"""Names that users type: found, or refused with the nearest ones.

A backend is typed as a listed name or a glob, ./lib.so, name=./lib.so, or
name=./lib.so,prefix=my_; a subject as reference, cpython, cpython-3.11, a glob of
those, ./mine.so, /path/of/python3, cpython:/path/of/python3, or name= before any
of these paths. What stands in front of a `=` is a name where no `/` is before it.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from pmm.base.cache import FETCHED_ALLOCATORS
from pmm.base.errors import UsageError

MOST_NAMES = 12
"""Names that an error message lists at most."""
LONGEST_NAME = 60
LIBRARY = re.compile(r"\.so(\.\d+)*$")
OPTIONS = re.compile(r"((?:,(?!env=)[a-z_]+=[^,]*)*,(?:env=.*|[a-z_]+=[^,]*))$")
"""What may stand behind the path of a malloc-like library; env= is the last."""
INTERPRETER = re.compile(r"python(\d(\.\d+)?)?")


@dataclass(frozen=True)
class BackendSpec:
    """One `--backend` as it was typed."""

    text: str
    label: str | None = None
    """The name that the user gives it."""
    path: str | None = None
    """The library; None: a listed name or a glob."""
    options: str = ""
    """`,prefix=my_`: it is malloc-like."""

    @property
    def spec(self) -> str:
        """How our programs are told of a library."""
        if self.label is None:
            return self.path or self.text
        return f"{self.label}={self.path}{self.options}"


@dataclass(frozen=True)
class SubjectSpec:
    """One `--subject` as it was typed."""

    text: str
    label: str | None = None
    path: str | None = None
    """A shared object or an interpreter; None: a listed name or a glob."""
    interpreter: bool = False
    """Whether it was called one; else the file says what it is."""

    @property
    def spec(self) -> str:
        """How our programs are told of a shared object."""
        path = self.path or self.text
        return path if self.label is None else f"{self.label}={path}"


def nearest(name: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """Return the known names that the given one was probably meant to be."""
    known = sorted(set(known), key=by_number)
    lowered = {candidate.lower(): candidate for candidate in reversed(known)}
    close = difflib.get_close_matches(name.lower(), lowered, n=limit, cutoff=0.5)
    inside = [key for key in lowered if name and name.lower() in key]
    return [lowered[key] for key in dict.fromkeys([*close, *inside])][:limit]


def unknown(kind: str, name: str, known: Iterable[str]) -> UsageError:
    """Make the error for a name that nothing bears."""
    known = sorted(set(known), key=by_number)
    message = f"no {kind} '{name}'"
    close = nearest(name, known)
    if close:
        return UsageError(f"{message}; did you mean {' or '.join(close)}?")
    if known:
        more = len(known) - MOST_NAMES
        rest = f" and {more} more (see `pmm list`)" if more > 0 else ""
        names = ", ".join(known[:MOST_NAMES])
        return UsageError(f"{message}; available: {names}{rest}")
    return UsageError(f"{message}; none is available (see `pmm doctor`)")


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


def is_own(spec: str) -> bool:
    """Tell whether a backend is a file of the user's, and not one that was fetched."""
    return is_path(spec) and FETCHED_ALLOCATORS not in spec


def slug(text: str) -> str:
    """Make a file name of a job id: no separator, no dot at the start, no surprise."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip(".-")[:120] or "job"


def by_number(text: str) -> str:
    """Make a sort key that puts 3.8 before 3.10."""
    return re.sub(r"\d+", lambda found: found[0].zfill(9), text)


def newest_first(version: str) -> tuple[int, ...]:
    """Make a sort key that puts 3.13 before 3.8, and 3.11.7 before 3.11.2."""
    return tuple(-int(number) for number in re.findall(r"\d+", version))


# ---------------------------------------------------------------- what is typed


def is_file(text: str) -> bool:
    """Tell whether a text is the path of a file; the longest names are none."""
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


def split_label(text: str) -> tuple[str | None, str]:
    """Split `name=rest`; a path may hold a `=` of its own."""
    label, equals, rest = text.partition("=")
    if not equals or "/" in label or is_file(text):
        return None, text
    return label, rest


def check_label(option: str, text: str, label: str) -> None:
    """Raise UsageError for a name that no table could show."""
    plain = label.isprintable() and label == label.strip() and label[:1] not in "-."
    if not label or not plain or len(label) > LONGEST_NAME:
        raise UsageError(
            f"{option} '{text[:200]}': a name has 1 to {LONGEST_NAME} printable "
            "characters, without blanks at its ends and without '-' or '.' at its start"
        )


def as_path(text: str) -> str:
    """Return a path as programs take it: with a `/`, and with no `~`."""
    whole = os.path.expanduser(text)  # noqa: PTH111 - the other raises for ~nobody
    return whole if "/" in whole else f"./{whole}"


def parse_backend(text: str) -> BackendSpec:
    """Read one `--backend`; raise UsageError for a form that there is not."""
    label, rest = split_label(text)
    found = OPTIONS.search(rest)
    options = found.group(1) if found and not is_file(rest) else ""
    path = rest.removesuffix(options)
    if label is None and options:
        stem = Path(path).name.partition(".")[0].removeprefix("lib") or "mine"
        raise UsageError(
            f"--backend '{text}': give the library a name: {stem}={path}{options}"
        )
    if label is None:
        is_library = "/" in text or LIBRARY.search(text)
        return BackendSpec(text, path=as_path(text) if is_library else None)
    check_label("--backend", text, label)
    if not path:
        raise UsageError(
            f"--backend '{text}': the form is name=/path/lib.so[,prefix=my_]"
        )
    return BackendSpec(text, label, as_path(path), options)


def parse_subject(text: str) -> SubjectSpec:
    """Read one `--subject`; raise UsageError for a form that there is not."""
    if text.startswith("python:"):
        return SubjectSpec(text)
    label, rest = split_label(text)
    if label is not None:
        check_label("--subject", text, label)
    family, colon, behind = rest.partition(":")
    called = family == "cpython" and bool(colon)
    path = behind if called else rest
    if not path and (called or label is not None):
        form = "cpython:/path/of/python3" if called else "name=/path/mine.so"
        raise UsageError(f"--subject '{text}': the form is {form}")
    program = INTERPRETER.fullmatch(path) if "/" not in path else None
    there = shutil.which(path) if program and not is_file(path) else None
    if there is not None:
        return SubjectSpec(text, label, there, interpreter=True)
    if called or label is not None or "/" in path or LIBRARY.search(path):
        return SubjectSpec(text, label, as_path(path), called)
    return SubjectSpec(text)


# --------------------------------------------------------------------- labels


def fitting(label: str) -> bool:
    """Tell whether a name that a library declares can stand in a table."""
    return 0 < len(label) <= LONGEST_NAME and label.isprintable() and "/" not in label


def plain(text: str) -> str:
    """Return a text in one line, in the order in which it is written."""
    return "".join(c if c.isprintable() else "?" for c in text)


def parts_of(path: str) -> tuple[str, ...]:
    """Return the parts of a path from the root on; links are not followed."""
    return Path(os.path.normpath(Path.cwd() / path)).parts


def tail_of(path: str, parts: int) -> str:
    """Return the last parts of a path, as a label."""
    whole = plain("/".join(parts_of(path)[-parts:]))
    return whole if len(whole) <= LONGEST_NAME else f"…{whole[1 - LONGEST_NAME :]}"


def shortest_tail(path: str, others: Sequence[str], taken: Iterable[str]) -> str:
    """Return the fewest last parts of a path that no other path ends in."""
    known = set(taken)
    for parts in range(1, len(parts_of(path)) + 1):
        label = tail_of(path, parts)
        if label not in {*known, *(tail_of(other, parts) for other in others)}:
            return label
    return tail_of(path, 1)


def apart(paths: Sequence[str], taken: Iterable[str]) -> list[str]:
    """Label paths by the fewest of their last parts that tell them apart.

    Where those are not enough (as they are cut), a number stands behind.
    """
    used, labels = set(taken), list[str]()
    for at, path in enumerate(paths):
        label = shortest_tail(path, [*paths[:at], *paths[at + 1 :]], used)
        number = 1
        while id_part(label) in {id_part(one) for one in used}:
            number += 1
            label = f"{tail_of(path, 1)} {number}"
        used.add(label)
        labels.append(label)
    return labels


def id_part(label: str) -> str:
    """Return a label as a part of an id, whose parts are set apart by `/`."""
    return label.replace("/", ":")
