# SPDX-License-Identifier: MIT
"""`pmm pattern` as a user types it: what is shipped, what is wrong, who fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from real import ROOT

FOLDER = ROOT / "workloads" / "patterns"
PROGRAM = ROOT / "build" / "workloads" / "patterns" / "pmm-pattern"
BROKEN = ROOT / "build" / "conformance" / "backends" / "broken" / "broken.so"
pytestmark = pytest.mark.skipif(not PROGRAM.is_file(), reason="it is not built")

SMALL = """title Small
phase come
alloc 2000 size 16..300 in some
phase go
drop 50% oldest of some
grow some by 8 to 400
"""


def pmm(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pmm", "pattern", *map(str, arguments)],
        check=False, capture_output=True, text=True, timeout=120, cwd=ROOT,
    )  # fmt: skip


def test_eight_are_shipped_and_named_in_the_readme():
    files = sorted(FOLDER.glob("*.pattern"))
    assert len(files) == 8
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for path in files:
        done = subprocess.run(
            [PROGRAM, "--check", path], check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert f"`{path.stem}`" in readme


def test_a_pattern_of_ones_own_on_two_backends(tmp_path: Path):
    path = tmp_path / "small.pattern"
    path.write_text(SMALL)
    done = pmm(path, "-b", "pool", "-b", "libc", "--json")
    assert done.returncode == 0, done.stderr
    for one in json.loads(done.stdout):
        figures = one["document"]["figures"]
        assert figures["end_live_bytes"] == 1000 * 400
        assert [p["name"] for p in figures["phases"]] == ["begin", "come", "go"]
        assert figures["phases"][1]["calls"] == 2000
        assert figures["phases"][1]["end_live_blocks"] == 2000
        assert figures["peak_bytes"] > 300_000


def test_a_wrong_backend_fails(tmp_path: Path):
    if not BROKEN.is_file():
        pytest.skip("the broken allocators are not built")
    path = tmp_path / "small.pattern"
    path.write_text(SMALL)
    done = pmm(path, "-b", f"bad={BROKEN},prefix=loses_last_like_")
    assert done.returncode == 3
    assert "bad FAILED: line 6: a block does not hold what was" in done.stdout


def test_what_is_wrong_is_one_line(tmp_path: Path):
    path = tmp_path / "bad.pattern"
    path.write_text("title Bad\n\nalloc 10 size 8 into x\n")
    for typed, said in (
        (path, 'line 3: expected "in", found "into"'),
        ("sawtoth", "sawtooth"),
        ("./absent.pattern", "no pattern ./absent.pattern"),
    ):
        done = pmm(typed, "-b", "libc")
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
