# SPDX-License-Identifier: MIT
"""CPythons: which are on this machine, who a path is, which may host the suite.

An interpreter is started only when it may be meant: the name of its file says
its version (python3.11), so `cpython-3.11` starts no other one.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pmm.base.errors import PmmError, UsageError
from pmm.base.paths import Paths, shown
from pmm.base.typed_names import by_number
from pmm.discover.asking import Answer, ask

EXTENSION_FOLDER = "impl/subjects/cpython"
OLDEST = (3, 8)
SHARED_SINCE = (3, 10)
"""Versions that one extension serves together."""
BASELINE = "cpython-3.11"
"""The version of the specification."""
NAMES = tuple(f"python3.{minor}" for minor in range(8, 16))
ANSWER_SECONDS = 10
"""What an interpreter has for its answer."""
# Distributions optimise by profile in their own build rules, which leave no
# trace in sysconfig; an interpreter of the system is taken for optimised.
PROBE = """
import json, platform, sys, sysconfig
get = sysconfig.get_config_var
debug, free = bool(get("Py_DEBUG")), bool(get("Py_GIL_DISABLED"))
names = ["malloc"] if not free else []
if get("WITH_MIMALLOC") and sys.version_info >= (3, 13):
    names.insert(0, "mimalloc")
if get("WITH_PYMALLOC") and not free:
    names.insert(0, "pymalloc")
names = [name + mark for mark in ("", "_debug") for name in names]
print(json.dumps({
    "allocators": sorted(names, key=lambda n: debug and not n.endswith("_debug")),
    "implementation": platform.python_implementation(),
    "version": platform.python_version(),
    "executable": sys.executable,
    "optimised": getattr(sys, "base_prefix", "") == "/usr"
    or "--enable-optimizations" in (get("CONFIG_ARGS") or ""),
    "debug": debug,
    "free_threaded": free,
    "compiler": platform.python_compiler(),
}))
"""


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

    @property
    def order(self) -> tuple[int, ...]:
        """The version as numbers, for sorting."""
        return tuple(int(part) for part in re.findall(r"\d+", self.version))

    @property
    def real(self) -> Path:
        """The binary itself."""
        return Path(self.interpreter).resolve()


def candidates() -> list[Path]:
    """Return paths that may be a CPython: on PATH, in /usr/bin, of pyenv."""
    folders = [Path(part) for part in os.environ.get("PATH", "").split(":") if part]
    folders.append(Path("/usr/bin"))
    versions = Path.home() / ".pyenv" / "versions"
    if versions.is_dir():
        folders += sorted(path / "bin" for path in versions.iterdir())
    found: dict[Path, Path] = {}
    for folder in folders:
        for name in NAMES:
            path = folder / name
            if path.is_file() and os.access(path, os.X_OK):
                found.setdefault(path.resolve(), path)
    return list(found)


def family_of(path: Path) -> str:
    """Return what a candidate is by the name of its file: `cpython-3.11`."""
    return "c" + path.name.replace("python", "python-", 1)


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


def describe(path: str | Path, working: Path) -> tuple[dict[str, Any] | None, Answer]:
    """Ask an interpreter who it is; None when it does not say.

    A text keeps its `./`, without which it would be looked for on the PATH.
    Raises PmmError when it does not start or does not end.
    """
    answer = ask([path, "-I", "-c", PROBE], working, ANSWER_SECONDS)
    if answer.returncode == 2 and "-I" in answer.stderr:  # Python 2 has no -I
        answer = ask([path, "-c", PROBE], working, ANSWER_SECONDS)
    lines = answer.stdout.strip().splitlines()
    try:
        found = json.loads(lines[-1]) if lines else None
    except ValueError:
        found = None
    return (found if isinstance(found, dict) else None), answer


def host_script(paths: Paths, version: str, named: bool = False) -> list[str]:
    """Return the start of a command line of the host script.

    The script looks into the clone's own build; another one has to be named, as
    has one whose binary is to be noted (`named`).
    """
    script = shown(paths.host_script)
    if paths.build == paths.root / "build" and not named:
        return [script]
    major, minor = version.split(".")[:2]
    own, shared = f"_pmm.cpython-{major}{minor}.so", "_pmm.abi3.so"
    folder = paths.build / EXTENSION_FOLDER
    usual = own if (int(major), int(minor)) < SHARED_SINCE else shared
    there = [name for name in (own, shared) if (folder / name).is_file()]
    return [script, "--module", shown(folder / [*there, usual][0])]


def host_state(path: str, version: str, paths: Paths) -> tuple[bool, str | None]:
    """Ask the host script whether the extension loads into an interpreter."""
    if not paths.host_script.is_file():
        return False, "conformance/cpython_host.py is missing"
    try:
        command = [path, *host_script(paths, version), "--describe"]
        answer = ask(command, Path.cwd())
    except PmmError as error:
        return False, str(error)
    if answer.returncode == 0:
        return True, None
    reason = answer.last_words or answer.ending
    return False, reason.removeprefix(f"{paths.host_script.name}: ")


def hosted(one: CPython, paths: Paths) -> CPython:
    """Return the entry with whether the extension loads."""
    hosts, reason = host_state(one.interpreter, one.version, paths)
    return dataclasses.replace(one, hosts=hosts, reason=reason)


def unlike(name: str, taken: Iterable[str]) -> str:
    """Return the name, with a number behind it where it is taken."""
    known, number, found = set(taken), 2, name
    while found in known:
        found, number = f"{name}-{number}", number + 1
    return found


def find_cpythons(
    paths: Paths, names: Sequence[str] | None = None
) -> tuple[CPython, ...]:
    """Return the CPythons of 3.8 and later, each real binary once, by version.

    `names`: those that are wanted, `cpython-3.11` or a glob; None: all.
    """
    found: dict[str, CPython] = {}
    seen: set[Path] = set()
    for path in candidates():
        if names is not None and not any(may_be(path, name) for name in names):
            continue
        try:
            answer, _ = describe(path, paths.root)
        except PmmError:
            continue
        if answer is None or answer["implementation"] != "CPython":
            continue
        one = make_cpython(answer)
        if one.real in seen or one.order[:2] < OLDEST:
            continue
        seen.add(one.real)
        one = dataclasses.replace(hosted(one, paths), id=unlike(one.id, found))
        found[one.id] = one
    return tuple(sorted(found.values(), key=lambda one: (one.order, one.id)))


def make_cpython(answer: dict[str, Any]) -> CPython:
    """Make the entry of an interpreter, not yet asked about the extension."""
    marks = [word for word in ("debug", "free_threaded") if answer[word]]
    optimised = bool(answer["optimised"])
    build = ", ".join(
        ["optimised" if optimised else "not optimised", *marks, answer["compiler"]]
    )
    return CPython(
        id="-".join([f"cpython-{answer['version']}", *marks]),
        interpreter=answer["executable"],
        version=answer["version"],
        optimised=optimised,
        build=build,
        hosts=False,
        reason=None,
        allocators=tuple(answer["allocators"]),
    )


def cpython_at(path: str, paths: Paths) -> CPython:
    """Ask the interpreter of a path; raise UsageError when it is none of ours."""
    try:
        answer, said = describe(path, Path.cwd())
    except PmmError as error:
        raise UsageError(f"{path} is not a CPython that answers: {error}") from error
    if answer is None:
        words = f" ({said.last_words})" if said.last_words else ""
        raise UsageError(f"{path} is not a CPython that answers: {said.ending}{words}")
    if answer["implementation"] != "CPython":
        raise UsageError(f"{path} is not a CPython: it is {answer['implementation']}")
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
