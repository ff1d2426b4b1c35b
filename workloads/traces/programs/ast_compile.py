# SPDX-License-Identifier: MIT
"""Modules of the standard library parsed, walked, unparsed and compiled."""

import ast
import os

MODULES = ("ast", "calendar", "copy", "csv", "heapq", "fractions")


def main():
    folder = os.path.dirname(os.__file__)
    names = instructions = 0
    for module in MODULES:
        with open(os.path.join(folder, module + ".py"), encoding="utf-8") as file:
            source = file.read()
        tree = ast.parse(source)
        names += sum(isinstance(node, ast.Name) for node in ast.walk(tree))
        again = ast.unparse(tree)
        instructions += len(compile(again, module, "exec").co_code)
    assert names > 5000
    print(names, instructions)


main()
