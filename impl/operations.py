# SPDX-License-Identifier: MIT
"""The operations of the contract, read from its headers, and what is made of them.

The one list of operations is what a reader reads: pmm/subject.h declares the
core, pmm/features/NAME.h each feature, as a structure of function pointers.
From these come

1. ``ops``: pmm/ops.h, for hosts and subjects: the names of the features, all
   operations in one flat table, and for each feature macros that declare and
   fill its structure from functions of one prefix.
2. ``watch``: a function for each operation, which calls it and hands the
   harness what it answered (conformance/harness/answers.c).
3. ``refuse``: one for each operation that can fail, which answers
   PMM_UNSUPPORTED instead (conformance/fakes/reluctant.c). It keeps the
   contract of a failure: the error is pending, and what the operation steals
   is released.

A header that this file cannot read whole is an error, never a gap.

Python 3.11, the standard library alone: Meson runs it during the build.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

STATUS = "enum pmm_status"
HANDLE = "pmm_obj *"
TEXT = "const char *"
NO_ANSWER = {"error", "error_context"}
"""They return a status that is not their own."""
NO_REFUSAL = {"type_name", "error_message"}
"""Texts that cannot be refused."""
COUNTS = {"refcount", "refcount_reported"}
"""They give PMM_UNKNOWN of an immediate value."""
NEVER_REFUSED = {*NO_ANSWER, "none", "boolean", "collect"}
"""And those that cannot fail, or that the fake needs itself."""
STEALS = {"tuple_set_steal": "item", "list_set_steal": "item"}
TAKES_OVER = {"tuple_resize": "tuple", "str_append": "left"}
STRUCTURE = re.compile(r"struct pmm_(\w+)_ops \{\s*size_t struct_size;(.*?)\n\};", re.DOTALL)
DECLARATION = re.compile(r"([a-z][\w ]*?\**)\s*\(\*(\w+)\)\((.*?)\);", re.DOTALL)


@dataclass(frozen=True)
class Operation:
    """One operation."""

    returns: str
    name: str
    parameters: str

    def arguments(self) -> str:
        """The names of its parameters."""
        flat = re.sub(r"\(\*(\w+)\)\([^()]*\)", r" \1", self.parameters)
        flat = re.sub(r"\[\d*\]", "", flat)
        return ", ".join(re.findall(r"(\w+)\s*(?:,|$)", flat))

    def declared(self, name: str) -> str:
        """A declaration of that name with its type."""
        space = "" if self.returns.endswith("*") else " "
        return f"{self.returns}{space}{name}({self.parameters});"

    def takes_runtime(self) -> bool:
        """Whether a runtime is open when it is called."""
        return self.parameters.startswith("pmm_rt *rt")


@dataclass(frozen=True)
class Group:
    """The core or a feature, with its operations in their order."""

    name: str
    operations: tuple[Operation, ...]


def read_group(path: Path) -> Group:
    """The one structure of a header; SystemExit when it is not understood."""
    found = STRUCTURE.findall(path.read_text(encoding="utf-8"))
    if len(found) != 1:
        raise SystemExit(f"{path}: {len(found)} structures pmm_NAME_ops, 1 wanted")
    name, text = found[0]
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    rest = DECLARATION.sub("", code).strip()
    if rest:
        raise SystemExit(f"{path}: no operation: {' '.join(rest.split())}")
    if path.parent.name == "features" and name != path.stem:
        raise SystemExit(f"{path}: its structure is of {name}")
    operations = tuple(
        Operation(re.sub(r"\s*\*$", " *", returns), name, re.sub(r"\s+", " ", rest))
        for returns, name, rest in DECLARATION.findall(code)
    )
    return Group(name, operations)


def read_groups(headers: list[str]) -> list[Group]:
    """The core first, then the features by name."""
    groups = [read_group(Path(header)) for header in headers]
    names = [o.name for group in groups for o in group.operations]
    if twice := {name for name in names if names.count(name) > 1}:
        raise SystemExit(f"declared twice: {', '.join(sorted(twice))}")
    return sorted(groups, key=lambda group: (group.name != "core", group.name))


# ---- pmm/ops.h ---------------------------------------------------------------

OPS_HEAD = """\
/* The contract as tables, from its headers by impl/operations.py; not to be
 * edited.  PMM_TABLE_x(p) fills a structure pmm_x_ops from the functions
 * p##operation, and PMM_DECLARE_x(p) declares these. */
#ifndef PMM_OPS_H
#define PMM_OPS_H

