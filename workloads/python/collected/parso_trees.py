# SPDX-License-Identifier: MIT
"""Parse modules with parso and look at every name; the last trees are kept."""

import sys
from collections import deque

import parso
from texts import library_modules, read


def names(node):
    """Count the names below a node."""
    count, waiting = 0, [node]
    while waiting:
        one = waiting.pop()
        count += one.type == "name"
        waiting += getattr(one, "children", ())
    return count


def main(rounds):
    """Parse the modules so often."""
    grammar = parso.load_grammar(version="3.10")
    kept: deque = deque(maxlen=4)
    total = 0
    for _ in range(rounds):
        for path in library_modules(12):
            tree = grammar.parse(read(path)[:20_000], cache=False)
            total += names(tree)
            kept.append(tree)
    if total == 0:
        raise SystemExit("there are no names")


main(int(sys.argv[1]))
