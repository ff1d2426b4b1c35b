# SPDX-License-Identifier: MIT
"""Includes and symbols point down.

The runtime stands on floors, each a folder and a library of its own:

  memory < core < gc < types < code < runtime

Reads every #include "..." of the C and C++ files of impl, workloads,
conformance and bench, and fails on one that the layers forbid:

  conformance, bench, workloads   their own headers, pmm/*, host.h, base; program
                                  files also the registry and the selection,
                                  tests tap.h, the allocator check
                                  backends/malloclike.h; bench/heap.cc the
                                  snapshots of workloads; traces/serve.c
                                  backends, bench/pool/pairs.c the pool itself
  impl/hosts                      the contract and the adaptors, and of the
                                  trees the programs that it runs (conform.h,
                                  work.h, bench_host.h); nothing includes it
  impl/subjects                   everything below; adaptors know both sides
  impl/<floor>                    its own and the floors below it, pmm/types.h,
                                  host, sanitize, base
  impl/backends                   pool, host, sanitize, base, pmm/backend.h
  impl/pool                       host, sanitize, base, pmm/backend.h
  impl/host, sanitize             pmm/backend.h
  impl/base                       its own: everybody may use it

With --symbols it reads the built libraries by nm, and fails on an object that
uses a symbol of a floor above; what is inherent is listed with its reason.

Usage: include_edges.py [--self-test] ROOT
       include_edges.py --symbols NM LIBRARY...
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
SOURCES = {".c", ".h", ".cc", ".cpp", ".hpp"}
TREES = ("impl", "workloads", "conformance", "bench")

FLOORS = ("memory", "core", "gc", "types", "code", "runtime")
BELOW = ("pmm/backend.h", "pmm/types.h", "host.h", "sanitize.h", "base/")

# What a file of a layer may include from impl, by the beginning of the path.
LAYERS: dict[str, tuple[str, ...]] = {
    "impl/base": ("base/",),
    "impl/host": ("pmm/backend.h", "host.h", "sanitize.h"),
    "impl/pool": ("pmm/backend.h", "host.h", "sanitize.h", "base/", "pool/"),
    "impl/backends": ("pmm/backend.h", "host.h", "sanitize.h", "base/", "pool/",
                      "backends/"),
    **{f"impl/{floor}": (*BELOW, *(f"{lower}/" for lower in FLOORS[:number]))
       for number, floor in enumerate(FLOORS, 1)},
    "impl/subjects": ("pmm/", "host.h", "sanitize.h", "base/", "pool/",
                      "backends/", "subjects/", *(f"{floor}/" for floor in FLOORS)),
    "impl/include": ("pmm/",),
    # On the roof: the programs of the trees inside somebody else's process.
    "impl/hosts": ("pmm/", "subjects/", "hosts/", "conform.h", "work.h",
                   "bench_host.h", "tests/cpython/selftest.h"),
    "contract": ("pmm/", "host.h", "base/"),
    # The allocator check asks functions of malloc's form beside the contract's.
    "check": ("pmm/", "host.h", "sanitize.h", "base/",
              "backends/malloclike.h"),
    "program": ("pmm/", "host.h", "base/", "backends/registry.h",
                "backends/witness.h", "subjects/select.h", "tests/tap.h"),
    "heaps": ("pmm/", "graph_load.h", "graph_read.h"),
    # In an interpreter's process: whole programs over a backend.
    "serve": ("pmm/", "backends/malloclike.h", "backends/registry.h",
              "backends/witness.h"),
    # The pool compiled into its caller, which is what is measured.
    "pairs": ("pmm/", "backends/registry.h", "pool/pool.h"),
}

# Files outside impl that are a program's way in, or stand for one: they turn
# names into subjects and backends, and pass on what they found.
PROGRAMS = re.compile(
    r"(^|/)(main|find|list|work|options|witness)\.(c|h|cc)$|^bench/|/tests?/|/fuzz/"
    r"|^conformance/(backends/runner|lockstep/lockstep)\.c$"
    r"|/fakes?/|/faults?/"
)


ROOFS = {"workloads/traces/serve.c": "serve", "bench/pool/pairs.c": "pairs"}


def layer_of(path: str) -> str | None:
    """The layer of a file by its path from the root; None: not judged."""
    parts = path.split("/")
    if path == "conformance/lockstep/host.c":  # it is loaded there
        return "impl/hosts"
    if path == "bench/heap.cc":  # it collects what workloads reads
        return "heaps"
    if path in ROOFS:
        return ROOFS[path]
    if parts[0] != "impl":
        if PROGRAMS.search(path):
            return "program"
        return "check" if path.startswith("conformance/backends/") else "contract"
    if len(parts) == 2:
        return "impl/host"
    folder = parts[1]
    # Tests may look at everything they test.
    return None if folder == "tests" else f"impl/{folder}"


def sources(root: Path) -> Iterator[Path]:
    for tree in TREES:
        for path in sorted((root / tree).rglob("*")):
            if path.suffix in SOURCES and path.is_file():
                yield path


def is_own(root: Path, path: Path, name: str) -> bool:
    """A header of the same tree: beside the file, or below its top folder."""
    if (path.parent / name).exists():
        return True
    top = path.relative_to(root).parts[0]
    if top == "impl":
        return False
    return any(found.as_posix().endswith("/" + name)
               for found in (root / top).rglob(Path(name).name))


def beside(root: Path, path: Path, name: str) -> str:
    """The include as impl spells it: relative to impl, even when the header
    was named relative to the file."""
    here = (path.parent / name).resolve()
    impl = (root / "impl").resolve()
    if here.exists() and here.is_relative_to(impl):
        return here.relative_to(impl).as_posix().removeprefix("include/")
    return name


def forbidden(root: Path) -> list[str]:
    """One line an edge that points up."""
    found = []
    for path in sources(root):
        relative = path.relative_to(root).as_posix()
        layer = layer_of(relative)
        if layer is None:
            continue
        allowed = LAYERS.get(layer)
        for name in INCLUDE.findall(path.read_text(encoding="utf-8")):
            target = beside(root, path, name)
            in_impl = (root / "impl" / target).exists() or (
                root / "impl" / "include" / target).exists()
            generated = name.endswith(".inc")
            if not in_impl and (generated or is_own(root, path, name)):
                continue
            if allowed is None or not target.startswith(allowed):
                found.append(f"{relative} ({layer}) includes {name}")
    return found


# ---- symbols ----------------------------------------------------------------

# From below to above; the libraries are named after them.
STORIES = ("base", "host", "pool", "backends", *FLOORS, "subjects")

# Uses of a symbol above, as "object -> symbol": why it cannot be otherwise.
INHERENT_USES: dict[str, str] = {}


@dataclass
class Object:
    """The symbols of one object file that others can see."""

    story: str
    name: str
    defined: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)


def objects_of(story: str, listing: str) -> list[Object]:
    """What `nm` says of a library: a heading and lines for each member."""
    found: list[Object] = []
    for line in listing.splitlines():
        heading = re.fullmatch(r"(?:.*[/(])?([^/(]+)\.c\.o\)?:", line)
        symbol = re.match(r"(?:[0-9a-f]+)?\s+([A-Za-z])\s+(\S+)", line)
        if heading:
            found.append(Object(story, heading[1]))
        elif symbol and symbol[1] == "U":
            found[-1].used.add(symbol[2])
        elif symbol and symbol[1].isupper():
            found[-1].defined.add(symbol[2])
    return found


def upward(objects: Iterable[Object]) -> list[str]:
    """One line for each use of a symbol that a story above defines."""
    objects = list(objects)
    homes = {name: o for o in objects for name in o.defined}
    found = []
    for o in objects:
        for name in sorted(o.used & homes.keys()):
            home = homes[name]
            up = STORIES.index(home.story) > STORIES.index(o.story)
            if up and f"{o.name} -> {name}" not in INHERENT_USES:
                found.append(f"{o.story}/{o.name}.c uses {name} of "
                             f"{home.story}/{home.name}.c")
    return found


def story_of(library: str) -> str:
    return Path(library).name.removeprefix("libpmm_").removesuffix(".a")


def check_symbols(nm: str, libraries: list[str]) -> int:
    objects: list[Object] = []
    for library in libraries:
        listing = subprocess.run([nm, library], capture_output=True, text=True,
                                 check=True).stdout
        objects += objects_of(story_of(library), listing)
    missing = set(STORIES) - {o.story for o in objects}
    wrong = [f"no object of {story}" for story in sorted(missing)]
    wrong += upward(objects)
    for line in wrong:
        print(line)
    print(f"# {len(objects)} objects, {sum(len(o.used) for o in objects)} uses, "
          f"{len(INHERENT_USES)} of them inherent")
    return 1 if wrong else 0


# ---- self-test --------------------------------------------------------------

SEEDED = {
    # file: (its include, whether it points up)
    "impl/pool/a.c": ("core/object.h", True),
    "impl/pool/b.c": ("pool/pool.h", False),
    "impl/pool/c.c": ("base/slots.h", False),
    "impl/base/a.c": ("host.h", True),
    "impl/base/b.c": ("base/slots.h", False),
    "impl/backends/a.c": ("gc/gc.h", True),
    "impl/backends/b.c": ("pool/pool.h", False),
    "impl/host.c": ("pool/pool.h", True),
    "impl/types/a.c": ("pmm/subject.h", True),
    "impl/types/b.c": ("backends/registry.h", True),
    "impl/types/c.c": ("pool/pool.h", True),
    "impl/types/d.c": ("gc/gc.h", False),
    "impl/types/e.h": ("core/object.h", False),
    "impl/core/a.c": ("types/list.h", True),
    "impl/core/b.h": ("../gc/gc.h", True),
    "impl/gc/f.c": ("core/object.h", False),
    "impl/gc/g.c": ("runtime/runtime.h", True),
    "impl/memory/a.c": ("core/object.h", True),
    "impl/runtime/a.c": ("types/list.h", False),
    "impl/gc/e.c": ("../subjects/select.h", True),
    "impl/subjects/a.c": ("backends/registry.h", False),
    "impl/subjects/b.c": ("case.h", True),
    "impl/subjects/cpython/a.c": ("conform.h", True),
    "impl/subjects/cpython/b.c": ("hosts/cpython/programs.h", True),
    "impl/hosts/cpython/a.c": ("conform.h", False),
    "impl/hosts/cpython/b.c": ("subjects/cpython/adaptor.h", False),
    "impl/hosts/cpython/c.c": ("types/list.h", True),
    "impl/hosts/cpython/d.c": ("case.h", True),
    "conformance/cases/d.c": ("hosts/cpython/programs.h", True),
    "conformance/cases/a.c": ("core/object.h", True),
    "conformance/cases/b.c": ("case.h", False),
    "conformance/cases/c.c": ("backends/registry.h", True),
    "conformance/harness/main.c": ("backends/registry.h", False),
    "conformance/backends/cases_a.c": ("backends/malloclike.h", False),
    "conformance/backends/cases_b.c": ("pool/pool.h", True),
    "workloads/a.c": ("subjects/select.h", True),
    "workloads/b.c": ("pmm/subject.h", False),
    "bench/a.cc": ("types/list.h", True),
}
HEADERS = ("impl/core/object.h", "impl/types/list.h", "impl/gc/gc.h",
           "impl/runtime/runtime.h", "impl/pool/pool.h", "impl/base/slots.h",
           "impl/host.h",
           "impl/backends/registry.h", "impl/hosts/cpython/programs.h",
           "impl/subjects/cpython/adaptor.h", "impl/subjects/select.h", "impl/include/pmm/subject.h",
           "conformance/harness/case.h", "conformance/harness/conform.h")


# What nm says of two libraries: the lower one uses itself, the one above (once
# as what it is, once as a seeded fault would) and the C library.
LISTINGS = {
    "core": """
