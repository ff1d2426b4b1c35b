# SPDX-License-Identifier: MIT
"""The cases of the Python face, read from their text: nothing of them is executed.

Python 3.11, the standard library alone.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
LEVELS = {"must": "MUST", "should": "SHOULD", "may": "MAY"}


@dataclass(frozen=True)
class Case:
    """One case: a function below `must`, `should` or `may`."""

    id: str
    """Its file's name up to `_`, a dot, and the function's: `lst.keeps_identity`."""
    title: str
    requirements: tuple[str, ...]
    level: str
    needs: tuple[str, ...]
    quote: str
    """The text of its requirements, blanks made one."""
    path: Path
    line: int

    @property
    def name(self) -> str:
        """The function's name."""
        return self.id.partition(".")[2]


def declared(node: ast.FunctionDef, path: Path) -> Case | None:
    """Return the case that a function is; None where it is none."""
    for one in node.decorator_list:
        if not isinstance(one, ast.Call) or not isinstance(one.func, ast.Name):
            continue
        if one.func.id not in LEVELS:
            continue
        title, *requirements = [ast.literal_eval(part) for part in one.args]
        named = {part.arg: ast.literal_eval(part.value) for part in one.keywords}
        area = path.stem.partition("_")[0]
        return Case(
            id=f"{area}.{node.name}",
            title=title,
            requirements=tuple(requirements),
            level=LEVELS[one.func.id],
            needs=tuple(named.get("needs", "").split()),
            quote=" ".join((ast.get_docstring(node) or "").split()),
            path=path,
            line=node.lineno,
        )
    return None


def cases_of(path: Path) -> list[Case]:
    """Return the cases of one file, in its order."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    found = [
        declared(one, path) for one in tree.body if isinstance(one, ast.FunctionDef)
    ]
    return [one for one in found if one is not None]


def all_cases(folder: Path = HERE / "cases") -> list[Case]:
    """Return the cases of all areas, by the names of their files."""
    return [case for path in sorted(folder.glob("*.py")) for case in cases_of(path)]
