# SPDX-License-Identifier: MIT
"""What is changed: a mutant is one small change of one place in a function.

    comparison   a < b     a <= b, a >= b; a == b  a != b
    arithmetic   a + b     a - b; also * / % & | ^ << >>, += and so on, ++
    logical      a && b    a || b, a, b; !a  a
    condition    if (a)    if (!a), where a is no comparison or !b
    statement    f(x);     nothing; also x = y; and x++;
    constant     3         4, 2
    return       return x; return 0;

The places come from the syntax tree (tree-sitter), of function bodies alone: what
a compiler has to know (labels of cases, sizes of arrays, static initializers)
cannot be chosen while the program runs. Arguments of macros stay as they are, as
nobody knows what becomes of them, and so do assertions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import tree_sitter_c
from tree_sitter import Language, Node, Parser

COMPARISONS = {
    "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"),
    "==": ("!=",), "!=": ("==",),
}  # fmt: skip
ARITHMETIC = {
    "+": "-", "-": "+", "*": "+", "/": "*", "%": "*", "&": "|", "|": "&", "^": "&",
    "<<": ">>", ">>": "<<",
}  # fmt: skip
SKIPPED = {
    "sizeof_expression", "alignof_expression", "offsetof_expression",
    "type_descriptor", "array_declarator", "parameter_list", "attribute_specifier",
    "gnu_asm_expression", "static_assert_declaration", "string_literal",
    "struct_specifier", "union_specifier", "enum_specifier",
}  # fmt: skip
"""Nodes in which nothing can be chosen while the program runs."""
MACRO = re.compile(r"_?[A-Z][A-Z0-9_]*|assert|static_assert|_Static_assert|__builtin_\w+")
ZEROS = {"NULL", "PMM_OK", "PMMI_STEP_GO", "false"}
"""Names that are 0, so that returning 0 in their place changes nothing."""
INTEGER = re.compile(r"(?:0[xX][0-9a-fA-F]+|\d+)[uUlL]*")


@dataclass(frozen=True)
class Change:
    """One change of a node: what it is called, and the text in its place."""

    operator: str
    old: str
    new: str
    statement: bool = False
    """The node is a statement that may be left out."""


def parser() -> Parser:
    """A parser of C."""
    return Parser(Language(tree_sitter_c.language()))


def text_of(node: Node) -> str:
    """A node's text."""
    assert node.text is not None
    return node.text.decode()


def is_macro(node: Node) -> bool:
    """Whether a call is one of a macro, by its name."""
    called = node.child_by_field_name("function")
    return called is not None and MACRO.fullmatch(text_of(called)) is not None


def is_left_alone(node: Node) -> bool:
    """Whether nothing in a node is changed."""
    if node.type in SKIPPED or node.type.startswith("preproc"):
        return True
    if node.type == "call_expression":
        return is_macro(node)
    if node.type == "declaration":
        words = [text_of(c) for c in node.children
                 if c.type == "storage_class_specifier"]  # fmt: skip
        return "static" in words
    return False


def bare(node: Node) -> Node:
    """A condition without its brackets."""
    while node.type == "parenthesized_expression":
        node = node.named_children[0]
    return node


# ---- changes of each kind of node --------------------------------------------


def binary(node: Node) -> Iterator[Change]:
    """a + b, a < b, a && b."""
    left = node.child_by_field_name("left")
    right = node.child_by_field_name("right")
    sign = node.child_by_field_name("operator")
    if left is None or right is None or sign is None:
        return
    old, a, b, op = text_of(node), text_of(left), text_of(right), text_of(sign)
    for other in COMPARISONS.get(op, ()):
        yield Change("comparison", old, f"{a} {other} {b}")
    if op in ARITHMETIC:
        yield Change("arithmetic", old, f"{a} {ARITHMETIC[op]} {b}")
    if op in ("&&", "||"):
        yield Change("logical", old, f"({a}) {'||' if op == '&&' else '&&'} ({b})")
        yield Change("logical", old, f"!!({a})")
        yield Change("logical", old, f"!!({b})")


