# SPDX-License-Identifier: MIT
"""Where the machine gets its packages: its own sources, asked for another suite.

1. The files are those that apt itself reads, in both of its forms: one-line
   (sources.list) and deb822 (*.sources).
2. A source counts when it has the component `main` and the machine's own
   release: a distribution's, seldom a vendor's. Which of them has the suite that
   is wanted, apt finds out; what a package must be, its pin says.
3. Address, keys and options are kept; suite and components are replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path

from pmm.fetch.pins import Machine

ROLLING = ("sid", "unstable", "testing", "devel")
"""Releases that a machine may follow without their code name being its own."""
ONE_LINE = re.compile(r"^\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s+([^#]+)")
KEPT = ("Signed-By", "Trusted", "Check-Valid-Until", "Check-Date")
"""What else of a deb822 entry says how it is verified."""


@dataclass(frozen=True)
class Source:
    """One place to get packages from, in the form in which it was written."""

    address: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    options: tuple[tuple[str, str], ...]
    deb822: bool

    def serves(self, machine: Machine) -> bool:
        """Tell whether the machine's own release comes from it."""
        own = {machine.codename, *ROLLING}
        return "main" in self.components and not own.isdisjoint(self.suites)

    def entry(self, suite: str) -> tuple[str, str]:
        """Return the name and text of a file that asks it for another suite."""
        if not self.deb822:
            words = " ".join(f"{name}={value}" for name, value in self.options)
            options = f"[{words}] " if words else ""
            return "pmm.list", f"deb {options}{self.address} {suite} main\n"
        lines = ["Types: deb", f"URIs: {self.address}", f"Suites: {suite}"]
        lines += ["Components: main", *(f"{n}: {v}" for n, v in self.options)]
        return "pmm.sources", "\n".join(lines) + "\n"


def one_line_sources(text: str) -> Iterator[Source]:
    """Read sources.list."""
    for line in text.splitlines():
        found = ONE_LINE.match(line)
        if found is None:
            continue
        words = [word.partition("=") for word in (found[1] or "").split()]
        options = tuple((name, value) for name, _, value in words if name != "arch")
        parts = tuple(found[4].split())
        yield Source(found[2], (found[3],), parts, options, deb822=False)


def deb822_sources(text: str) -> Iterator[Source]:
    """Read *.sources; a comment may stand between the lines of an entry."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for stanza in re.split(r"\n\s*\n", "\n".join(lines)):
        fields = Parser().parsestr(stanza.strip("\n"))
        enabled = fields.get("Enabled", "yes").strip().lower() != "no"
        if "deb" not in fields.get("Types", "").split() or not enabled:
            continue
        options = tuple((name, fields[name]) for name in KEPT if name in fields)
        for address in fields.get("URIs", "").split():
            yield Source(
                address,
                tuple(fields.get("Suites", "").split()),
                tuple(fields.get("Components", "").split()),
                options,
                deb822=True,
            )


def read_sources(files: list[Path]) -> Iterator[Source]:
    """Read files that apt reads; one that may not be read is none."""
    for path in files:
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        deb822 = path.suffix == ".sources"
        yield from deb822_sources(text) if deb822 else one_line_sources(text)


def own_sources(files: list[Path], machine: Machine) -> list[Source]:
    """Return the sources of the machine's own release, each address once."""
    found: dict[str, Source] = {}
    for source in read_sources(files):
        if source.serves(machine):
            found.setdefault(source.address.rstrip("/"), source)
    return list(found.values())
