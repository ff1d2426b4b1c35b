# SPDX-License-Identifier: MIT
"""`pmm baseline`: kept, found and aged in folders, caches and branches."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from sample import build_sample
from typer.testing import CliRunner

from pmm.cli.app import app
from pmm.documents.baseline import Stamp
from pmm.documents.run import Run
from pmm.store.baseline_branch import BranchPlace
from pmm.store.baselines import TIME, FolderPlace, aged, chosen
from pmm.store.runs import RUN, load_run, save_run

replace = msgspec.structs.replace
NOW = datetime(2026, 6, 1, tzinfo=UTC)
IN_PLACES = (".pmm", "cache:mine", "branch:kept", "branch:kept@origin")


def call(*words: str):
    """Call the program in this process."""
    return CliRunner().invoke(app, ["baseline", *words])


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=x", "-c", "user.email=x@y", *words],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def commit(folder: Path, text: str) -> str:
    git(folder, "commit", "--quiet", "--allow-empty", "-m", text)
    return git(folder, "rev-parse", "HEAD")


def stamp(run: str, days: float = 0, at: str | None = None, name: str = "main"):
    saved = (NOW - timedelta(days=days)).strftime(TIME)
    return Stamp("pmm.baseline", 1, name, run, saved, at, "pass", f"{run:0>64}", 1)


@pytest.fixture(scope="module")
def sample() -> Run:
    return build_sample()


@pytest.fixture
def theirs(tmp_path, monkeypatch, sample) -> Path:
    """A repository with a remote, in which a run lies that passed, and a red one."""
    git(tmp_path, "init", "--quiet", "--bare", "origin")
    root = tmp_path / "their repository"
    git(tmp_path, "init", "--quiet", str(root))
    git(root, "remote", "add", "origin", str(tmp_path / "origin"))
    commit(root, "first")
    green = replace(sample.verdict, state="pass", exit_code=0)
    for name, verdict in (("green", green), ("red", replace(green, exit_code=3))):
        (root / name).mkdir()
        save_run(root / name, replace(sample, id=f"the-{name}", verdict=verdict))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(root)
    return root


@pytest.mark.parametrize("place", IN_PLACES)
def test_the_first_pipeline_finds_none_and_the_next_the_first_ones(theirs, place):
    none = call("find", "--in", place)
    assert (none.exit_code, none.stdout) == (4, "")
    assert f"no baseline main in {place} yet" in none.stderr

    before = git(theirs, "status", "--porcelain")
    saved = call("save", "green", "--in", place)
    assert saved.exit_code == 0, saved.stderr
    commit(theirs, "second")
    found = call("find", "--in", place)
    assert found.exit_code == 0, found.stderr
    assert load_run(Path(found.stdout.strip())).id == "the-green"
    assert "1 commit back, 0.0 days old" in found.stderr
    others = [f"?? {name}/" for name in (".pmm",) if place == name]
    assert git(theirs, "status", "--porcelain").split("\n") == [
        *others, *before.split("\n"),
    ]  # fmt: skip


def test_a_red_run_is_no_baseline(theirs):
    red = call("save", "red")
    assert red.exit_code == 3
    assert "no baseline: the-red did not pass" in red.stderr
    assert not (theirs / ".pmm").exists()
    assert call("save", "red", "--red").exit_code == 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("find", "--in", "branch:../x"), "a name is letters"),
        (("find", "--in", "branch:x@-o"), "a name is letters"),
        (("find", "--in", "cache:x@origin"), "only a branch has a remote"),
        (("find", "--name", "a/b"), "letters, digits"),
        (("find", "--commit", "nothing"), "no such commit"),
        (("save", "nowhere/run.json"), "there is no run"),
    ],
)
def test_a_wrong_call_is_2_and_says_why(theirs, words, reason):
    done = call(*words)
    assert done.exit_code == 2, done.stdout + done.stderr
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1


def test_outside_of_a_repository_there_is_no_branch(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert call("find", "--in", "branch:kept").exit_code == 2


def test_a_damaged_stamp_is_named(theirs):
    place = theirs / ".pmm" / "main" / "x"
    place.mkdir(parents=True)
    (place / "baseline.json").write_text("{}")
    done = call("find")
    assert done.exit_code == 1
    assert "baseline.json is not a baseline" in done.stderr


# ------------------------------------------------------------- which one is meant


def test_the_nearest_ancestors_is_taken_before_a_newer_one():
    there = [
        stamp("newest", 0, "elsewhere"), stamp("near", 5, "b"), stamp("far", 3, "c"),
        stamp("other", 0, "b", name="allocator"),
    ]  # fmt: skip
    assert chosen(there, "main", {"a": 0, "b": 1, "c": 7}).run == "near"
    assert chosen(there, "main", {}).run == "newest"
    assert chosen(there, "nothing", {}) is None


def test_the_oldest_go_and_the_newest_of_a_name_never_does():
    there = [stamp(f"r{n}", days=10 * n) for n in range(5)]
    alone = stamp("alone", days=400, name="allocator")
    gone = [one.run for one in aged([*there, alone], 3, None, NOW)]
    assert gone == ["r3", "r4"]
    assert [one.run for one in aged([*there, alone], 9, 25, NOW)] == ["r3", "r4"]


def test_ageing_lists_all_and_says_what_goes(theirs, sample):
    place = FolderPlace(Path(".pmm"))
    place.change({stamp(f"r{n}", days=n): b"{}" for n in range(4)}, [])
    dry = call("age", "--keep", "2", "--dry-run")
    assert dry.stdout.count("(would go)") == 2
    assert len(place.stamps()) == 4
    done = call("age", "--keep", "2")
    assert "4 baselines in .pmm, 2 dropped" in done.stdout
    assert sorted(one.run for one in place.stamps()) == ["r0", "r1"]
    assert len(list(Path(".pmm").glob("*/*"))) == 2


# ----------------------------------------------------------------------- branches


def test_a_branch_is_one_commit_without_a_past(theirs):
    place = BranchPlace(theirs, "kept", "origin")
    for number in range(3):
        place.change({stamp(f"r{number}"): b"{}"}, [])
    place.change({}, [stamp("r1")])
    assert {one.run for one in place.stamps()} == {"r0", "r2"}
    origin = theirs.parent / "origin"
    assert git(origin, "rev-list", "--count", "kept") == "1"
    assert git(theirs, "branch", "--list", "kept") == ""


def test_two_pipelines_that_save_at_once_both_have_their_baseline(
    theirs, monkeypatch
):
    place = BranchPlace(theirs, "kept", "origin")
    other = BranchPlace(theirs, "kept", "origin")
    move, late = BranchPlace.move, []

    def overtaken(self, head, made):
        if not late:
            late.append(made)
            other.change({stamp("theirs"): b"{}"}, [])
        move(self, head, made)

    monkeypatch.setattr(BranchPlace, "move", overtaken)
    place.change({stamp("mine"): b"{}"}, [])
    assert {one.run for one in place.stamps()} == {"mine", "theirs"}
    assert place.run_file(stamp("mine")).name == RUN