object.c.o:
0000000000000000 T pmmi_equals
0000000000000000 t equals
                 U pmmi_fail
                 U pmmi_number_equals
                 U memcpy

errors.c.o:
0000000000000010 T pmmi_fail
""",
    "types": """
libpmm_types.a(number.c.o):
                 U pmmi_equals
0000000000000000 T pmmi_number_equals
""",
}


def self_test_symbols() -> list[str]:
    """Seeded objects: the use that points up is found, no other."""
    objects = [o for story, listing in LISTINGS.items()
               for o in objects_of(story, listing)]
    expected = ["core/object.c uses pmmi_number_equals of types/number.c"]
    found = upward(objects)
    return [f"{'missed' if line in expected else 'wrongly found'}: {line}"
            for line in sorted(set(found) ^ set(expected))]


def self_test() -> int:
    """A tree with seeded edges: those that point up are found, no other."""
    wrong = self_test_symbols()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for header in HEADERS:
            (root / header).parent.mkdir(parents=True, exist_ok=True)
            (root / header).write_text("")
        for name, (include, _) in SEEDED.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(f'#include "{include}"\n')
        found = {line.split()[0] for line in forbidden(root)}
    expected = {name for name, (_, up) in SEEDED.items() if up}
    wrong += [f"{'missed' if name in expected else 'wrongly found'}: {name}"
              for name in sorted(found ^ expected)]
    for line in wrong:
        print(line)
    return 1 if wrong else 0


def main() -> int:
    if "--self-test" in sys.argv:
        return self_test()
    if "--symbols" in sys.argv:
        nm, *libraries = sys.argv[2:]
        return check_symbols(nm, libraries)
    found = forbidden(Path(sys.argv[-1]))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
