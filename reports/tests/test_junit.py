# SPDX-License-Identifier: MIT
"""A run as JUnit XML: what fails the run fails there, and nothing else does."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import lxml.etree
import msgspec
import pytest
from sample import build_sample, in_lanes

from pmm.collect.conform import BAD
from pmm.documents.run import Run
from pmm.documents.verdict import Problem
from pmm.judge.findings import places_of
from pmm.store.junit import junit_bytes


def suites(run: Run) -> dict[str, ET.Element]:
    root = ET.fromstring(junit_bytes(run))
    return {str(suite.get("name")): suite for suite in root.iter("testsuite")}


def test_a_case_is_one_test_case_over_its_lanes() -> None:
    run = in_lanes(build_sample(), "oom-once", "gc-stress")
    found = suites(run)
    places = places_of(run.columns)
    assert [len(place.columns) for place in places].count(3) == 1
    assert set(found) == {place.label for place in places} | {"jobs"}
    for place in places:
        ids = {column.id for column in place.columns}
        cells = [case for case in run.cases if case.column in ids]
        names = [str(case.get("name")) for case in found[place.label]]
        assert names == list(dict.fromkeys(case.id for case in cells))
        assert len({case.get("classname") for case in found[place.label]}) == 1
        bad = {case.id for case in cells if case.outcome in BAD}
        assert found[place.label].get("failures") == str(len(bad))


def test_a_failure_has_the_list_of_its_lanes() -> None:
    run = in_lanes(build_sample(), "oom-once", "gc-stress")
    place = next(one for one in places_of(run.columns) if len(one.columns) > 1)
    lanes = {column.id: column.lane for column in place.columns}
    name = next(case.id for case in run.cases if case.column in lanes)
    said = iter(["first words", "first words", "other words"])
    cases = [
        msgspec.structs.replace(case, outcome="FAIL", message=next(said, "more words"))
        if case.column in lanes and case.id == name
        else case
        for case in run.cases
    ]
    run = msgspec.structs.replace(run, cases=tuple(cases))
    failures = [
        failure
        for case in suites(run)[place.label]
        if case.get("name") == name
        for failure in case.iter("failure")
    ]
    (failure,) = failures
    for lane in lanes.values():
        assert lane in str(failure.get("message"))
        assert lane in str(failure.text)
    assert str(failure.text).count("first words") == 1


def test_a_failure_says_what_and_how_to_repeat_it() -> None:
    run = build_sample()
    case = next(case for case in run.cases if case.outcome in BAD)
    place = next(
        one
        for one in places_of(run.columns)
        if case.column in {column.id for column in one.columns}
    )
    cell = next(e for e in suites(run)[place.label] if e.get("name") == case.id)
    failure = cell.find("failure")
    assert failure is not None
    assert str(failure.get("message")).startswith(f"{case.outcome}: ")
    assert case.reproduce in str(failure.text)
    assert f"\n{case.file}:{case.line}\n" in str(failure.text)


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


LANES = Path(__file__).resolve().parents[2] / "ci" / "lanes.py"
XUNIT = lxml.etree.RelaxNG(file=str(Path(__file__).parent / "xunit.rng"))
FOREIGN = {
    "mypy": """<testsuite errors="0" failures="1" name="mypy" skips="0" tests="1"
        time="3.9e-05"><testcase classname="mypy" file="a.py" line="7" name="m"
        time="1.5"><failure message="mypy produced messages">a.py:7</failure>
        </testcase></testsuite>""",
    "ruff": """<testsuites name="ruff" tests="1" failures="1" errors="0" skipped="0">
        <testsuite name="a.py" tests="1" disabled="0" errors="0" failures="1"
        package="org.ruff"><testcase name="E501" classname="a" line="1" column="2">
        <failure message="long">x</failure></testcase></testsuite></testsuites>""",
    "meson": """<testsuites tests="2" errors="0" failures="1"><testsuite name="pmm"
        tests="2" errors="0" failures="1" skipped="0" time="1234.56789">
        <testcase name="one" classname="pmm" time="0.000012"><failure/>
        <system-out>\x1b[31m</system-out></testcase>
        <testcase name="one" classname="pmm"/></testsuite></testsuites>""",
    "pytest": """<testsuites name="pytest tests"><testsuite name="pytest" tests="1"
        errors="0" failures="0" skipped="0" time="1" timestamp="x" hostname="h">
        <testcase classname="tests.test_a" name="one" time="0.1"><properties/>
        </testcase></testsuite></testsuites>""",
}


def names(document: bytes) -> list[tuple[str | None, str | None]]:
    cases = ET.fromstring(document).iter("testcase")
    return [(case.get("classname"), case.get("name")) for case in cases]


def test_jenkins_takes_it_and_no_name_is_twice() -> None:
    run = build_sample()
    twin = Problem("leak", "failure", "k", "the same", "why", None, None)
    verdict = msgspec.structs.replace(run.verdict, problems=(twin, twin))
    short = msgspec.structs.replace(run.cases[0], elapsed_ns=39_000)
    run = msgspec.structs.replace(
        run, verdict=verdict, cases=(short, short, *run.cases[1:])
    )
    document = junit_bytes(run)
    XUNIT.assertValid(lxml.etree.fromstring(document))
    found = names(document)
    assert len(found) == len(set(found))
    assert len({of for of, _ in found}) >= len(run.columns)


def test_the_check_refuses_what_jenkins_refuses() -> None:
    good = junit_bytes(build_sample())
    for before, after in (
        (b"<testsuites ", b'<testsuites skipped="1" '),
        (b"<testcase ", b'<testcase file="a.c" '),
        (b' time="', b' time="3.9e-05" x="'),
        (b"</testcase>", b"<properties/></testcase>"),
    ):
        bad = good.replace(before, after, 1)
        assert bad != good
        assert not XUNIT.validate(lxml.etree.fromstring(bad))


@pytest.fixture(scope="module")
def lanes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the tools write, as two lanes each, made one set of results, twice."""
    folder = tmp_path_factory.mktemp("junit")
    for tool, text in FOREIGN.items():
        for lane in ("gcc", "asan"):
            (folder / f"{lane}-{tool}.xml").write_text(text)
    for _ in range(2):
        subprocess.run([sys.executable, str(LANES), str(folder)], check=True)
    return folder


@pytest.mark.parametrize("tool", FOREIGN)
def test_results_of_two_lanes_have_names_of_their_own(lanes: Path, tool: str) -> None:
    both = [(lanes / f"{lane}-{tool}.xml").read_bytes() for lane in ("gcc", "asan")]
    found = [pair for document in both for pair in names(document)]
    assert len(found) == len(set(found))
    for document in both:
        XUNIT.assertValid(lxml.etree.fromstring(document))
    before = FOREIGN[tool].replace("\x1b", "").encode()
    assert failed(both[0]) == failed(both[1]) == failed(before)


def failed(document: bytes) -> list[bool]:
    cases = ET.fromstring(document).iter("testcase")
    return [case.find("failure") is not None for case in cases]
