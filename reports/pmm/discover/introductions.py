# SPDX-License-Identifier: MIT
"""What an interpreter says of itself, and whether that can be believed.

It may be anybody's file: it may hang, print anything, lack modules, be for another
machine, or be called what it is not. Then it is a stranger, with a sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pmm.base.decoding import any_json
from pmm.base.errors import PmmError
from pmm.discover.asking import Answer, ask
from pmm.discover.file_kinds import check_interpreter
from pmm.discover.whereabouts import family_of, other_pythons
from pmm.documents.programs import Foreign

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
arguments = get("CONFIG_ARGS") or ""
print(json.dumps({
    "allocators": sorted(names, key=lambda n: debug and not n.endswith("_debug")),
    "implementation": platform.python_implementation(),
    "version": platform.python_version(),
    "executable": sys.executable,
    "optimised": "'--prefix=/usr'" in arguments
    or getattr(sys, "base_prefix", "") == "/usr"
    or "--enable-optimizations" in arguments,
    "debug": debug,
    "free_threaded": free,
    "compiler": platform.python_compiler(),
}))
"""
NAME = """
import sys
name, version = sys.implementation.name, sys.implementation.version[:3]
if name != "micropython":
    import platform
    name, version = platform.python_implementation(), sys.version_info[:3]
print(name, ".".join(str(part) for part in version))
"""
"""What any Python can run."""
VERSION = re.compile(r"\d+\.\d+\.\d+([abc]|rc)?\d*\+?")


class Introduction(Foreign, frozen=True):
    """What a CPython, or something like it, said."""

    implementation: str
    version: str
    executable: str
    allocators: tuple[str, ...]
    optimised: bool
    debug: bool
    free_threaded: bool
    compiler: str


@dataclass(frozen=True)
class Stranger:
    """A file with an interpreter's name that no column can be made of."""

    path: str
    reason: str


def introduce(
    path: str | Path, working: Path, seconds: float
) -> tuple[Introduction | None, Answer]:
    """Ask an interpreter who it is; None when it does not say.

    A text keeps its `./`, without which it would be looked for on the PATH.
    Raises PmmError when it does not start or does not end.
    """
    answer = ask([path, "-I", "-c", PROBE], working, seconds)
    if answer.returncode == 2 and "-I" in answer.stderr:  # Python 2 has no -I
        answer = ask([path, "-c", PROBE], working, seconds)
    lines = answer.stdout.strip().splitlines()
    try:
        said = any_json(lines[-1]) if lines else None
        return msgspec.convert(said, Introduction), answer
    except msgspec.MsgspecError:
        return None, answer


def unlike_its_name(path: Path, said: Introduction) -> str | None:
    """Return what speaks against what a candidate said; None: nothing does."""
    if said.implementation != "CPython":
        name = f"{said.implementation} {said.version}"
        return f"it is {name}, not CPython: name it python:{path}"
    if not VERSION.fullmatch(said.version):
        return f"it reports the version '{said.version}'"
    family = ".".join(said.version.split(".")[:2])
    if family_of(path) != f"cpython-{family}":
        return f"it is named {path.name}, but reports version {said.version}"
    if (
        Path(said.executable).resolve() != path.resolve()
        and not Path(said.executable).is_file()
    ):
        return f"it reports its path as {said.executable or 'unknown'}"
    return None


def meet(path: Path, working: Path, seconds: float) -> Introduction | Stranger:
    """Ask a candidate who it is, and whether it can be believed."""
    try:
        check_interpreter(str(path))
        said, answer = introduce(path, working, seconds)
    except PmmError as error:
        return Stranger(str(path), str(error))
    if said is None:
        words = f" ({answer.last_words})" if answer.last_words else ""
        reason = f"it does not report what it is: {answer.ending}{words}"
        return Stranger(str(path), reason)
    against = unlike_its_name(path, said)
    return said if against is None else Stranger(str(path), against)


def name_of(path: Path, working: Path, seconds: float) -> str:
    """Return implementation and version of any Python; raise PmmError for none."""
    answer = ask([path, "-c", NAME], working, seconds)
    lines = answer.stdout.strip().splitlines()
    if answer.returncode != 0 or not lines:
        raise PmmError(f"it does not start: {answer.last_words or answer.ending}")
    return lines[-1]


def other_strangers(working: Path, seconds: float) -> list[Stranger]:
    """Return the Pythons that are no CPython."""
    found = []
    for path in other_pythons():
        try:
            name = name_of(path, working, seconds)
            reason = f"{name} is not CPython: name it python:{path}"
        except PmmError as error:
            reason = str(error)
        found.append(Stranger(str(path), reason))
    return found
