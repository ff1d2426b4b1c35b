# SPDX-License-Identifier: MIT
"""CPythons: which are on this machine, who a path is, which may host the suite.

An interpreter is started only when it may be meant: the name of its file says
its version (python3.11), so `cpython-3.11` starts no other one.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pmm.base.decoding import any_json
from pmm.base.errors import PmmError, UsageError
from pmm.base.paths import Paths, shown
from pmm.base.typed_names import by_number
from pmm.discover.asking import ask
from pmm.discover.introductions import (
    Introduction,
    Stranger,
    introduce,
    meet,
    other_strangers,
)
from pmm.discover.whereabouts import candidates, family_of

EXTENSION_FOLDER = "impl/hosts/cpython"
OLDEST = (3, 8)
SHARED_SINCE = (3, 10)
"""Versions that one extension serves together."""
BASELINE = "cpython-3.11"
"""The version of the specification."""
ANSWER_SECONDS = 10
"""What an interpreter has for its answer."""


@dataclass(frozen=True)
class CPython:
    """One interpreter that was found."""

    id: str
    """`cpython-3.11.7`, with what is unusual about the build behind it."""
    interpreter: str
    version: str
    optimised: bool
    build: str
    hosts: bool
    """Whether the suite's extension can be loaded into it."""
    reason: str | None
    """Why not."""
    allocators: tuple[str, ...] = ()
    """What PYTHONMALLOC may name in this build; its own choice first."""
    free_threaded: bool = False
    """Built without the global lock: it loads no shared extension."""

    @property
    def order(self) -> tuple[int, ...]:
        """The version as numbers, for sorting."""
        return tuple(int(part) for part in re.findall(r"\d+", self.version))

    @property
    def real(self) -> Path:
        """The binary itself."""
        return Path(self.interpreter).resolve()


def nearest_versions(name: str, ids: Iterable[str]) -> list[str]:
    """Return those that a version was probably meant to be, the nearest first.

    Beside the given ids those count that a file's name tells of: nothing starts.
    """

    def far(one: str) -> tuple[int, int, str]:
        minors = [re.findall(r"\d+", text)[1:2] for text in (name, one)]
        apart = [int(part[0]) if part else 0 for part in minors]
        same = [a == b for a, b in zip(name, one, strict=False)]
        alike = [*same, False].index(False)
        return -alike, abs(apart[0] - apart[1]), by_number(one)

    return sorted({*ids, *map(family_of, candidates())}, key=far)


def may_be(path: Path, name: str) -> bool:
    """Tell whether a candidate may be what a name or a glob means."""
    family = family_of(path)
    if name in ("cpython", family) or re.search(r"[*?\[]", name):
        return True
    return name.startswith((f"{family}.", f"{family}-"))


def host_script(
    paths: Paths, version: str, named: bool = False, free_threaded: bool = False
) -> list[str]:
    """Return the start of a command line of the host script.

    The script looks into the clone's own build; another one has to be named, as
    has one whose binary is to be noted (`named`).
    """
    script = shown(paths.host_script)
    if paths.build == paths.root / "build" and not named:
        return [script]
    major, minor = version.split(".")[:2]
    own = f"_pmm.cpython-{major}{minor}{'t' if free_threaded else ''}.so"
    shares = (int(major), int(minor)) >= SHARED_SINCE and not free_threaded
    names = [own, *(["_pmm.abi3.so"] if shares else [])]
    folder = paths.build / EXTENSION_FOLDER
    there = [name for name in names if (folder / name).is_file()]
    return [script, "--module", shown(folder / [*there, names[-1]][0])]


def host_state(
    path: str, version: str, paths: Paths, free_threaded: bool = False
) -> tuple[bool, str | None]:
    """Ask the host script whether the extension loads into an interpreter."""
    if not paths.host_script.is_file():
        return False, "conformance/cpython_host.py is missing"
    try:
        script = host_script(paths, version, free_threaded=free_threaded)
        command = [path, *script, "--describe"]
        answer = ask(command, Path.cwd())
    except PmmError as error:
        return False, str(error)
    if answer.returncode == 0:
        return believed(answer.stdout, version)
    reason = answer.last_words or answer.ending
    return False, reason.removeprefix(f"{paths.host_script.name}: ")


