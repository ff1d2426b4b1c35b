# SPDX-License-Identifier: MIT
"""What the command line of cpython_host.py asks for.

A module of its own, so that cpython_host.py can let go of it and of all it
imports before anything is measured. Standard library only, CPython 3.8 or later.
"""

import argparse
import collections
import json
import os
import platform
import re
import shlex
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().with_name("cpython_host.py")
PROJECT = SCRIPT.parent.parent
PLACE = Path("impl", "hosts", "cpython")
BENCH = Path("bench", "pmm_bench.so")
LOCKSTEP = Path("conformance", "lockstep", "pmm_lockstep.so")
OLDEST = (3, 8)
FREE_THREADED = "t" in getattr(sys, "abiflags", "")
SCHEMA = 1


class CannotLoadError(Exception):
    """This interpreter has no extension to run; the text says why."""

    exit_code = 1


class WrongPathError(CannotLoadError):
    """A file that was named is not what it should be."""

    exit_code = 2


def tag():
    """What the extension of an interpreter without the shared one is named by."""
    mark = "t" if FREE_THREADED else ""
    return "cpython-{}{}{}".format(*sys.version_info[:2], mark)


def shares():
    """Whether the shared extension loads here: it needs 3.10 and the global lock."""
    return sys.version_info >= (3, 10) and not FREE_THREADED


def names():
    """File names that this interpreter may load, the best first."""
    own = f"_pmm.{tag()}.so"
    return [own, "_pmm.abi3.so"] if shares() else [own]


def candidates():
    """Where a build may have left the extension, the best first."""
    builds = [PROJECT / "build", *sorted(PROJECT.glob("build*"))]
    for build in builds:
        for name in names():
            yield build / PLACE / name


def find_module(given):
    """Path of the extension."""
    named = given or os.environ.get("PMM_CPYTHON_MODULE")
    if named:
        return check_module(Path(named))
    for path in candidates():
        if path.is_file():
            return path
    if "_pmm.abi3.so" not in names():
        raise CannotLoadError(
            "the shared extension needs 3.10 and the global lock; for this one run "
            f"{tool()} impl/hosts/cpython/build_cpython.py --build build")
    raise CannotLoadError(
        "no {} in a build folder of {}; build the project, or name the file "
        "with --module".format(" or ".join(names()), PROJECT))


def check_module(path):
    """Refuse a file that cannot be the extension of this interpreter."""
    if path.is_dir():
        raise WrongPathError(f"{path} is a folder; name the extension in it")
    if not path.is_file():
        raise WrongPathError(f"there is no file {path}")
    made = re.search(r"\.cpython-(\d)(\d+)(t?)", path.name)
    own = (*map(str, sys.version_info[:2]), "t" if FREE_THREADED else "")
    if made and made.groups() != own:
        raise WrongPathError(
            "{} is made for CPython {}.{}{}, and this is {}".format(
                path, *made.groups(), tool()))
    return path


def check_shared(path):
    """Refuse the shared extension where the interpreter does not load it."""
    if not shares() and path.name.endswith(".abi3.so"):
        raise CannotLoadError(
            f"{path.name} needs CPython 3.10 or later with the global lock; compile one for "
            f"{tool()} with impl/hosts/cpython/build_cpython.py")


def beside(module, place):
    """Path of another module of the build that the extension is from."""
    built = module.resolve().parents
    return (built[3] if len(built) > 3 else built[0]) / place


def find_bench(given, module):
    """Path of the benchmarks' module: the one of the extension's build."""
    if given and not Path(given).is_file():
        raise WrongPathError(f"there is no file {given}")
    path = Path(given) if given else beside(module, BENCH)
    if not path.is_file():
        raise CannotLoadError(
            f"there are no benchmarks in {path}: they are built where Google "
            "Benchmark (libbenchmark-dev) is installed")
    return path


def find_lockstep(module):
    """Path of the module that runs random programs."""
    path = beside(module, LOCKSTEP)
    if not path.is_file():
        raise CannotLoadError(f"there is no {path}: build the project")
    return path


def tool():
    """This interpreter, as a person would type it."""
    return "python{}.{}{}".format(*sys.version_info[:2], "t" if FREE_THREADED else "")


def check_interpreter():
    """Refuse an interpreter that nothing of ours serves."""
    if platform.python_implementation() != "CPython":
        raise CannotLoadError(f"{platform.python_implementation()} is not CPython")
    if sys.version_info[:2] < OLDEST:
        raise CannotLoadError(f"{tool()} is older than CPython 3.8")


def described(module):
    """The document of --describe."""
    document = {"schema": SCHEMA}
    document.update(module.describe())
    document["executable"] = sys.executable
    return json.dumps(document)


def command_line(path):
    """How this run starts, for the lines that repeat a failure."""
    parts = [sys.executable, str(SCRIPT), "--module", str(path), "conform"]
    wish = [f"{name}={shlex.quote(os.environ[name])}"
            for name in ("PYTHONMALLOC", "PMM_CPYTHON_ACCOUNT")
            if os.environ.get(name)]
    return " ".join(wish + [shlex.quote(part) for part in parts])


def parse(argv):
    """Options of this script, and the program with its own."""
    parser = argparse.ArgumentParser(
        prog="cpython_host.py",
        description="Run conformance cases, a workload, benchmarks or random "
                    "programs inside this interpreter.",
        epilog="`conform --help`, `work --help`, `bench --help` and "
               "`lockstep --help` list the options of each. "
               "PMM_CPYTHON_ACCOUNT=none leaves the interpreter's allocators "
               "unhooked, for undisturbed times.")
    parser.add_argument("--module", metavar="FILE",
                        help="the extension, _pmm.abi3.so; by default it is "
                             "looked for in the project's build folders")
    parser.add_argument("--bench-module", metavar="FILE",
                        help="the benchmarks, pmm_bench.so; by default that "
                             "of the extension's build")
    parser.add_argument("--describe", action="store_true",
                        help="print what this subject is, as JSON")
    parser.add_argument("program", nargs="?",
                        choices=("conform", "work", "bench", "lockstep",
                                 "selftest"),
                        help="what to run")
    parser.add_argument("arguments", nargs=argparse.REMAINDER,
                        help="its own options")
    options = parser.parse_args(argv)
    if not options.describe and options.program is None:
        parser.error("name a program: conform, work, bench, lockstep or "
                     "selftest")
    return options


Wish = collections.namedtuple("Wish", "path program arguments")
"""The extension's file; the name of its function, None for --describe; what the
function is called with. Plain text alone, which holds nothing of this module."""


def read(argv):
    """Read the options; raise CannotLoadError."""
    options = parse(argv)
    check_interpreter()
    path = find_module(options.module)
    check_shared(path)
    if options.describe:
        return Wish(str(path), None, ())
    return Wish(str(path), *call_of(options, path))


def call_of(options, path):
    """The function of the extension that a program is, and its arguments."""
    argv = ["pmm-" + options.program, *options.arguments]
    if options.program == "conform":
        return "conform", (argv, command_line(path))
    if options.program == "bench":
        return "bench", (argv, str(find_bench(options.bench_module, path)))
    if options.program == "lockstep":
        return "bench", (argv, str(find_lockstep(path)))
    return options.program, (argv,)
