# SPDX-License-Identifier: MIT
"""What the text of a case shows: its quote, its length, what it calls and reads.

Python 3.11, the standard library alone: Meson runs it during the build.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

BODY_LINES_MAX = 25
COUNTERS = {"allocations", "frees", "requested_bytes", "peak_bytes", "collections"}

Table = dict[str, Any]


class Source:
    """A case's text: the comment above its declaration, and its body."""

    def __init__(self, root: Path, case: Table) -> None:
        lines = (root / case["file"]).read_text(encoding="utf-8").splitlines()
        start = case["line"] - 1
        while not re.match(r"(MUST|SHOULD|MAY)\(", lines[start]):
            start -= 1
        end = lines.index("}", start)
        top = start
        if top > 0 and lines[top - 1].rstrip().endswith("*/"):
            top -= 1
            while top > 0 and not lines[top].lstrip().startswith("/*"):
                top -= 1
        opening = next(i for i in range(start, end) if lines[i].endswith("{"))
        self.comment = " ".join(
            re.sub(r"^\s*(/\*|\*/|\*)?|\*/\s*$", "", line).strip()
            for line in lines[top:start]
        )
        self.body = "\n".join(lines[opening + 1 : end])
        self.body_lines = end - opening - 1

    def quotes(self) -> list[str]:
        """What stands between double quotes in the comment."""
        flat = re.sub(r"\s+", " ", self.comment)
        return re.findall(r'"((?:[^"]|(?<=\\)")*)"(?=[^\w]|$)', flat)

    def operations(self) -> set[str]:
        """Operations the body calls itself."""
        return set(re.findall(r"OPS->(\w+)", self.body))


def quotes_requirement(source: Source, text: str) -> bool:
    """Whether the comment quotes the sentence, or parts of it around '...'."""
    flat = re.sub(r"\s+", " ", source.comment)
    wanted = re.sub(r"\s+", " ", text).strip()
    if f'"{wanted}"' in flat:
        return True
    for quote in source.quotes():
        parts = [p.strip() for p in quote.split("...") if p.strip()]
        if parts and len(quote) >= 20 and all(p in wanted for p in parts):
            return True
    return False


def case_faults(
    case: Table, requirements: dict[str, Table], operations: dict[str, str], root: Path
) -> list[str]:
    """Faults of one case: id, requirements, level, quote, length, needs."""
    faults = []
    known = [requirements[r] for r in case["requirements"] if r in requirements]
    for name in case["requirements"]:
        if name not in requirements:
            faults.append(f"no requirement {name}")
    if not case["requirements"]:
        faults.append("it names no requirement")
    if known and case["level"] not in {r["level"] for r in known}:
        faults.append(f"level {case['level']} is that of none of its requirements")
    source = Source(root, case)
    for requirement in known:
        if not quotes_requirement(source, requirement["text"]):
            faults.append(f"it does not quote {requirement['id']}")
    if source.body_lines > BODY_LINES_MAX:
        faults.append(f"its body has {source.body_lines} lines")
    faults += inexact_faults(case.get("inexact") or {})
    for name in sorted(source.operations()):
        feature = operations.get(name, "core")
        if feature != "core" and feature not in case["needs"]:
            faults.append(f"it calls {name} and does not need {feature}")
    return [f"{case['id']} ({case['file']}:{case['line']}): {f}" for f in faults]


def inexact_faults(inexact: dict[str, str]) -> list[str]:
    """Faults of the counters that a case declares inexact."""
    faults = [f"there is no counter {name}" for name in set(inexact) - COUNTERS]
    if not all(reason.strip() for reason in inexact.values()):
        faults.append("it does not say why its counters are inexact")
    return faults


def functions(text: str) -> list[list[str]]:
    """The functions of a C source, each as its lines without the brace."""
    found: list[list[str]] = []
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("}"):
            found.append(lines)
            lines = []
        elif lines or re.match(r"[A-Za-z]", line):
            lines.append(line)
    return found


def late_number_faults(sources: list[Path]) -> list[str]:
    """Functions that ask for a profile's number behind what nobody undoes.

    Where the profile has no such number the case ends there: what was given
    away, or is no object, would be lost.
    """
    reads = re.compile(r"\b(?:profile_ints?|small_stack)\(")
    undone_by_nobody = re.compile(r"\b(?:GIVE|BLOCK)\(|->release\(|->domain_\w*alloc\(")
    faults = []
    for path in sources:
        for lines in functions(path.read_text(encoding="utf-8")):
            done = [i for i, line in enumerate(lines) if undone_by_nobody.search(line)]
            late = [i for i, line in enumerate(lines) if reads.search(line)]
            if done and late and late[-1] > done[0]:
                faults.append(
                    f"{path.name}: {lines[late[-1]].strip()!r} comes after "
                    f"{lines[done[0]].strip()!r}: read numbers first"
                )
    return faults


def profile_key_faults(sources: list[Path], keys: set[str]) -> list[str]:
    """Profile keys that a case reads and the reference does not declare, and
    those that it declares and nothing reads.
    """
    faults = []
    named: set[str] = set()
    pattern = re.compile(r'profile_\w+\(\s*t,\s*"([^"]+)"')
    for path in sources:
        text = path.read_text(encoding="utf-8")
        named.update(re.findall(r'"([a-z0-9_]+)"', text))
        for key in pattern.findall(text):
            if key not in keys:
                faults.append(f"{path.name}: reference.toml has no key {key}")
    faults += [
        f"reference.toml: no case reads {key}" for key in sorted(keys - named)
    ]
    return faults
