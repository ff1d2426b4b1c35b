# SPDX-License-Identifier: MIT
"""Plug-ins as a stranger makes them: compiled on the spot, against the headers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PMM = Path(sys.executable).with_name("pmm")
BUILD = ROOT / "build"
SOURCES = Path(__file__).parent / "plugins"
EXAMPLE = ROOT / "conformance" / "example" / "backend.c"
FLAGS = ("-shared", "-fPIC", "-O2", f"-I{ROOT / 'impl' / 'include'}")


def need_build() -> None:
    """Skip where nothing is built."""
    if not (BUILD / "bench" / "pmm-bench-alloc").is_file():
        pytest.skip("the benchmarks are not built in build/")


def compiled(source: Path, out: Path, *flags: str) -> Path:
    """Compile one file into a shared object, all warnings on."""
    wanted = ("-std=gnu11", "-Wall", "-Wextra", "-Werror")
    subprocess.run(
        ["cc", *wanted, *FLAGS, *flags, "-o", out, source],
        check=True, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    return out


def pmm(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the program in the clone, as a user does."""
    return subprocess.run(
        [PMM, *arguments], cwd=ROOT, capture_output=True, text=True, check=False,
        timeout=600,
    )  # fmt: skip
