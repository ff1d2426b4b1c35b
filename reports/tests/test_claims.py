# SPDX-License-Identifier: MIT
"""claims.toml, and what a run says of it."""

from __future__ import annotations

import json
from collections import Counter

import msgspec
import pytest
from claims_sample import ROOT, claims_file, example, judged, passing, plugin_column
from real import native, small, twin
from sample import build_sample
from test_cli import call

from pmm.base.errors import PmmError
from pmm.collect.specification import read_requirements
from pmm.documents.claims import DISAGREE, Claim, JudgedClaim, Measure
from pmm.documents.run import Run, encode_run
from pmm.judge import claim_tests, claims, verdicts

replace = msgspec.structs.replace
FALSE_FROZENSET = "000-13"
TUPLE_SIZES = "000-12"
SHOWN_BY_CASES = "REF-003"
"""What some claim rests on and no workload measures, whatever the sample holds."""


@pytest.fixture(scope="module")
def good() -> Run:
    """A run whose cases all pass and whose examples say what is stated."""
    run = build_sample()
    work = tuple(
        replace(
            w,
            document=replace(
                w.document,
                claims=tuple(c for c in w.document.claims if c.verdict != "true"),
            ),
        )
        for w in run.work
    )
    cases = tuple(
        replace(one, requirements=(SHOWN_BY_CASES,))
        if one.requirements == (run.cases[0].requirements[0],) else one
        for one in passing(run.cases)
    )  # fmt: skip
    return judged(replace(run, work=work, cases=cases))


def one_of(run: Run, name: str) -> JudgedClaim:
    assert run.claims is not None
    return next(one for one in run.claims.claims if one.claim.id == name)


def problems(run: Run) -> dict[str, str]:
    """Severity by claim."""
    found = claims.claim_problems(run.claims)
    return {p.key.removeprefix("claim "): p.severity for p in found}


# ---------------------------------------------------------------------- file


def test_the_file_holds_every_claim_of_four_articles_once():
    file = claims_file()
    needs = read_requirements(ROOT / "conformance" / "requirements.toml")
    assert claims.complaints(file, [need.id for need in needs]) == []
    assert [article.number for article in file.article] == [0, 1, 2, 3]
    assert Counter(c.article for c in file.claim) == {0: 15, 1: 23, 2: 16, 3: 14}
    assert Counter(c.verdict for c in file.claim) == {
        "true": 27, "caveat": 21, "false": 19, "not_testable": 1,
    }  # fmt: skip
    ids = [claim.id for claim in file.claim]
    assert ids == [
        f"{article:03d}-{number:02d}"
        for article, count in ((0, 15), (1, 23), (2, 16), (3, 14))
        for number in range(1, count + 1)
    ]
    assert all(claim.text.strip() and claim.why.strip() for claim in file.claim)


def altered(**fields: object) -> Claim:
    return replace(claims_file().claim[0], **fields)


MEASURE = Measure(workload="articles", claim="x")


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (altered(id="000-02"), "there twice"),
        (altered(article=1), "names article 1"),
        (altered(article=7, id="007-01"), "names article 7"),
        (altered(requirements=("REF-999",)), "no requirement REF-999"),
        (altered(verdict="not_testable"), "evidence says otherwise"),
        (altered(requirements=(), measured=()), "evidence says otherwise"),
        (altered(measured=(replace(MEASURE, claim=None),)), "one of claim, test"),
        (altered(measured=(replace(MEASURE, variant="v"),)), "one of claim, test"),
        (altered(measured=(replace(MEASURE, holds=True),)), "goes with a test"),
        (altered(measured=(replace(MEASURE, what="w"),)), "goes with a test"),
        (
            altered(
                measured=(replace(MEASURE, claim=None, test="a", what="w", holds=True),)
            ),
            "not one comparison",
        ),
    ],
)
def test_a_wrong_file_is_complained_of(claim, said):
    file = claims_file()
    spoilt = replace(file, claim=(claim, *file.claim[1:]))
    known = {name for one in file.claim for name in one.requirements}
    assert any(said in line for line in claims.complaints(spoilt, known))


