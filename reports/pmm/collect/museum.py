# SPDX-License-Identifier: MIT
"""The museum's figures: from the reference, sound and faulty, and from interpreters.

The faults are seeded by conformance/museum/museum.py; an interpreter counts each
figure in a process of its own. One that cannot has a sentence, the others go on.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec

from pmm.base.decoding import any_json, decode_json, read_toml
from pmm.base.errors import PmmError, UsageError
from pmm.base.last_words import last_words, shorten
from pmm.base.paths import Paths
from pmm.discover.asking import ask
from pmm.discover.collectors import INSIDE, Collector
from pmm.documents.museum import Exhibit, Seen
from pmm.documents.programs import Strict

FOLDER = Path("conformance/museum")
SCRIPT = INSIDE / "museum" / "exhibits.py"
TOLD = (0, 3)
"""Exit codes of the script that leave a document."""

Note = Callable[[str], None]


class Told(Strict, frozen=True):
    """What the script says of an exhibit."""

    id: str
    sound: int | None
    faulty: int | None
    wrong: str
    apart: bool


class Script(Strict, frozen=True):
    """What the script prints."""

    exhibits: tuple[Told, ...]


def entries(root: Path, globs: Sequence[str]) -> list[dict[str, Any]]:
    """Return the exhibits that are wanted, as museum.toml has them."""
    every: list[dict[str, Any]] = read_toml(root / FOLDER / "museum.toml")["exhibit"]
    chosen = [
        one for one in every if any(fnmatchcase(one["id"], g) for g in globs or ["*"])
    ]
    if not chosen:
        names = ", ".join(one["id"] for one in every)
        raise UsageError(f"no exhibit '{' '.join(globs)}': there are {names}")
    return chosen


def seeded(paths: Paths, names: Sequence[str]) -> dict[str, Told]:
    """Count in the reference, as it is and with each fault."""
    argv = [sys.executable, str(paths.root / FOLDER / "museum.py"), str(paths.build)]
    argv += ["--json", *(word for name in names for word in ("--exhibit", name))]
    done = subprocess.run(
        argv, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode not in TOLD:
        said = last_words(done.stderr) or f"code {done.returncode}"
        raise PmmError(said.removeprefix("museum.py: "))
    found = decode_json(done.stdout, Script)
    return {one.id: one for one in found.exhibits}


def counted(collector: Collector, script: Path, name: str, seconds: float) -> int:
    """Count a figure in an interpreter; raise PmmError when it does not."""
    argv = [*collector.argv[:-1], str(script), name]
    answer = ask(argv, Path.cwd(), seconds)
    lines = answer.stdout.strip().splitlines()
    try:
        found = any_json(lines[-1] if lines else "")
        return int(found["figure"])
    except (msgspec.MsgspecError, TypeError, KeyError, ValueError) as error:
        said = answer.last_words or answer.ending
        raise PmmError(shorten(said, 120)) from error


def seen(
    collector: Collector, script: Path, entry: dict[str, Any], seconds: float
) -> Seen:
    """Return what an interpreter shows of an exhibit."""
    if collector.fault is not None:
        return Seen(id=collector.id, figure=None, shows=False, fault=collector.fault)
    try:
        figure = counted(collector, script, entry["id"], seconds)
    except PmmError as error:
        return Seen(id=collector.id, figure=None, shows=False, fault=str(error))
    shows = figure > entry["bound"]
    return Seen(id=collector.id, figure=figure, shows=shows, fault=None)


def show(
    paths: Paths, chosen: Sequence[dict[str, Any]], pythons: Sequence[Collector],
    seconds: float, note: Note,
) -> tuple[Exhibit, ...]:  # fmt: skip
    """Count everything; return the exhibits."""
    note("the reference, sound and faulty")
    told = seeded(paths, [entry["id"] for entry in chosen])
    out = []
    for entry in chosen:
        note(entry["id"])
        one = told[entry["id"]]
        out.append(
            Exhibit(
                id=one.id, title=entry["title"], issue=entry["issue"],
                versions=entry["versions"], story=entry["story"],
                figure=entry["figure"], bound=entry["bound"], sound=one.sound,
                faulty=one.faulty, wrong=one.wrong, apart=one.apart,
                seen=tuple(seen(p, SCRIPT, entry, seconds) for p in pythons),
            )
        )  # fmt: skip
    return tuple(out)
