# SPDX-License-Identifier: MIT
"""What else the machine did while jobs ran.

A load average holds the runs' own jobs and lags by a minute, so it cannot tell
a busy machine from a busy run. The kernel counts the time that each core was at
work (/proc/stat); less the time that this process and its children took, that
is what others took. Time stolen by the host of a virtual machine counts too.
"""

from __future__ import annotations

import contextlib
import os
import resource
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from pmm.documents.jobs import JobResult

BUSY_SHARE = 0.25
"""Share of the cores that others may take before figures are in doubt."""
SHORTEST_NS = 100_000_000
"""The kernel counts in hundredths of a second: shorter stretches tell nothing."""
WORKING = (0, 1, 2, 5, 6, 7)
"""Fields of a core in /proc/stat: user, nice, system, irq, softirq, steal."""


class Sample(NamedTuple):
    """Clocks at one moment, in nanoseconds."""

    now: int
    machine: int
    own: int


def tick_ns() -> int:
    """Return the kernel's unit of time."""
    return 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def machine_ns(cpus: Iterable[int]) -> int:
    """Return how long the cores were at work since the start of the machine."""
    names = {f"cpu{number}" for number in cpus}
    ticks = 0
    for line in Path("/proc/stat").read_text(encoding="ascii").splitlines():
        name, *fields = line.split()
        if name in names:
            ticks += sum(int(fields[place]) for place in WORKING)
    return ticks * tick_ns()


def family_ns(pid: int) -> int:
    """Return the processor time of a child and of all below it."""
    below: list[int] = []
    with contextlib.suppress(OSError, ValueError):
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        below = [int(word) for word in text.split()]
    return child_ns(pid) + sum(map(family_ns, below))


def child_ns(pid: int) -> int:
    """Return the processor time of a process and of those that it has reaped."""
    with contextlib.suppress(OSError, ValueError):
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        fields = text.rpartition(")")[2].split()
        return sum(int(field) for field in fields[11:15]) * tick_ns()
    return 0


def sample(cpus: Sequence[int], children: Iterable[int]) -> Sample | None:
    """Read the clocks; None where the kernel does not tell."""
    try:
        machine = machine_ns(cpus)
    except (OSError, ValueError, IndexError):
        return None
    reaped = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = time.process_time_ns() + sum(map(family_ns, children))
    own += round((reaped.ru_utime + reaped.ru_stime) * 1e9)
    return Sample(time.monotonic_ns(), machine, own)


def others(before: Sample | None, after: Sample | None) -> float | None:
    """Return how many cores other programs kept busy; None where nobody can tell."""
    if before is None or after is None or after.now - before.now < SHORTEST_NS:
        return None
    foreign = (after.machine - before.machine) - (after.own - before.own)
    return round(max(0, foreign) / (after.now - before.now), 2)


def is_busy(cores: int, taken: float | None) -> bool:
    """Tell whether others took so much that times are in doubt."""
    return taken is not None and taken > BUSY_SHARE * cores


def excuse(result: JobResult, cores: int) -> str:
    """Return what to add to a time-out on a busy machine; nothing on a quiet one."""
    if not is_busy(cores, result.others):
        return ""
    used = f"{result.others:.1f} of {cores} cores"
    return f" (the machine was busy: other programs used {used})"
