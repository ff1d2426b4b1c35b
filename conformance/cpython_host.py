# SPDX-License-Identifier: MIT
r"""Run the suite inside the interpreter that runs this script.

    python3.12 conformance/cpython_host.py --module build/.../_pmm.abi3.so \\
        conform --case 'ref.*'
    python3.12 conformance/cpython_host.py work list_vs_generator
    PMM_CPYTHON_ACCOUNT=none python3.12 conformance/cpython_host.py \\
        bench gc --benchmark_filter=full_live
    python3.12 conformance/cpython_host.py --describe

1. Load the extension `_pmm` (impl/hosts/cpython): from --module, from
   $PMM_CPYTHON_MODULE, or from a build folder beside this script's project.
2. For `bench`, name it the module with the benchmarks (bench/): from
   --bench-module, or from the same build.
3. Hand the remaining arguments to it; its exit code is ours.

Exit codes: those of the program named (0 fine, 2 usage, 3 a check failed);
1 when this interpreter cannot load the extension, 2 when a file that was named
is not there, with the reason on stderr.
Standard library only, CPython 3.8 or later.
"""

import argparse
import importlib.machinery
import importlib.util
import json
import os
import platform
import re
import shlex
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve()
PROJECT = SCRIPT.parent.parent
PLACE = Path("impl", "hosts", "cpython")
BENCH = Path("bench", "pmm_bench.so")
LOCKSTEP = Path("conformance", "lockstep", "pmm_lockstep.so")
OLDEST = (3, 8)
SCHEMA = 1


class CannotLoadError(Exception):
    """This interpreter has no extension to run; the text says why."""

    exit_code = 1


class WrongPathError(CannotLoadError):
    """A file that was named is not what it should be."""

    exit_code = 2


def tag():
    """What the extension of a version without the shared one is named by."""
    return "cpython-{}{}".format(*sys.version_info[:2])


def names():
    """File names that this interpreter may load, the best first."""
    own = f"_pmm.{tag()}.so"
    return [own] if sys.version_info < (3, 10) else [own, "_pmm.abi3.so"]


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
            "the shared extension needs 3.10; for this one run "
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
    made = re.search(r"\.cpython-(\d)(\d+)", path.name)
    if made and made.groups() != tuple(map(str, sys.version_info[:2])):
        raise WrongPathError(
            "{} is made for CPython {}.{}, and this is {}".format(
                path, *made.groups(), tool()))
    return path


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
    return "python{}.{}".format(*sys.version_info[:2])


def check_interpreter():
    """Refuse an interpreter that nothing of ours serves."""
    if platform.python_implementation() != "CPython":
        raise CannotLoadError(f"{platform.python_implementation()} is not CPython")
    if sys.version_info[:2] < OLDEST:
        raise CannotLoadError(f"{tool()} is older than CPython 3.8")


def load(path):
    """Import the extension from its file."""
    if sys.version_info < (3, 10) and path.name.endswith(".abi3.so"):
        raise CannotLoadError(
            "{} needs CPython 3.10 or later; compile one for {}.{} with "
            "impl/hosts/cpython/build_cpython.py".format(
                path.name, *sys.version_info[:2]))
    loader = importlib.machinery.ExtensionFileLoader("_pmm", str(path))
    spec = importlib.util.spec_from_loader("_pmm", loader)
    try:
        module = importlib.util.module_from_spec(spec)
        loader.exec_module(module)
    except ImportError as error:
        raise CannotLoadError(
            f"{path} does not load in {sys.executable}: {error}") from error
    return module


def describe(module):
    """The document of --describe."""
    document = {"schema": SCHEMA}
    document.update(module.describe())
    document["executable"] = sys.executable
    return document


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


def run(options):
    """Do what the options name; returns the exit code."""
    check_interpreter()
    path = find_module(options.module)
    module = load(path)
    if options.describe:
        json.dump(describe(module), sys.stdout)
        print()
        return 0
    argv = ["pmm-" + options.program, *options.arguments]
    if options.program == "conform":
        return module.conform(argv, command_line(path))
    if options.program == "bench":
        bench = find_bench(options.bench_module, path)
        return module.bench(argv, str(bench))
    if options.program == "lockstep":
        return module.bench(argv, str(find_lockstep(path)))
    return getattr(module, options.program)(argv)


def main(argv=None):
    """Run; an extension that does not load is exit code 1, a wrong path 2."""
    try:
        return run(parse(argv))
    except CannotLoadError as reason:
        print(f"cpython_host.py: {reason}", file=sys.stderr)
        return reason.exit_code


if __name__ == "__main__":
    sys.exit(main())
