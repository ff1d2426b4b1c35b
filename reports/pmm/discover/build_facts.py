# SPDX-License-Identifier: MIT
"""What the suite was built with: compiler, flags, options.

1. Options are Meson's own list, `meson-info/intro-buildoptions.json`.
2. Flags are those that the sources of `impl` were really compiled with:
   `compile_commands.json`, less what changes no code (warnings, paths).
3. The compiler is what Meson wrote when it configured; a Meson before 1.2
   wrote nothing, and then the compiler of those commands is asked.

4. Meson's version is what it wrote down: to start it only to ask takes a while.
5. The Python package holds no build folder, and all of it in `build-facts.json`.

Each is read on its own: one that is missing does not take the others along,
and stands with its reason in `unknown`.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

INFO = "meson-info"
COMMANDS = "compile_commands.json"
FROZEN = "build-facts.json"
OPTIONS = (
    "buildtype", "optimization", "debug", "b_sanitize", "b_coverage", "b_lto", "b_pgo",
    "b_pie", "b_ndebug", "c_args", "cpp_args", "c_link_args", "cpp_link_args",
    "checked", "valgrind",
)  # fmt: skip
"""Meson options that change what is measured."""
LINES = ("-Wl,", "-Wa,", "-Wp,")
"""Options for other tools, which only look like warnings."""
SILENT = (
    "-W", "-I", "-M", "-isystem", "-iquote", "-pipe",
    "-fdiagnostics-color", "-fcolor-diagnostics",
)  # fmt: skip
"""Beginnings of options that change no code."""
WITH_ARGUMENT = {"-o", "-c", "-MF", "-MQ", "-MT", "-I", "-isystem", "-iquote"}
"""Options whose next word belongs to them, and says where rather than how."""
PREFIX_MAP = re.compile(r"-f\w+-prefix-map=")
GCC = re.compile(r"\S+ \((.*)\) (\d\S*)")
TIMEOUT_S = 20


@dataclass(frozen=True)
class BuildFacts:
    """What was found out, and why the rest was not."""

    compiler: str | None = None
    flags: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    meson: str | None = None
    unknown: dict[str, str] = field(default_factory=dict)
    commit: str | None = None
    """Of the sources; told of the Python package alone."""


class Unknown(Exception):  # noqa: N818 - an answer, not an error
    """Why a fact is not known."""


def build_facts(build: Path) -> BuildFacts:
    """Return what can be found out about a build folder."""
    if not (build / INFO).is_dir() and (build / FROZEN).is_file():
        return frozen(build)
    unknown: dict[str, str] = {}
    compiled = cache(lambda: commands(build))  # read once, and only when asked for

    def known(name: str, probe: Callable[[], T], otherwise: T) -> T:
        try:
            return probe()
        except Unknown as reason:
            unknown[name] = str(reason)
            return otherwise

    return BuildFacts(
        compiler=known("compiler", lambda: compiler(build, compiled), None),
        flags=known("flags", lambda: flags(compiled()), None),
        options=known("build_options", lambda: options(build), {}),
        meson=known("meson", lambda: meson(build), None),
        unknown=unknown,
    )


def frozen(build: Path) -> BuildFacts:
    """Return what was written down when the Python package was made."""
    try:
        return BuildFacts(**json.loads((build / FROZEN).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        reason = f"{FROZEN} cannot be read: {error}"
        names = ("compiler", "flags", "build_options", "meson")
        return BuildFacts(unknown=dict.fromkeys(names, reason))


def read(build: Path, name: str) -> Any:
    """Read one of the build's JSON files; raise Unknown with the reason."""
    if not build.is_dir() or (name.startswith(INFO) and not (build / INFO).is_dir()):
        raise Unknown(f"the build folder has no {INFO}: Meson did not make it")
    try:
        return json.loads((build / name).read_text(encoding="utf-8"))
    except OSError as error:
        raise Unknown(f"cannot read {name}: {error.strerror}") from error
    except ValueError as error:
        raise Unknown(f"{name} is not valid JSON") from error