@pytest.mark.parametrize("text", ["claim = 1", "not toml", '[[article]]\nnumber = "0"'])
def test_a_file_of_another_shape_is_refused(tmp_path, text):
    path = tmp_path / "claims.toml"
    path.write_text(text)
    with pytest.raises(PmmError, match="cannot read"):
        claims.read_claims(path)


# ---------------------------------------------------------------------- tests


@pytest.mark.parametrize(
    "text",
    ["v.a", "v.a < v.b < v.c", "v.a != 1", "a < 1", "v.a / 2 > 1", "f(v.a) < 1",
     "v.a.b < 1", "v.a < 1.5", "v.a < 'x'", "v.a <", "v[0] < 1", "-v.a < 1"],
)  # fmt: skip
def test_what_is_no_comparison_of_figures_is_refused(text):
    with pytest.raises(ValueError, match=r"comparison|compares|figure"):
        claim_tests.parse(text)


@pytest.mark.parametrize(
    ("text", "holds", "said"),
    [
        ("v.a * 100 < w.b", True, "12 × 100 < 8,448,728"),
        ("v.a * 1000000 < w.b", False, "12 × 1,000,000 ≥ 8,448,728"),
        ("v.a == 12", True, "12 = 12"),
        ("v.a == 2 + 3 * (v.a - 1)", False, "12 ≠ 2 + 3 × (12 − 1)"),
    ],
)
def test_a_comparison_is_said_with_its_values(text, holds, said):
    figures = {("v", "a"): 12, ("w", "b"): 8_448_728}
    assert claim_tests.evaluate(text, figures) == (holds, said)


# ---------------------------------------------------------------------- judge


def test_a_verdict_measured_otherwise_is_contradicted(good):
    run = build_sample()
    one = one_of(run, FALSE_FROZENSET)
    assert one.state == "contradicted"
    assert "expected false" in claims.evidence_against(one)
    assert problems(run)[FALSE_FROZENSET] == "failure"
    assert one_of(good, FALSE_FROZENSET).state == "unmeasured"
    assert problems(good) == {}


@pytest.mark.parametrize("figure", ["a_bytes", "c_bytes"])
def test_a_size_that_deviates_contradicts_a_claim(good, figure):
    native_result = next(w for w in good.work if w.document.workload == "list_concat")
    work = tuple(
        example(w, "list_concat", **{figure: 9_000_112}) if w is native_result else w
        for w in good.work
    )
    assert "failure" in problems(judged(replace(good, work=work))).values()


def case_of(run: Run, *, subject: str, requirement: str) -> int:
    columns = {c.id for c in run.columns if c.subject == subject}
    return next(
        i
        for i, case in enumerate(run.cases)
        if case.column in columns and requirement in case.requirements
    )


def with_outcome(run: Run, at: int, outcome: str) -> Run:
    cases = list(run.cases)
    cases[at] = replace(cases[at], outcome=outcome)
    return judged(replace(run, cases=tuple(cases)))


@pytest.fixture(scope="module")
def shown(good) -> tuple[str, str]:
    """A claim that cases alone confirm, and its requirement."""
    assert good.claims is not None
    return next(
        (one.claim.id, state.id)
        for one in good.claims.claims
        for state in one.requirements
        if one.state == "confirmed" and state.kept and not one.measurements
    )


@pytest.mark.parametrize("subject", ["reference", "cpython"])
def test_a_failing_case_leaves_its_claims_unconfirmed(good, shown, subject):
    name, requirement = shown
    at = case_of(good, subject=subject, requirement=requirement)
    run = with_outcome(good, at, "FAIL")
    assert one_of(run, name).state == "unconfirmed"
    assert requirement in claims.evidence_against(one_of(run, name))
    assert problems(run)[name] == "warning"


def test_an_expected_difference_is_counted_and_breaks_nothing(good, shown):
    name, requirement = shown
    at = case_of(good, subject="cpython", requirement=requirement)
    run = with_outcome(good, at, "XFAIL")
    state = next(s for s in one_of(run, name).requirements if s.id == requirement)
    assert one_of(run, name).state == "confirmed"
    assert len(state.differs) == 1
    assert set(state.differs).isdisjoint(state.kept)


