# SPDX-License-Identifier: MIT
"""The plug-in of pytest: which test makes which reference cycles.

1. `--pmm-cycles` puts the collector under control, as `pmm cycles` does.
2. Before a test, what is there gets old; behind it, a collection of the young
   generations finds what the test made and lost. At the end of a file a full
   collection finds what older objects were part of; the file is named then.
3. With pytest-xdist each worker tells what it found when it ends.

Nothing is imported but pytest until the option is given.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pmm.documents.cycles import CycleGroup

INSIDE = Path(__file__).resolve().parents[1] / "inside" / "cycles"
BETWEEN = "between tests"
SHOWN_TESTS = 5
KEY = "pmm_cycles"
NAME = "pmm-cycles-session"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("pmm", "reference cycles (pmm)")
    group.addoption(
        "--pmm-cycles", action="store_true",
        help="Name the reference cycles that each test makes.",
    )  # fmt: skip
    group.addoption(
        "--pmm-cycles-fail", action="store_true",
        help="The same, and fail when there is one that the baseline does not know.",
    )  # fmt: skip
    group.addoption(
        "--pmm-cycles-baseline", metavar="FILE",
        help="The cycles that are known, as `pmm cycles` keeps them.",
    )  # fmt: skip
    group.addoption(
        "--pmm-cycles-update", action="store_true",
        help="Write the baseline from this run.",
    )  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    """Begin, where it is asked for."""
    options = ("pmm_cycles", "pmm_cycles_fail", "pmm_cycles_update")
    baseline = config.getoption("pmm_cycles_baseline")
    if not baseline and not any(config.getoption(one) for one in options):
        return
    if config.getoption("pmm_cycles_update") and not baseline:
        raise pytest.UsageError("--pmm-cycles-update: name --pmm-cycles-baseline, too")
    config.pluginmanager.register(CyclePlugin(config), NAME)


class CyclePlugin:
    """The hooks of a session that looks for cycles."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.known = self.read_baseline()
        self.told: list[dict[str, Any]] = []
        """Groups of this process and of the workers."""
        self.groups: tuple[CycleGroup, ...] = ()
        sys.path.insert(0, str(INSIDE))
        try:
            inside = importlib.import_module("pmm_cycles")
        finally:
            sys.path.remove(str(INSIDE))
        self.collecting = inside.Collecting(BETWEEN)

    def read_baseline(self) -> Any:
        """Read the cycles that are known; None where none are."""
        from pmm.base.errors import UsageError  # noqa: PLC0415 - only where asked
        from pmm.store.cycles import read_known  # noqa: PLC0415

        name = self.config.getoption("pmm_cycles_baseline")
        if not name or self.config.getoption("pmm_cycles_update"):
            return None
        try:
            return read_known(Path(name))
        except UsageError as error:
            raise pytest.UsageError(str(error)) from error

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, Any, None]:
        """Look at a test with its fixtures, and at a file when it is done."""
        self.collecting.enter(item.nodeid)
        yield
        self.collecting.enter(item.nodeid.partition("::")[0])
        if nextitem is None or nextitem.path != item.path:
            self.collecting.everything()
        self.collecting.enter(BETWEEN)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Put together what was found; a worker hands it on."""
        self.collecting.end()
        self.told += self.collecting.documents()
        output = getattr(self.config, "workeroutput", None)
        if output is not None:
            output[KEY] = self.told
            return
        self.groups = self.judged()
        if self.config.getoption("pmm_cycles_update"):
            self.write_baseline()
        if self.accused() and session.exitstatus in {
            pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED,
        }:  # fmt: skip
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Take what a worker of pytest-xdist found."""
        self.told += getattr(node, "workeroutput", {}).get(KEY, [])

    def judged(self) -> tuple[CycleGroup, ...]:
        """Return the groups, judged by the baseline."""
        import msgspec  # noqa: PLC0415 - only where it is asked for

        from pmm.documents.cycles import FoundGroup  # noqa: PLC0415
        from pmm.judge.cycle_groups import groups_of_found  # noqa: PLC0415
        from pmm.judge.cycles import baseline_of, judged  # noqa: PLC0415

        found = [msgspec.convert(one, FoundGroup, strict=False) for one in self.told]
        groups = groups_of_found(found)
        return judged(groups, self.known or baseline_of(()))[0]

    def write_baseline(self) -> None:
        """Write what is known from here on."""
        from pmm.judge.cycles import baseline_of  # noqa: PLC0415 - only where asked
        from pmm.store.cycles import write_known  # noqa: PLC0415

        name = Path(self.config.getoption("pmm_cycles_baseline"))
        write_known(name, baseline_of(self.groups))

    def accused(self) -> bool:
        """Tell whether the session fails for its cycles."""
        fails = self.config.getoption("pmm_cycles_fail") or self.known is not None
        return bool(fails) and any(one.new for one in self.groups)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Tell which test makes which cycle, largest first."""
        from pmm.judge.cycles import findings  # noqa: PLC0415 - only where asked

        write = terminalreporter.write_line
        terminalreporter.section("reference cycles")
        found = findings(self.groups)
        if not found:
            write("no reference cycle: reference counting freed everything")
        if self.accused():
            write("the session fails: not all of these are known")
        for group in found:
            for line in lines_of(group, self.known is not None):
                write(line)


def lines_of(group: CycleGroup, judged: bool) -> Generator[str, None, None]:
    """Write a group: what it is, its way round, its tests."""
    from pmm.base.formatting import plural, size  # noqa: PLC0415 - only where asked
    from pmm.base.plain_text import plain  # noqa: PLC0415

    mark = "new: " if judged and group.new else ""
    held = f", {size(group.held_bytes)} hanging on it" if group.held_bytes else ""
    count = plural(group.cycles, "cycle")
    yield f"{mark}{group.kind}: {count}, {size(group.bytes)}{held}"
    yield plain(f"    {group.way}")
    yield f"    breaks it: {group.advice}"
    for one in group.contexts[:SHOWN_TESTS]:
        yield plain(f"    {one.count:,} × {one.name}")
    if len(group.contexts) > SHOWN_TESTS:
        yield f"    … and {len(group.contexts) - SHOWN_TESTS} more tests"
