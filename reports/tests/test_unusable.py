# SPDX-License-Identifier: MIT
"""Names no file can have, homes that nobody has, documents without end: one line."""

from __future__ import annotations

import pwd

import msgspec
import pytest
from conftest import Project

from pmm.base.cache import cache_folder, fetched_roots
from pmm.base.decoding import any_json, decode_json, read_toml
from pmm.base.errors import UsageError
from pmm.base.paths import NO_HOME, home
from pmm.discover.asking import Answer
from pmm.discover.named_by_path import document_of
from pmm.discover.whereabouts import candidates
from pmm.documents.programs import BackendList
from pmm.documents.results import Requirement
from pmm.fetch.fetching import Fetcher
from pmm.store.baseline import read_baseline

LONG = "a" * 300
NOBODY = "~no-such-user/x.so"
DEEP = "[" * 100_000
ASKED_WRONGLY = (
    ("report", LONG),
    ("run", "--baseline", LONG),
    ("run", "--resume", LONG),
    ("compare", LONG, LONG),
    ("conform", "--build", LONG),
    ("conform", "--backend", LONG + ".so"),
    ("conform", "--subject", f"./{LONG}"),
    ("conform", "--backend", NOBODY),
    ("conform", "--subject", f"python:{NOBODY}"),
    ("conform", "--out", LONG),
)


@pytest.mark.parametrize("words", ASKED_WRONGLY, ids=lambda w: "-".join(w)[:30])
def test_a_name_that_no_file_can_have_is_one_line(project: Project, words):
    done = project.pmm(*words)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("pmm: ")
    assert done.stderr.count("\n") == 1
    assert project.started() == []


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who is a number only, as in a container, and without HOME."""

    def unknown(number: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {number}")

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)


@pytest.mark.usefixtures("homeless")
def test_without_a_home_nothing_is_found_there_and_nothing_is_kept():
    assert home() == NO_HOME
    assert not home().exists()
    assert fetched_roots() == []
    assert all(path.is_absolute() for path in candidates())
    assert not cache_folder().exists()
    with pytest.raises(UsageError, match="set HOME or XDG_CACHE_HOME"):
        Fetcher(print).fetch("python3.14")


def test_an_interpreter_that_nests_without_end_is_no_interpreter(project):
    path = project.root / "python3"
    path.write_text(f"#!/bin/sh\necho '{DEEP}'\n")
    path.chmod(0o755)
    done = project.pmm("conform", "--subject", str(path))
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1


def test_what_nests_without_end_is_no_document(tmp_path):
    with pytest.raises(msgspec.MsgspecError, match="too deeply"):
        any_json(DEEP)
    with pytest.raises(msgspec.MsgspecError):
        decode_json(DEEP.encode(), Requirement)
    said = '{"schema":' + DEEP
    assert document_of(Answer(0, said, ""), BackendList) is None
    run = tmp_path / "run.json"
    run.write_text('{"schema":"pmm.run","version":1,"new":' + DEEP)
    with pytest.raises(UsageError, match="is damaged"):
        read_baseline(tmp_path, str(run))


@pytest.mark.parametrize("data", [f"a = {DEEP}".encode(), b"a = '\xff'", b"a ="])
def test_a_file_that_is_no_toml_is_one_kind_of_error(tmp_path, data):
    path = tmp_path / "x.toml"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"nested|UTF-8|value") as caught:
        read_toml(path)
    assert type(caught.value).__name__ == "TOMLDecodeError"


QUICK = ("run", "-p", "quick", "--only", "conform", "--out", "report")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((*QUICK, "--summary", "/"), "cannot write /: it is a folder"),
        ((*QUICK, "--summary", "build"), "cannot write build: it is a folder"),
        ((*QUICK, "--summary", "/proc/x/s.md"), "cannot write /proc/x/s.md: "),
        ((*QUICK, "--summary", LONG), "File name too long"),
        ((*QUICK, "--export", "junit=build"), "cannot write build: it is a folder"),
        (("report", "--single-file", "/proc/x/all.html"), "cannot write /proc/x/"),
        (("gc", "--out", "/proc/x/ledger.json"), "cannot write /proc/x/"),
        (("rss", "--csv", "build", "--", "true"), "cannot write build: "),
        (("lockstep", "run", "--document", "build"), "cannot write build: "),
    ],
)
def test_a_file_that_cannot_be_written_is_told_before_anything_runs(
    project: Project, words, why
):
    done = project.pmm(*words)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("pmm: ")
    assert done.stderr.count("\n") == 1
    assert why in done.stderr
    assert not (project.build / "runs").exists()
    assert project.started() == []


@pytest.mark.parametrize(
    ("out", "why"),
    [
        ("loop", "loop is a link that leads nowhere"),
        ("loop/report", "loop is a link that leads nowhere"),
        ("file", "file is not a folder"),
        ("file/report", "file is not a folder"),
        ("build", "build contains something that is not a report"),
    ],
)
def test_a_report_that_has_no_place_is_told_before_anything_runs(project, out, why):
    (project.root / "loop").symlink_to("loop")
    (project.root / "file").touch()
    done = project.pmm(*QUICK[:-1], out)
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1
    assert why in done.stderr
    assert not (project.build / "runs").exists()


def test_the_last_line_names_the_report_so_that_it_can_be_pasted(project):
    done = project.pmm(*QUICK[:-1], "it's\nmine")
    assert done.returncode == 0, done.stderr
    last = done.stdout.splitlines()[-1]
    assert last == "report: $'it\\'s\\012mine/index.html'"


def test_a_summary_that_is_lost_at_the_end_keeps_the_worse_verdict(project):
    project.configure(backends=["fail"])
    (project.root / "s").mkdir()
    (project.root / "s" / ".out.md.partial").mkdir()
    done = project.pmm(*QUICK, "--summary", "s/out.md")
    assert done.returncode == 3, done.stderr
    assert "cannot write s/out.md: " in done.stderr
    project.configure(backends=["pool"])
    assert project.pmm(*QUICK, "--summary", "s/out.md").returncode == 1
