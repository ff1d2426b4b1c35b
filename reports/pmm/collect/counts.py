# SPDX-License-Identifier: MIT
"""What callgrind counted: a file for each run of a benchmark, in their order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from pmm.collect.bench_json import read_bench_document
from pmm.documents.instructions import Counted
from pmm.plan.count_jobs import COUNTS

TOTAL = re.compile(rb"^(?:summary|totals): (\d+)", re.MULTILINE)
NO_WINDOWS = (
    "the benchmarks were built without valgrind's headers: install valgrind, then "
    "meson setup --reconfigure"
)


def total_of(path: Path) -> int | None:
    """Return the instructions of one of callgrind's files."""
    found = TOTAL.search(path.read_bytes())
    return int(found[1]) if found else None


def dumps(folder: Path) -> list[int | None]:
    """Return what was counted in each run of a benchmark, in their order."""
    paths = {
        int(path.suffix[1:]): path
        for path in folder.glob(f"{COUNTS}.*")
        if path.suffix[1:].isdigit()
    }
    return [total_of(paths[number]) for number in sorted(paths)]


def read_counts(folder: Path) -> tuple[Sequence[Counted], str | None]:
    """Return what each benchmark took; the complaint says why that is not known."""
    paper, unread = read_bench_document(folder / "document.json")
    if paper is None:
        return (), unread
    counted = dumps(folder)
    ran = [one for one in paper.entries if one.run_type == "iteration"]
    if not counted:
        return (), NO_WINDOWS
    if len(counted) != len(ran):
        return (), f"callgrind counted {len(counted)} runs of {len(ran)}"
    return [
        Counted(benchmark=one.run_name, iterations=one.iterations, instructions=total)
        for one, total in zip(ran, counted, strict=True)
        if total is not None and one.iterations
    ], None
