# SPDX-License-Identifier: MIT
"""Two stored runs side by side, also where neither was made here."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from conftest import Project

from pmm.store.runs import RUN

CONFORM = ("run", "--only", "conform", "--out", "report")


def stored(project: Project, name: str, **settings: object) -> Path:
    """Run, and take the document away as an artefact of a pipeline would be."""
    project.configure(**settings)
    done = project.pmm(*CONFORM)
    assert done.returncode == 0, done.stderr
    kept = project.root.parent / name / RUN
    kept.parent.mkdir()
    shutil.copy(project.build / "runs" / "latest" / RUN, kept)
    return kept


@pytest.fixture
def elsewhere(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project, seen from a folder that has neither clone nor build."""
    place = project.root.parent / "downloads"
    place.mkdir()
    monkeypatch.chdir(place)
    return project


def test_the_same_run_twice_is_no_change(project):
    assert project.pmm(*CONFORM).returncode == 0
    done = project.pmm("compare", "latest")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing is worse than" in done.stdout


def test_documents_from_elsewhere_are_compared(elsewhere, tmp_path):
    base, worse = stored(elsewhere, "base"), stored(elsewhere, "worse", allocations=4)
    shutil.rmtree(elsewhere.build / "runs")
    done = elsewhere.pmm(
        "compare", str(base), str(worse), "--json", "--out", str(tmp_path / "changes")
    )
    assert done.returncode == 3, done.stderr
    changes = json.loads(done.stdout)["baseline"]["changes"]
    assert {change["verdict"] for change in changes} == {"worse"}
    page = (tmp_path / "changes" / "index.html").read_text(encoding="utf-8")
    assert "allocations +1" in page
    assert elsewhere.pmm("compare", str(worse), str(base)).returncode == 0


def test_what_only_the_base_has_is_gone(elsewhere):
    base = stored(elsewhere, "base")
    less = stored(elsewhere, "less", backends=["pool"])
    for policy, code in ((None, 4), ("fail", 3), ("warn", 0)):
        options = () if policy is None else ("--gone", policy)
        done = elsewhere.pmm("compare", str(base), str(less), *options)
        assert done.returncode == code, done.stdout
        assert "gone since" in done.stdout


def test_a_document_is_rendered_without_a_build(elsewhere, tmp_path):
    kept = stored(elsewhere, "base")
    shutil.rmtree(elsewhere.build)
    done = elsewhere.pmm("report", str(kept), "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "index.html").is_file()


@pytest.mark.parametrize(
    ("content", "word", "code"),
    [
        (None, "there is no run", 2),
        ("{", "is not a run", 2),
        ('{"schema":"pmm.run","version":1,"verdict":1e999}', "is not a run", 2),
        ('{"schema":"pmm.run","version":99}', "is not a run", 5),
    ],
)
def test_what_is_no_run_is_one_line(project, tmp_path, content, word, code):
    path = tmp_path / "odd.json"
    if content is not None:
        path.write_text(content)
    done = project.pmm("compare", str(path), "latest")
    assert done.returncode == code
    assert word in done.stderr
    assert done.stderr.count("\n") == 1