def unary(node: Node) -> Iterator[Change]:
    """!a, -a."""
    sign = node.child_by_field_name("operator")
    inner = node.child_by_field_name("argument")
    if sign is None or inner is None:
        return
    if text_of(sign) == "!":
        yield Change("logical", text_of(node), f"!!({text_of(inner)})")
    elif text_of(sign) == "-" and inner.type != "number_literal":
        yield Change("arithmetic", text_of(node), f"({text_of(inner)})")


def assignment(node: Node) -> Iterator[Change]:
    """a += b."""
    left = node.child_by_field_name("left")
    right = node.child_by_field_name("right")
    sign = node.child_by_field_name("operator")
    if left is None or right is None or sign is None:
        return
    op = text_of(sign).removesuffix("=")
    if op in ARITHMETIC:
        new = f"{text_of(left)} {ARITHMETIC[op]}= {text_of(right)}"
        yield Change("arithmetic", text_of(node), new)


def update(node: Node) -> Iterator[Change]:
    """a++."""
    old = text_of(node)
    new = old.replace("++", "--") if "++" in old else old.replace("--", "++")
    yield Change("arithmetic", old, new)


def number(node: Node) -> Iterator[Change]:
    """A whole number."""
    old = text_of(node)
    if INTEGER.fullmatch(old):
        yield Change("constant", old, f"({old} + 1)")
        yield Change("constant", old, f"({old} - 1)")


def statement(node: Node) -> Iterator[Change]:
    """f(x); and x = y; and x++;."""
    if not node.named_children:
        return
    inner = bare(node.named_children[0])
    if inner.type == "cast_expression":
        value = inner.child_by_field_name("value")
        inner = bare(value) if value is not None else inner
    called = inner.type == "call_expression" and not is_macro(inner)
    if called or inner.type in ("assignment_expression", "update_expression"):
        yield Change("statement", text_of(node), "", statement=True)


def returned(node: Node) -> Iterator[Change]:
    """return x; - told of the expression x."""
    plain = bare(node)
    if plain.type in ("number_literal", "null", "false", "true"):
        return
    if text_of(plain) not in ZEROS:
        yield Change("return", text_of(node), "0")


def condition(node: Node) -> Iterator[Change]:
    """What an if, a loop or a ?: asks."""
    plain = bare(node)
    if plain.type == "number_literal":
        return
    sign = plain.child_by_field_name("operator")
    op = text_of(sign) if sign is not None else ""
    if op not in COMPARISONS and not (plain.type == "unary_expression" and op == "!"):
        yield Change("condition", text_of(node), f"!({text_of(node)})")


KINDS = {
    "binary_expression": binary,
    "unary_expression": unary,
    "assignment_expression": assignment,
    "update_expression": update,
    "number_literal": number,
    "expression_statement": statement,
}


def asks(node: Node) -> bool:
    """Whether a node is the condition of its parent."""
    parent = node.parent
    if parent is None or node.type == "comment":
        return False
    kinds = ("if_statement", "while_statement", "do_statement", "for_statement",
             "conditional_expression")  # fmt: skip
    return parent.type in kinds and parent.child_by_field_name("condition") == node


def changes(node: Node) -> list[Change]:
    """All changes of one node itself."""
    parent = node.parent
    found = list(KINDS[node.type](node)) if node.type in KINDS else []
    if asks(node):
        found += condition(node)
    if parent is not None and parent.type == "return_statement" and node.is_named:
        found += returned(node)
    return found


def is_constant(node: Node) -> bool:
    """Whether a node has to be a constant where it stands."""
    parent = node.parent
    if parent is None:
        return False
    if parent.type == "case_statement":
        return parent.child_by_field_name("value") == node
    return parent.type in ("bitfield_clause", "enumerator", "subscript_designator")
