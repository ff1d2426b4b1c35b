# SPDX-License-Identifier: MIT
"""The command line: mistakes get a sentence and their exit code, no traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pmm.base.errors import PmmError
from pmm.cli.app import app
from pmm.discover import asking

VERBS = (
    "run", "report", "conform", "work", "bench", "list", "backends", "subjects",
    "claims", "coverage", "cycles", "doctor", "fetch", "grade", "lockstep", "where",
    "check-extension", "gc", "museum",
    "compare", "history", "merge", "selftest",
)  # fmt: skip


def call(*arguments: str):
    """Call the program in this process."""
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb):
    done = call(verb, "--help")
    assert done.exit_code == 0
    assert len(done.output) > 200


def test_help_documents_the_exit_codes():
    text = call("--help").output
    for code in ("0 pass", "1 tool error", "2 usage", "3 a failure", "4 inconclusive",
                 "5 the runs have nothing in common", "130"):  # fmt: skip
        assert code in " ".join(text.split())


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("run", "--backend", "pol"), "did you mean pool"),
        (("run", "--only", "benh"), "bench"),
        (("run", "--profile", "quik"), "quick"),
        (("run", "--baseline", "nowhere"), "no run 'nowhere'"),
        (("run", "--resume", "nowhere"), "no run 'nowhere'"),
        (("work", "list_generator"), "list_vs_generator"),
        (("conform", "--case", "ref.oen"), "ref.one"),
        (("conform", "--subject", "refrence"), "reference"),
        (("bench", "aloc"), "alloc"),
        (("list", "backend"), "backends"),
        (("report", "nowhere"), "no run"),
        (("doctor", "--build", "nowhere"), "no build in"),
    ],
)
def test_a_wrong_name_is_exit_2_with_the_nearest(project, arguments, word):
    done = call(*arguments)
    assert done.exit_code == 2, done.output
    assert word in done.stderr
    assert "Traceback" not in done.output
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("runn",),
        ("run", "--bakend", "x"),
        ("run", "x"),
        ("run", "--seed", "-1"),
        ("conform", "--seed", str(2**64)),
    ],
)
def test_wrong_words_are_exit_2(project, arguments):
    assert call(*arguments).exit_code == 2


def test_a_folder_that_is_gone_is_one_line_and_exit_2(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    command = f"cd {gone} && rmdir {gone} && {sys.executable} -m pmm list profiles"
    done = subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "change to another one" in done.stderr


def test_no_room_for_an_answer_is_said_so(monkeypatch):
    monkeypatch.setattr(asking, "is_full", lambda _: True)
    with pytest.raises(PmmError, match=r"no room for its answer in .*TMPDIR"):
        asking.ask(["echo", "hello"], Path("/"))


def test_outside_a_clone_the_package_finds_its_own(project, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    done = call("list", "profiles", "--build", str(project.build))
    assert done.output.split() == ["quick", "standard", "nightly", "smoke"]


@pytest.mark.parametrize("verb", ["backends", "subjects", "doctor"])
def test_machines_get_json(project, verb):
    done = call(verb, "--json")
    assert done.exit_code == 0
    assert isinstance(json.loads(done.stdout), list)


def test_lists_show_what_the_programs_say(project):
    assert call("list", "cases").stdout.split() == ["ref.one", "ref.two", "gc.one"]
    assert json.loads(call("list", "--json").stdout)["backends"] == ["pool", "libc"]
    assert "conform/reference/pool/plain" in call("list", "jobs").stdout


def test_doctor_says_what_is_lost(project):
    (project.build / "workloads" / "pmm-work").unlink()
    text = call("doctor").stdout
    assert "pmm-work" in text
    assert "lost: no memory figures" in text


def test_a_baseline_gate_exits_0_3_and_5(project):
    assert call("run", "--only", "conform").exit_code == 0
    assert call("run", "--only", "conform", "--baseline", "latest").exit_code == 0
    project.configure(allocations=4)
    worse = call("run", "--only", "conform", "--baseline", "latest", "--json")
    assert worse.exit_code == 3
    changes = json.loads(worse.stdout)["baseline"]["changes"]
    assert {c["verdict"] for c in changes} == {"worse"}
    assert all(c["key"].endswith("allocations") for c in changes)
    project.configure(backends=["mimalloc"])
    assert call("run", "--only", "conform", "--baseline", "latest").exit_code == 5


def test_a_baseline_of_another_schema_does_not_compare(project):
    assert call("conform", "--backend", "pool").exit_code == 0
    path = project.build / "runs" / "latest" / "run.json"
    old = path.resolve().parent
    path.write_text(path.read_text().replace('"version":1', '"version":9', 1))
    text = path.read_text()
    assert '"version":9' in text
    done = call("run", "--only", "conform", "--baseline", str(old))
    assert done.exit_code == 5
    assert "written by another version of pmm" in done.output


def test_coverage_needs_a_measurement(project):
    done = call("coverage")
    assert done.exit_code == 1
    assert "has no coverage" in done.stderr


def test_coverage_fails_on_a_gap_that_nobody_judged(project):
    info = project.root / "build" / "coverage" / "impl.info"
    info.parent.mkdir(parents=True)
    source = project.root / "impl" / "a.c"
    info.write_text(f"SF:{source}\nFN:3,f\nBRDA:4,0,0,0\nLF:1\nend_of_record\n")
    done = call("coverage")
    assert done.exit_code == 3
    assert "impl/a.c: f: 1 at 4" in done.stdout
    assert "coverage_gap.toml has 0" in done.stderr
    ledger = project.root / "impl" / "tests" / "coverage_gap.toml"
    ledger.parent.mkdir(parents=True)
    ledger.write_text(
        'schema = 1\n[[gap]]\nfile = "impl/a.c"\nwhy = "no host does this"\n'
        "functions = { f = 1 }\n"
    )
    done = call("coverage")
    assert done.exit_code == 0, done.stderr
    assert "no host does this" in done.stdout
