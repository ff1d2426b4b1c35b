# SPDX-License-Identifier: MIT
"""`pmm grade` and `pmm lockstep`: what the suite's own scripts say, counted."""

from __future__ import annotations

import io
import json
from pathlib import Path

import msgspec
import pytest
from real import ROOT
from rich.console import Console
from sample import build_sample
from test_cli import call

from pmm.base.errors import PmmError
from pmm.cli.session import write_report
from pmm.collect import grade_parts
from pmm.collect.grade_parts import Found, Shop, Wish, area_of, history
from pmm.collect.tap import read_tap
from pmm.documents.grade import GradePart, decode_grade, encode_grade
from pmm.documents.run import Run
from pmm.store.runs import GRADE

BUILD = str(ROOT / "build")


def part(**changes: object) -> GradePart:
    fields = {
        "name": "faults", "state": "good", "good": 1, "total": 1, "goal": 1.0,
        "counted": "caught", "detail": "", "command": None, "elapsed_ns": 1,
    }  # fmt: skip
    return GradePart(**{**fields, **changes})


def test_tap_is_read_with_and_without_numbers():
    heard = []
    lines = ["TAP version 13", "1..3", "ok 1 - a.x: A", "# note", "not ok - b: B",
             "noise", "ok 3 - c"]  # fmt: skip
    tap = read_tap(lines, lambda done, total: heard.append((done, total)))
    assert (tap.good, tap.bad) == (["a.x: A", "c"], ["b: B"])
    assert heard == [(1, 3), (2, 3), (3, 3)]
    assert tap.complaint() is None


@pytest.mark.parametrize("lines", [[], ["ok 1 - a"], ["1..2", "ok 1 - a"]])
def test_tap_that_breaks_off_is_told(lines):
    assert read_tap(lines, lambda *_: None).complaint()


def test_a_part_is_good_from_its_goal_on():
    found = Found("caught", 0.5)
    found.add("GC", False, "gc.x")
    assert found.state() == "bad"
    found.add("GC", True)
    assert found.state() == "good"
    assert [(s.name, s.good, s.total) for s in found.shares()] == [("GC", 1, 2)]


def test_an_area_is_named_alike_by_cases_and_requirements():
    assert area_of("gc.x") == area_of("GC-004") == "GC"


def test_a_bug_whose_fault_was_missed_is_not_caught(monkeypatch):
    bug = {"issue": "x #1", "essence": "e", "requirements": ["GC-001"]}
    bugs = [{**bug, "state": "proved", "fault": "gc.a"},
            {**bug, "state": "out of reach", "fault": None}]  # fmt: skip
    monkeypatch.setattr(grade_parts, "listed", lambda shop: "{}")
    monkeypatch.setattr(Shop, "json", lambda self, *words: (
        self.commands.append(list(words)), {"bugs": bugs})[1])  # fmt: skip
    shop = Shop(type("P", (), {"root": ROOT, "build": ROOT / "build"})(), Wish())
    assert history(shop, lambda *_: None, []).good.total() == 1
    before = [part(state="bad", failed=("gc.a: title",))]
    found = history(shop, lambda *_: None, before)
    assert (found.good.total(), found.total.total()) == (0, 1)


def test_the_verb_grades_writes():
    done = call("grade", "--build", BUILD, "--only", "history", "--only", "faults",
                "--part", "7/400", "--json")  # fmt: skip
    assert done.exit_code == 0, done.output
    grade = decode_grade(done.stdout.encode())
    assert [one.name for one in grade.parts] == ["faults", "history"]
    assert all(one.state == "good" and one.shares for one in grade.parts)
    assert decode_grade((ROOT / "build" / "grade.json").read_bytes()) == grade


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--only", "fault"], "did you mean faults"),
        (["--part", "5"], "the form is I/N"),
        (["--run", "nowhere"], "no run 'nowhere'"),
    ],
)
def test_a_wrong_word_is_refused_before_anything_runs(words, said):
    done = call("grade", "--build", BUILD, *words)
    assert done.exit_code == 2
    assert said in done.output


def test_a_script_that_fails_is_told_and_not_graded(monkeypatch, capfd):
    monkeypatch.setattr(Shop, "program", lambda self, name: "/nowhere/tool")
    done = call("grade", "--build", BUILD, "--only", "fakes")
    assert done.exit_code == 1
    assert "fakes could not be tried" in done.output


def test_lockstep_is_a_verb_with_the_codes_of_the_script(tmp_path: Path):
    program = tmp_path / "program.txt"
    program.write_text("r0 = int_new 5\n")
    words = ["--right", "reference,mode=full", "--build", BUILD]
    out = tmp_path / "out.json"
    ran = call("lockstep", "run", "--programs", "50", "--seconds", "0",
               "--document", str(out), *words)  # fmt: skip
    assert ran.exit_code == 0
    assert json.loads(out.read_text())["programs"] == 50
    assert call("lockstep", "replay", str(tmp_path / "none"), *words).exit_code == 2


def test_a_report_shows_the_grade_that_is_kept_or_inside_the_run(
    tmp_path, monkeypatch
):
    run = build_sample()
    bare = msgspec.structs.replace(run, grade=None)
    shown = []
    monkeypatch.setattr("pmm.render.site.render", lambda one, *_: shown.append(one))

    def written(one: Run) -> None:
        write_report(one, tmp_path, tmp_path / "out", Console(file=io.StringIO()))

    written(bare)
    written(run)
    (tmp_path / GRADE).write_bytes(encode_grade(run.grade))
    written(bare)
    assert [one.grade for one in shown] == [None, run.grade, run.grade]
    (tmp_path / GRADE).write_text('{"schema": "pmm.grade"}')
    with pytest.raises(PmmError, match="make it again with"):
        written(bare)
