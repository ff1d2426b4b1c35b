# SPDX-License-Identifier: MIT
"""What the tests reach of the runtime's sources, and what they do not."""

from __future__ import annotations

from pmm.documents.programs import Strict


class CoverageFile(Strict, frozen=True):
    """Coverage of one source file, in units found and hit."""

    path: str
    lines_found: int
    lines_hit: int
    functions_found: int
    functions_hit: int
    branches_found: int
    branches_hit: int


class CoverageGap(Strict, frozen=True):
    """A function with branches that nothing takes."""

    path: str
    function: str
    lines: tuple[int, ...]
    """One for each branch, so that a line may stand there twice."""
    why: str | None
    """From the ledger; None when nobody has judged the gap."""


class Coverage(Strict, frozen=True):
    """The sum over the files, and where lcov's pages are.

    An assert counts as a line and not as branches (ci/common.sh).
    """

    lines_found: int
    lines_hit: int
    functions_found: int
    functions_hit: int
    branches_found: int
    branches_hit: int
    files: tuple[CoverageFile, ...]
    html: str | None
    """Folder of genhtml's pages, relative to run.json."""
    gaps: tuple[CoverageGap, ...] = ()
