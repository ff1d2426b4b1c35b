# SPDX-License-Identifier: MIT
"""Programs with memory problems that were reported in public, rebuilt small: each is
diagnosed, and none is accused once it is mended.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from real import ROOT
from test_cycles import looked_into
from test_rss import measured

FOLDER = ROOT / "workloads" / "python" / "reported"
TABLE = tomllib.loads((FOLDER / "reported.toml").read_text(encoding="utf-8"))
CYCLES = {name: one for name, one in TABLE.items() if one["tool"] == "cycles"}
MEMORY = {name: one for name, one in TABLE.items() if one["tool"] == "rss"}
SCHEMAS = ROOT / "reports" / "pmm" / "documents" / "schemas"
QUICK = "inmanta_3076"
SECONDS = "1.6"
ALL = """
import sys
kept = []
for name in sys.argv[1].split(","):
    kept.append({"__name__": "__main__"})
    exec(compile(open(name).read(), name, "exec"), kept[-1])
"""


def test_each_program_has_its_issue_and_its_diagnosis():
    assert {one.stem for one in FOLDER.glob("*.py")} == set(TABLE)
    assert len(TABLE) >= 10
    for name, one in TABLE.items():
        text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
        assert one["issue"] in text, name


def found_in(tmp_path: Path, *words: str) -> Any:
    """What `pmm cycles` finds in all programs, run one behind the other."""
    paths = ",".join(str(FOLDER / f"{name}.py") for name in CYCLES)
    done, report = looked_into(tmp_path, sys.executable, "-c", ALL, paths, *words)
    assert done.exit_code == 0, done.output
    return report


def test_each_reported_cycle_is_named(tmp_path):
    report = found_in(tmp_path)
    found = {one.way: one for one in report.groups}
    assert set(found) == {one["way"] for one in CYCLES.values()}
    assert all(one.explained is None for one in report.groups)
    assert all(one.cycles == 50 for one in report.groups)


def test_the_mended_programs_have_no_cycle(tmp_path):
    assert found_in(tmp_path, "mended").groups == ()


def cases() -> list[Any]:
    """The programs of `pmm rss`; all but one are long."""
    return [
        pytest.param(name, marks=() if name == QUICK else pytest.mark.long)
        for name in MEMORY
    ]


@pytest.mark.parametrize("name", cases())
def test_each_reported_growth_is_judged(name, tmp_path):
    known = MEMORY[name]
    program = str(FOLDER / f"{name}.py")
    _, report = measured(tmp_path, sys.executable, program, SECONDS)
    (process,) = report.processes
    assert process.verdict == known["verdict"], (process.sentence, process.evidence)
    assert known["says"] in process.sentence


@pytest.mark.parametrize("name", cases())
def test_the_mended_programs_are_flat(name, tmp_path):
    program = str(FOLDER / f"{name}.py")
    _, report = measured(tmp_path, sys.executable, program, SECONDS, "mended")
    (process,) = report.processes
    assert process.verdict == "flat", (process.sentence, process.evidence)


REAL = {
    "pip": ["-m", "pip", "list"],
    "pytest": ["-m", "pytest", "-q", "-p", "no:cacheprovider", str(FOLDER)],
    "mypy": ["-m", "mypy", "--no-incremental", str(FOLDER / "aiohttp_226.py")],
    "pygments": ["-m", "pygments", str(FOLDER / "aiohttp_226.py")],
    "json.tool": ["-m", "json.tool", str(next(SCHEMAS.glob("*.json")))],
}
"""Programs of packages and of the standard library, which nobody blames."""


@pytest.mark.long
@pytest.mark.parametrize("name", list(REAL))
def test_a_program_of_somebody_else_is_not_accused(name, tmp_path):
    _, report = measured(tmp_path, sys.executable, *REAL[name])
    for process in report.processes:
        assert process.verdict == "flat", (process.sentence, process.evidence)
    _, report = looked_into(tmp_path, sys.executable, *REAL[name])
    assert not [one.way for one in report.groups if one.owner == "yours"]


@pytest.mark.long
def test_a_server_is_not_accused(tmp_path):
    words = [sys.executable, "-m", "http.server", "0"]
    _, report = measured(tmp_path, *words, options=("--for", "3"))
    assert [one.verdict for one in report.processes] == ["flat"]
    _, report = looked_into(tmp_path, *words, options=("--for", "1"))
    assert not [one.way for one in report.groups if one.explained is None]
