# SPDX-License-Identifier: MIT
"""`pmm gc`: the ledger of collectors, as a user types it."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from real import ROOT
from test_cli import call

from pmm.documents.ledger import Ledger, LedgerArm, LedgerCounts, decode_ledger
from pmm.judge.ledger import disagreement, percentile

BUILD = ROOT / "build"
INSIDE = ROOT / "reports" / "pmm" / "inside"
SCRIPT = INSIDE / "gc" / "ledger.py"
SMALL = ("--made", "3000", "--window", "100", "--rounds", "0")
pytestmark = pytest.mark.skipif(
    not (BUILD / "workloads" / "ledger" / "pmm-ledger").is_file(),
    reason="pmm-ledger is not built",
)
WRAPPER = """#!{python} -IS
import os, runpy, sys
words = [one for one in sys.argv[1:] if one not in ("-I", "-S", "-B")]
if not words[0].endswith("ledger.py"):
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
sys.argv = words
import gc, time
{trick}
runpy.run_path(words[0], run_name="__main__")
"""
TRICKS = {
    "crashes": ("os.abort()", "it ended with SIGABRT"),
    "hangs": ("time.sleep(60)", "no answer within 2 s"),
    "talks": ("print('hello'); sys.exit()", "it printed no figures but 'hello'"),
    "fails": ("raise ValueError('no')", "exit code 1: ValueError: no"),
    "differs": (
        "gc.set_threshold(100 + time.time_ns() % 500)",
        "two equal runs differ in thresholds",
    ),
    "lies": (
        "text = open(words[0]).read().replace('Account.dead += 1',"
        "'Account.dead += 1 + (Account.dead == 7)')\n"
        "exec(text, {'__name__': '__main__'}); sys.exit()",
        "its counts of what is left do not agree",
    ),
}
"""What an interpreter does wrong, and what is said of it."""
LACKS = {
    "off": ("gc.disable()", "its collector is disabled"),
    "zero": (
        "gc.set_threshold(0)",
        "its collector never starts by itself: the first threshold is 0",
    ),
    "bare": ("del gc.callbacks", "its module gc has no callbacks"),
}


def gc(*arguments: object, folder: Path) -> tuple[int, Ledger | None, str]:
    """Run the verb; return its code, its document, and what it said."""
    path = folder / "ledger.json"
    path.unlink(missing_ok=True)
    done = call("gc", "--build", str(BUILD), "--out", str(path), *map(str, arguments))
    found = decode_ledger(path.read_bytes()) if path.is_file() else None
    return done.exit_code, found, " ".join(done.output.split())


def wrapped(folder: Path, name: str, trick: str) -> Path:
    """Make an interpreter that does something before it runs the ledger."""
    path = folder / name / "python3"
    path.parent.mkdir()
    path.write_text(WRAPPER.format(python=sys.executable, trick=trick))
    path.chmod(0o755)
    return path


def only(ledger: Ledger | None) -> tuple[LedgerArm, LedgerCounts]:
    assert ledger is not None
    counts = ledger.arms[0].cells[0].counts
    assert counts is not None
    return ledger.arms[0], counts


def test_the_published_counts_come_out_again(tmp_path):
    usual = ("--rounds", "0", "--made", "30000")
    _, ledger, _ = gc("--mode", "generational", *usual, folder=tmp_path)
    _, counts = only(ledger)
    assert sum(counts.collections) == 42
    assert (counts.most, counts.left) == (9412, 6766)
    code, ledger, said = gc("--python", sys.executable, *usual, folder=tmp_path)
    arm, counts = only(ledger)
    assert arm.id.startswith(f"cpython-{sys.version_info[0]}.{sys.version_info[1]}")
    if sys.version_info[:2] == (3, 11):
        assert sum(counts.collections) == 42
        assert counts.most == 9412
        assert abs(counts.left - 6766) < 5
    assert code == 0
    assert f"{counts.most:,} of 29,000 objects" in said
    assert counts.left == counts.by_callbacks == counts.by_enumeration
    assert max(counts.curve) <= counts.most
    assert counts.candidates is not None


def test_an_interpreter_is_what_it_is_and_not_the_reference(tmp_path):
    twice = ("--python", sys.executable, "--python", sys.executable)
    code, ledger, said = gc(*twice, *SMALL, folder=tmp_path)
    assert code == 0
    assert "every exact figure is equal" in said
    assert {row.verdict for row in ledger.rows} == {"same"}
    assert len({arm.id for arm in ledger.arms}) == 2
    code, ledger, said = gc(
        "--mode", "full", "--mode", "counting", *SMALL, folder=tmp_path
    )
    assert code == 3
    assert "exact figures differ" in said
    left = {arm.id: arm.cells[0].counts.left for arm in ledger.arms}
    assert left == {"reference/full": 198, "reference/counting": 2900}


@pytest.mark.long
def test_slices_count_alike_although_the_clock_does_not(tmp_path):
    old = ("--made", "200000", "--live", "2000", "--window", "30000", "--rounds", "0")
    code, ledger, _ = gc("--mode", "incremental", *old, folder=tmp_path)
    arm, counts = only(ledger)
    assert (code, arm.fault) == (0, None)
    assert counts.slices > 10
    assert counts.collected[2] > 50_000


def test_times_come_from_processes_of_their_own(tmp_path):
    code, ledger, said = gc(
        "--mode", "generational", "--python", sys.executable, "--made", "20000",
        "--live", "1000", "--rounds", "2", folder=tmp_path,
    )  # fmt: skip
    assert code == 3
    for arm in ledger.arms:
        times = arm.cells[0].times
        assert len(times) == 2
        for one in times:
            assert len(one.pauses_ns) >= 5
            assert 0 < sum(one.pauses_ns) < one.program_ns
            assert one.peak_bytes > 1 << 20
    undecided = [row for row in ledger.rows if not row.exact]
    assert {row.verdict for row in undecided} == {"undecided"}
    assert "of the program" in said


def test_the_document_is_the_answer(tmp_path):
    done = call("gc", "--build", str(BUILD), "--out", str(tmp_path / "l.json"),
                "--mode", "full", "--json", *SMALL)  # fmt: skip
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert found["schema"] == "pmm.gc"
    assert json.loads((tmp_path / "l.json").read_text()) == found


def named(folder: Path, tricks: dict[str, tuple[str, str]]) -> list[object]:
    """Options that name an interpreter for each trick."""
    return [
        word
        for name, (trick, _) in tricks.items()
        for word in ("--python", wrapped(folder, name, trick))
    ]


def test_who_misbehaves_is_told_and_the_others_go_on(tmp_path):
    code, ledger, said = gc(*named(tmp_path, TRICKS), "--mode", "full", "--limit",
                            "2", *SMALL, folder=tmp_path)  # fmt: skip
    assert code == 3
    assert said.count("misbehaved.") == 1
    assert ledger.arms[0].cells[0].counts.left == 198
    faults = [arm.fault for arm in ledger.arms[1:]]
    for (_, why), fault in zip(TRICKS.values(), faults, strict=True):
        assert why in fault
        assert why in said


def test_who_cannot_be_counted_in_is_no_fault(tmp_path):
    lacking = named(tmp_path, LACKS)
    code, ledger, _ = gc(*lacking, "--mode", "full", *SMALL, folder=tmp_path)
    assert code == 0
    for (_, why), arm in zip(LACKS.values(), ledger.arms[1:], strict=True):
        assert arm.absence == why
    code, _, said = gc(*lacking[:2], *SMALL, folder=tmp_path)
    assert code == 4
    assert LACKS["off"][1] in said


def test_what_is_no_interpreter_is_one_line(tmp_path):
    code, ledger, said = gc("--python", "/bin/cat", "--mode", "full", *SMALL,
                            folder=tmp_path)  # fmt: skip
    assert code == 3
    assert "cat: it does not say what it is" in said
    for typed, why in (
        (("--python", "/nowhere/python3"), "there is no folder /nowhere"),
        (("--python", "pythonn"), "there is no pythonn"),
        (("--mode", "ful"), "full"),
        (("--made", "10", "--window", "20"), "nothing dies"),
    ):
        code, ledger, said = gc(*typed, folder=tmp_path)
        assert (code, ledger) == (2, None)
        assert why in said


def test_a_ledger_that_does_not_agree_is_told():
    counts = msgspec.convert(
        {"implementation": "x", "thresholds": [700, 10, 10], "collections": [1, 0, 0],
         "collected": [5, 0, 0], "candidates": None, "most": 9, "p95": 9, "left": 4,
         "by_callbacks": 4, "by_enumeration": 4, "apart": 0, "never": 0,
         "curve": [1], "kinds": {}},
        LedgerCounts,
    )  # fmt: skip
    assert disagreement(counts) is None
    for name in ("by_callbacks", "by_enumeration", "apart", "never"):
        changed = msgspec.structs.replace(counts, **{name: getattr(counts, name) + 1})
        assert disagreement(changed)


def test_a_percentile_is_a_value_that_was_seen():
    assert percentile([], 50) is None
    assert percentile([7], 99) == 7
    assert [percentile(range(1, 101), p) for p in (50, 95, 99, 100)] == [
        50, 95, 99, 100
    ]  # fmt: skip


def test_what_runs_inside_is_python_3_8():
    for path in sorted(INSIDE.rglob("*.py")):
        ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))


def test_a_wrong_word_is_one_line():
    done = subprocess.run(
        [BUILD / "workloads" / "ledger" / "pmm-ledger", "coumt"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
