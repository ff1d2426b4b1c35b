# SPDX-License-Identifier: MIT
"""Compile the extension for the one CPython that runs this script.

    python3.8 impl/hosts/cpython/build_cpython.py --build build

For those that the shared _pmm.abi3.so does not load in: 3.8, 3.9, and builds
without the global lock (free-threaded, 3.13 and later).

1. Take this interpreter's own headers, and the whole API instead of the
   limited one.
2. Link the cases and the workloads from the static libraries of a build
   folder that Meson has built, which also has the Python of the adaptor as C.
3. Write _pmm.cpython-38.so (or -313t.so) beside _pmm.abi3.so, where
   cpython_host.py looks; nothing is done when it is newer than all that goes into it.
4. Load it: a shared object may be linked with functions that nobody has.

Exit codes: 0 done, 1 it cannot be compiled or loaded, 2 something needed is not
there.
Standard library only, CPython 3.8 or later.
"""

import argparse
import importlib.util
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
INCLUDES = ("impl/include", "impl", "impl/subjects/cpython",
            "conformance/harness", "workloads", "bench")
FOLDERS = ("impl/subjects/cpython", "impl/hosts/cpython", "impl/tests/cpython")
OUTPUT = "impl/hosts/cpython"
# Made in the build folder: pmm/ops.h and the Python that is built in.
MADE = "impl/include"
MADE_SOURCE = "impl/subjects/cpython/python_sources.c"
# Not -fvisibility=hidden: 3.8 does not mark the module's entry as visible.
FLAGS = ("-std=c11", "-D_GNU_SOURCE", "-O2", "-g", "-fPIC", "-shared",
         "-Wall", "-Wextra")
WHOLE = "conformance/libpmm_conform.a"
ARCHIVES = ("workloads/libpmm_work.a", "impl/backends/libpmm_backends.a",
            "impl/libpmm_host.a", "impl/subjects/libpmm_view.a",
            "impl/base/libpmm_base.a")
LIBRARIES = ("-ljansson", "-lz", "-lm", "-ldl", "-lpthread")


def missing(paths):
    """Those of the paths that are not there."""
    return [str(path) for path in paths if not path.exists()]


def output_name():
    """Name of the extension for this version and kind of build alone."""
    mark = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    return "_pmm.cpython-{}{}{}.so".format(*sys.version_info[:2], mark)


def sources(build, pattern):
    """The files that are compiled, and for *.[ch] their headers."""
    own = [path for folder in FOLDERS
           for path in sorted((PROJECT / folder).glob(pattern))]
    return [*own, build / MADE_SOURCE]


def header_folders():
    """Where this interpreter's headers are; pyconfig.h may be in another folder."""
    paths = sysconfig.get_paths()
    return list(dict.fromkeys([paths["include"], paths["platinclude"]]))


def command(build):
    """The one call of the compiler that makes the extension."""
    parts = [os.environ.get("CC", "cc"), *FLAGS]
    for folder in header_folders():
        parts += ["-isystem", folder]
    for folder in INCLUDES:
        parts += ["-I", str(PROJECT / folder)]
    parts += ["-I", str(build / MADE)]
    parts += [str(path) for path in sources(build, "*.c")]
    parts += ["-Wl,--whole-archive", str(build / WHOLE),
              "-Wl,--no-whole-archive"]
    parts += [str(build / archive) for archive in ARCHIVES]
    parts += LIBRARIES
    parts += ["-o", str(build / OUTPUT / output_name())]
    return parts


def load_fault(path):
    """Why this interpreter cannot load an extension; None when it can."""
    spec = importlib.util.spec_from_file_location("_pmm", str(path))
    try:
        importlib.util.module_from_spec(spec)
    except ImportError as error:
        return str(error)
    return None


def is_current(build):
    """1 when what would be compiled is older than what is there."""
    output = build / OUTPUT / output_name()
    inputs = [*sources(build, "*.[ch]"), build / WHOLE]
    inputs += [build / archive for archive in ARCHIVES]
    return output.exists() and all(
        path.stat().st_mtime < output.stat().st_mtime for path in inputs)


def main():
    """Compile; returns the exit code."""
    parser = argparse.ArgumentParser(
        description="Compile the extension for the interpreter that runs "
                    "this script.")
    parser.add_argument("--build", type=Path, default=PROJECT / "build",
                        help="folder that Meson built (default: build)")
    build = parser.parse_args().build.resolve()
    headers = Path(header_folders()[0])
    wanted = [headers / "Python.h", build / WHOLE, build / MADE_SOURCE]
    lacking = missing(wanted + [build / archive for archive in ARCHIVES])
    if lacking:
        print("build_cpython.py: needed and not there:", *lacking,
              file=sys.stderr)
        return 2
    if is_current(build):
        return 0
    output = build / OUTPUT / output_name()
    if subprocess.call(command(build)) != 0:
        return 1
    fault = load_fault(output)
    if fault is not None:
        output.unlink()
        print("build_cpython.py: it does not load:", fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
