# SPDX-License-Identifier: MIT
"""Where things are: the project's root, the build folder, the programs.

Commands that are printed for people use paths relative to the folder they
stand in, as far as that is possible, so that a line can be pasted.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pmm.base.errors import UsageError
from pmm.base.plain_text import shell_word

PROGRAM_FOLDERS = (
    "conformance", "conformance/backends", "workloads", "workloads/traces",
    "workloads/patterns", "bench", "reports", ".",
)  # fmt: skip
LAUNCHER = "pmm-launch"
"""The small program that starts jobs, so that their memory is their own."""
HOST_SCRIPT = Path("conformance/cpython_host.py")
TWIN_SCRIPT = Path("workloads/python/run.py")


@dataclass(frozen=True)
class Paths:
    """The folders of one project and one build of it."""

    root: Path
    build: Path

    def program(self, name: str) -> Path | None:
        """Return the built program of that name, or None when it was not built."""
        for folder in PROGRAM_FOLDERS:
            path = self.build / folder / name
            if path.is_file() and os.access(path, os.X_OK):
                return path
        return None

    def bench_programs(self) -> list[Path]:
        """Return the built Google Benchmark programs, sorted by name."""
        found = (self.build / "bench").glob("pmm-bench-*")
        return sorted(p for p in found if p.is_file() and os.access(p, os.X_OK))

    def source(self, file: str) -> str:
        """Return a source file's path from the root, where it lies below it.

        A compiler names a file as the build named it: from the build folder, or
        whole; the suite's own macros already name it from the root.
        """
        whole = os.path.normpath(self.build / file)
        for path in (whole, os.path.normpath(self.root / file)):
            if path.startswith(f"{self.root}/") and Path(path).is_file():
                return str(Path(path).relative_to(self.root))
        return file

    @property
    def host_script(self) -> Path:
        """The script that runs the suite inside a CPython."""
        return self.root / HOST_SCRIPT

    @property
    def twin_script(self) -> Path:
        """The script that runs the workloads' Python twins."""
        return self.root / TWIN_SCRIPT

    @property
    def runs(self) -> Path:
        """The folder that runs are kept in."""
        return self.build / "runs"


def shown(path: Path) -> str:
    """Return the path as a person standing in the current folder would type it."""
    try:
        relative = path.resolve().relative_to(Path.cwd().resolve())
    except ValueError:
        return str(path)
    text = str(relative)
    return text if "/" in text else f"./{text}"


def pasted(path: Path) -> str:
    """Return the path as a shell takes it from the current folder."""
    return shell_word(shown(path))


def is_root(folder: Path) -> bool:
    """Tell whether a folder is the project's root."""
    return (folder / "conformance" / "requirements.toml").is_file()


def find_root(build: Path | None) -> Path:
    """Return the root: above a build that is named, above the current folder, or
    the one that this package is in; the first there is.
    """
    here = Path.cwd()
    above = build.resolve().parents if build is not None else ()
    for folder in (*above, here, *here.parents, *Path(__file__).resolve().parents):
        if is_root(folder):
            return folder
    raise UsageError("this is not a clone of pmm: go into one")


def find_paths(root: Path | None, build: Path | None) -> Paths:
    """Settle the folders from the command line; the build folder must exist."""
    top = root if root is not None else find_root(build)
    if not is_root(top):
        raise UsageError(f"{top} is not a clone of pmm")
    folder = build if build is not None else top / "build"
    if not folder.is_dir():
        raise UsageError(
            f"no build in {folder}: run `meson setup {pasted(folder)} && "
            f"ninja -C {pasted(folder)}`, or name one with --build"
        )
    return Paths(root=top.resolve(), build=folder.resolve())
