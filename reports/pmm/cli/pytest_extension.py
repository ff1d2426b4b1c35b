# SPDX-License-Identifier: MIT
"""`pmm check-extension` in somebody's pytest: a marker and a fixture.

In conftest.py, where pmm is installed beside the extension:

    pytest_plugins = ["pmm.cli.pytest_extension"]

A marked test checks a type before its own body runs; the fixture does it at any
place, and returns what was found by the expected names of `--check`:

    @pytest.mark.pmm_extension("mymod:Ring", checks=["counts", "cycles"])
    def test_ring(): ...

    def test_all(check_extension):
        check_extension("mymod")
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import pytest

from pmm.base.errors import PmmError
from pmm.base.paths import find_paths
from pmm.cli.check_extension import check_type, host_of, targets_of, without_cores
from pmm.documents.extension import CHECKS, TypeResult
from pmm.judge.extension import FAILING

MARKER = "pmm_extension"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}(target, checks=None, seconds=60): check a type of a C extension "
        "(mymod:Ring), or all types of a module, with pmm check-extension",
    )


def checked(
    target: str, checks: Sequence[str] | None = None, seconds: float = 60.0
) -> list[TypeResult]:
    """Check a type, or all of a module, in this interpreter's like."""
    unknown = set(checks or ()) - set(CHECKS)
    if unknown:
        raise pytest.UsageError(f"no check {', '.join(unknown)}: {', '.join(CHECKS)}")
    names = [one for one in CHECKS if checks is None or one in checks]
    without_cores()
    with tempfile.TemporaryDirectory(prefix="pmm-extension-") as folder:
        host = host_of(sys.executable, Path(folder), find_paths(None, None), seconds)
        found = targets_of(host, target, None, [])
        if isinstance(found, TypeResult):
            return [found]
        wanted = [one for one in names if one != "make"]
        return [check_type(host, wanted, one) for one in found]


def words(kinds: list[TypeResult]) -> str:
    """Return what is wrong, with the programs that show it."""
    parts = []
    for kind in kinds:
        for check in kind.checks:
            for one in check.findings:
                if one.outcome in FAILING:
                    where = f" in {one.function}" if one.function else ""
                    head = f"{one.outcome} {kind.name}, {check.name}{where}"
                    parts.append(f"{head}: {one.message}\n\n{one.script}")
    return "\n".join(parts)


def demand(
    target: str, checks: Sequence[str] | None = None, seconds: float = 60.0
) -> list[TypeResult]:
    """Check, and fail the test for a finding; return the results."""
    try:
        kinds = checked(target, checks, seconds)
    except PmmError as error:
        pytest.fail(str(error), pytrace=False)
    told = words(kinds)
    if told:
        pytest.fail(told, pytrace=False)
    if not any(kind.call for kind in kinds):
        why = "; ".join(f"{k.name}: {k.checks[0].reason}" for k in kinds) or "no types"
        pytest.fail(f"nothing of {target} could be made: {why}", pytrace=False)
    return kinds


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Check what a test is marked with, before its body."""
    for mark in item.iter_markers(MARKER):
        demand(*mark.args, **mark.kwargs)
    return (yield)


@pytest.fixture
def check_extension() -> Callable[..., list[TypeResult]]:
    """Return a function that checks a type, and fails the test for a finding."""
    return demand
