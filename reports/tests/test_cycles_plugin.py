# SPDX-License-Identifier: MIT
"""`pytest --pmm-cycles` in a project of somebody else's."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from real import ROOT

TESTS = """
import pytest

class Node: pass

@pytest.fixture
def fixture():
    node = Node()
    node.fixture = node
    yield node

kept = Node()
kept.kept = kept

def test_clean():
    with pytest.raises(ValueError) as info:
        raise ValueError
    assert info

@pytest.mark.parametrize("times", [1, 3])
def test_made(times):
    for _ in range(times):
        node = Node()
        node.made = node

def test_fixture(fixture):
    assert fixture

def test_old():
    global kept
    kept = None
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "test_theirs.py").write_text(TESTS)
    return tmp_path


def session(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a project, as its author does."""
    command = [sys.executable, "-m", "pytest", "-q",
               "-p", "no:cacheprovider", *words]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "reports")}
    return subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def told(output: str) -> list[str]:
    """The ways round, and the tests, of the section."""
    section = output.partition("reference cycles ===")[2].partition("\n\n")[0]
    return [line.strip() for line in section.splitlines() if " × " in line]


@pytest.mark.parametrize("words", [(), ("-n", "2")])
def test_each_cycle_is_told_with_its_test(project, words):
    done = session(project, "--pmm-cycles", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(told(done.stdout)) == [
        "1 × test_theirs.py",
        "1 × test_theirs.py::test_fixture",
        "1 × test_theirs.py::test_made[1]",
        "3 × test_theirs.py::test_made[3]",
    ], done.stdout
    assert "test_theirs.Node.made → test_theirs.Node" in done.stdout


def test_nothing_is_told_unless_it_is_asked_for(project):
    done = session(project)
    assert done.returncode == 0
    assert "reference cycles" not in done.stdout


def test_a_session_fails_for_a_cycle_that_its_baseline_does_not_know(project):
    words = ("--pmm-cycles-baseline", "known.json")
    assert session(project, *words).returncode == pytest.ExitCode.USAGE_ERROR
    assert session(project, "--pmm-cycles-update").returncode == 4
    done = session(project, *words, "--pmm-cycles-update", "-k", "not made")
    assert done.returncode == 0, done.stdout + done.stderr
    assert session(project, *words, "-k", "not made").returncode == 0
    done = session(project, *words)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "new: object that refers to itself: 4 cycles" in done.stdout
    assert session(project, "--pmm-cycles-fail", "-k", "clean").returncode == 0


def test_the_plug_in_is_an_entry_point_of_pytest():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    points = tomllib.loads(text)["project"]["entry-points"]["pytest11"]
    assert points["pmm-cycles"] == "pmm.cli.pytest_cycles"
