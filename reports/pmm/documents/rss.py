# SPDX-License-Identifier: MIT
"""Where the resident memory of a program is, over time: what `pmm rss` writes.

Invariant: the parts of a sample add up to its `rss`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from pmm.base.decoding import decode_json
from pmm.documents.programs import Strict

Verdict = Literal["leak", "cycles", "retention", "flat", "unknown"]


class Parts(Strict, frozen=True, array_like=True):
    """Bytes that are resident, by where they are."""

    interpreter: int
    """The program of Python itself, from its file."""
    extensions: int
    libraries: int
    files: int
    """Other files that are mapped."""
    stacks: int
    pymalloc_used: int
    pymalloc_free: int
    """Free blocks and pools in arenas that it keeps."""
    pymalloc_overhead: int
    libc_used: int
    libc_free: int
    """What malloc keeps, though it was freed."""
    unexplained: int

    @property
    def rss(self) -> int:
        """All of it."""
        return sum(getattr(self, name) for name in PARTS)

    @property
    def live(self) -> int:
        """What both allocators have given out."""
        return self.pymalloc_used + self.libc_used

    @property
    def kept(self) -> int:
        """What nobody uses, and the system does not have back."""
        return self.pymalloc_free + self.pymalloc_overhead + self.libc_free


PARTS = Parts.__struct_fields__
WORDS = {
    "interpreter": "the interpreter's program",
    "extensions": "extension modules",
    "libraries": "shared libraries",
    "files": "other mapped files",
    "stacks": "stacks of threads",
    "pymalloc_used": "objects in pymalloc",
    "pymalloc_free": "free blocks and pools of pymalloc",
    "pymalloc_overhead": "pymalloc's own",
    "libc_used": "memory from malloc, in use",
    "libc_free": "memory that malloc keeps free",
    "unexplained": "unexplained",
}


class Sample(Strict, frozen=True):
    """The parts at one moment."""

    at_s: float
    rss: int
    parts: Parts
    blocks: int
    """Of `sys.getallocatedblocks`."""
    waiting: tuple[int, int, int]
    """Of `gc.get_count`: what has happened since the last collection of each
    generation."""
    modules: int
    """That are loaded."""
    mapped: int = 0
    """Bytes of the files that are mapped, resident or not, programs left out."""


class KindSize(Strict, frozen=True, array_like=True):
    """Objects of a type, and their bytes; scaled from a sample of a large heap."""

    name: str
    objects: int
    bytes: int


class SiteSize(Strict, frozen=True, array_like=True):
    """What a line made and what is alive of it."""

    file: str
    line: int
    objects: int
    bytes: int


class Census(Strict, frozen=True, array_like=True):
    """What is alive at one moment."""

    at_s: float
    kinds: tuple[KindSize, ...]
    sites: tuple[SiteSize, ...]


class EndState(Strict, frozen=True):
    """What collecting and trimming gave back at the end."""

    garbage: tuple[int, int, int]
    """Objects that a collection of each generation found, in turn."""
    live: tuple[int, int, int, int]
    """Bytes in use before, and behind each of them."""
    collected: Parts
    trimmed: Parts
    """Behind malloc_trim."""
    enabled: bool
    """Whether the collector was on."""
    thresholds: tuple[int, ...]


class RssProcess(Strict, frozen=True):
    """One interpreter."""

    pid: int
    command: str
    python: str
    reason: str
    elapsed_s: float
    cpu_s: float
    tool_s: float
    samples: tuple[Sample, ...]
    counts: tuple[Census, ...]
    end: EndState | None
    verdict: Verdict = "unknown"
    sentence: str = ""
    evidence: tuple[str, ...] = ()
    remedy: str = ""
    """What would give it back."""


class RssReport(Strict, frozen=True):
    """One invocation of `pmm rss`."""

    schema: Literal["pmm.rss"]
    version: Literal[1]
    created: str
    command: str
    program: str
    exit_code: int | None
    signal: str | None
    ended_by_us: bool
    elapsed_ns: int
    processes: tuple[RssProcess, ...]
    """The one with most memory first."""


def encode_rss(report: RssReport) -> bytes:
    """Return the report as JSON, on one line."""
    return msgspec.json.encode(report, order="deterministic") + b"\n"


def decode_rss(text: bytes) -> RssReport:
    """Read a report; raise `msgspec.MsgspecError` when it is not one."""
    return decode_json(text, RssReport)
