# SPDX-License-Identifier: MIT
"""Comparisons of figures, as claims.toml writes them.

    a test is a comparison (<, <=, ==, >=, >) of two sums and products of whole
    numbers and of figures, each named variant.figure

The text is parsed as a Python expression and everything else in it is refused,
so that a claims file cannot run code.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping

Number = int | float
Figures = Mapping[tuple[str, str], Number]
"""(variant, figure): value."""

OPERATORS: dict[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
}  # fmt: skip
COMPARISONS: dict[type[ast.cmpop], tuple[str, Callable[[Number, Number], bool]]] = {
    ast.Lt: ("<", operator.lt), ast.LtE: ("≤", operator.le),
    ast.Eq: ("=", operator.eq), ast.GtE: ("≥", operator.ge),
    ast.Gt: (">", operator.gt),
}  # fmt: skip
OPPOSITES = {"<": "≥", "≤": ">", "=": "≠", "≥": "<", ">": "≤"}


def parse(test: str) -> ast.Compare:
    """Read a test; raise ValueError for anything that is not one."""
    try:
        node = ast.parse(test, mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"{test!r} is no comparison: {error.msg}") from error
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        raise ValueError(f"{test!r} is not one comparison")
    if type(node.ops[0]) not in COMPARISONS:
        raise ValueError(f"{test!r} compares by something else than <, ==, >")
    for side in (node.left, node.comparators[0]):
        check(side, test)
    return node


def check(node: ast.expr, test: str) -> None:
    """Refuse all but figures, whole numbers, sums and products."""
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        check(node.left, test)
        check(node.right, test)
        return
    figure = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    number = isinstance(node, ast.Constant) and type(node.value) is int
    if not figure and not number:
        raise ValueError(f"{test!r} holds {ast.unparse(node)!r}, which is no figure")


def names(test: str) -> set[tuple[str, str]]:
    """Return the figures that a test needs."""
    return {
        (node.value.id, node.attr)
        for node in ast.walk(parse(test))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


def value_of(node: ast.expr, figures: Figures) -> Number:
    """Compute one side."""
    if isinstance(node, ast.BinOp):
        left, right = value_of(node.left, figures), value_of(node.right, figures)
        return OPERATORS[type(node.op)](left, right)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return figures[node.value.id, node.attr]
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    raise ValueError(f"{ast.unparse(node)!r} is no figure")


class Shown(ast.NodeTransformer):
    """Puts values in the place of names, thousands apart."""

    def __init__(self, figures: Figures) -> None:
        """Take the values from `figures`."""
        self.figures = figures

    def visit_Attribute(self, node: ast.Attribute) -> ast.Name:
        """Return a figure's value."""
        return ast.Name(id=f"{value_of(node, self.figures):,}")

    def visit_Constant(self, node: ast.Constant) -> ast.Name:
        """Return a number as it reads."""
        return ast.Name(id=f"{value_of(node, self.figures):,}")


def evaluate(test: str, figures: Figures) -> tuple[bool, str]:
    """Tell whether a test holds, and say it with the values that were measured.

    What is said is true either way: a comparison that does not hold is said as
    its opposite. Raises KeyError for a figure that is not there.
    """
    node = parse(test)
    left, right = node.left, node.comparators[0]
    sign, compare = COMPARISONS[type(node.ops[0])]
    holds = compare(value_of(left, figures), value_of(right, figures))
    shown = Shown(figures)
    sides = [ast.unparse(shown.visit(side)) for side in (left, right)]
    said = f"{sides[0]} {sign if holds else OPPOSITES[sign]} {sides[1]}"
    return holds, said.replace("*", "×").replace(" - ", " − ")
