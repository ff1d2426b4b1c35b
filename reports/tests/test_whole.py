# SPDX-License-Identifier: MIT
"""The suite as a user runs it: `pmm run --profile quick` on what was built.

One run serves every check here: all kinds of job, over the pool alone and on the
newest CPython; the step `conform` of ci/test.sh has the other backends and
interpreters. Without a build the checks are skipped. Only `ci/test.sh --whole` has
them: test_smoke.py runs the default plan at its smallest sizes.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pmm.base.formatting import STATES
from pmm.cli.options import look
from pmm.documents.run import Run, decode_run
from pmm.render import leaks

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
PMM = Path(sys.executable).with_name("pmm")
FINE = {"PASS", "UNSUPPORTED", "WARN", "XFAIL", "WAIVED"}


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory):
    if not (ROOT / "build" / "conformance" / "pmm-conform").is_file():
        pytest.skip("nothing is built in build/")
    out = tmp_path_factory.mktemp("whole") / "report"
    hosts = [one for one in look(ROOT / "build").cpythons if one.hosts]
    newest = [one.id for one in sorted(hosts, key=lambda one: one.order)[-1:]]
    subjects = [w for name in ["reference", *newest] for w in ("--subject", name)]
    answer = subprocess.run(
        [
            PMM, "run", "--profile", "quick", "--backend", "pool", *subjects,
            "--out", out,
        ],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return answer, out


@pytest.fixture(scope="session")
def whole(finished) -> Run:
    return decode_run((finished[1] / "run.json").read_bytes())


def test_the_run_passes_and_names_its_report(finished):
    answer, out = finished
    assert answer.returncode == 0, answer.stdout[-3000:] + answer.stderr[-3000:]
    assert str(out / "index.html") in answer.stdout.replace("\n", "")
    assert "Traceback" not in answer.stdout + answer.stderr


def test_no_job_failed(whole):
    bad = {r.job: r.reason for r in whole.results if r.status not in {"ok", "skipped"}}
    assert bad == {}


def test_the_reference_keeps_every_must(whole):
    column = next(c for c in whole.columns if c.subject == "reference")
    assert column.complete
    assert set(column.counts) <= FINE
    assert column.score is not None
    assert column.score.must_passed == column.score.must_applicable > 80


def test_the_newest_cpython_keeps_every_must(whole):
    columns = [c for c in whole.columns if c.subject == "cpython"]
    if not columns:
        pytest.skip("no CPython could load the extension")
    for column in columns:
        bad = [
            (c.id, c.outcome, c.message) for c in whole.cases
            if c.column == column.id and c.outcome not in FINE
        ]  # fmt: skip
        assert bad == [], column.label


def test_every_planted_leak_is_found_and_nothing_else(whole):
    assert whole.leak_tally
    assert [t for t in whole.leak_tally if not t.right] == []


def test_workloads_are_verified_on_real_input(whole):
    documents = [w.document for w in whole.work]
    assert {"list_vs_generator", "file_read", "tuple_sharing", "cycles", "leaks"} <= {
        d.workload for d in documents
    }
    assert [d.workload for d in documents if not d.verified or d.error] == []
    listed = [d for d in documents if d.workload == "list_vs_generator"]
    assert {d.parameters["items"] for d in listed if d.form == "c"} == {1_000_000}


def test_the_run_confirms_every_verdict_on_the_tutorials(finished, whole):
    assert whole.claims is not None
    states = {one.claim.id: one.state for one in whole.claims.claims}
    expected = {"confirmed", "untestable"}
    if not any(w.document.workload == "articles" for w in whole.work):
        expected.add("unmeasured")  # no CPython runs the examples
    assert {i: s for i, s in states.items() if s not in expected} == {}
    page = (finished[1] / "claims.html").read_text(encoding="utf-8")
    for one in whole.claims.claims:
        assert f'id="claim-{one.claim.id}"' in page


def test_benchmarks_have_witness_and_spread(whole):
    rows = [r for r in whole.bench if r.backend]
    if not rows:
        pytest.skip("the benchmarks were not built")
    assert [r.name for r in rows if r.error or not r.witness_ok] == []
    assert all(len(r.repetitions) >= 5 for r in rows if r.summary)


def test_matrix_of_the_report_shows_every_column(finished, whole):
    page = (finished[1] / "conformance.html").read_text(encoding="utf-8")
    for column in whole.columns:
        assert column.label in page
    assert STATES["PASS"].word in page


def test_the_same_build_twice_compares_clean(whole, tmp_path):
    again = subprocess.run(
        [
            PMM, "run", "--profile", "quick", "--only", "conform", "--only", "work",
            "--subject", "reference", "--backend", "pool", "--baseline", whole.id,
            "--out", tmp_path / "report",
        ],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert again.returncode == 0, again.stdout[-3000:]
    compared = decode_run((tmp_path / "report" / "run.json").read_bytes()).baseline
    assert compared is not None
    assert compared.comparable
    assert compared.unchanged > 1000
    assert compared.counts.get("worse", 0) == 0


def test_two_subjects_are_compared_by_the_same_benchmarks(tmp_path, whole):
    found = next((s for s in whole.subjects if s.interpreter and s.available), None)
    if found is None or not (ROOT / "build" / "bench" / "pmm_bench.so").is_file():
        pytest.skip("no CPython, or the benchmarks were not built")
    answer = subprocess.run(
        [
            PMM, "bench", "--subject", "reference", "--subject", found.name,
            "--objects", "10000", "--out", tmp_path / "report",
        ],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    # Other work on the machine may leave the comparison undecided.
    assert answer.returncode in {0, 4}, answer.stdout[-3000:] + answer.stderr[-3000:]
    run = decode_run((tmp_path / "report" / "run.json").read_bytes())
    assert {result.status for result in run.results} == {"ok"}
    assert run.speed is not None
    theirs = next(arm for arm in run.speed.arms if arm.role == "theirs")
    assert (theirs.version, run.speed.objects) == (found.version, 10_000)
    assert len(run.speed.rows) >= 19


def test_the_marked_line_of_a_leak_makes_what_is_lost(whole):
    """Both detectors mark the same line; valgrind also sees the lost one's type."""
    makes = r"(instance_new|file_open|type_new|Record|open)\("
    marked: dict[tuple[str, str | None, str], set[int]] = {}
    for finding in whole.leaks:
        if not finding.expected:
            continue
        frame = leaks.origin_frame(finding)
        (text,) = (one.text for one in frame.excerpt if one.number == frame.line)
        assert re.search(makes, text), (finding.message, frame)
        key = (finding.subject, finding.variant, finding.by)
        if "type_new(" not in text:
            marked.setdefault(key, set()).add(frame.line)
    for (subject, variant, by), lines in marked.items():
        assert len(lines) == 1
        assert lines == marked[subject, variant, "runtime"], by


def test_the_memory_of_a_job_is_its_own(whole):
    """A backend check holds some arenas, a workload up to a list of a million."""
    peaks = {r.job: r.peak_rss_bytes for r in whole.results if r.status == "ok"}
    assert all(peaks.values()), peaks
    assert min(peaks.values()) < 8 << 20
    assert len({peak >> 16 for peak in peaks.values()}) > len(peaks) // 4


def test_compiler_flags_and_options_are_known(whole):
    environment = whole.environment
    assert not {"compiler", "flags", "build_options"} & environment.unknown.keys()
    assert environment.build_options["buildtype"] == environment.build_type
    assert "-O" in environment.flags
