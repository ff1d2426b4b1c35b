# SPDX-License-Identifier: MIT
"""Parse modules of the library, give every node its parent, compile."""

import ast
import sys
import warnings
from collections import deque

from texts import library_modules, read


def adopt(tree):
    """Give every node its parent; return how many there are."""
    count = 0
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            child.parent = node
            count += 1
    return count


def main(rounds):
    """Compile the modules so often; the last trees are kept."""
    warnings.simplefilter("ignore")
    kept: deque = deque(maxlen=5)
    count = 0
    for _ in range(rounds):
        for path in library_modules(40):
            tree = ast.parse(read(path), path)
            code = compile(tree, path, "exec")
            count += adopt(tree) + len(code.co_consts)
            kept.append(tree)
    if count == 0:
        raise SystemExit("nothing was compiled")


main(int(sys.argv[1]))
