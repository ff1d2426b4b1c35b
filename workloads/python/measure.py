# SPDX-License-Identifier: MIT
"""Measure one variant of a workload inside one CPython process.

1. A Stage is one pass over one variant: it names phases, takes samples at
   their borders and after a steady number of operations (never by the clock,
   so that every pass takes the same samples), and collects figures.
2. Each variant is passed twice, each time in a fresh process: *plain* for
   times, resident memory and descriptors; *traced* for live and peak bytes,
   as tracemalloc slows what it watches.  run.py joins the rows one by one.
3. The time that sampling takes is taken out of every time.

Invariant: rows live in an array made before the first sample, so that
sampling adds nothing to the memory it samples.
"""

from __future__ import annotations

import gc
import os
import time
import tracemalloc
from array import array
from typing import Any, Dict, Iterator, Sequence

COLUMNS = ("t_ns", "live_bytes", "rss_bytes", "descriptors")
WIDTH = len(COLUMNS)
ROWS_MOST = 2000
ROWS_PLANNED = 250
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

Parameters = Dict[str, Any]


def resident_bytes() -> int:
    """Resident memory of this process."""
    with open("/proc/self/statm", "rb", buffering=0) as file:
        return int(file.read().split()[1]) * PAGE_BYTES


def restart_peak() -> bool:
    """Let the peak start from what is resident; False: the system does not."""
    try:
        with open("/proc/self/clear_refs", "wb", buffering=0) as file:
            return file.write(b"5") == 1
    except OSError:
        return False


