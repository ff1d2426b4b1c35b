# SPDX-License-Identifier: MIT
"""Allocators that end the process of a pattern or a replay: named, the others kept."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from real import ROOT
from test_misbehaviour import ASSERTION, build_plugin

PROGRAMS = ROOT / "build" / "workloads"
pytestmark = pytest.mark.skipif(
    not (PROGRAMS / "patterns" / "pmm-pattern").is_file()
    or not (PROGRAMS / "traces" / "pmm-trace").is_file(),
    reason="they are not built",
)
GROWS = """title Grows
phase grow
alloc 100 size 16..300 in some
grow some by 8 to 400
"""


@pytest.fixture(scope="module")
def backends(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two that end the process in realloc, by a signal and by exit(0), and libc."""
    folder = tmp_path_factory.mktemp("lost")
    bad = [str(build_plugin(folder, name)) for name in ("aborts", "exits")]
    return [word for one in (*bad, "libc") for word in ("--backend", one)]


def pmm(*words: str | Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "pmm", *map(str, words)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done


def told(faults: dict[str, str | None]) -> None:
    """Hold what is said of the three against what they did."""
    assert re.search("SIGABRT|signal 6", faults["aborts.so"] or "")
    assert ASSERTION in (faults["aborts.so"] or "")
    assert "that is all I do" in (faults["exits.so"] or "")
    assert re.search(r"exit\(0\)|code 0", faults["exits.so"] or "")
    assert faults["libc"] is None


def test_a_pattern_goes_on_with_the_others(backends, tmp_path):
    path = tmp_path / "grows.pattern"
    path.write_text(GROWS)
    done = pmm("pattern", path, *backends, "--json")
    assert done.returncode == 3, done.stderr
    outcomes = {one["label"]: one for one in json.loads(done.stdout)}
    told({label: one["fault"] for label, one in outcomes.items()})
    figures = outcomes["libc"]["document"]["figures"]
    assert figures["end_live_bytes"] == 100 * 400


def test_a_replay_goes_on_with_the_others(backends):
    few = ("--processes", "1", "--repetitions", "2")
    done = pmm("trace", "replay", "xml_feed", *backends, *few, "--json")
    assert done.returncode == 3, done.stderr
    arms = {arm["label"]: arm["documents"] for arm in json.loads(done.stdout)}
    assert [len(documents) for documents in arms.values()] == [1, 1, 1]
    told({label: documents[0]["error"] for label, documents in arms.items()})