def believed(described: str, version: str) -> tuple[bool, str | None]:
    """Tell whether an interpreter is of the version that it said it is.

    The extension asks the interpreter's own library.
    """
    try:
        own = any_json(described)["version"]
    except (ValueError, KeyError, TypeError):
        return False, "the extension gives no description in it"
    alike = own.rstrip("+") == version.rstrip("+")
    return alike, None if alike else f"it reports version {version}, but is {own}"


def hosted(one: CPython, paths: Paths) -> CPython:
    """Return the entry with whether the extension loads."""
    hosts, reason = host_state(
        one.interpreter, one.version, paths, one.free_threaded
    )
    return dataclasses.replace(one, hosts=hosts, reason=reason)


def unlike(name: str, taken: Iterable[str]) -> str:
    """Return the name, with a number behind it where it is taken."""
    known, number, found = set(taken), 2, name
    while found in known:
        found, number = f"{name}-{number}", number + 1
    return found


@dataclass(frozen=True)
class Found:
    """The interpreters of a machine."""

    cpythons: tuple[CPython, ...] = ()
    strangers: tuple[Stranger, ...] = ()
    """Those that no column can be made of."""


def survey(paths: Paths, names: Sequence[str] | None = None) -> Found:
    """Look for CPythons of 3.8 and later, each real binary once, by version.

    `names`: those that are wanted, `cpython-3.11` or a glob; None: all, and who
    else is there.
    """
    found: dict[str, CPython] = {}
    seen: set[Path] = set()
    strangers: list[Stranger] = []
    for path in candidates():
        if names is not None and not any(may_be(path, name) for name in names):
            continue
        said = meet(path, paths.root, ANSWER_SECONDS)
        if isinstance(said, Stranger):
            strangers.append(said)
            continue
        one = make_cpython(said)
        if one.real in seen:
            continue
        seen.add(one.real)
        one = dataclasses.replace(hosted(one, paths), id=unlike(one.id, found))
        found[one.id] = one
    if names is None:
        strangers += other_strangers(paths.root, ANSWER_SECONDS)
    ordered = sorted(found.values(), key=lambda one: (one.order, one.id))
    return Found(tuple(ordered), tuple(strangers))


def find_cpythons(
    paths: Paths, names: Sequence[str] | None = None
) -> tuple[CPython, ...]:
    """Return the CPythons that a survey finds."""
    return survey(paths, names).cpythons


def make_cpython(said: Introduction) -> CPython:
    """Make the entry of an interpreter, not yet asked about the extension."""
    marks = [
        *(["debug"] if said.debug else []),
        *(["free_threaded"] if said.free_threaded else []),
    ]
    kind = "optimised" if said.optimised else "not optimised"
    return CPython(
        id="-".join([f"cpython-{said.version}", *marks]),
        interpreter=said.executable,
        version=said.version,
        optimised=said.optimised,
        build=", ".join([kind, *marks, said.compiler]),
        hosts=False,
        reason=None,
        allocators=said.allocators,
        free_threaded=said.free_threaded,
    )


def cpython_at(path: str, paths: Paths) -> CPython:
    """Ask the interpreter of a path; raise UsageError when it is none of ours."""
    try:
        answer, said = introduce(path, Path.cwd(), ANSWER_SECONDS)
    except PmmError as error:
        raise UsageError(
            f"{path} does not answer as a CPython does: {error}"
        ) from error
    if answer is None:
        words = f" ({said.last_words})" if said.last_words else ""
        raise UsageError(
            f"{path} does not answer as a CPython does: {said.ending}{words}"
        )
    if answer.implementation != "CPython":
        raise UsageError(f"{path} is not a CPython: it is {answer.implementation}")
    one = make_cpython(answer)
    if one.order[:2] < OLDEST:
        oldest = ".".join(str(part) for part in OLDEST)
        raise UsageError(
            f"{path} is CPython {one.version}: the suite needs {oldest} or later"
        )
    return hosted(one, paths)


def primary(cpythons: Sequence[CPython]) -> CPython | None:
    """Return the CPython that gets full-sized workloads: 3.11, else the newest.

    3.11 is the specification's baseline; of several the first on the PATH's.
    """
    baseline = [one for one in cpythons if one.order[:2] == (3, 11)]
    optimised = [one for one in baseline if one.optimised]
    ranked = optimised or baseline or list(cpythons)
    return ranked[-1] if ranked else None
