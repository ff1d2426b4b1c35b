# SPDX-License-Identifier: MIT
"""The catalogue: faults as AREA.toml declares them, held against the
requirements and cases they name.

An entry::

    [[fault]]
    id = "lst.drops_items_first_to_last"      # stable; starts with the area
    title = "A dying list drops its items first to last"
    requirements = ["LST-017"]                # each must have a case that fails
    file = "impl/types/list.c"
    old = '''...'''                           # stands exactly once in the file
    new = '''...'''
    lane = "oom-once"                         # these three only where needed
    mode = "full"
    backend = "libc"

A fault of an allocator may name rules of pmm-backend-check instead:
``checks = ["backend.alignment"]``.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CATCHING = {"FAIL", "LEAK", "OOM_UNSAFE", "SANITIZER", "TIMEOUT", "CRASH"}
FIELDS = {
    "id",
    "title",
    "requirements",
    "checks",
    "file",
    "old",
    "new",
    "lane",
    "mode",
    "backend",
}

Table = dict[str, Any]


class CatalogueError(Exception):
    """An entry that says nothing, or names what does not exist."""


@dataclass(frozen=True)
class Result:
    """How one case ended; `level` is MUST, SHOULD or MAY."""

    name: str
    level: str

    @property
    def catches(self) -> bool:
        """A fault is seen; WARN is how a SHOULD says that it does not hold."""
        return self.name in CATCHING or (self.name == "WARN" and self.level != "MUST")


@dataclass(frozen=True)
class Fault:
    """One seeded fault."""

    id: str
    title: str
    file: str
    old: str
    new: str
    requirements: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    lane: str = "plain"
    mode: str = ""
    backend: str = "pool"

    @property
    def program(self) -> str:
        """The program whose cases should catch it."""
        return "pmm-backend-check" if self.checks else "pmm-conform"

    @property
    def named(self) -> tuple[str, ...]:
        """The requirements or rules that it says it breaks."""
        return self.requirements + self.checks

    @property
    def setting(self) -> tuple[str, ...]:
        """Faults of one setting can share a run of the sound build."""
        return (self.program, self.backend, self.lane, self.mode)

    def apply(self, root: Path) -> tuple[str, int]:
        """The changed text, and how often the text to change stands there."""
        text = (root / self.file).read_text(encoding="utf-8")
        return text.replace(self.old, self.new), text.count(self.old)


@dataclass
class Catalogue:
    """All faults, and the requirements that they can name."""

    folder: Path
    requirements: dict[str, Table]
    cases_by_requirement: dict[str, list[str]]
    faults: list[Fault] = field(default_factory=list)

    def groups_of(self, fault: Fault) -> dict[str, list[str]]:
        """The cases of each requirement (or rule) that a fault names."""
        groups = {r: self.cases_by_requirement[r] for r in fault.requirements}
        return groups | {check: [check] for check in fault.checks}

    def cases_of(self, fault: Fault) -> set[str]:
        """All of them."""
        return {case for group in self.groups_of(fault).values() for case in group}

    def without_fault(self) -> list[Table]:
        """MUST requirements that have a case and no fault."""
        broken = {name for fault in self.faults for name in fault.requirements}
        return [
            r
            for r in self.requirements.values()
            if r["level"] == "MUST"
            and r["id"] in self.cases_by_requirement
            and r["id"] not in broken
        ]

    def coverage_text(self) -> str:
        """How many of the MUST requirements with a case a fault breaks."""
        total = sum(
            r["level"] == "MUST" and r["id"] in self.cases_by_requirement
            for r in self.requirements.values()
        )
        done = total - len(self.without_fault())
        return f"{done} of {total} MUST requirements with a case have a fault"


def entry_errors(entry: Table, area: str, known: dict[str, list[str]]) -> list[str]:
    """What is wrong with the words of one entry."""
    errors = [f"no field {name}" for name in sorted(set(entry) - FIELDS)]
    for name in ("id", "title", "file", "old", "new"):
        if name not in entry:
            errors.append(f"it has no {name}")
    if not str(entry.get("id")).startswith(area + "."):
        errors.append(f"its id does not begin with {area}.")
    if bool(entry.get("requirements")) == bool(entry.get("checks")):
        errors.append("it names neither requirements nor checks, or both")
    if entry.get("old") == entry.get("new"):
        errors.append("it changes nothing")
    for name in entry.get("requirements", []):
        if name not in known:
            errors.append(f"no case carries {name}")
    return errors


def fault_of(entry: Table) -> Fault:
    """The entry as a Fault."""
    words: Table = dict(entry)
    for name in ("requirements", "checks"):
        words[name] = tuple(entry.get(name, ()))
    return Fault(**words)


def read(folder: Path, cases: list[Table], root: Path) -> Catalogue:
    """Read all files of the catalogue; CatalogueError tells all that is wrong."""
    with (root / "conformance" / "requirements.toml").open("rb") as stream:
        requirements = {r["id"]: r for r in tomllib.load(stream)["requirement"]}
    by_requirement: dict[str, list[str]] = {}
    for case in cases:
        for name in case["requirements"]:
            by_requirement.setdefault(name, []).append(case["id"])
    catalogue = Catalogue(folder, requirements, by_requirement)
    errors = []
    seen: set[str] = set()
    for path in sorted(folder.glob("*.toml")):
        with path.open("rb") as stream:
            entries = tomllib.load(stream).get("fault", [])
        for number, entry in enumerate(entries, 1):
            name = str(entry.get("id", f"entry {number}"))
            wrong = entry_errors(entry, path.stem, by_requirement)
            if name in seen:
                wrong.append("another fault has this id")
            if not wrong and not (root / entry["file"]).is_file():
                wrong.append(f"there is no {entry['file']}")
            seen.add(name)
            errors += [f"{path.name}: {name}: {text}" for text in wrong]
            if not wrong:
                catalogue.faults.append(fault_of(entry))
    if errors:
        raise CatalogueError("\n".join(["the catalogue is wrong:", *errors]))
    return catalogue
