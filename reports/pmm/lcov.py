# SPDX-License-Identifier: MIT
"""From lcov's info file to a summary by file.

Source: the `FILES` section of geninfo(1). Only the totals of each record are
read; the lines themselves are on lcov's own pages, which the report links.
"""

from __future__ import annotations

from pathlib import Path

from pmm.documents import Coverage, CoverageFile
from pmm.errors import PmmError

COVERAGE, INFO, PAGES = "coverage", "impl.info", "html"
"""The folder, in the build and kept in the run, and what is in it."""
TOTALS = {
    "LF": "lines_found", "LH": "lines_hit",
    "FNF": "functions_found", "FNH": "functions_hit",
    "BRF": "branches_found", "BRH": "branches_hit",
}  # fmt: skip


def read_info(path: Path, root: Path) -> tuple[CoverageFile, ...]:
    """Read the records; raise PmmError for a file that is not an info file."""
    files: list[CoverageFile] = []
    name: str | None = None
    totals = dict.fromkeys(TOTALS.values(), 0)
    try:
        text = path.read_text(encoding="utf-8")
        for line in text.splitlines():
            tag, _, value = line.partition(":")
            if tag == "SF":
                name, totals = value, dict.fromkeys(TOTALS.values(), 0)
            elif tag in TOTALS:
                totals[TOTALS[tag]] = int(value)
            elif line == "end_of_record" and name is not None:
                files.append(CoverageFile(path=relative(name, root), **totals))
                name = None
    except (OSError, ValueError) as error:
        raise PmmError(f"cannot read coverage from {path}: {error}") from error
    if name is not None or not files:
        raise PmmError(f"cannot read coverage from {path}: it is empty or torn")
    return tuple(files)


def relative(name: str, root: Path) -> str:
    """Return the source's path from the root."""
    path = Path(name)
    return str(path.relative_to(root)) if path.is_relative_to(root) else name


def collect_coverage(run: Path, root: Path) -> Coverage | None:
    """Sum the run's info file up; None when coverage was not measured."""
    info = run / COVERAGE / INFO
    if not info.is_file():
        return None
    files = read_info(info, root)
    totals = {
        name: sum(getattr(file, name) for file in files) for name in TOTALS.values()
    }
    pages = f"{COVERAGE}/{PAGES}"
    html = pages if (run / pages / "index.html").is_file() else None
    return Coverage(files=files, html=html, **totals)