#include "pmm/subject.h"
"""
FLAT_HEAD = """
/** All operations of a subject, as hosts call them; NULL: absent. */
struct pmm_ops {"""


def list_macro(name: str, rows: list[str]) -> list[str]:
    """A macro that applies X to each row."""
    return [f"\n#define {name}(X) \\", *(f"  X({row}) \\" for row in rows), ""]


def table_macro(group: Group) -> list[str]:
    """The macros that fill and declare a group from functions of one prefix."""
    size = f"sizeof(struct pmm_{group.name}_ops)"
    fill = "".join(f", .{o.name} = p##{o.name}" for o in group.operations)
    lines = [f"#define PMM_TABLE_{group.name}(p) \\"]
    lines.append(f"  {{.struct_size = {size}{fill}}}")
    lines.append(f"#define PMM_DECLARE_{group.name}(p) \\")
    lines += [f"  {o.declared('p##' + o.name)} \\" for o in group.operations]
    return [*lines, ""]


def ops_header(groups: list[Group]) -> list[str]:
    """The lines of pmm/ops.h."""
    features = [group.name for group in groups if group.name != "core"]
    rows = [f"{o.name}, {g.name}" for g in groups for o in g.operations]
    lines = [OPS_HEAD, *(f'#include "pmm/features/{name}.h"' for name in features)]
    lines += list_macro("PMM_FEATURES", features) + list_macro("PMM_OPERATIONS", rows)
    lines.append(FLAT_HEAD)
    for group in groups:
        lines += [f"  {o.declared(f'(*{o.name})')}" for o in group.operations]
    lines.append("};\n")
    for group in groups:
        lines += table_macro(group)
    return [*lines, "#endif /* PMM_OPS_H */"]


# ---- functions around operations ---------------------------------------------


def zero(operation: Operation) -> str:
    """What stands for no answer."""
    if operation.returns == "void":
        return ""
    if operation.returns == STATUS:
        return "PMM_UNSUPPORTED"
    return "NULL" if operation.returns.endswith("*") else "0"


def watch(operation: Operation, number: int) -> str:
    """The function that calls it and shows its answer."""
    name = operation.name
    call = f"real->{name}({operation.arguments()})"
    lines = [f"static {operation.returns} watch_{name}"]
    lines += [f"({operation.parameters}) {{", f"  if (real->{name} == NULL) {{"]
    lines += [f'    op_absent(rt, "{name}");', f"    return {zero(operation)};", "  }"]
    lines.append(f"  uint32_t outer = begin({number});")
    if operation.returns == "void":
        return "\n".join([*lines, f"  {call};", "  end(outer);", "}"])
    lines += [f"  {operation.returns} answer = {call};", "  end(outer);"]
    if name not in NO_ANSWER and operation.returns == STATUS:
        lines.append(f'  look_at_status(rt, "{name}", answer);')
    elif operation.returns == HANDLE or (
        operation.returns == TEXT and name not in NO_REFUSAL
    ):
        lines.append(f'  look_at_pointer(rt, "{name}", answer);')
    elif name in COUNTS:
        lines.append(f'  look_at_count(rt, "{name}", answer);')
    return "\n".join([*lines, "  return answer;", "}"])


def watch_table(groups: list[Group]) -> list[str]:
    """The functions, and the one that puts them into a table."""
    found = [o for group in groups for o in group.operations if o.takes_runtime()]
    lines = [watch(operation, number) for number, operation in enumerate(found, 1)]
    lines.append("static const char *const watched_names[] = {NULL,")
    lines += [f'    "{o.name}",' for o in found]
    lines.append("};")
    lines.append("static void watch_all(struct pmm_ops *ops) {")
    lines += [f"  ops->{o.name} = watch_{o.name};" for o in found]
    return [*lines, "}"]


def refuse(operation: Operation) -> str:
    """The function that refuses."""
    name, before = operation.name, ""
    if name in STEALS:
        before = f"  honest.xrelease(rt, {STEALS[name]});\n"
    elif name in TAKES_OVER:
        before = f"  honest.clear(rt, {TAKES_OVER[name]});\n"
    return (
        f"static {operation.returns} refuse_{name}({operation.parameters}) {{\n"
        f'{before}  honest.error_set(rt, PMM_UNSUPPORTED, "there is no {name}");\n'
        f"  return {zero(operation)};\n}}\n"
    )


def refuse_table(groups: list[Group]) -> list[str]:
    """The functions and their names."""
    can = [
        operation
        for group in groups
        for operation in group.operations
        if operation.takes_runtime()
        and operation.returns in (STATUS, HANDLE)
        and operation.name not in NEVER_REFUSED
    ]
    lines = [refuse(operation) for operation in can]
    lines.append("static const struct refusal refusals[] = {")
    lines += [f'    {{"{o.name}", (void (*)(void))refuse_{o.name}}},' for o in can]
    return [*lines, "    {NULL, NULL}};"]


KINDS = {"ops": ops_header, "watch": watch_table, "refuse": refuse_table}


def main(kind: str, out: str, *headers: str) -> int:
    """Write one kind."""
    lines = KINDS[kind](read_groups(list(headers)))
    head = "/* Generated by impl/operations.py. */"
    Path(out).write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
