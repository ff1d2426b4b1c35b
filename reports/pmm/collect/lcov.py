# SPDX-License-Identifier: MIT
"""From lcov's info file to a summary by file, and the branches nothing takes.

Source: the `FILES` section of geninfo(1). Of each record the totals are read,
and which branches of which function were not taken; the lines themselves are
on lcov's own pages, which the report links.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pmm.base.errors import PmmError
from pmm.collect.coverage_ledger import LEDGER, read_ledger, reasons
from pmm.documents.coverage import Coverage, CoverageFile, CoverageGap
from pmm.documents.jobs import Job
from pmm.documents.results import Skipped

COVERAGE, INFO, PAGES = "coverage", "impl.info", "html"
"""The folder, in the build and kept in the run, and what is in it."""
TOTALS = {
    "LF": "lines_found", "LH": "lines_hit",
    "FNF": "functions_found", "FNH": "functions_hit",
    "BRF": "branches_found", "BRH": "branches_hit",
}  # fmt: skip
NOT_TAKEN = ("0", "-")
"""Of a branch: its line ran and it was never taken; its line never ran."""


@dataclass
class Record:
    """What the info file says of one source file."""

    path: str
    totals: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(TOTALS.values(), 0)
    )
    functions: list[tuple[int, str]] = field(default_factory=list)
    """(first line, name)."""
    not_taken: list[int] = field(default_factory=list)
    """The line of each branch that nothing takes."""

    def add(self, tag: str, value: str) -> None:
        """Take one line in; raise ValueError for one that is torn."""
        if tag in TOTALS:
            self.totals[TOTALS[tag]] = int(value)
        elif tag == "FN":
            line, name = value.split(",", 1)
            self.functions.append((int(line), name))
        elif tag == "BRDA":
            line, _, _, taken = value.split(",")
            if taken in NOT_TAKEN:
                self.not_taken.append(int(line))

    def by_function(self) -> dict[str, list[int]]:
        """The lines of the branches not taken, by the function they stand in."""
        found: dict[str, list[int]] = {}
        functions = sorted(self.functions)
        starts = [line for line, _ in functions]
        for line in sorted(self.not_taken):
            at = bisect_right(starts, line) - 1
            found.setdefault(functions[at][1] if at >= 0 else "", []).append(line)
        return found


def records(text: str, root: Path) -> Iterator[Record]:
    """The records of an info file; raise ValueError where it is torn."""
    record: Record | None = None
    for line in text.splitlines():
        tag, _, value = line.partition(":")
        if tag == "SF":
            record = Record(relative(value, root))
        elif record is not None and line == "end_of_record":
            yield record
            record = None
        elif record is not None:
            record.add(tag, value)
    if record is not None:
        raise ValueError("its last record does not end")


def read_info(path: Path, root: Path) -> list[Record]:
    """Read the records; raise PmmError for a file that is not an info file."""
    try:
        found = list(records(path.read_text(encoding="utf-8"), root))
    except (OSError, ValueError) as error:
        raise PmmError(f"cannot read coverage from {path}: {error}") from error
    if not found:
        raise PmmError(f"cannot read coverage from {path}: it is empty")
    return found


def relative(name: str, root: Path) -> str:
    """Return the source's path from the root."""
    path = Path(name)
    return str(path.relative_to(root)) if path.is_relative_to(root) else name


def gaps(found: list[Record], root: Path) -> tuple[CoverageGap, ...]:
    """The functions with branches that nothing takes, and the ledger's reasons."""
    known = reasons(read_ledger(root / LEDGER))
    return tuple(
        CoverageGap(
            path=record.path,
            function=function,
            lines=tuple(lines),
            why=known.get((record.path, function)),
        )
        for record in found
        for function, lines in record.by_function().items()
    )


def collect_coverage(run: Path, root: Path) -> Coverage | None:
    """Sum the run's info file up; None when coverage was not measured."""
    info = run / COVERAGE / INFO
    if not info.is_file():
        return None
    found = read_info(info, root)
    files = tuple(CoverageFile(path=record.path, **record.totals) for record in found)
    totals = {
        name: sum(getattr(file, name) for file in files) for name in TOTALS.values()
    }
    pages = f"{COVERAGE}/{PAGES}"
    html = pages if (run / pages / "index.html").is_file() else None
    return Coverage(files=files, gaps=gaps(found, root), html=html, **totals)


def covers(plan: Sequence[Job]) -> bool:
    """Tell whether a run is about what coverage is of: the reference, by its cases."""
    return any(job.kind == "conform" and job.subject == "reference" for job in plan)


def read_coverage(
    plan: Sequence[Job], folder: Path, root: Path
) -> tuple[Coverage | None, tuple[Skipped, ...]]:
    """Read lcov's summary; say what is lost where there should be one."""
    if not covers(plan):
        return None, ()
    lost = "no coverage page"
    remedy = "ci/run.sh"
    try:
        found = collect_coverage(folder, root)
    except PmmError as error:
        skipped = Skipped(what="coverage", why=str(error), lost=lost, remedy=remedy)
        return None, (skipped,)
    if found is not None:
        return found, ()
    why = "not measured with this build (no build/coverage/impl.info as new)"
    return None, (Skipped(what="coverage", why=why, lost=lost, remedy=remedy),)
