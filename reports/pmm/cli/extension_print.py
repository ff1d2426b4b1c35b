# SPDX-License-Identifier: MIT
"""What `pmm check-extension` prints: how far it is, the table, the findings."""

from __future__ import annotations

import sys
import time

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pmm.base.formatting import STATES
from pmm.base.plain_text import plain
from pmm.cli.progress import spoken
from pmm.documents.extension import ExtensionRun, Finding, TypeResult
from pmm.render.extension import checks_of, rows, unmade

COLOURS = {"good": "green", "bad": "red", "warn": "yellow", "mute": "dim"}


class Progress:
    """Tells how far it is: a line that moves on a terminal, else a line a type."""

    def __init__(self, total: int, console: Console) -> None:
        self.total = total
        self.console = console
        self.started = time.monotonic()

    def begin(self) -> None:
        """Say that it begins."""
        self.show(0, "")

    def show(self, done: int, name: str) -> None:
        """Move the line."""
        if self.console.is_terminal:
            spent = time.monotonic() - self.started
            left = spoken(spent / max(done, 1) * (self.total - done))
            line = f"{done} of {self.total} types, about {left} left {plain(name)}"
            print(f"\r{line:<70}", end="", file=sys.stderr, flush=True)

    def take(self, done: int, kind: TypeResult) -> None:
        """Tell of a type that is done."""
        if self.console.is_terminal:
            self.show(done, kind.name)
            return
        bad = ", ".join(f"{c.name} {c.outcome}" for c in kind.checks if c.findings)
        state = bad or ("no finding" if kind.call else "no object was made")
        self.console.print(
            f"[{done}/{self.total}] {kind.name}: {state}", markup=False,
            highlight=False,
        )  # fmt: skip

    def end(self) -> None:
        """Take the line away."""
        if self.console.is_terminal:
            print(f"\r{'':<70}\r", end="", file=sys.stderr, flush=True)


def print_run(run: ExtensionRun, console: Console, show: bool) -> None:
    """Print the table, the findings and the verdict."""
    names = checks_of(run)
    table = Table(box=box.SIMPLE_HEAD, title_justify="left")
    table.add_column("type", no_wrap=True)
    for name in names:
        table.add_column(name, justify="center")
    for row in rows(run):
        cells = [
            f"[{COLOURS[one.tone]}]{one.glyph}[/]" if one else "" for one in row.states
        ]
        table.add_row(escape(row.kind.name), *cells)
    if rows(run):
        console.print(table)
        console.print("✓ pass  ○ does not apply  ! odd  ✗ fail  ▽ leak  ▲ unsafe when "
                      "an allocation fails  ✸ crash  ◷ does not end", style="dim")
    for kind, check, one in run.findings:
        print_finding(f"{kind.name}, {check.name}", one, console, show)
    left = unmade(run)
    if left:
        console.print(f"{len(left)} not made (give factories with --factories):")
    for name, why in left[:10]:
        say(console, f"    {name}: {why}")
    if len(left) > 10:
        say(console, f"    … and {len(left) - 10} more: see the page or --json")
    for problem in run.problems:
        say(console, f"✗ {problem}")


def say(console: Console, line: str) -> None:
    """Print a line as it is."""
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def print_finding(where: str, one: Finding, console: Console, show: bool) -> None:
    """Print a finding: what, in which function, the line that repeats it."""
    state = STATES[one.outcome]
    more = f" (and {one.times - 1} more alike)" if one.times > 1 else ""
    console.print(
        f"[{COLOURS[state.tone]}]{state.glyph} {one.outcome}[/] {escape(where)}: "
        f"{escape(one.message)}{more}", highlight=False, soft_wrap=True,
    )  # fmt: skip
    if one.function:
        say(console, f"    in {one.function}")
    if one.expectation:
        say(console, f"    expected: {one.expectation}")
    if show and one.script:
        for line in one.script.splitlines():
            say(console, f"    | {line}")
    if one.file:
        alone = {True: "", False: "  # does not show it alone", None: "  # not run"}
        say(console, f"    $ {one.file}{alone[one.confirmed]}")
