# SPDX-License-Identifier: MIT
"""`pmm check-extension` as JUnit XML: a suite a type, a test case a check."""

from __future__ import annotations

from junitparser import Error, Failure, Skipped
from junitparser.xunit2 import JUnitXml, TestCase, TestSuite

from pmm.documents.extension import CheckResult, ExtensionRun, Finding, TypeResult
from pmm.store.junit import class_name, plain

PASSING = frozenset({"PASS", "WARN"})
SKIPPED = frozenset({"UNSUPPORTED", "XFAIL", "WAIVED"})


def told(one: Finding) -> str:
    """Return a finding's words: what, where, and the script."""
    place = f"in {one.function}" if one.function else ""
    parts = [one.message, place, *one.frames, "", one.script]
    return plain("\n".join(part for part in parts if part is not None))


def check_case(kind: TypeResult, check: CheckResult) -> TestCase:
    """Return one check of a type."""
    made = TestCase(plain(check.name), class_name(kind.name), check.elapsed_ns / 1e9)
    if check.outcome in SKIPPED:
        why = check.reason or "; ".join(f.expectation or "" for f in check.findings)
        made.result = [Skipped(plain(f"{check.outcome}: {why}"))]
    elif check.outcome not in PASSING:
        result = Error if check.outcome == "HARNESS_ERROR" else Failure
        failures: list[Failure | Error] = []
        for one in check.findings:
            failure = result(plain(one.message), one.outcome)
            failure.text = told(one)
            failures.append(failure)
        made.result = failures  # type: ignore[assignment]
    return made


def problems_suite(run: ExtensionRun) -> TestSuite:
    """Return what is wrong with the expectations."""
    suite = TestSuite("expectations")  # type: ignore[no-untyped-call]
    for text in run.problems:
        made = TestCase(plain(text), class_name("expectation"))
        made.result = [Failure(plain(text), "expectation")]
        suite.add_testcase(made)
    return suite


def extension_junit(run: ExtensionRun) -> bytes:
    """Return the JUnit document of a run."""
    xml = JUnitXml(plain(run.target))
    for kind in run.types:
        suite = TestSuite(plain(kind.name))  # type: ignore[no-untyped-call]
        suite.timestamp = run.created
        suite.add_testcases([check_case(kind, check) for check in kind.checks])
        xml.add_testsuite(suite)
    if run.problems:
        xml.add_testsuite(problems_suite(run))
    xml.update_statistics()  # type: ignore[no-untyped-call]
    text: bytes = xml.tostring()  # type: ignore[no-untyped-call]
    return text
