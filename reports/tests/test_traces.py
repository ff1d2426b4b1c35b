# SPDX-License-Identifier: MIT
"""`pmm trace` as a user types it, and how replays are judged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from real import ROOT

from pmm.discover.trace_set import FOLDER, read_set, script_of
from pmm.documents.replays import Batches, ReplayDocument, ReplayTime
from pmm.judge.replays import Arm, ranked, slower, verdict

PROGRAM = ROOT / "build" / "workloads" / "traces" / "pmm-trace"
needs_build = pytest.mark.skipif(not PROGRAM.is_file(), reason="it is not built")


def pmm(*arguments: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    build = ROOT / "build"
    return subprocess.run(
        [sys.executable, "-m", "pmm", "trace", *map(str, arguments), "--build", build],
        check=False, capture_output=True, text=True, timeout=120, cwd=cwd,
    )  # fmt: skip


# ------------------------------------------------------------------------- the set


def test_the_set_is_whole():
    table = read_set(ROOT)
    assert len(table.program) == 12
    assert sum(one.threads > 1 for one in table.program) == 2
    assert all(script_of(ROOT, one.name).is_file() for one in table.program)
    readme = (ROOT / FOLDER / "README.md").read_text(encoding="utf-8")
    for one in table.program:
        row = next(line for line in readme.splitlines() if f"`{one.name}`" in line)
        assert f"{one.events:,}" in row
        assert one.sha256[:16] in row
        assert one.nature in row
    held = {path.stem for path in (ROOT / FOLDER / "data").iterdir()}
    assert held == {one.name for one in table.program if one.committed}
    size = sum(path.stat().st_size for path in (ROOT / FOLDER / "data").iterdir())
    assert size < 4 << 20


@needs_build
def test_committed_traces_are_those_of_the_table():
    for one in read_set(ROOT).program:
        if one.committed:
            done = pmm("info", one.name, "--json")
            assert done.returncode == 0, done.stderr
            said = json.loads(done.stdout)
            assert (said["sha256"], said["events"], said["threads"]) == (
                one.sha256, one.events, one.threads,
            )  # fmt: skip
            assert said["file_bytes"] / said["events"] <= 2.2


@needs_build
def test_a_program_of_the_set_gives_the_same_bytes_again():
    done = pmm("remake", "decimal_ledger", "thread_pipeline")
    if "/usr/bin/python3.11 was not found" in done.stderr:
        pytest.skip("no such interpreter")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert all("the same bytes" in line or "not Python" in line for line in lines)


# --------------------------------------------------------------------------- verbs


@needs_build
def test_a_program_is_recorded_by_pmm(tmp_path):
    out = tmp_path / "a.pmmt"
    done = subprocess.run(
        [sys.executable, "-m", "pmm", "trace", "record", "--out", out, "--build",
         ROOT / "build", "--", os.path.realpath(sys.executable), "-c", "print('hi')"],
        check=False, capture_output=True, text=True, timeout=60, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "hi\n"
    assert "sound" in pmm("verify", out).stdout


@needs_build
def test_backends_replay_a_trace_and_a_wrong_one_fails():
    done = pmm("replay", "decimal_ledger", "-b", "pool", "-b", "libc",
               "--processes", 2, "--repetitions", 2, "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    arms = {one["label"]: one for one in json.loads(done.stdout)}
    assert set(arms) == {"pool", "libc"}
    for arm in arms.values():
        assert len(arm["documents"]) == len(arm["prices"]) == 2
        assert arm["documents"][0]["verified"]
        assert arm["documents"][0]["placement"]["pages_4k"] > 100
    library = ROOT / "build/conformance/backends/broken/broken.so"
    if library.is_file():
        bad = f"bad={library},prefix=align8_like_"
        done = pmm("replay", "decimal_ledger", "-b", bad, "--processes", 1)
        assert done.returncode == 3
        assert "bad FAILED: call" in done.stdout


@needs_build
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("info", "asyncio_serve"), 2, "asyncio_server"),
        (("info", "./absent.pmmt"), 2, "no trace ./absent.pmmt"),
        (("replay", "thread_pool", "-b", "pol"), 2, "pool"),
        (("remake", "--python", "/absent/python3"), 2, "--python"),
    ],
)
def test_what_is_wrong_is_one_line(arguments, code, said):
    done = pmm(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


# ------------------------------------------------------------------------ judgement


def document(*ns: int, error: str | None = None) -> ReplayDocument:
    """A document of ten calls."""
    time = ReplayTime(
        repetitions_ns=ns, user_ns=0, system_ns=0, minor_faults=0, major_faults=0,
        batch=Batches(words=4096, median_ns=0, p99_ns=0, most_ns=0),
    )  # fmt: skip
    return ReplayDocument(
        schema=1, type="trace-replay", trace="t", sha256="", backend="b", version="",
        object="", aged=False, seed=1, calls=10, births=5, peak_live_bytes=1,
        peak_live_blocks=1, time=None if error else time, error=error,
    )  # fmt: skip


def arm(label: str, *best: int) -> Arm:
    return Arm(label, tuple(document(999, n, n + 50) for n in best), (2.0,) * len(best))


def test_the_harness_is_taken_off_and_the_first_repetition_left_out():
    assert arm("a", 100, 120).net == (8.0, 10.0)
    assert arm("a", 100, 120).cold == 99.9


def test_a_winner_needs_a_gap():
    slow, fast, close = arm("s", 300, 310), arm("f", 100, 120), arm("c", 119, 150)
    assert [one.label for one in ranked([slow, fast])] == ["f", "s"]
    assert verdict([slow, fast]) == "fastest: f"
    assert verdict([slow, close, fast]) == "no clear winner between f, c"


def test_an_aged_heap_is_held_against_a_fresh_one():
    assert slower(arm("a", 220), arm("a", 120)) == 2.0
    assert slower(arm("a", 220), arm("a", 20)) is None  # all of it is the harness


def test_a_wrong_backend_has_no_rank():
    bad = Arm("bad", (document(error="call 1: wrong"),), (2.0,))
    assert ranked([bad, arm("a", 100)])[0].label == "a"
    assert bad.fault == "call 1: wrong"
    assert verdict([bad, arm("a", 100)]) == ""
