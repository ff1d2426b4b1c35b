# SPDX-License-Identifier: MIT
"""A run as JUnit XML, which CI servers show beside their own tests.

One suite for each subject over each backend in each mode, and one of jobs and
what else the verdict found.  A case that several lanes ran is one test case: what
fails in three lanes is one failure, with what each lane said.  Only what fails the
run is a failure here: a WARN passes, and an expected failure, a waived case or an
absent feature is skipped, with why.

The form is the strictest that CI servers ask for, that of Jenkins' xUnit
plug-in: no attribute that its schema lacks (so `file` is no attribute of a test
case; place and line stand in the failure), times in plain decimals.  No two test
cases bear the same class and name, for servers that keep one of such a pair.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Sequence

from junitparser import Error, Failure, Skipped
from junitparser.xunit2 import JUnitXml, TestCase, TestSuite

from pmm.base import plain_text
from pmm.documents.jobs import NOT_RUN, JobResult
from pmm.documents.results import CaseResult
from pmm.documents.run import Run
from pmm.documents.verdict import Problem
from pmm.judge.findings import Place, Saying, bad, places_of, sayings, worst_first
from pmm.judge.groups import groups_of

JUNIT = "junit.xml"
GROUPED = frozenset({"change", "gone"})
"""Kinds of problems that are told by group."""
MOST_MEMBERS = 100
SKIPPED = frozenset({"UNSUPPORTED", "WAIVED", "XFAIL"})
BEYOND_XML = dict.fromkeys((0xFFFE, 0xFFFF), "�")
"""What XML 1.0 cannot hold, beside controls."""


def plain(text: str) -> str:
    """Show what XML cannot hold, and what a terminal would obey, as escapes."""
    return plain_text.plain(text).translate(BEYOND_XML)


def case_reason(case: CaseResult) -> str:
    """Return why a case was not simply passed."""
    what = f"feature {case.feature}" if case.feature else case.message
    return plain(f"{case.outcome}: {case.expectation or what or case.title}")


def class_name(of: str) -> str:
    """Return a test case's class; its dots only part the suite from the rest."""
    return f"pmm.{plain(of).replace('.', '_')}"


def told(saying: Saying, many: bool) -> str:
    """Say what some lanes saw: where, the last words, the line that repeats it."""
    case = saying.first
    lanes = f"in {', '.join(saying.columns)}: {case_reason(case)}" if many else None
    place = f"{case.file}:{case.line}" if case.file else None
    parts = [lanes, place, case.words, case.reproduce]
    return "\n".join(part for part in parts if part)


def conformance_case(cases: Sequence[CaseResult], place: Place) -> TestCase:
    """Return one case in a place: the worst that a lane made of it."""
    seconds = sum(case.elapsed_ns or 0 for case in cases) / 1e9
    worst = worst_first(cases)[0]
    made = TestCase(plain(worst.id), class_name(place.id), seconds)
    found = bad(cases)
    if found:
        lanes = {column.id: column.lane for column in place.columns}
        many = len(cases) > 1
        names = ", ".join(lanes[case.column] for case in found)
        where = f" (in {names}; {len(found)} of {len(cases)} lanes)" if many else ""
        failure = Failure(case_reason(worst) + where, worst.outcome)
        parts = [worst.title, *(told(one, many) for one in sayings(found, lanes))]
        failure.text = plain("\n".join(parts))
        made.result = [failure]
    elif all(case.outcome in SKIPPED for case in cases):
        made.result = [Skipped(case_reason(worst))]
    return made


def columns(run: Run) -> Iterator[TestSuite]:
    """Return a suite for each place, in the order of the matrix."""
    cells: dict[str, list[CaseResult]] = {}
    for case in run.cases:
        cells.setdefault(case.column, []).append(case)
    for place in places_of(run.columns):
        found: dict[str, list[CaseResult]] = {}
        for column in place.columns:
            for case in cells.get(column.id, ()):
                found.setdefault(case.id, []).append(case)
        suite = TestSuite(plain(place.label))  # type: ignore[no-untyped-call]
        suite.add_testcases([conformance_case(one, place) for one in found.values()])
        yield suite


def problem_case(problem: Problem) -> TestCase:
    """Return what the verdict found."""
    where = "" if problem.key in problem.title else f" [{problem.key}]"
    made = TestCase(plain(problem.title + where), class_name(problem.kind))
    kind = Error if problem.severity == "error" else Failure
    result = kind(plain(problem.detail), problem.kind)
    parts = [problem.words, problem.reproduce or problem.detail]
    result.text = plain("\n".join(part for part in parts if part))
    made.result = [result]
    return made


def others(run: Run) -> TestSuite:
    """Return the jobs that went well, and every finding that is no case."""
    suite = TestSuite("jobs")  # type: ignore[no-untyped-call]
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
        made = TestCase("the run", class_name("interrupted"))
        made.result = [Error(plain(run.verdict.sentence), "interrupted")]
        suite.add_testcase(made)
    return suite


def job_case(result: JobResult) -> TestCase:
    """Return a job that went well, or that an interruption left out."""
    made = TestCase(plain(result.job), class_name("job"), result.elapsed_ns / 1e9)
    if result.status in NOT_RUN:
        made.result = [Skipped(plain(result.reason or "not reached"))]
    return made


def group_cases(run: Run) -> Iterator[TestCase]:
    """Return what only a comparison shows: one case a group, as there may be many."""
    problems = run.verdict.problems
    for group in groups_of(run.verdict):
        first = problems[group.members[0]]
        if first.kind not in GROUPED or group.severity == "warning":
            continue
        made = TestCase(plain(group.title), class_name(first.kind))
        failure = Failure(plain(first.detail), first.kind)
        members = [f"{problems[at].key}: {problems[at].detail}" for at in group.members]
        lines = [group.reproduce or "", *members[:MOST_MEMBERS]]
        failure.text = plain("\n".join(lines))
        made.result = [failure]
        yield made


def told_apart(root: ET.Element) -> None:
    """Number the test cases that have class and name in common."""
    seen: Counter[tuple[str | None, str | None]] = Counter()
    for case in root.iter("testcase"):
        name, of = case.get("name", ""), case.get("classname")
        seen[of, name] += 1
        if seen[of, name] > 1:
            case.set("name", f"{name} ({seen[of, name]})")


def junit_bytes(run: Run) -> bytes:
    """Return the run's JUnit document."""
    xml = JUnitXml("pmm")
    for suite in [*columns(run), others(run)]:
        suite.timestamp = run.created
        xml.add_testsuite(suite)
    xml.update_statistics()  # type: ignore[no-untyped-call]
    made = xml.tostring()  # type: ignore[no-untyped-call]
    root = ET.fromstring(made)  # noqa: S314 - we wrote it
    for element in root.iter():
        if (seconds := element.get("time")) is not None:
            element.set("time", f"{float(seconds):.3f}")
    told_apart(root)
    text: bytes = ET.tostring(root, "utf-8", xml_declaration=True)
    return text
