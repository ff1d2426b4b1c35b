# SPDX-License-Identifier: MIT
"""Words that are true: what is not offered, waived or not run is not wrong."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from real import ROOT
from sample import build_sample, in_lanes

from pmm.collect.specification import for_subjects
from pmm.documents.programs import CLASSES
from pmm.documents.results import CaseResult
from pmm.documents.run import Run, decode_run
from pmm.execute.busy import Sample, excuse, is_busy, others, sample
from pmm.execute.executor import unstarted
from pmm.judge import problems as problems_of
from pmm.judge import verdicts
from pmm.judge.findings import places_of
from pmm.judge.load import load_of, notice
from pmm.plan.parts import make_job
from pmm.render.census import counted, subjects_of
from pmm.render.conformance import context
from pmm.render.index import context as index_context
from pmm.render.site import render

PMM = Path(sys.executable).with_name("pmm")
EXAMPLE = Path("build/conformance/example/example_subject.so")
replace = msgspec.structs.replace
SECOND = 1_000_000_000

BROKEN = """
#include <stdlib.h>
#include <string.h>
void *bad_malloc(size_t n) { return malloc(n); }
void *bad_calloc(size_t a, size_t b) { return calloc(a, b); }
void bad_free(void *p) { free(p); }
void *bad_realloc(void *p, size_t n) {
  char *moved = realloc(p, n);
  if (moved != NULL && p != NULL && n > 64) {
    memset(moved, 0xee, 64);
  }
  return moved;
}
"""


def pmm(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the program on what was built."""
    return subprocess.run(
        [PMM, *arguments], cwd=ROOT, capture_output=True, text=True, check=False,
        timeout=600,
    )  # fmt: skip


# ------------------------------------------------------------- the real programs


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory):
    """The example subject, asked for everything that the quick profile has."""
    if not (ROOT / EXAMPLE).is_file():
        pytest.skip("the example is not built")
    out = tmp_path_factory.mktemp("example") / "report"
    done = pmm("run", "-p", "quick", "--subject", f"./{EXAMPLE}", "--out", out)
    return done, out, decode_run((out / "run.json").read_bytes())


def test_a_subject_that_offers_little_is_not_wrong(example):
    done, _, run = example
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert {result.status for result in run.results} == {"ok"}
    assert [p.title for p in run.verdict.problems if p.severity != "warning"] == []
    unsupported = sum(case.outcome == "UNSUPPORTED" for case in run.cases)
    assert unsupported > 100
    assert f"{unsupported:,} need a feature that is not offered" in run.verdict.sentence


def test_not_run_and_no_case_are_two_things(example):
    _, out, run = example
    caseless = {need.id for need in run.requirements if need.caseless}
    assert 5 < len(caseless) < 30
    page = (out / "conformance.html").read_text(encoding="utf-8")
    assert f"{len(caseless)} have no case in the suite" in page
    assert page.count(">no case</td>") == len(caseless)
    tile = next(t for t in index_context(run)["tiles"] if t.page == "conformance")
    assert (tile.value, tile.tone) == ("1 of 1", "good")
    assert tile.note.startswith("1 runtime of yours; ")


