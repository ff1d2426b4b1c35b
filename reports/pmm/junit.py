# SPDX-License-Identifier: MIT
"""A run as JUnit XML, which CI servers show beside their own tests.

One suite a column of the conformance matrix, one of jobs, and one of what else
the verdict found.  Only what fails the run is a failure here: a WARN passes, and
an expected failure, a waived case or an absent feature is skipped, with why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from pmm.conform_results import BAD
from pmm.documents import CaseResult, Column, Problem, Run
from pmm.groups import groups_of
from pmm.jobs import JobResult

JUNIT = "junit.xml"
GROUPED = frozenset({"change", "gone"})
"""Kinds of problems that are told by group."""
MOST_MEMBERS = 100
SKIPPED = frozenset({"UNSUPPORTED", "WAIVED", "XFAIL"})
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, though a program may print it."""


def plain(text: str) -> str:
    """Replace what XML cannot hold."""
    return FORBIDDEN.sub("�", text)


def case_reason(case: CaseResult) -> str:
    """Return why a case was not simply passed."""
    what = f"feature {case.feature}" if case.feature else case.message
    return plain(f"{case.outcome}: {case.expectation or what or case.title}")


def conformance_case(case: CaseResult, column: Column) -> TestCase:
    """Return one cell of the matrix."""
    seconds = (case.elapsed_ns or 0) / 1e9
    made = TestCase(case.id, column.label, seconds)
    if case.outcome in BAD:
        failure = Failure(case_reason(case), case.outcome)
        parts = [case.title, case.words, case.reproduce]
        failure.text = plain("\n".join(part for part in parts if part))
        made.result = [failure]
    elif case.outcome in SKIPPED:
        made.result = [Skipped(case_reason(case))]
    return made


def columns(run: Run) -> Iterator[TestSuite]:
    """Return a suite for each column, in the order of the matrix."""
    for column in run.columns:
        suite = TestSuite(column.label)
        suite.add_testcases(
            [
                conformance_case(case, column)
                for case in run.cases
                if case.column == column.id
            ]
        )
        yield suite


def problem_case(problem: Problem) -> TestCase:
    """Return what the verdict found."""
    made = TestCase(plain(problem.title), problem.kind)
    kind = Error if problem.severity == "error" else Failure
    result = kind(plain(problem.detail), problem.kind)
    parts = [problem.words, problem.reproduce or problem.detail]
    result.text = plain("\n".join(part for part in parts if part))
    made.result = [result]
    return made


def others(run: Run) -> TestSuite:
    """Return the jobs that went well, and every finding that is no case."""
    suite = TestSuite("jobs")
    found = [
        problem
        for problem in run.verdict.problems
        if problem.kind != "case" and problem.severity != "warning"
    ]
    blamed = {problem.key for problem in found}
    for result in run.results:
        if result.job not in blamed:
            suite.add_testcase(job_case(result))
    suite.add_testcases([problem_case(one) for one in found if one.kind not in GROUPED])
    suite.add_testcases(list(group_cases(run)))
    if run.verdict.state == "interrupted":
        made = TestCase("the run", "interrupted")
        made.result = [Error(plain(run.verdict.sentence), "interrupted")]
        suite.add_testcase(made)
    return suite


def job_case(result: JobResult) -> TestCase:
    """Return a job that went well, or that an interruption left out."""
    made = TestCase(result.job, "job", result.elapsed_ns / 1e9)
    if result.status == "skipped":
        made.result = [Skipped(plain(result.reason or "not reached"))]
    return made


def group_cases(run: Run) -> Iterator[TestCase]:
    """Return what only a comparison shows: one case a group, as there may be many."""
    problems = run.verdict.problems
    for group in groups_of(run.verdict):
        first = problems[group.members[0]]
        if first.kind not in GROUPED or group.severity == "warning":
            continue
        made = TestCase(plain(group.title), first.kind)
        failure = Failure(plain(first.detail), first.kind)
        members = [f"{problems[at].key}: {problems[at].detail}" for at in group.members]
        lines = [group.reproduce or "", *members[:MOST_MEMBERS]]
        failure.text = plain("\n".join(lines))
        made.result = [failure]
        yield made


def junit_bytes(run: Run) -> bytes:
    """Return the run's JUnit document."""
    xml = JUnitXml("pmm")
    for suite in [*columns(run), others(run)]:
        suite.timestamp = run.created
        xml.add_testsuite(suite)
    xml.update_statistics()  # type: ignore[no-untyped-call]
    text: bytes = xml.tostring()  # type: ignore[no-untyped-call]
    return text
