# SPDX-License-Identifier: MIT
"""What is not tested?"""

from __future__ import annotations

from typing import Any

from pmm.documents.coverage import CoverageFile
from pmm.documents.run import Run


def _share(file: CoverageFile) -> tuple[float, str]:
    """Least covered first: by branches, then by lines."""
    branches = file.branches_hit / file.branches_found if file.branches_found else 1.0
    lines = file.lines_hit / file.lines_found if file.lines_found else 1.0
    return (min(branches, lines), file.path)


def context(run: Run) -> dict[str, Any]:
    """Values of coverage.html."""
    files = sorted(run.coverage.files, key=_share) if run.coverage else []
    return {"files": files}
