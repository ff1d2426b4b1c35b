# SPDX-License-Identifier: MIT
"""A run in shards, merged: the same as one run, and nothing less than all of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from pmm.cli.app import app
from pmm.plan.shards import dealt, shard_of, together

RUN = ("run", "-p", "quick", "--only", "conform", "--only", "work", "--out", "report")
OWN = ("id", "created", "finished", "elapsed_ns", "command", "environment", "load",
       "verdict", "skipped")  # fmt: skip
CLOCKS = {
    "load_average", "started", "elapsed_ns", "user_ns", "system_ns", "peak_rss_bytes",
    "others", "elapsed_us", "log", "command", "real_ns", "cpu_ns", "wall_ns",
}  # fmt: skip


def call(project, *words: str):
    """Call the program in this process, in the project that the test stands in."""
    assert Path.cwd() == project.root
    return CliRunner().invoke(app, list(words))


@given(st.lists(st.integers(), max_size=40), st.integers(1, 9))
def test_what_is_dealt_out_comes_together_again(jobs, of):
    parts = [dealt(jobs, (number, of)) for number in range(1, of + 1)]
    assert together(parts) == tuple(jobs)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_parts_of_different_wholes_are_refused():
    with pytest.raises(ValueError, match="is not of the same whole"):
        together([(1, 2), (3, 4, 5)])


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "1/", "a/b", "1/2/3", "-1/2"])
def test_another_form_is_refused(text):
    with pytest.raises(Exception, match="the form is I/N"):
        shard_of(text)


def exact(value: Any) -> Any:
    """Return a document without clocks."""
    if isinstance(value, dict):
        return {k: exact(v) for k, v in value.items() if k not in CLOCKS}
    return [exact(one) for one in value] if isinstance(value, list) else value


def document(folder: Path) -> dict[str, Any]:
    run = json.loads((folder / "run.json").read_text())
    return {key: exact(value) for key, value in run.items() if key not in OWN}


@pytest.fixture
def parts(project, tmp_path) -> list[Path]:
    """Three shards, taken away as artefacts are."""
    project.configure(backends=["pool", "libc"], workloads=["cycles", "sparse"])
    folders = []
    for number in (1, 2, 3):
        done = call(project, *RUN, "--shard", f"{number}/3")
        assert done.exit_code in (0, 4), done.stderr
        folders.append(tmp_path / f"artefact {number}")
        shutil.copytree((project.build / "runs" / "latest").resolve(), folders[-1])
    shutil.rmtree(project.build / "runs")
    return folders


def test_merged_shards_are_the_run_that_they_are_parts_of(project, parts):
    done = call(project, "merge", *map(str, parts[::-1]), "--out", "report")
    assert done.exit_code == 0, done.stderr
    merged = document((project.build / "runs" / "latest").resolve())
    whole = call(project, *RUN)
    assert whole.exit_code == 0, whole.stderr
    place = (project.build / "runs" / "latest").resolve()
    one = document(place)
    assert [job["id"] for job in merged["plan"]] == [job["id"] for job in one["plan"]]
    assert len(merged["plan"]) >= 6
    assert merged == one
    assert (project.root / "report" / "index.html").is_file()

    done = call(project, "merge", *map(str, parts), "--baseline", str(place))
    assert done.exit_code == 0, done.stdout + done.stderr
    assert "nothing is worse than" in done.stdout

    def refused(*words: str | Path, code: int = 2) -> str:
        done = call(project, "merge", *map(str, words))
        assert done.exit_code == code, done.stdout + done.stderr
        assert done.stderr.count("\n") == 1
        return done.stderr

    assert "shard 3/3 is missing" in refused(*parts[:2])
    assert "shard 2/3 is given twice" in refused(*parts, parts[1])
    assert "is a whole run, not a shard" in refused(place)
    journal = parts[2] / "jobs.jsonl"
    lines = journal.read_bytes().splitlines(True)
    other = json.dumps(json.loads(lines[0]) | {"profile": "standard"}).encode()
    journal.write_bytes(b"".join([other, b"\n", *lines[1:]]))
    assert "shard 3/3 was asked for something else" in refused(*parts, code=5)
    journal.write_bytes(b"".join(lines[:-1]))
    assert "shard 3/3 in " in (said := refused(*parts))
    assert "is not finished: 1 of" in said


def test_a_shard_has_no_baseline_and_a_small_plan_no_more_shards(project):
    done = call(project, "run", "--shard", "1/2", "--baseline", "latest")
    assert done.exit_code == 2
    assert "give it to pmm merge" in done.stderr
    done = call(project, *RUN, "--backend", "pool", "--shard", "9/9")
    assert done.exit_code == 2
    assert "jobs only" in done.stderr
