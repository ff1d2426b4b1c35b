# SPDX-License-Identifier: MIT
"""One program with all mutants: each place asks at run time which one it is.

    a < b   ->   (PMMX(17) ? (a <= b) : PMMX(18) ? (a >= b) : (a < b))
    f(x);   ->   { if (!PMMX(19)) { f(x); } }

`PMMX(n)` is whether the environment chose mutant n, and notes that the place was
reached. Only the sound branch holds further mutants, so that a text grows by its
depth alone. A change that the compiler refuses is left out and the file written
again, until it compiles; what is left is what there is to try.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from operators import Change, changes, is_constant, is_left_alone, parser, text_of
from tree_sitter import Node

ROUNDS = 12
HEAD = """\
extern int pmmx_mutant;
extern unsigned char *pmmx_reached;
#define PMMX(n) (pmmx_reached[n] = 1, __builtin_expect(pmmx_mutant == (n), 0))
"""
CHOICE = """\
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
static unsigned char own[PLACES];
int pmmx_mutant = 0;
unsigned char *pmmx_reached = own;
__attribute__((constructor(101))) static void choose(void) {
  const char *number = getenv("PMM_MUTANT"), *path = getenv("PMM_REACHED");
  pmmx_mutant = number != NULL ? atoi(number) : 0;
  int file = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (file >= 0) {
    void *map = mmap(NULL, PLACES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    pmmx_reached = map != MAP_FAILED ? map : own;
    (void)close(file);
  }
}
"""


@dataclass(frozen=True)
class Mutant:
    """A change with its number and place."""

    number: int
    file: str
    line: int
    column: int
    function: str
    operator: str
    old: str
    new: str

    @property
    def name(self) -> str:
        """How it is called in a report."""
        return f"{self.file}:{self.line}:{self.column} {self.operator}"

    @property
    def said(self) -> str:
        """What it does, in one line."""
        return f"{one_line(self.old)} -> {one_line(self.new) or 'nothing'}"


def one_line(text: str) -> str:
    """A text without its breaks."""
    return re.sub(r"\s+", " ", text)


Piece = str | tuple[str, tuple[int, ...]]
"""Text, or where the text of some mutants begins and ends."""


@dataclass
class Source:
    """A file, its mutants, and those that do not compile."""

    file: str
    text: str
    first: int
    mutants: list[Mutant] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)
    spans: list[tuple[int, int, tuple[int, ...]]] = field(default_factory=list)

    def pieces(self, node: Node, function: str) -> Iterator[Piece]:
        """A node's text with its mutants."""
        if is_left_alone(node):
            yield text_of(node)
            return
        numbered = [] if is_constant(node) else self.number(node, function)
        if is_constant(node):
            yield text_of(node)
        elif not numbered:
            yield from self.inside(node, function)
        elif numbered[0][1].statement:
            number = numbered[0][0]
            yield f"{{ if (!PMMX({number})) {{ "
            yield from self.inside(node, function)
            yield " } }"
        else:
            yield from self.choice(node, function, numbered)

    def choice(
        self, node: Node, function: str, numbered: list[tuple[int, Change]]
    ) -> Iterator[Piece]:
        """An expression with the texts that may stand in its place."""
        asked = any(change.operator == "condition" for _, change in numbered)
        whole = tuple(number for number, _ in numbered)
        yield ("open", whole)
        yield "("
        for number, change in numbered:
            yield f"PMMX({number}) ? "
            yield ("open", (number,))
            yield f"({change.new})"
            yield ("close", (number,))
            yield " : "
        yield "!!(" if asked else "("
        yield from self.inside(node, function)
        yield "))"
        yield ("close", whole)

    def inside(self, node: Node, function: str) -> Iterator[Piece]:
        """The children of a node, and what lies between them."""
        data = self.text.encode()
        at = node.start_byte
        for child in node.children:
            yield data[at : child.start_byte].decode()
            yield from self.pieces(child, function)
            at = child.end_byte
        yield data[at : node.end_byte].decode()

    def number(self, node: Node, function: str) -> list[tuple[int, Change]]:
        """The node's changes that compile, numbered."""
        kept = []
        for change in changes(node):
            number = self.first + len(self.mutants)
            row, column = node.start_point
            self.mutants.append(Mutant(
                number, self.file, row + 1, column + 1, function, change.operator,
                change.old, change.new,
            ))  # fmt: skip
            if number not in self.refused:
                kept.append((number, change))
        return kept

    def write(self) -> str:
        """The whole file with its mutants."""
        self.mutants = []
        data = self.text.encode()
        root = parser().parse(data).root_node
        pieces: list[Piece] = []
        at = 0
        for body, name in bodies(root):
            pieces.append(data[at : body.start_byte].decode())
            pieces += self.inside(body, name)
            at = body.end_byte
        pieces.append(data[at:].decode())
        return self.flatten(pieces)

    def flatten(self, pieces: list[Piece]) -> str:
        """The text, while it is noted where each mutant's own text lies."""
        head = f"{HEAD}#line 1 \"{self.file}\"\n" * bool(self.mutants)
        parts, at = [head], len(head.encode())
        begun: dict[tuple[int, ...], list[int]] = {}
        self.spans = []
        for piece in pieces:
            if isinstance(piece, str):
                parts.append(piece)
                at += len(piece.encode())
            elif piece[0] == "open":
                begun.setdefault(piece[1], []).append(at)
            else:
                self.spans.append((begun[piece[1]].pop(), at, piece[1]))
        return "".join(parts)

    def tried(self) -> list[Mutant]:
        """Those that compile."""
        return [one for one in self.mutants if one.number not in self.refused]


def bodies(node: Node) -> Iterator[tuple[Node, str]]:
    """The function bodies below a node, with the functions' names."""
    for child in node.children:
        if child.type == "function_definition":
            body = child.child_by_field_name("body")
            if body is not None and not body.has_error:
                yield body, function_name(child)
        elif child.type.startswith("preproc") or child.type == "linkage_specification":
            yield from bodies(child)


def function_name(node: Node) -> str:
    """What a function is called."""
    found = node.child_by_field_name("declarator")
    while found is not None and found.type != "identifier":
        found = found.child_by_field_name("declarator")
    return text_of(found) if found is not None else "?"


def complaints(said: str, path: str) -> list[int]:
    """Where the compiler found errors in a file: each is line * 2^20 + column."""
    found = []
    for one in diagnostics(said):
        if one.get("kind") == "error":
            for place in one.get("locations", ()):
                caret = place["caret"]
                if Path(caret["file"]).name == Path(path).name:
                    found.append((caret["line"] << 20) + caret["byte-column"])
    return found


def diagnostics(said: str) -> list[dict[str, Any]]:
    """The errors and warnings that gcc wrote as JSON."""
    for line in said.splitlines():
        if line.startswith("["):
            found: list[dict[str, Any]] = json.loads(line)
            return found
    return []


def innermost(source: Source, text: str, place: int) -> tuple[int, ...]:
    """The mutants whose text holds a place; those of the shortest text."""
    data = text.encode()
    head = data.find(b"\n", data.find(b"#line")) + 1
    line, column = place >> 20, place & 0xFFFFF
    at = head
    for _ in range(line - 1):
        at = data.find(b"\n", at) + 1
    at += column - 1
    holding = [(end - start, n) for start, end, n in source.spans if start <= at <= end]
    return min(holding)[1] if holding else ()


def compile_source(source: Source, words: list[str], path: Path, output: Path) -> str:
    """Write and compile until nothing is refused; nothing, or what is wrong."""
    said = ""
    for _ in range(ROUNDS):
        text = source.write()
        path.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [*words, "-fdiagnostics-format=json", "-o", str(output), str(path)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode == 0:
            return ""
        said = done.stderr
        places = complaints(said, source.file)
        guilty = {n for place in places for n in innermost(source, text, place)}
        if not guilty - source.refused:
            return said
        source.refused |= guilty
    return said


def as_documents(mutants: list[Mutant]) -> list[dict[str, Any]]:
    """Mutants as JSON."""
    return [asdict(one) for one in mutants]
