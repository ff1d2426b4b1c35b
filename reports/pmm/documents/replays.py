# SPDX-License-Identifier: MIT
"""What `pmm-trace replay` and `pmm-pattern` write."""

from __future__ import annotations

from pmm.documents.programs import Strict


class Batches(Strict, frozen=True):
    """Times of batches of words after the first repetition."""

    words: int
    median_ns: int
    p99_ns: int
    most_ns: int


class ReplayTime(Strict, frozen=True):
    """The timed pass: the calls alone, with a byte of each block written."""

    repetitions_ns: tuple[int, ...]
    """The first meets memory that was never touched."""
    batch: Batches
    user_ns: int
    system_ns: int
    minor_faults: int
    major_faults: int


class ReplayMemory(Strict, frozen=True):
    """Resident bytes above the start."""

    peak_bytes: int
    end_bytes: int
    end_live_bytes: int
    drained_bytes: int
    after_1s_bytes: int
    before_bytes: int
    columns: tuple[str, ...]
    series: tuple[tuple[int, int, int], ...]
    huge_bytes: int | None = None
    """In huge pages, of the whole process, after the last call."""


class AddressMap(Strict, frozen=True):
    """Live bytes by address: stretches that hold none are left out."""

    chunk_bytes: int
    chunks: tuple[tuple[int, int], ...]
    """Number of a stretch, from the first on, and the live bytes in it."""


class Places(Strict, frozen=True):
    """Where live blocks lie."""

    blocks: int
    bytes: int
    usable_bytes: int | None
    """What the backend set aside for them; null where it does not tell."""
    pages_4k: int
    lines_64: int
    regions_2m: int
    map: AddressMap


class Placement(Places, frozen=True):
    """Where the blocks lie that are live when most bytes are."""

    sweep_in_order_ps_per_block: int
    sweep_at_random_ps_per_block: int
    left: Places
    """The same after the last call."""


class SystemCalls(Strict, frozen=True):
    """Calls of the system from the first call until all was given back."""

    mmap: int
    munmap: int
    mremap: int
    madvise: int
    mprotect: int
    brk: int


class ReplayDocument(Strict, frozen=True):
    """One trace on one backend, in one process (and its children)."""

    schema: int
    type: str
    trace: str
    sha256: str
    backend: str
    version: str
    object: str
    """The file that holds the code which served the memory."""
    aged: bool
    seed: int
    calls: int
    births: int
    peak_live_bytes: int
    peak_live_blocks: int
    verified: bool = False
    time: ReplayTime | None = None
    memory: ReplayMemory | None = None
    placement: Placement | None = None
    system: SystemCalls | None = None
    """Null where nobody may look."""
    error: str | None = None
    huge_pages: str = "system"
    """`never`: none were to be had."""


class PatternPhase(Strict, frozen=True):
    """One phase of a pattern; resident bytes are above the start."""

    name: str
    times: int
    calls: int
    elapsed_ns: int
    user_ns: int
    system_ns: int
    minor_faults: int
    major_faults: int
    peak_bytes: int
    end_bytes: int
    end_live_bytes: int
    end_live_blocks: int


class PatternFigures(Strict, frozen=True):
    """The whole of a pattern."""

    phases: tuple[PatternPhase, ...]
    calls: int
    peak_live_bytes: int
    peak_bytes: int
    end_live_bytes: int
    end_bytes: int
    drained_bytes: int
    after_1s_bytes: int
    elapsed_ns: int
    user_ns: int
    system_ns: int
    minor_faults: int
    major_faults: int


class PatternDocument(Strict, frozen=True):
    """One pattern on one backend."""

    schema: int
    type: str
    pattern: str
    title: str
    source: str
    backend: str
    version: str
    object: str
    """The file that holds the code which served the memory."""
    seed: int
    unsupported: str | None
    error: str | None
    figures: PatternFigures | None
    aged: bool = False
    """Whether the pattern had littered the heap before."""
