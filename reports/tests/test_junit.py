# SPDX-License-Identifier: MIT
"""A run as JUnit XML: what fails the run fails there, and nothing else does."""

import xml.etree.ElementTree as ET
from collections import Counter

import msgspec
from sample import build_sample

from pmm.conform_results import BAD
from pmm.documents import Problem, Run
from pmm.junit import junit_bytes


def suites(run: Run) -> dict[str, ET.Element]:
    root = ET.fromstring(junit_bytes(run))
    return {str(suite.get("name")): suite for suite in root.iter("testsuite")}


def test_every_cell_of_the_matrix_is_a_test_case() -> None:
    run = build_sample()
    found = suites(run)
    assert set(found) == {column.label for column in run.columns} | {"jobs"}
    for column in run.columns:
        cells = [case for case in run.cases if case.column == column.id]
        names = [str(case.get("name")) for case in found[column.label]]
        assert names == [case.id for case in cells]
        bad = sum(case.outcome in BAD for case in cells)
        assert found[column.label].get("failures") == str(bad)


def test_a_failure_says_what_and_how_to_repeat_it() -> None:
    run = build_sample()
    case = next(case for case in run.cases if case.outcome in BAD)
    column = next(c for c in run.columns if c.id == case.column)
    cell = next(e for e in suites(run)[column.label] if e.get("name") == case.id)
    failure = cell.find("failure")
    assert failure is not None
    assert str(failure.get("message")).startswith(f"{case.outcome}: ")
    assert case.reproduce in str(failure.text)


def test_expected_failures_and_absent_features_are_skipped() -> None:
    run = build_sample()
    kinds = Counter(
        "skipped" if cell.find("skipped") is not None else "passed"
        for suite in suites(run).values()
        for cell in suite.iter("testcase")
        if cell.find("failure") is None and cell.find("error") is None
    )
    outcomes = Counter(case.outcome for case in run.cases)
    assert kinds["skipped"] == sum(
        outcomes[kind] for kind in ("UNSUPPORTED", "WAIVED", "XFAIL")
    )


def test_what_is_no_case_is_told_with_the_jobs() -> None:
    run = build_sample()
    found = [
        Problem(kind, severity, key, f"{kind} failed", "why", None, "pmm again")
        for kind, severity, key in (
            ("job", "error", run.results[0].job),
            ("leak", "failure", "leaks clean reference pool"),
            ("work", "warning", "only a warning"),
        )
    ]
    verdict = msgspec.structs.replace(run.verdict, problems=tuple(found))
    jobs = list(suites(msgspec.structs.replace(run, verdict=verdict))["jobs"])
    assert [c.find("error") is not None for c in jobs].count(True) == 1
    assert [c.find("failure") is not None for c in jobs].count(True) == 1
    assert len(jobs) == len(run.results) + 1  # the leak is no job


def test_what_a_program_printed_cannot_break_the_document() -> None:
    run = build_sample()
    hostile = msgspec.structs.replace(
        run.cases[0], outcome="FAIL", message="\x00\x1b[31m]]> <&\ud800 \"'\ufffe"
    )
    run = msgspec.structs.replace(run, cases=(hostile, *run.cases[1:]))
    assert b"\x1b" not in junit_bytes(run)
    assert suites(run)
