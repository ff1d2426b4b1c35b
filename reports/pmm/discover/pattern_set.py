# SPDX-License-Identifier: MIT
"""The patterns of memory that the suite brings, and where one's own lies."""

from __future__ import annotations

from pathlib import Path

from pmm.base.errors import UsageError
from pmm.base.paths import Paths
from pmm.base.typed_names import unknown

FOLDER = Path("workloads/patterns")
SUFFIX = ".pattern"


def shipped(root: Path) -> dict[str, Path]:
    """Return the patterns that come with the suite."""
    return {path.stem: path for path in sorted((root / FOLDER).glob(f"*{SUFFIX}"))}


def find_pattern(paths: Paths, typed: str) -> Path:
    """Return the file of a pattern: a name of the suite's, or a path."""
    known = shipped(paths.root)
    if typed in known:
        return known[typed]
    if "/" in typed or typed.endswith(SUFFIX):
        if not Path(typed).is_file():
            raise UsageError(f"no pattern {typed}")
        return Path(typed)
    raise unknown("pattern", typed, known)


def title_of(path: Path) -> str:
    """Return the title that a pattern gives itself."""
    text = path.read_text(encoding="utf-8", errors="replace")
    lines = (line for line in text.splitlines() if line.startswith("title "))
    return next((line.removeprefix("title ") for line in lines), "no title")
