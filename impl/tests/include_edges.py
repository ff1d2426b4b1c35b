# SPDX-License-Identifier: MIT
"""Include edges point down.

Reads every #include "..." of the C and C++ files of impl, workloads,
conformance and bench, and fails on one that the layers forbid:

  conformance, bench, workloads   their own headers, pmm/*, host.h; program
                                  files also the registry and the selection
  impl/subjects                   everything below; adaptors know both sides
  impl/memory … impl/runtime      each other, pmm/types.h, host, sanitize
  impl/backends                   pool, host, sanitize, pmm/backend.h
  impl/pool                       host, sanitize, pmm/backend.h
  impl/host, sanitize             pmm/backend.h

Usage: include_edges.py [--self-test] ROOT
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
SOURCES = {".c", ".h", ".cc", ".cpp", ".hpp"}
TREES = ("impl", "workloads", "conformance", "bench")

# What a file of a layer may include from impl, by the beginning of the path.
RUNTIME = ("memory/", "core/", "gc/", "types/", "code/", "runtime/")
LAYERS: dict[str, tuple[str, ...]] = {
    "impl/host": ("pmm/backend.h", "host.h", "sanitize.h"),
    "impl/pool": ("pmm/backend.h", "host.h", "sanitize.h", "pool/"),
    "impl/backends": ("pmm/backend.h", "host.h", "sanitize.h", "pool/",
                      "backends/"),
    "impl/runtime": ("pmm/backend.h", "pmm/types.h", "host.h", "sanitize.h",
                     *RUNTIME),
    "impl/subjects": ("pmm/", "host.h", "sanitize.h", "pool/", "backends/",
                      "subjects/", *RUNTIME),
    "impl/include": ("pmm/",),
    # The CPython extension: a program's way in that is no program.
    "entry": ("pmm/", "subjects/", "conform.h", "work.h", "bench_host.h"),
    "contract": ("pmm/", "host.h"),
    "program": ("pmm/", "host.h", "backends/registry.h", "backends/nearest.h",
                "backends/witness.h", "subjects/select.h"),
}

# Files outside impl that are a program's way in, or stand for one: they turn
# names into subjects and backends, and pass on what they found.
PROGRAMS = re.compile(
    r"(^|/)(main|find|list|work|options|witness)\.(c|h|cc)$|^bench/|/tests?/|/fuzz/"
    r"|^conformance/backends/runner\.c$"
    r"|/fakes?/|/faults?/"
)


def layer_of(path: str) -> str | None:
    """The layer of a file by its path from the root; None: not judged."""
    parts = path.split("/")
    if parts[0] != "impl":
        return "program" if PROGRAMS.search(path) else "contract"
    if path == "impl/subjects/cpython/module.c":
        return "entry"
    if len(parts) == 2:
        return "impl/host"
    folder = parts[1]
    if f"{folder}/" in RUNTIME:
        return "impl/runtime"
    # Tests may look at everything they test, wherever they have to live.
    is_test = folder == "tests" or parts[-1] == "selftest.c"
    return None if is_test else f"impl/{folder}"


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


SEEDED = {
    # file: (its include, whether it points up)
    "impl/pool/a.c": ("core/object.h", True),
    "impl/pool/b.c": ("pool/pool.h", False),
    "impl/backends/a.c": ("gc/gc.h", True),
    "impl/backends/b.c": ("pool/pool.h", False),
    "impl/host.c": ("pool/pool.h", True),
    "impl/types/a.c": ("pmm/subject.h", True),
    "impl/types/b.c": ("backends/registry.h", True),
    "impl/types/c.c": ("pool/pool.h", True),
    "impl/types/d.c": ("gc/gc.h", False),
    "impl/gc/e.c": ("../subjects/select.h", True),
    "impl/subjects/a.c": ("backends/registry.h", False),
    "impl/subjects/b.c": ("case.h", True),
    "conformance/cases/a.c": ("core/object.h", True),
    "conformance/cases/b.c": ("case.h", False),
    "conformance/cases/c.c": ("backends/registry.h", True),
    "conformance/harness/main.c": ("backends/registry.h", False),
    "workloads/a.c": ("subjects/select.h", True),
    "workloads/b.c": ("pmm/subject.h", False),
    "bench/a.cc": ("types/list.h", True),
}
HEADERS = ("impl/core/object.h", "impl/types/list.h", "impl/gc/gc.h",
           "impl/pool/pool.h", "impl/backends/registry.h",
           "impl/subjects/select.h", "impl/include/pmm/subject.h",
           "conformance/harness/case.h")


def self_test() -> int:
    """A tree with seeded edges: those that point up are found, no other."""
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
    for name in sorted(found ^ expected):
        print(f"{'missed' if name in expected else 'wrongly found'}: {name}")
    return 0 if found == expected else 1


def main() -> int:
    if "--self-test" in sys.argv:
        return self_test()
    found = forbidden(Path(sys.argv[-1]))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