def test_somebodys_own_subject_says_nothing_of_python(good, shown):
    name, requirement = shown
    at = case_of(good, subject="reference", requirement=requirement)
    column = plugin_column(good.columns[0])
    case = replace(good.cases[at], column=column.id, outcome="FAIL")
    run = replace(good, cases=(*good.cases, case), columns=(*good.columns, column))
    assert one_of(judged(run), name).state == "confirmed"


def test_without_evidence_nothing_is_confirmed_and_nothing_wrong(good):
    run = judged(replace(good, work=(), cases=()))
    assert run.claims is not None
    assert {one.state for one in run.claims.claims} == {"unmeasured", "untestable"}
    assert problems(run) == {}


def test_an_example_that_fails_confirms_nothing(good):
    work = []
    for result in good.work:
        document = result.document
        if document.workload == "list_concat":
            wrong = tuple(replace(v, verified=False) for v in document.variants)
            document = replace(document, variants=wrong, verified=False)
        work.append(replace(result, document=document))
    run = judged(replace(good, work=tuple(work)))
    assert one_of(run, "001-15").state == "unconfirmed"
    assert "not verified" in claims.evidence_against(one_of(run, "001-15"))


def test_a_contradicted_claim_fails_the_run(good):
    results = tuple(replace(r, status="ok") for r in good.results)
    for run, code in ((good, 0), (build_sample(), 3)):
        verdict = verdicts.make_verdict(
            passing(run.cases), results, claims.claim_problems(run.claims), True, None
        )
        assert verdict.exit_code == code
    assert "claim measured otherwise than stated" in verdict.sentence


# ---------------------------------------------------------------------- real


@pytest.fixture(scope="module")
def really(good) -> Run:
    """What the workloads measure on this machine, at their small size."""
    names = {m.workload for claim in claims_file().claim for m in claim.measured}
    work = []
    for name in sorted(names):
        if name != "list_concat":
            work.append(twin(name, *small(name)))
        if name != "articles":
            work.append(native(name, *small(name)))
    return judged(replace(good, work=tuple(w for w in work if w is not None)))


@pytest.mark.long
def test_every_measure_supports_the_stated_verdict_on_this_machine(really):
    assert really.claims is not None
    wrong = {
        one.claim.id: claims.evidence_against(one)
        for one in really.claims.claims
        if one.state in DISAGREE
    }
    assert wrong == {}
    asked = {w.document.workload for w in really.work}
    silent = [
        (one.claim.id, m.what)
        for one in really.claims.claims
        for m in one.measurements
        if not m.readings and m.workload in asked
    ]
    assert silent == []


@pytest.mark.long
def test_every_verdict_that_a_workload_gives_belongs_to_a_claim(really):
    file = claims_file()
    named = {(m.workload, m.claim) for claim in file.claim for m in claim.measured}
    given = [(w.document.workload, c.text) for w in really.work
             for c in w.document.claims]  # fmt: skip
    assert set(given) <= named
    assert len(set(given)) == len(given) > 20


# ---------------------------------------------------------------------- verb


@pytest.mark.parametrize(
    ("spoil", "code", "said"),
    [
        (lambda run, good: good, 0, "confirmed here"),
        (lambda run, good: run, 3, "expected false"),
        (lambda run, good: judged(replace(good, work=(), cases=())), 4, "not measured"),
    ],
)
def test_the_verb_answers_by_its_exit_code(project, good, spoil, code, said):
    folder = project.build / "runs" / "one"
    folder.mkdir(parents=True)
    (folder / "run.json").write_bytes(encode_run(spoil(build_sample(), good)))
    done = call("claims", "one")
    assert done.exit_code == code, done.output
    assert said in done.output
    assert "003-14" in done.output
    done = call("claims", "one", "--json")
    assert done.exit_code == code
    assert len(json.loads(done.output)["claims"]) == 68


def test_the_verb_refuses_a_run_that_is_not_there(project):
    done = call("claims", "nowhere")
    assert done.exit_code == 2
    assert "no run 'nowhere'" in done.stderr
