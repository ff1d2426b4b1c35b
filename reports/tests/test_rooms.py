# SPDX-License-Identifier: MIT
"""The rooms of the runner follow the data's way, and no import goes back.

    base < documents < discover < fetch < plan < execute < collect < judge < store
         < render < cli

A module may import its own room and those before it. Inside a room no two modules
need each other, so that each can be read by itself. The roof, `cli`, sees all.
What runs inside of somebody's interpreter (pmm/inside) is no room: nothing of the
runner can be imported there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "pmm"
ROOMS = ("base", "documents", "discover", "fetch", "plan", "execute", "collect",
         "judge", "store", "render", "cli")  # fmt: skip
DOORS = {"__init__", "__main__"}
"""Modules beside the rooms: the name of the package, and what starts the program."""


def module_name(path: Path, package: Path) -> str:
    """Return `judge.run` for pmm/judge/run.py, and `judge` for its __init__."""
    parts = path.relative_to(package).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imported(node: ast.AST, package: Path) -> list[str]:
    """Return the modules of the package that a statement imports."""
    if isinstance(node, ast.Import):
        return [one.name.partition(".")[2] for one in node.names if is_ours(one.name)]
    if not isinstance(node, ast.ImportFrom):
        return []
    assert node.level == 0, f"line {node.lineno}: an import that names no room"
    if not is_ours(node.module or ""):
        return []
    inside = (node.module or "").partition(".")[2]
    folder = package / inside.replace(".", "/")
    if not folder.is_dir():
        return [inside]
    return [f"{inside}.{one.name}".strip(".") for one in node.names]


def is_ours(module: str) -> bool:
    """Tell whether a module is one of the package's."""
    return module == "pmm" or module.startswith("pmm.")


def edges(package: Path) -> Iterator[tuple[str, str]]:
    """Return which module imports which; imports inside of functions count, too."""
    for path in sorted(package.rglob("*.py")):
        if path.relative_to(package).parts[0] == "inside":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            for target in imported(node, package):
                yield module_name(path, package), target


def backwards(package: Path) -> list[str]:
    """Return the edges that go to a later room, or to none."""
    found = []
    for user, used in edges(package):
        here, there = user.partition(".")[0], used.partition(".")[0]
        if here in DOORS or not here:
            continue
        if there not in ROOMS or ROOMS.index(there) > ROOMS.index(here):
            found.append(f"{user} imports {used}")
    return found


def circle(package: Path) -> list[str]:
    """Return modules that need one another; none where there is an order."""
    needs: dict[str, set[str]] = {}
    for user, used in edges(package):
        needs.setdefault(user, set()).add(used)
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_import_goes_back():
    assert len(list(edges(PACKAGE))) > 300
    assert backwards(PACKAGE) == []


def test_no_two_modules_need_each_other():
    assert circle(PACKAGE) == []


def test_every_module_is_in_a_room_that_says_what_it_is():
    beside = {path.stem for path in PACKAGE.glob("*.py")}
    assert beside == DOORS
    folders = {path.parent for path in PACKAGE.glob("*/*.py")}
    assert {folder.name for folder in folders} == set(ROOMS)
    for folder in folders:
        assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text()))


# ------------------------------------------------------------- the test itself bites


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A package of two rooms, in order."""
    for name in ("plan", "judge"):
        (tmp_path / "pmm" / name).mkdir(parents=True)
        (tmp_path / "pmm" / name / "__init__.py").touch()
    (tmp_path / "pmm" / "plan" / "jobs.py").touch()
    (tmp_path / "pmm" / "judge" / "run.py").write_text("from pmm.plan import jobs\n")
    return tmp_path / "pmm"


def test_a_house_in_order_passes(house):
    assert list(edges(house)) == [("judge.run", "plan.jobs")]
    assert backwards(house) == []
    assert circle(house) == []


@pytest.mark.parametrize(
    "line",
    ["from pmm.judge.run import judge", "from pmm.judge import run",
     "import pmm.judge.run", "def f():\n    from pmm.judge import run",
     "if True:\n    import pmm.judge.run as j", "from pmm import judge",
     "from pmm.attic import old", "from pmm import app"],
)  # fmt: skip
def test_an_import_that_goes_back_is_found(house, line):
    (house / "plan" / "jobs.py").write_text(f"{line}\n")
    assert [one.partition(" ")[0] for one in backwards(house)] == ["plan.jobs"]


def test_a_relative_import_is_refused(house):
    (house / "plan" / "jobs.py").write_text("from ..judge import run\n")
    with pytest.raises(AssertionError, match="names no room"):
        backwards(house)


def test_a_circle_in_a_room_is_found(house):
    (house / "plan" / "jobs.py").write_text("from pmm.plan import pairs\n")
    (house / "plan" / "pairs.py").write_text("from pmm.plan.jobs import Job\n")
    assert set(circle(house)) == {"plan.jobs", "plan.pairs"}