def resident_peak_bytes() -> int:
    """Most that was resident since the peak was restarted; 0: unknown.

    Not ru_maxrss: that counts what this process was forked from.
    """
    with open("/proc/self/status", "rb", buffering=0) as file:
        for line in file.read().splitlines():
            if line.startswith(b"VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def descriptor_count() -> int:
    """Open descriptors, without the one that counting needs."""
    return len(os.listdir("/proc/self/fd")) - 1


class Rows:
    """Samples in a fixed array; when it is full, every second one goes."""

    def __init__(self) -> None:
        self.cells = array("q", bytes(8 * WIDTH * ROWS_MOST))
        self.count = 0
        self.thinned = 0

    def add(self, row: Sequence[int]) -> bool:
        """Add a row; True when the rows were thinned for it."""
        full = self.count == ROWS_MOST
        if full:
            self.thin()
        at = self.count * WIDTH
        for offset in range(WIDTH):
            self.cells[at + offset] = row[offset]
        self.count += 1
        return full

    def thin(self) -> None:
        for kept in range(ROWS_MOST // 2):
            for offset in range(WIDTH):
                self.cells[kept * WIDTH + offset] = self.cells[
                    2 * kept * WIDTH + offset]
        self.count = ROWS_MOST // 2
        self.thinned += 1

    def column(self, index: int) -> list[int]:
        return [self.cells[row * WIDTH + index] for row in range(self.count)]

    def table(self) -> list[list[int]]:
        return [list(row) for row in zip(*map(self.column, range(WIDTH)))]


class Stage:
    """One pass over one variant."""

    def __init__(self, variant: str, parameters: Parameters, seed: int,
                 traced: bool, pace: int) -> None:
        self.variant = variant
        self.parameters = parameters
        self.seed = seed
        self.traced = traced
        self.pace = max(pace, 1)
        self.pace_given = pace > 0
        self.rows = Rows()
        self.phases: list[dict[str, Any]] = []
        self.figures: dict[str, dict[str, Any]] = {}
        self.findings: list[dict[str, Any]] = []
        self.claims: list[dict[str, Any]] = []
        self.verified: bool | None = None
        self.checksum = ""
        self.expected: Any = None
        self.start_ns = 0
        self.out_ns = 0
        self.peak_restarted = False

    # -- time and samples ----------

    def now_ns(self) -> int:
        """Time since begin(), that of sampling taken out."""
        return time.perf_counter_ns() - self.start_ns - self.out_ns

    def sample(self) -> None:
        entered = time.perf_counter_ns()
        now = entered - self.start_ns - self.out_ns
        if self.traced:  # asks for nothing that would allocate
            row = (now, tracemalloc.get_traced_memory()[0], 0, 0)
        else:
            row = (now, 0, resident_bytes(), descriptor_count())
        if self.rows.add(row):
            self.pace *= 2
        self.out_ns += time.perf_counter_ns() - entered

    def steps(self, operations: int) -> Iterator[tuple[int, int]]:
        """Ranges that cover `operations`, with a sample behind each."""
        if not self.pace_given:
            self.pace = max(self.pace, operations // ROWS_PLANNED)
        start = 0
        while start < operations:
            stop = min(start + self.pace, operations)
            yield start, stop
            self.sample()
            start = stop

    # -- what a workload says ----------

    def begin(self) -> None:
        gc.collect()
        self.sample()  # warms what sampling itself needs
        self.rows.count = 0
        self.out_ns = 0
        if self.traced:
            tracemalloc.start()
        self.peak_restarted = restart_peak()
        self.start_ns = time.perf_counter_ns()
        self.sample()

    def phase(self, name: str) -> None:
        """End the phase before and begin `name`."""
        self.end_phase()
        now = self.now_ns()
        self.phases.append({"name": name, "start_ns": now, "end_ns": now})

    def end_phase(self) -> None:
        if self.phases:
            self.phases[-1]["end_ns"] = self.now_ns()
            self.sample()

    def finish(self) -> None:
        self.end_phase()
        if self.traced:
            self.figure("peak_bytes", tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        else:
            # The system also counts what comes and goes between samples.
            peak = resident_peak_bytes() if self.peak_restarted else 0
            self.border_figures("rss", "bytes", self.rows.column(2), peak)
            self.border_figures("descriptors", "descriptors",
                                self.rows.column(3))

    def border_figures(self, name: str, unit: str, cells: list[int],
                       peak: int = 0) -> None:
        middle = "_bytes" if unit == "bytes" else ""
        for when, value in (("before", cells[0]), ("peak", max(peak, *cells)),
                            ("after", cells[-1])):
            self.figure(f"{name}_{when}{middle}", value, unit)

    def figure(self, name: str, value: int | None, unit: str = "bytes",
               exact: bool = False) -> None:
        self.figures[name] = {"name": name, "value": value, "unit": unit,
                              "exact": exact}

    def traced_figure(self, name: str) -> None:
        """Record the live bytes of this moment, in the traced pass only."""
        if self.traced:
            self.figure(name, tracemalloc.get_traced_memory()[0])

    def verify(self, expected: object, measured: object) -> None:
        """A checksum known by another way; all of a variant's must agree."""
        self.verified = self.verified is not False and expected == measured
        self.checksum = str(measured)

    # -- the result of the pass ----------

    def result(self) -> dict[str, Any]:
        return {
            "verified": bool(self.verified), "checksum": self.checksum,
            "elapsed_ns": self.phases[-1]["end_ns"] if self.phases else 0,
            "phases": self.phases, "figures": list(self.figures.values()),
            "rows": self.rows.table(), "pace": self.pace,
            "thinned": self.rows.thinned, "findings": self.findings,
            "claims": self.claims,
        }


def join_passes(name: str, plain: dict[str, Any],
                traced: dict[str, Any] | None) -> dict[str, Any]:
    """One variant of the document out of its two passes."""
    rows: list[list[int | None]] = [
        [row[0], None, row[2], row[3]] for row in plain["rows"]]
    figures = {figure["name"]: figure for figure in plain["figures"]}
    verified = plain["verified"]
    if traced is not None:
        if len(traced["rows"]) != len(rows):
            raise ValueError(f"the passes of {name} took different samples")
        for row, other in zip(rows, traced["rows"]):
            row[1] = other[1]
        own = {f["name"]: f for f in traced["figures"]}
        figures = {**own, **figures}
        verified = verified and traced["verified"] and (
            traced["checksum"] == plain["checksum"])
    return {
        "name": name, "verified": verified, "checksum": plain["checksum"],
        "elapsed_ns": plain["elapsed_ns"], "phases": plain["phases"],
        "figures": list(figures.values()),
        "series": {"columns": list(COLUMNS), "rows": rows,
                   "pace_operations": plain["pace"],
                   "thinned": plain["thinned"]},
    }
