# SPDX-License-Identifier: MIT
"""The default plan itself, at its smallest sizes: `pmm run --profile smoke`.

What a stranger types first has every kind of job, over every backend and in every
lane. Here each of them runs for real, in one run that all checks share, and the
plan of `standard` is held against it. Without a build the checks are skipped.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pmm.cli.options import look
from pmm.documents.run import Run, decode_run
from pmm.plan.plan import make_plan
from pmm.plan.selection import KINDS, LANES, Selection

ROOT = Path(__file__).resolve().parents[2]
PMM = Path(sys.executable).with_name("pmm")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory):
    if not (ROOT / "build" / "conformance" / "pmm-conform").is_file():
        pytest.skip("nothing is built in build/")
    out = tmp_path_factory.mktemp("smoke") / "report"
    answer = subprocess.run(
        [PMM, "run", "--profile", "smoke", "--out", out],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return answer, out


@pytest.fixture(scope="module")
def smoke(finished) -> Run:
    return decode_run((finished[1] / "run.json").read_bytes())


@pytest.fixture(scope="module")
def world():
    return look(ROOT / "build")


def test_the_default_plan_ends_green(finished, smoke):
    answer, out = finished
    assert answer.returncode == 0, answer.stdout[-3000:] + answer.stderr[-3000:]
    assert smoke.verdict.exit_code == 0
    assert {r.job: r.reason for r in smoke.results if r.status != "ok"} == {}
    assert (out / "index.html").is_file()


def test_it_is_the_default_plan_job_by_job(smoke, world):
    standard = make_plan(world, Selection(profile="standard"))
    assert {job.id for job in smoke.plan} == {job.id for job in standard.jobs}
    help_of_run = subprocess.run(
        [PMM, "run", "--help"], capture_output=True, text=True, check=True
    )
    assert "standard" in help_of_run.stdout
    kinds = set(KINDS) if world.valgrind else set(KINDS) - {"leaks"}
    assert {job.kind for job in smoke.plan} == kinds
    assert {job.lane for job in smoke.plan if job.kind == "conform"} == set(LANES)


def test_each_lane_took_a_case_of_each_area(smoke):
    areas = {case.partition(".")[0] for case in look(ROOT / "build").cases}
    for column in smoke.columns:
        if column.subject == "reference":
            ids = {c.id for c in smoke.cases if c.column == column.id}
            assert {name.partition(".")[0] for name in ids} == areas, column.id
            assert len(ids) == len(areas), column.id


def test_what_was_sampled_and_put_off_is_on_the_page_with_its_command(finished, smoke):
    page = (finished[1] / "run.html").read_text(encoding="utf-8")
    choices = [entry for entry in smoke.skipped if entry.choice]
    assert any("oom-once and oom-persist" in entry.what for entry in choices)
    for entry in choices:
        assert entry.remedy
        assert entry.what in page
        assert entry.remedy in page
        assert f"left out: {entry.what}" in finished[0].stderr + finished[0].stdout


def test_every_benchmark_measured_or_says_why_not(smoke):
    measured = {row.job for row in smoke.bench if row.summary}
    assert measured == {job.id for job in smoke.plan if job.kind == "bench"}
    assert [row.name for row in smoke.bench if row.error] == []


def test_no_document_of_the_run_holds_what_is_no_number(finished):
    def refuse(word: str) -> None:
        raise AssertionError(word)

    text = (finished[1] / "run.json").read_text(encoding="utf-8")
    json.loads(text, parse_constant=refuse)
