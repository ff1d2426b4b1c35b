# SPDX-License-Identifier: MIT
"""Where things are: the project's root, the build folder, the programs.

An installed runner has no clone: the package brings the part of one that it reads,
with a build in it (`SUITE`). Nobody need be allowed to write there, so what is
kept goes to the folder that the user stands in.

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
    "workloads/patterns", "workloads/ledger", "workloads/heaps", "bench", "reports",
    ".",
)  # fmt: skip
SUITE = Path(__file__).resolve().parents[1] / "suite"
"""What stands in for a clone where the runner is installed."""
LAUNCHER = "pmm-launch"
"""The small program that starts jobs, so that their memory is their own."""
HOST_SCRIPT = Path("conformance/cpython_host.py")
TWIN_SCRIPT = Path("workloads/python/run.py")
PACKAGE = Path("reports/pmm")
FACTS = Path("inside/facts/run.py")
"""In the package itself."""


NO_HOME = Path("/dev/null/no-home")
"""Stands in for the home of a user without one: nothing can be there."""


def home() -> Path:
    """Return the user's home folder; `NO_HOME` where neither HOME nor the system's
    list of users has one, as for a number that a container was started under.
    """
    found = Path(os.path.expanduser("~"))  # noqa: PTH111 - the other raises
    return found if found.is_absolute() else NO_HOME


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
    def installed(self) -> bool:
        """Whether these are the installed package's, with no sources and no room."""
        return self.build.is_relative_to(SUITE)

    def kept(self, name: str) -> Path:
        """Return where something of that name is kept: in the build, or from an
        installed package in the current folder, `pmm-` before it.
        """
        return Path.cwd() / f"pmm-{name}" if self.installed else self.build / name

    @property
    def facts_script(self) -> Path:
        """The script that measures the interpreter that runs it."""
        return (SUITE.parent if self.installed else self.root / PACKAGE) / FACTS

    @property
    def runs(self) -> Path:
        """The folder that runs are kept in."""
        return self.kept("runs")

    def need_sources(self, what: str) -> None:
        """Raise UsageError where there are none for something that needs them."""
        if self.installed:
            raise UsageError(
                f"{what} needs the sources of pmm, and this is an installed package: "
                "run it in a clone"
            )


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


def portable(line: str, root: Path) -> str:
    """Return a command without the path of the clone, where it is given from its top:
    so that it can be pasted in another clone, too.
    """
    return line.replace(f"{root}/", "") if Path.cwd() == root else line


def is_root(folder: Path) -> bool:
    """Tell whether a folder is the project's root."""
    return (folder / "conformance" / "requirements.toml").is_file()


def find_root(build: Path | None) -> Path:
    """Return the root: above a build that is named; else the installed package's,
    above the current folder, or the clone that this package is in; the first there is.
    """
    here = Path.cwd()
    above = build.resolve().parents if build is not None else ()
    own = Path(__file__).resolve().parents
    for folder in (*above, SUITE, here, *here.parents, *own):
        if is_root(folder):
            return folder
    raise UsageError("the current folder is not in a clone of pmm: change to one")


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
