# SPDX-License-Identifier: MIT
"""Is memory lost, and who allocated it?"""

from __future__ import annotations

from typing import Any

from pmm.documents import Run


def context(run: Run) -> dict[str, Any]:
    """Values of leaks.html: unexpected findings first, then by bytes."""
    order = sorted(
        run.leaks,
        key=lambda f: (
            f.expected,
            f.suppressed,
            -(f.bytes or 0),
            f.variant or "",
            f.by,
        ),
    )
    return {
        "unexpected": [f for f in order if not f.expected and not f.suppressed],
        "expected": [f for f in order if f.expected and not f.suppressed],
        "suppressed": [f for f in order if f.suppressed],
    }
