# SPDX-License-Identifier: MIT
"""What the benchmark programs of a build can be asked for: one may be of old."""

from __future__ import annotations

import subprocess
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=64)
def knows(program: Path, option: str) -> bool:
    """Tell whether a program's help names an option."""
    try:
        said = subprocess.run(
            [program.absolute(), "--help"],
            capture_output=True, text=True, errors="replace",
            check=False, stdin=subprocess.DEVNULL, timeout=10,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return f" {option} " in said.stdout
