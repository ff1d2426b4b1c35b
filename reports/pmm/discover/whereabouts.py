# SPDX-License-Identifier: MIT
"""Where interpreters lie: found without being asked, and without starting any.

PATH, /usr/bin, and below the folders that tools keep theirs in: pyenv, uv, conda
and mamba, the tool cache of a CI, the cache of `pmm fetch`. A tool's own variable
goes before its usual place.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from pmm.base.cache import fetched_roots
from pmm.base.paths import home
from pmm.base.typed_names import by_number

CPYTHON = re.compile(r"python3\.(\d+)[dt]{0,2}")
"""Names of files that may be a CPython; `d` and `t` are builds of it."""
OTHER = re.compile(r"pypy3(\.\d+)?|micropython|graalpy")
OLDEST_MINOR = 8
CONDA_HOMES = ("miniconda3", "anaconda3", "miniforge3", "mambaforge", "micromamba")
CONDA_LIST = Path(".conda/environments.txt")
TOOL_CACHES = ("Python", "PyPy")


def is_folder(path: Path) -> bool:
    """Tell whether a folder is there; one that may not be looked at is not."""
    try:
        return path.is_dir()
    except OSError:
        return False


def is_program(path: Path) -> bool:
    """Tell whether a file may be started."""
    try:
        return path.is_file() and os.access(path, os.X_OK)
    except OSError:
        return False


def named_folders(*variables: str) -> list[Path]:
    """Return the folders that variables name, those that are there."""
    named = [Path(os.environ[name]) for name in variables if os.environ.get(name)]
    return [path for path in named if path.is_absolute() and is_folder(path)]


def below(folder: Path, pattern: str) -> list[Path]:
    """Return the folders below one that match, in the order of their versions."""
    try:
        return sorted(folder.glob(pattern), key=lambda path: by_number(str(path)))
    except OSError:
        return []


def pyenv_home() -> Path:
    """Return where pyenv keeps its versions and shims."""
    return next(iter(named_folders("PYENV_ROOT")), home() / ".pyenv")


def on_path() -> list[Path]:
    """Return the folders of PATH; pyenv's shims only lead to its versions."""
    folders = [Path(part) for part in os.environ.get("PATH", "").split(":") if part]
    shims = pyenv_home() / "shims"
    return [*(folder for folder in folders if folder != shims), Path("/usr/bin")]


def of_uv() -> list[Path]:
    """Return the folders of uv's interpreters."""
    data = next(iter(named_folders("XDG_DATA_HOME")), home() / ".local/share")
    homes = named_folders("UV_PYTHON_INSTALL_DIR") or [data / "uv" / "python"]
    return [folder for home in homes for folder in below(home, "*/bin")]


def of_conda() -> list[Path]:
    """Return the folders of conda's and mamba's environments."""
    homes = named_folders("CONDA_PREFIX", "MAMBA_ROOT_PREFIX", "CONDA_ROOT")
    homes += [home() / name for name in CONDA_HOMES]
    homes += [Path("/opt") / name for name in ("conda", *CONDA_HOMES)]
    try:
        listed = (home() / CONDA_LIST).read_text("utf-8", "replace").splitlines()
    except OSError:
        listed = []
    homes += [Path(line) for line in listed if line.startswith("/")]
    return [
        folder
        for home in dict.fromkeys(homes)
        for folder in (home / "bin", *below(home, "envs/*/bin"))
    ]


def of_tool_cache() -> list[Path]:
    """Return the folders of the interpreters that a CI installs for its jobs."""
    homes = named_folders("RUNNER_TOOL_CACHE", "AGENT_TOOLSDIRECTORY")
    homes.append(Path("/opt/hostedtoolcache"))
    return [
        folder
        for home in dict.fromkeys(homes)
        for kind in TOOL_CACHES
        for folder in below(home, f"{kind}/*/*/bin")
    ]


def folders() -> list[Path]:
    """Return every folder that may hold an interpreter; the first found is kept."""
    return [
        *on_path(),
        *below(pyenv_home() / "versions", "*/bin"),
        *of_uv(),
        *of_conda(),
        *of_tool_cache(),
        *(root / "usr" / "bin" for root in fetched_roots()),
    ]


def programs(folder: Path) -> Iterator[Path]:
    """Return what may be started in a folder, by version."""
    try:
        names = sorted(os.listdir(folder), key=by_number)  # noqa: PTH208 - names only
    except OSError:
        return
    for name in names:
        cpython = CPYTHON.fullmatch(name)
        old = cpython is not None and int(cpython[1]) < OLDEST_MINOR
        if (cpython is None or old) and not OTHER.fullmatch(name):
            continue
        path = folder / name
        if is_program(path):
            yield path


def found_programs() -> list[Path]:
    """Return the interpreters that there may be, each binary once."""
    found: dict[Path, Path] = {}
    for folder in dict.fromkeys(folders()):
        for path in programs(folder):
            found.setdefault(path.resolve(), path)
    return list(found.values())


def candidates() -> list[Path]:
    """Return paths that may be a CPython of 3.8 or later."""
    return [path for path in found_programs() if CPYTHON.fullmatch(path.name)]


def other_pythons() -> list[Path]:
    """Return paths that are some other Python by their names."""
    return [path for path in found_programs() if OTHER.fullmatch(path.name)]


def family_of(path: Path) -> str:
    """Return what a candidate is by the name of its file: `cpython-3.11`."""
    found = CPYTHON.fullmatch(path.name)
    return f"cpython-3.{found[1]}" if found else path.name
