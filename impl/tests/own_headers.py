# SPDX-License-Identifier: MIT
"""A symbol is declared in the header of its own file, a structure defined once,
a file's name used once.

Reads the C files of impl and conformance, tests and fakes apart, and fails on
a function or variable with external linkage that the header of the same name
beside it does not declare: whoever meets a name in NAME.h finds it in NAME.c.
And on a structure, union or enumeration pmmi_... that two files define, or a
file's name that two floors of impl have: a name means one thing. Adaptors may
share it: subjects/cpython/list.c does for CPython what types/list.c does for the
reference, backends/pool.c puts pool/pool.c behind a contract.

Not judged are main(), and what somebody else's header prescribes: entry points
of plug-ins, operations of the contract (ops.h declares them from its list),
and cases, which no one calls by name.

Usage: own_headers.py [--self-test] ROOT
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

TREES = ("impl", "conformance")
APART = re.compile(r"/(tests|fakes|example|fuzz)/")

ADAPTORS = ("impl/subjects/", "impl/backends/")

# A definition begins in the first column and is not static.
FUNCTION = re.compile(
    r"^(?!static\b|typedef\b|extern\b|return\b|else\b|#)"
    r"[A-Za-z_][\w \t*]*?[ *\n](\w+)\(([^;{}]*)\)\s*\{", re.MULTILINE)
VARIABLE = re.compile(
    r"^(?!static\b|typedef\b|extern\b|return\b|#)"
    r"(?:const )?(?:struct |enum |unsigned )?\w+ (?:const )?\*?(?:const )?"
    r"(\w+)(?:\[[^\]]*\])*(?: =|;)", re.MULTILINE)
TAG = re.compile(r"^(?:struct|union|enum) (pmmi_\w+) \{", re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)

# What a header of the contract, or a list in one, prescribes.
ENTRY = re.compile(r"main|pmm_(backend|subject)_get|pmm_bench_host|PyInit_\w+"
                   r"|__[al]san_\w+|pmmi_backend_source_\w+")

# Headers that stand for several files, so that their readers look at one: why.
FACES = {
    "conformance/harness/case.h": "all that a case is written with",
    "conformance/cases/rent.h": "the tables of re-entrancy, for cases of many areas",
    "impl/subjects/cpython/adaptor.h": "all that a host of CPython needs",
}
# Symbols that another file's header declares: why.
ELSEWHERE = {
    "pmmi_object_dealloc": "pmmi_release() is inline and comes before dealloc.h",
}


def code_of(path: Path) -> str:
    """The text of a file without its comments; empty when there is none."""
    return COMMENT.sub(" ", path.read_text(encoding="utf-8")) if path.is_file() else ""


def sources(root: Path) -> Iterator[Path]:
    for tree in TREES:
        for path in sorted((root / tree).rglob("*.c")):
            if not APART.search(path.as_posix()):
                yield path


def defined(text: str) -> set[str]:
    """Names with external linkage that the text of a C file defines."""
    names = {match[1] for match in FUNCTION.finditer(text)}
    names |= {match[1] for match in VARIABLE.finditer(text)}
    return {name for name in names if not ENTRY.fullmatch(name)}


def headers_of(root: Path, path: Path) -> str:
    """What the headers say in which symbols of a file may be declared: its own,
    one of the same name in the contract, and the faces of its folder."""
    contract = root / "impl" / "include" / "pmm"
    headers = [path.with_suffix(".h"), contract / f"{path.stem}.h"]
    headers += [root / face for face in FACES if (root / face).parent == path.parent]
    if path.parent.name == "cpython":  # ops.h declares what the contract lists
        headers += [path.parent / "ops.h", *sorted(contract.rglob("*.h"))]
    return "\n".join(map(code_of, headers))


def misplaced(root: Path) -> tuple[list[str], int]:
    """One line for each symbol that stands elsewhere; how many were looked at."""
    found, looked_at = [], 0
    for path in sources(root):
        names = defined(code_of(path)) - ELSEWHERE.keys()
        text = headers_of(root, path)
        looked_at += len(names)
        found += [f"{path.relative_to(root).as_posix()}: {name} is not declared "
                  f"in {path.stem}.h" for name in sorted(names)
                  if not re.search(rf"\b{name.removeprefix('pmmi_cpy_')}\b", text)
                  and not re.search(rf"\b{name}\b", text)]
    return found, looked_at


def ambiguous(root: Path) -> list[str]:
    """One line for each definition of a name that another file defines, too."""
    homes: dict[str, str] = {}
    found = []
    for tree in TREES:
        for path in sorted((root / tree).rglob("*.[ch]")):
            here = path.relative_to(root).as_posix()
            for name in TAG.findall(code_of(path)):
                if homes.setdefault(name, here) != here:
                    found.append(f"{here}: {name} is something else in {homes[name]}")
    return found


def shared_names(root: Path) -> list[str]:
    """One line for each C file of a floor that is named as one of another is."""
    homes: dict[str, str] = {}
    found = []
    for path in sources(root):
        here = path.relative_to(root).as_posix()
        if not here.startswith("impl/") or here.startswith(ADAPTORS):
            continue
        if homes.setdefault(path.name, here) != here:
            found.append(f"{here}: {path.name} is also {homes[path.name]}")
    return found


# ---- self-test --------------------------------------------------------------

# A tree: file, text, and the names in it that have to be found.
SEEDED = (
    ("impl/core/a.c", "int pmmi_a(int n) {\n  return n;\n}\n", ()),
    ("impl/core/a.h", "int pmmi_a(int n);\n/* pmmi_hidden(void) */\n", ()),
    ("impl/core/b.c", "void pmmi_hidden(void) {}\nstatic int s(void) { return 0; }\n",
     ("pmmi_hidden",)),
    ("impl/core/b.h", "/* void pmmi_hidden(void); */\n", ()),
    ("impl/core/c.c", ("const struct x pmmi_table[] = {\n};\n"
                       "struct x *\npmmi_two_lines(int a,\n    int b) {\n}\n"),
     ("pmmi_table", "pmmi_two_lines")),
    ("impl/types/view.c", "int pmm_view_read(void) {\n}\n", ()),
    ("impl/include/pmm/view.h", "int pmm_view_read(void);\n", ()),
    ("impl/tests/core/t.c", "int helper(void) {\n}\n", ()),
    ("conformance/harness/state.c", "int keep(int n) {\n}\nint main(void) {\n}\n", ()),
    ("conformance/harness/case.h", "int keep(int n);\n", ()),
    ("conformance/cases/d.c", "int keep_too(int n) {\n}\n", ("keep_too",)),
    ("impl/memory/e.h", "struct pmmi_heap;\nstruct pmmi_heap {\n};\n", ()),
    ("impl/pool/e.h", "struct pmmi_heap {\n};\n", ("pmmi_heap",)),
    ("impl/pool/f.c", "struct mine {\n};\n", ()),
    ("impl/pool/g.c", "struct mine {\n};\n", ()),
    ("impl/types/f.c", "struct mine {\n};\n", ("f.c",)),
    ("impl/backends/g.c", "struct mine {\n};\n", ()),
    ("impl/subjects/cpython/g.c", "struct mine {\n};\n", ()),
    ("conformance/cases/g.c", "struct mine {\n};\n", ()),
)


def self_test() -> list[str]:
    """What is wrong with what is found in a tree of seeded declarations."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, text, _ in SEEDED:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        lines = misplaced(root)[0] + ambiguous(root) + shared_names(root)
        found = {line.split()[1] for line in lines}
    expected = {name for *_, names in SEEDED for name in names}
    return [f"{'missed' if name in expected else 'wrongly found'}: {name}"
            for name in sorted(found ^ expected)]


def main() -> int:
    if "--self-test" in sys.argv:
        wrong = self_test()
    else:
        root = Path(sys.argv[-1]).resolve()
        wrong, looked_at = misplaced(root)
        wrong += ambiguous(root) + shared_names(root)
        print(f"# {looked_at} symbols, {len(FACES)} headers that stand for several "
              f"files, {len(ELSEWHERE)} exception")
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
