# SPDX-License-Identifier: MIT
"""`pmm trace replay`: a trace on several backends, each in processes of its own."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import msgspec
from rich import box
from rich.markup import escape
from rich.table import Table

from pmm.base import formatting
from pmm.base.decoding import decode_json
from pmm.base.errors import TOOL_ERROR, USAGE, PmmError
from pmm.base.last_words import last_words
from pmm.base.plain_text import PlainConsole
from pmm.cli.patterns import ending
from pmm.documents.replays import ReplayDocument
from pmm.judge.replays import Arm, best, ranked, slower, verdict

LOG_WIDTH = 132
HARNESS = "null"


class EndedEarlyError(PmmError):
    """What a process ran ended it, so that it left no document."""


@dataclass(frozen=True)
class Replays:
    """What is to be replayed, and how."""

    program: Path
    trace: Path
    backends: tuple[tuple[str, str], ...]
    """Label and spec of each."""
    aged: bool
    processes: int
    repetitions: int
    seed: int
    time_only: bool = False
    huge_pages: str = "system"

    def once(self, spec: str, time_only: bool) -> ReplayDocument:
        """Run one process; what the backend does wrong is in the document."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "document.json"
            argv = [
                str(self.program), "replay", "--backend", spec, "--json", str(path),
                "--repetitions", str(self.repetitions), "--seed", str(self.seed),
                "--huge-pages", self.huge_pages, *(["--aged"] if self.aged else []),
                *(["--time-only"] if time_only else []), str(self.trace),
            ]  # fmt: skip
            done = subprocess.run(
                argv, capture_output=True, text=True, errors="replace", check=False
            )
            try:
                found = decode_json(path.read_bytes(), ReplayDocument)
            except (OSError, ValueError) as error:
                if done.returncode in (TOOL_ERROR, USAGE):
                    raise refusal(done) from error
                raise EndedEarlyError(ending(done)) from error
        return with_words(found, done)

    def round(self, found: Found, first: bool) -> None:
        """Ask the harness and every backend once; the first time for every pass."""
        found.prices.append(best(self.once(HARNESS, time_only=True)))
        for label, spec in self.backends:
            asked = found.documents.setdefault(label, [])
            if label in found.lost or any(one.error for one in asked):
                continue
            try:
                asked.append(self.once(spec, self.time_only or not first))
            except EndedEarlyError as error:
                found.lost[label] = str(error)


@dataclass
class Found:
    """What the rounds of one way to replay gave so far."""

    prices: list[float] = field(default_factory=list)
    documents: dict[str, list[ReplayDocument]] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    """How a backend ended its process."""

    def arms(self) -> list[Arm]:
        """Return what was measured of each backend."""
        prices = tuple(self.prices)
        return [
            Arm(label, tuple(one), prices, self.lost.get(label))
            for label, one in self.documents.items()
        ]


def side_by_side(ways: Sequence[Replays]) -> list[list[Arm]]:
    """Take the rounds of all ways in turn: what slows the machine slows them all."""
    found = [Found() for _ in ways]
    for number in range(ways[0].processes):
        for way, so_far in zip(ways, found, strict=True):
            way.round(so_far, first=number == 0)
    return [one.arms() for one in found]


def with_words(
    found: ReplayDocument, done: subprocess.CompletedProcess[str]
) -> ReplayDocument:
    """Add to what went wrong in a process of a pass its last words."""
    words = last_words(done.stderr)
    if not found.error or not words:
        return found
    return msgspec.structs.replace(found, error=f"{found.error}: {words}")


def refusal(done: subprocess.CompletedProcess[str]) -> PmmError:
    """Make the error of a process that left no document."""
    said = last_words(done.stderr) or f"it ended with code {done.returncode}"
    error = PmmError(said.removeprefix("pmm trace: "))
    error.exit_code = done.returncode
    return error


def spread(values: Sequence[float]) -> str:
    """Show the least and the most."""
    return f"{min(values):.1f} to {max(values):.1f}"


def to_fresh(arm: Arm, fresh: Sequence[Arm]) -> str:
    """Show how much slower an aged heap is than a fresh one of the same backend."""
    ratio = next((slower(arm, one) for one in fresh if one.label == arm.label), None)
    return "–" if ratio is None else f"{ratio:.2f}"


def row_of(arm: Arm, fresh: Sequence[Arm]) -> tuple[str, ...]:
    """Return the cells of a backend."""
    memory, place = arm.memory, arm.placement
    ratio = arm.peak_ratio
    return (
        escape(arm.label),
        f"{median(arm.net):.1f}",
        spread(arm.net),
        *([to_fresh(arm, fresh)] if fresh else []),
        f"{arm.cold:.1f}",
        "–" if ratio is None else f"{ratio:.2f}",
        formatting.size(memory.drained_bytes if memory else None),
        formatting.size(memory.after_1s_bytes if memory else None),
        formatting.size(memory.huge_bytes if memory else None),
        "–" if place is None else f"{place.pages_4k:,}",
        "–" if place is None else f"{place.lines_64:,}",
        "–" if place is None else f"{place.regions_2m:,}",
    )


def print_replays(
    arms: Sequence[Arm], replays: Replays, fresh: Sequence[Arm] = ()
) -> None:
    """Print the table of one trace, the fastest first, then who failed.

    An aged heap is held against the same backends on a fresh one.
    """
    console = PlainConsole()
    if not console.is_terminal:
        console.width = LOG_WIDTH
    told = [one for arm in arms for one in arm.documents]
    size = (
        f": {told[0].calls:,} calls, at most "
        f"{formatting.size(told[0].peak_live_bytes)} live"
        if told
        else ""
    )
    state = "an aged" if replays.aged else "a fresh"
    pages = ", no huge pages" if replays.huge_pages == "never" else ""
    table = Table(
        title=escape(f"{replays.trace.stem} on {state} heap{size}{pages}"),
        box=box.SIMPLE_HEAD, title_justify="left",
    )  # fmt: skip
    for head in ("backend", "ns a call", "of processes",
                 *(["to fresh"] if fresh else []), "first run", "peak/live",
                 "drained", "after 1 s", "in huge", "pages", "lines",
                 "2 MiB"):  # fmt: skip
        table.add_column(head, justify="left" if head == "backend" else "right")
    order = ranked(arms)
    for arm in order:
        table.add_row(*row_of(arm, fresh))
    if order:
        price = median(order[0].prices)
        console.print(table)
        console.print(
            f"ns a call: net of the harness ({price:.1f}), median of "
            f"{replays.processes} process{'es' if replays.processes > 1 else ''}; "
            f"{escape(verdict(arms)) or 'one backend'}",
            highlight=False,
        )
    for arm in (*arms, *fresh):
        if arm.fault is not None:
            console.print(f"{escape(arm.label)} FAILED: {escape(arm.fault)}")