def test_a_workload_that_applies_to_nothing_says_so_and_is_4():
    program = ROOT / "build" / "workloads" / "pmm-work"
    if not program.is_file() or not (ROOT / EXAMPLE).is_file():
        pytest.skip("not built")
    done = subprocess.run(
        [program, "cycles", "--subject", ROOT / EXAMPLE],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 4
    assert "nothing was applicable" in done.stderr


def test_a_size_of_the_users_own_is_no_evidence_against_the_tutorials(tmp_path):
    """At 500 items a generator is no hundredth of a list, and nobody says so."""
    if not (ROOT / "build" / "workloads" / "pmm-work").is_file():
        pytest.skip("not built")
    out = tmp_path / "report"
    done = pmm(
        "work", "list_vs_generator", "--set", "items=500", "--backend", "pool",
        "--subject", "reference", "--out", out,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    run = decode_run((out / "run.json").read_bytes())
    assert {one.state for one in run.claims.claims} == {"unmeasured", "untestable"}


def test_a_broken_allocator_is_not_blamed_on_the_tutorials(tmp_path):
    if shutil.which("gcc") is None or not (ROOT / EXAMPLE).is_file():
        pytest.skip("no compiler, or nothing is built")
    source = tmp_path / "bad.c"
    source.write_text(BROKEN)
    library = tmp_path / "libbad.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source], check=True)
    out = tmp_path / "report"
    done = pmm(
        "run", "-p", "quick", "--only", "work", "--only", "conform", "--case", "lst.*",
        "--workload", "list_concat", "--workload", "sparse", "--subject", "reference",
        "--backend", f"bad={library},prefix=bad_", "--out", out,
    )  # fmt: skip
    assert done.returncode == 3, done.stdout[-3000:] + done.stderr
    run = decode_run((out / "run.json").read_bytes())
    assert [p.title for p in run.verdict.problems if p.kind == "claim"] == []
    assert {one.state for one in run.claims.claims} == {"unmeasured", "untestable"}
    found = subjects_of(run)
    assert counted(found) == "1 allocator of yours"
    assert [one.as_expected for one in found] == [False]
    bad = [p for p in run.verdict.problems if p.severity == "failure"]
    groups = [g for g in run.verdict.groups if g.severity == "failure"]
    assert len(groups) < len(bad)
    assert all(g.reproduce for g in groups)


# -------------------------------------------------------------------- the sample


def changed(run: Run, change: Callable[[CaseResult], CaseResult]) -> Run:
    """The run with changed cases, judged anew."""
    cases = tuple(change(case) for case in run.cases)
    columns = verdicts.judge_columns(run.columns, cases, run.requirements)
    return replace(run, cases=cases, columns=columns)


def all_pass(case: CaseResult) -> CaseResult:
    """The case, passed."""
    return replace(case, outcome="PASS", reported="PASS", message=None)


def waived(case: CaseResult) -> CaseResult:
    """Each third case waived, the others passed."""
    if case.column != "reference/pool" or int(case.line or 0) // 3 % 3:
        return all_pass(case)
    return replace(all_pass(case), outcome="WAIVED", expectation="a lane's own way")


def test_a_waived_case_is_neither_kept_nor_a_disagreement(tmp_path):
    run = changed(build_sample(12), waived)
    asked = for_subjects(run.requirements)
    must = [need.id for need in asked if need.level == "MUST"]
    column = next(c for c in run.columns if c.id == "reference/pool")
    count = column.counts["WAIVED"]
    assert 0 < count < 12
    waived_must = sum(
        c.outcome == "WAIVED" and c.requirements[0] in must
        for c in run.cases
        if c.column == column.id
    )
    assert column.score.must_passed == column.score.must_applicable
    assert column.score.must_applicable == len(must) - waived_must
    values = context(run)
    assert (values["disagreements"], values["failing"]) == ([], 0)
    assert values["causes"] == []
    assert [(one.outcome, one.amount) for one in values["known"]] == [("WAIVED", count)]
    page = render(run, tmp_path / "out").with_name("conformance.html")
    text = page.read_text(encoding="utf-8")
    assert "a lane&#39;s own way" in text
    assert 'href="#known-1"' in text


def test_a_difference_is_counted_once_a_requirement():
    names = build_sample(12).requirements[0].id

    def one_fails(case: CaseResult) -> CaseResult:
        case = all_pass(case)
        bad = case.requirements == (names,) and case.column.startswith("reference")
        return replace(case, outcome="FAIL", reported="FAIL") if bad else case

    values = context(changed(build_sample(12), one_fails))
    assert (len(values["disagreements"]), values["failing"]) == (1, 1)


def test_what_fails_in_three_lanes_is_one_finding(tmp_path):
    run = in_lanes(changed(build_sample(12), all_pass), "oom-once", "gc-stress")
    place = next(one for one in places_of(run.columns) if len(one.columns) > 1)
    said = {
        column.id: f"wrong in {'two' if n else 'one'}"
        for n, column in enumerate(place.columns)
    }
    name = next(case.id for case in run.cases if case.column in said)
    cases = [
        replace(case, outcome="FAIL", message=said[case.column])
        if case.column in said and case.id == name
        else case
        for case in run.cases
    ]
    run = replace(run, cases=tuple(cases))
    (cause,) = context(run)["causes"]
    finding = cause.first
    assert cause.others == []
    assert [len(one.columns) for one in finding.sayings] == [1, 2]
    assert [label for _, label in finding.places] == [c.label for c in place.columns]
    text = render(run, tmp_path / "out").with_name("conformance.html").read_text()
    details = [line for line in text.splitlines() if 'class="detail"' in line]
    assert [sum(f"wrong in {n}" in one for one in details) for n in ("one", "two")] == [
        1, 1,
    ]  # fmt: skip
    anchors = [anchor for anchor, _ in finding.places]
    assert all(f'id="{anchor}"' in text for anchor in anchors)
    assert f'href="#{anchors[0]}"' in text  # of columns that agree, the first


def test_subjects_are_counted_as_subjects():
    run = build_sample(12)
    assert counted(subjects_of(run)) == "1 runtime of ours in 5 columns, 3 CPythons"
    right = index_context(changed(run, all_pass))["tiles"][0]
    assert (right.value, right.tone) == ("4 of 4", "good")


@pytest.mark.parametrize("outcome", CLASSES)
def test_tile_and_verdict_agree(outcome):
    run = changed(build_sample(12), all_pass)
    cases = (replace(run.cases[0], outcome=outcome), *run.cases[1:])
    run = changed(replace(run, cases=cases), lambda case: case)
    problems = problems_of.case_problems(run.cases)
    verdict = verdicts.make_verdict(run.cases, run.results, problems, True, None)
    tile = index_context(run)["tiles"][0]
    if outcome != "NOT_RUN":
        assert (tile.tone == "good") == (verdict.exit_code == 0)
    assert (tile.tone == "good") == (tile.value == "4 of 4")


@pytest.mark.parametrize("message", ["not reached: SIGSEGV", "no process: EAGAIN"])
def test_whether_a_cell_was_reached_is_no_matter_of_its_words(message):
    case = replace(all_pass(build_sample(12).cases[0]), outcome="NOT_RUN")
    case = replace(case, message=message)
    (told,) = problems_of.case_problems([case])
    assert told.word == "NOT_RUN"
    assert problems_of.case_problems([replace(case, unreached=True)]) == []


# ------------------------------------------------------------------ busy machines


def test_others_are_what_the_machine_did_less_our_own():
    start = Sample(0, 100 * SECOND, 10 * SECOND)
    assert others(start, Sample(2 * SECOND, 104 * SECOND, 11 * SECOND)) == 1.5
    assert others(start, Sample(2 * SECOND, 101 * SECOND, 12 * SECOND)) == 0
    assert others(start, Sample(SECOND // 50, 101 * SECOND, 10 * SECOND)) is None
    assert others(None, start) is None
    assert (is_busy(2, 0.4), is_busy(2, 0.6), is_busy(2, None)) == (False, True, False)


def test_the_kernel_counts_what_children_do():
    before = sample([0], [])
    subprocess.run([sys.executable, "-c", "sum(range(3_000_000))"], check=True)
    after = sample([0], [])
    assert before is not None
    assert after is not None
    assert after.now > before.now
    assert after.machine >= before.machine
    assert after.own - before.own > SECOND // 100


def test_a_busy_machine_is_said_on_the_first_screen_and_by_what_timed_out(tmp_path):
    jobs = [make_job("work", name, ["x"], measured=True) for name in "ab"]
    results = [
        replace(
            unstarted(job, "2025-01-01T12:00:00Z", ""), status="ok",
            elapsed_ns=SECOND, others=taken, load_average=8.0,
        )
        for job, taken in zip(jobs, (1.0, 2.0), strict=True)
    ]  # fmt: skip
    load = load_of(results, {job.id for job in jobs}, 2, 7.5)
    assert (load.others, load.busy) == (1.5, True)
    said = notice(load)
    assert "1.5 of 2 cores" in said
    assert "load average 7.5 before, 8.0 at the end" in said
    assert "busy" in excuse(results[0], 2)
    assert excuse(replace(results[0], others=0.1), 2) == ""
    quiet = load_of([replace(r, others=0.1) for r in results], set(), 2, 7.5)
    assert notice(quiet) is None
    run = build_sample(12)
    run = replace(run, verdict=replace(run.verdict, notices=(said,)))
    page = render(run, tmp_path / "out").read_text(encoding="utf-8")
    assert page.index(said) < page.index("<h2")
