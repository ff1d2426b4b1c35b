# SPDX-License-Identifier: MIT
"""Whose cycle collector can be looked at: the reference's modes and any Python.

Nothing but the ledger's own program runs in them, so no extension is loaded: an
interpreter is asked who it is, and that is all.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pmm.base.errors import PmmError, UsageError
from pmm.base.paths import Paths
from pmm.base.typed_names import unknown
from pmm.discover.cpythons import ANSWER_SECONDS, OLDEST, make_cpython, unlike
from pmm.discover.file_kinds import check_interpreter
from pmm.discover.introductions import Introduction, Stranger, introduce, meet
from pmm.discover.pythons import pyodide_folders
from pmm.discover.whereabouts import candidates, other_pythons

PROGRAM = "pmm-ledger"
INSIDE = Path(__file__).resolve().parents[1] / "inside"
"""Programs that run in somebody's interpreter."""
SCRIPT = INSIDE / "gc" / "ledger.py"
PYODIDE = Path("conformance/python/pyodide.mjs")
MODES = ("generational", "full", "incremental", "proportional", "counting")


@dataclass(frozen=True)
class Collector:
    """One that is asked for its ledger."""

    id: str
    argv: tuple[str, ...]
    """The start of its command line."""
    path: str | None = None
    mode: str | None = None
    """Of the reference; None: it is an interpreter."""
    fault: str | None = None
    """Why it cannot even be started."""
    absence: str | None = None


def reference_modes(paths: Paths, wanted: Sequence[str]) -> list[Collector]:
    """Return the reference in the modes that are wanted."""
    program = paths.program(PROGRAM)
    if not wanted:
        return []
    if program is None:
        raise PmmError(f"{PROGRAM} is not built: run `ninja -C build`")
    for mode in wanted:
        if mode not in MODES:
            raise unknown("collector mode", mode, MODES)
    return [
        Collector(f"reference/{mode}", (str(program),), mode=mode)
        for mode in MODES
        if mode in wanted
    ]


def started(path: str, script: Path) -> tuple[str, ...]:
    """Return how an interpreter runs the ledger's script, and nothing beside it."""
    return (path, "-I", "-S", "-B", str(script))


def of_introduction(said: Introduction, path: str, script: Path) -> Collector:
    """Return the entry of an interpreter that said who it is."""
    name = make_cpython(said).id
    if said.implementation != "CPython":
        name = f"{said.implementation.lower()}-{said.version}"
    return Collector(name, started(path, script), path=path)


def of_pyodide(folder: Path, root: Path) -> Collector:
    """Return the entry of the package of npm."""
    node = shutil.which("node") or "node"
    argv = (node, str(root / PYODIDE), str(folder), str(SCRIPT))
    return Collector("pyodide", argv, path=str(folder))


def named_collector(text: str, root: Path) -> Collector:
    """Return the entry of `--python`; a file that is there may be anything.

    Raises UsageError where there is none.
    """
    if (Path(text) / "pyodide.mjs").is_file():
        return of_pyodide(Path(text), root)
    path = text if "/" in text else shutil.which(text)
    if path is None:
        raise UsageError(f"there is no {text}: name an interpreter with --python")
    check_interpreter(path)
    entry = Collector(Path(path).name, started(path, SCRIPT), path=path)
    try:
        said, answer = introduce(path, Path.cwd(), ANSWER_SECONDS)
    except PmmError as error:
        return replace(entry, fault=str(error))
    if said is None:
        words = f" ({answer.last_words})" if answer.last_words else ""
        fault = f"it does not say what it is: {answer.ending}{words}"
        return replace(entry, fault=fault)
    return of_introduction(said, path, SCRIPT)


def found_collectors(root: Path) -> list[Collector]:
    """Return every Python of this machine, each binary once, by version."""
    met: dict[Path, tuple[tuple[int, ...], Collector]] = {}
    for path in candidates():
        said = meet(path, root, ANSWER_SECONDS)
        if isinstance(said, Stranger):
            continue
        one = make_cpython(said)
        if one.order[:2] >= OLDEST:
            entry = of_introduction(said, str(path), SCRIPT)
            met.setdefault(one.real, (one.order, entry))
    pythons = [entry for _, entry in sorted(met.values(), key=lambda two: two[0])]
    others = [of_pyodide(folder, root) for folder in pyodide_folders()]
    for path in other_pythons():
        if path.name != "micropython":
            others.append(named_collector(str(path), root))
    return pythons + others


def each_its_own(entries: Sequence[Collector]) -> list[Collector]:
    """Give every entry a name of its own."""
    out: dict[str, Collector] = {}
    for entry in entries:
        name = unlike(entry.id, out)
        out[name] = replace(entry, id=name)
    return list(out.values())


def find_collectors(
    paths: Paths, pythons: Sequence[str], modes: Sequence[str]
) -> list[Collector]:
    """Return those that a command means; without a word all that there are."""
    if pythons or modes:
        named = [named_collector(text, paths.root) for text in pythons]
        wanted = MODES if "all" in modes else modes
        return each_its_own([*reference_modes(paths, wanted), *named])
    return each_its_own(
        [*reference_modes(paths, MODES), *found_collectors(paths.root)]
    )

