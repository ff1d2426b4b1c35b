# SPDX-License-Identifier: MIT
"""Tools of others that are called: git, meson, ninja. What they print is returned."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from pmm.base.errors import PmmError
from pmm.base.last_words import last_words


def called(
    argv: Sequence[str | Path],
    working: Path,
    given: bytes = b"",
    variables: Mapping[str, str] | None = None,
) -> bytes:
    """Run a tool and return what it prints; raise PmmError with its last words."""
    try:
        done = subprocess.run(
            argv, cwd=working, capture_output=True, check=False, input=given,
            env={**os.environ, **(variables or {})},
        )  # fmt: skip
    except OSError as error:
        raise PmmError(f"cannot start {argv[0]}: {error.strerror}") from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode(errors="replace")
        words = last_words(said) or f"code {done.returncode}"
        raise PmmError(f"{argv[0]} {argv[1]}: {words}")
    return done.stdout


def answered(argv: Sequence[str | Path], working: Path) -> str:
    """Run a tool and return what it prints as text, without blanks around it."""
    return called(argv, working).decode(errors="replace").strip()
