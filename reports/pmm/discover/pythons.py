# SPDX-License-Identifier: MIT
"""Any Python: those that run the cases in plain Python (conformance/python).

They are named as `python:` and a path or a program's name, or found: by the names
of their files, and the `pyodide` package where node is. Who they are they say to
the face's own program, which starts them.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pmm.base.cache import cache_folder
from pmm.base.decoding import decode_json
from pmm.base.errors import PmmError, UsageError
from pmm.base.paths import Paths, shown
from pmm.base.typed_names import id_part
from pmm.discover.asking import ask
from pmm.discover.whereabouts import other_pythons
from pmm.documents.jobs import FACE
from pmm.documents.programs import Foreign

PREFIX = "python:"
START_SECONDS = 10


class Described(Foreign, frozen=True):
    """What `conform.py --describe` prints."""

    family: str
    version: str
    build: str
    fault: str | None = None


@dataclass(frozen=True)
class AnyPython:
    """One interpreter that runs the Python face."""

    id: str
    """`pypy3-8.0.1`."""
    family: str
    version: str
    path: str
    """As the face's program is told of it."""
    build: str
    typed: tuple[str, ...] = ()
    fault: str | None = None
    """What it did instead of saying what it is: its column says so."""


def face_command(paths: Paths, path: str) -> list[str]:
    """Return the start of the command that runs the face on an interpreter."""
    return [sys.executable, shown(paths.root / FACE), "--python", path]


def described(paths: Paths, path: str) -> AnyPython:
    """Ask an interpreter who it is; raise PmmError for one that does not start."""
    argv = [*face_command(paths, path), "--describe", "--start", str(START_SECONDS)]
    answer = ask(argv, Path.cwd())
    if answer.returncode != 0:
        raise PmmError(answer.last_words.removeprefix("conform.py: "))
    said = decode_json(answer.stdout, Described)
    name = f"{said.family}-{said.version}" if said.fault is None else Path(path).name
    return AnyPython(
        id=id_part(name), family=said.family, version=said.version, path=path,
        build=said.build, fault=said.fault,
    )  # fmt: skip


def named_pythons(paths: Paths, texts: Sequence[str]) -> list[AnyPython]:
    """Return those that `python:` names; raise UsageError for what does not start."""
    out: dict[str, AnyPython] = {}
    for text in texts:
        path = text.removeprefix(PREFIX)
        if not text.startswith(PREFIX) or path in out:
            continue
        if not path:
            raise UsageError(f"--subject '{text}': the form is python:/path/of/pypy3")
        try:
            out[path] = replace(described(paths, path), typed=(text,))
        except PmmError as error:
            raise UsageError(f"--subject {text}: {error}") from error
    return list(out.values())


def pyodide_folders() -> list[Path]:
    """Return where the package of npm is, where node can start it."""
    if shutil.which("node") is None:
        return []
    homes = [Path.cwd(), cache_folder(), Path("/usr/lib"), Path("/usr/local/lib")]
    folders = [home / "node_modules" / "pyodide" for home in homes]
    return [one for one in folders if (one / "pyodide.mjs").is_file()][:1]


def found_pythons(paths: Paths, names: Sequence[str]) -> list[AnyPython]:
    """Return the Pythons of this machine that are no CPython; all for no names."""
    places = [*other_pythons(), *pyodide_folders()]
    families = [name.partition("-")[0] for name in names]
    out: list[AnyPython] = []
    for place in places:
        if names and not any(one and place.name.startswith(one) for one in families):
            continue
        try:
            one = described(paths, str(place))
        except PmmError:
            continue
        if one.fault is None and one.id not in {other.id for other in out}:
            out.append(one)
    return out


def find_pythons(
    paths: Paths, subjects: Sequence[str], every: bool
) -> tuple[AnyPython, ...]:
    """Return those that a command needs, each under a name of its own."""
    named = named_pythons(paths, subjects)
    plain = [text for text in subjects if "/" not in text and ":" not in text]
    known = ("pypy", "micropython", "pyodide", "graalpy")
    wanted = [text for text in plain if text.startswith(known)]
    found = found_pythons(paths, wanted) if wanted or (every and not subjects) else []
    ids = {one.id for one in found}
    out = list(found)
    for one in named:
        number, name = 2, one.id
        while name in ids:
            name, number = f"{one.id}-{number}", number + 1
        ids.add(name)
        out.append(replace(one, id=name))
    return tuple(out)
