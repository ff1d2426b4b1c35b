# SPDX-License-Identifier: MIT
"""A made-up project whose programs behave as the tests want."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import vl_convert
from hypothesis import settings
from pages import browser, report, run, window
from real import ROOT

from pmm.documents.run import Run
from pmm.store.runs import load_run

__all__ = ["browser", "project", "report", "run", "window"]

# How long an example takes says something of the machine's other work alone.
settings.register_profile("pmm", deadline=None)
settings.load_profile("pmm")

HERE = Path(__file__).parent


@pytest.fixture(scope="session", autouse=True)
def own_lock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the workers of one test run from waiting for one another's measurements:
    the lock that measurements take in turn lies in the folder for temporary files.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("lock")))
        patch.setattr(tempfile, "tempdir", None)
        yield


class Drawings(dict[str, str]):
    """Charts that were drawn, by their text, kept in a folder for other workers."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.draw = vl_convert.vegalite_to_svg
        folder.mkdir(exist_ok=True)

    def kept(self, chart: dict[str, Any]) -> str:
        text = json.dumps(chart)
        if text not in self:
            self[text] = self.shared(text, chart)
        return self[text]

    def shared(self, text: str, chart: dict[str, Any]) -> str:
        place = self.folder / hashlib.sha256(text.encode()).hexdigest()
        if not place.exists():
            mine = place.with_suffix(f".{os.getpid()}")
            mine.write_text(self.draw(chart), encoding="utf-8")
            mine.replace(place)
        return place.read_text(encoding="utf-8")


@pytest.fixture(scope="session", autouse=True)
def drawn_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drawings]:
    """Draw each chart once: most checks render runs that differ in one figure."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    drawings = Drawings(shared / "drawings")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vl_convert, "vegalite_to_svg", drawings.kept)
        yield drawings


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave, of the rows of each `sampled` table, the third that PMM_PART=I/N takes.

    Which third the commit decides (`ci/test.sh`), so that a few commits have all.
    """
    number, _, parts = os.environ.get("PMM_PART", "1/1").partition("/")
    if parts == "1":
        return
    row: Counter[str] = Counter()
    taken: dict[bool, list[pytest.Item]] = {True: [], False: []}
    for item in items:
        table, _, rows = item.nodeid.partition("[")
        sampled = rows and item.get_closest_marker("sampled")
        taken[not sampled or row[table] % 3 == int(number) % 3].append(item)
        row[table] += 1
    items[:] = taken[True]
    config.hook.pytest_deselected(items=taken[False])


PROGRAMS = (
    "conformance/pmm-conform",
    "conformance/pmm-backend-check",
    "workloads/pmm-work",
    "bench/pmm-bench-alloc",
)
ELSEWHERE = (
    "PYENV_ROOT", "XDG_DATA_HOME", "XDG_CACHE_HOME", "UV_PYTHON_INSTALL_DIR",
    "AGENT_TOOLSDIRECTORY", "RUNNER_TOOL_CACHE",
)  # fmt: skip
"""Variables that lead to interpreters outside of PATH and HOME."""
LAUNCHER = ROOT / "build" / "reports" / "pmm-launch"
REQUIREMENTS = """
[[requirement]]
id = "REF-001"
area = "REF"
level = "MUST"
title = "One"
text = "One."

[[requirement]]
id = "REF-002"
area = "REF"
level = "MUST"
title = "Two"
text = "Two."
"""


class Project:
    """A clone and a build, both fake."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.build = root / "build"
        (root / "conformance" / "expectations").mkdir(parents=True)
        (root / "conformance" / "requirements.toml").write_text(REQUIREMENTS)
        for name in PROGRAMS:
            self.add_program(name)
        if LAUNCHER.is_file():
            (self.build / "reports").mkdir()
            (self.build / "reports" / LAUNCHER.name).symlink_to(LAUNCHER)
        self.configure()

    def add_program(self, name: str) -> None:
        """Put one more program into the build."""
        source = (HERE / "fakes" / "program.py").read_text()
        path = self.build / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!{sys.executable} -IS\n{source}")
        path.chmod(0o755)

    def configure(self, **settings: Any) -> None:
        """Write what the programs read."""
        defaults = {"backends": ["pool", "libc"], "workloads": ["list_vs_generator"]}
        (self.build / "fake.json").write_text(json.dumps({**defaults, **settings}))

    def environment(self) -> dict[str, str]:
        """An environment in which this Python's packages are found, and no other
        interpreter but the system's: each that is found is asked at every start.
        """
        kept = {k: v for k, v in os.environ.items() if k not in ELSEWHERE}
        return {**kept, "HOME": str(self.root), "PATH": "/nonexistent"}

    def pmm(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run the program as a user does."""
        return self.start("-m", "pmm", *arguments, **options)

    def python(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a script that calls the program."""
        return self.start("-c", script)

    def start(
        self, *arguments: str, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run this Python in the project."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            **options,
        )

    def latest(self) -> Run:
        """Return the last run."""
        return load_run(self.build / "runs" / "latest")

    def started(self) -> list[str]:
        """Return what was started, in order, as `program backend`."""
        path = self.build / "started"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A fresh project that is the current folder."""
    found = Project(tmp_path / "clone")
    monkeypatch.chdir(found.root)
    for name in ELSEWHERE:
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "PATH"):
        monkeypatch.setenv(name, found.environment()[name])
    return found