# -------------------------------------------------------------------- options


def options(build: Path) -> dict[str, str]:
    """Return the options that change what is measured."""
    name = f"{INFO}/intro-buildoptions.json"
    rows = read(build, name)
    try:
        values = {row["name"]: spelled(row["value"]) for row in rows}
    except (TypeError, KeyError) as error:
        raise Unknown(f"{name} is not as Meson writes it") from error
    return {name: values[name] for name in OPTIONS if name in values}


def spelled(value: object) -> str:
    """Spell a value alike for every Meson: [] is none, lists have commas."""
    if isinstance(value, list):
        return ",".join(map(str, value)) or "none"
    return "true" if value is True else "false" if value is False else str(value)


def meson(build: Path) -> str:
    """Return the version of the Meson that configured the build."""
    name = f"{INFO}/meson-info.json"
    try:
        return str(read(build, name)["meson_version"]["full"])
    except (TypeError, KeyError) as error:
        raise Unknown(f"{name} is not as Meson writes it") from error


# ---------------------------------------------------------------------- flags


def commands(build: Path) -> list[list[str]]:
    """Return how each C source of the runtime is compiled, tests left out."""
    found = []
    rows = read(build, COMMANDS)
    try:
        for row in rows:
            if not row["file"].endswith(".c") or not runtimes(row.get("output")):
                continue  # before its words are told apart, which takes a while
            words = row.get("arguments") or shlex.split(row["command"])
            if runtimes(row.get("output") or words[words.index("-o") + 1]):
                found.append(list(words))
    except (AttributeError, TypeError, KeyError, ValueError, IndexError) as error:
        raise Unknown(f"{COMMANDS} is not as Meson writes it") from error
    if not found:
        raise Unknown(f"{COMMANDS} compiles nothing of impl")
    return found


def runtimes(made: str | None) -> bool:
    """Say whether an object is, or may be, one of the runtime."""
    if made is None:
        return True
    return made.startswith("impl/") and not made.startswith("impl/tests/")


def driver(command: list[str]) -> list[str]:
    """Return the words before the first option: `ccache cc`."""
    end = next((i for i, w in enumerate(command) if w.startswith("-")), len(command))
    return command[:end]


def telling(command: list[str]) -> list[str]:
    """Return the flags of a command that change code."""
    out = []
    words = iter(command[len(driver(command)) :])
    for word in words:
        if word in WITH_ARGUMENT:
            next(words, None)
        elif not word.startswith("-") or PREFIX_MAP.match(word):
            continue
        elif word.startswith(LINES) or not word.startswith(SILENT):
            out.append(word)
    return out


def flags(compiled: Iterable[list[str]]) -> str:
    """Return the flags that the sources of the runtime are compiled with.

    A definition that only some of them need stands there too.
    """
    every = (word for command in compiled for word in telling(command))
    return shlex.join(dict.fromkeys(every))


# ------------------------------------------------------------------- compiler


def compiler(build: Path, compiled: Callable[[], list[list[str]]]) -> str:
    """Return the C compiler's kind and whole version."""
    try:
        tools = read(build, f"{INFO}/intro-compilers.json")
        return named(tools["host"]["c"]["full_version"])
    except (Unknown, KeyError, TypeError):
        return asked(driver(compiled()[0]), build)


def asked(words: Iterable[str], build: Path) -> str:
    """Ask a compiler for its version."""
    argv = [*words, "--version"]
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, errors="replace",
            timeout=TIMEOUT_S, check=False,
            cwd=build, env={**os.environ, "LC_ALL": "C"},
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise Unknown(f"cannot ask {shlex.join(argv)}: {error}") from error
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines:
        raise Unknown(f"{shlex.join(argv)} ended with {done.returncode}")
    return named(lines[0])


def named(line: str) -> str:
    """Name a compiler by its kind: `cc (Debian 12.2.0-14) 12.2.0` is a gcc."""
    found = GCC.fullmatch(line.strip())
    return f"gcc {found[2]} ({found[1]})" if found else line.strip()
