# SPDX-License-Identifier: MIT
"""How busy the machine was with other things while a run's jobs ran."""

from __future__ import annotations

from collections.abc import Sequence

from pmm.documents.jobs import JobResult
from pmm.documents.verdict import Load
from pmm.execute.busy import is_busy


def load_of(
    results: Sequence[JobResult], measured: set[str], cores: int, start: float | None
) -> Load:
    """Sum up a run: over its measured jobs, or over all where it has none."""
    known = [one for one in results if one.others is not None and one.elapsed_ns]
    chosen = [one for one in known if one.job in measured] or known
    total = sum(one.elapsed_ns for one in chosen)
    taken = None
    if total:
        taken = sum((one.others or 0) * one.elapsed_ns for one in chosen) / total
    ends = [one.load_average for one in results if one.load_average is not None]
    return Load(
        cores=cores,
        others=round(taken, 2) if taken is not None else None,
        start=start,
        end=ends[-1] if ends else None,
        busy=is_busy(cores, taken),
    )


def notice(load: Load | None) -> str | None:
    """Say that the machine was busy; None for a quiet one."""
    if load is None or not load.busy or load.others is None:
        return None
    said = (
        f"Busy machine: other programs kept {load.others:.1f} of {load.cores} cores "
        "busy during this run; times may be wrong, and jobs may have timed out"
    )
    if load.start is not None and load.end is not None:
        said += f" (load average {load.start:.1f} before, {load.end:.1f} at the end)"
    return f"{said}."
