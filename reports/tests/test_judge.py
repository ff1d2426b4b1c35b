# SPDX-License-Identifier: MIT
"""Verdicts: expectations, gates, and the comparison with a baseline."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable

import msgspec
import pytest
from sample import build_sample

from pmm.base.errors import PmmError
from pmm.collect.specification import for_subjects
from pmm.documents.asked import Asked
from pmm.documents.jobs import Job
from pmm.documents.run import Run, decode_run, encode_run
from pmm.judge import problems as problems_of
from pmm.judge import verdicts
from pmm.judge.compare import compare_runs
from pmm.judge.counterparts import counterparts
from pmm.judge.expectations import Expectation, apply_expectations, read_expectations
from pmm.judge.groups import said_alike, with_words
from pmm.judge.problems import misbehaved
from pmm.judge.run import with_baseline

TODAY = datetime.date(2025, 1, 1)
replace = msgspec.structs.replace


def good_run(size: int = 12) -> Run:
    """The sample with every case passing and no comparison."""
    run = build_sample(size)
    cases = tuple(
        replace(c, outcome="PASS", reported="PASS", expectation=None) for c in run.cases
    )
    results = tuple(replace(r, status="ok") for r in run.results)
    return replace(run, cases=cases, results=results, baseline=None)


def judged(run: Run) -> Run:
    """The run with the verdict that follows from it."""
    problems = [
        *problems_of.case_problems(run.cases),
        *problems_of.job_problems(run.results),
        *problems_of.leak_problems(run.leak_tally, run.leaks),
    ]
    verdict = verdicts.make_verdict(run.cases, run.results, problems, True, None)
    return replace(run, verdict=verdict)


def with_case(run: Run, index: int, **fields: object) -> Run:
    """The run with one case changed."""
    cases = list(run.cases)
    cases[index] = replace(cases[index], **fields)
    return replace(run, cases=tuple(cases))


def verdicts_by_key(before: Run, after: Run) -> dict[str, str]:
    """Changes by key."""
    comparison = compare_runs(before, after, "x")
    assert comparison.comparable, comparison.reasons
    return {change.key: change.verdict for change in comparison.changes}


def test_a_good_run_passes():
    assert judged(good_run()).verdict.exit_code == 0


@pytest.mark.parametrize(
    ("outcome", "code"),
    [("FAIL", 3), ("CRASH", 3), ("TIMEOUT", 3), ("LEAK", 3), ("XPASS", 3),
     ("OOM_UNSAFE", 3), ("SANITIZER", 3), ("HARNESS_ERROR", 3), ("NOT_RUN", 3),
     ("WARN", 0), ("XFAIL", 0), ("UNSUPPORTED", 0)],
)  # fmt: skip
def test_each_class_has_its_weight(outcome, code):
    run = judged(with_case(good_run(), 0, outcome=outcome))
    assert run.verdict.exit_code == code


def test_a_failed_job_is_a_tool_error_and_a_failure_weighs_more():
    run = good_run()
    results = (replace(run.results[0], status="failed"), *run.results[1:])
    broken = replace(run, results=results)
    assert judged(broken).verdict.exit_code == 1
    assert judged(with_case(broken, 0, outcome="FAIL")).verdict.exit_code == 3


@pytest.mark.parametrize(("code", "blamed"), [(1, False), (2, False), (3, True),
                                             (9, True), (77, True)])  # fmt: skip
def test_a_code_that_no_program_of_ours_has_is_the_subjects(code, blamed):
    run = good_run()
    result = replace(run.results[0], status="failed", exit_code=code)
    assert misbehaved(result) is blamed


def test_what_ended_without_a_word_counts_to_what_said_why():
    counts = Counter({"signal": 59, "signal: no room": 1, "fails": 2})
    assert with_words(counts) == {"signal: no room": 60, "fails": 2}
    two = Counter({"signal": 5, "signal: a": 1, "signal: b": 1})
    assert with_words(two) == two


def test_what_differs_in_numbers_alone_is_told_once_and_says_so():
    one, other = "realloc 24 -> 46 lost byte 23", "realloc 40 -> 78 lost byte 39"
    assert said_alike([one, one]) == one
    assert said_alike([one, other]) == f"{one} (or with other numbers)"


def test_worst_problems_come_first():
    run = with_case(with_case(good_run(), 0, outcome="FAIL"), 1, outcome="CRASH")
    run = judged(with_case(run, 2, outcome="WARN"))
    words = [p.title.partition(":")[0] for p in run.verdict.problems]
    assert words == ["CRASH", "FAIL", "WARN"]


def test_the_same_run_compares_as_unchanged():
    run = build_sample()
    comparison = compare_runs(run, run, "x")
    assert comparison.changes == ()
    assert comparison.unchanged > len(run.cases)


def test_a_case_that_fails_now_is_worse_and_exits_3():
    before = good_run()
    after = with_case(before, 3, outcome="FAIL")
    case = after.cases[3]
    assert verdicts_by_key(before, after) == {f"{case.column} {case.id}": "worse"}
    assert verdicts_by_key(after, before) == {f"{case.column} {case.id}": "better"}
    compared = with_baseline(judged(after), compare_runs(before, after, "x"))
    assert compared.verdict.exit_code == 3
    assert compared.baseline.counts == {"worse": 1}
    told = [p for p in compared.verdict.problems if p.key == f"{case.column} {case.id}"]
    assert [p.kind for p in told] == ["case"], "told once, as the case that fails"
    assert told[0].detail.endswith(f"in {before.id}: PASS")


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [("PASS", "UNSUPPORTED", "worse"), ("UNSUPPORTED", "PASS", "better"),
     ("FAIL", "CRASH", "worse"), ("PASS", "XFAIL", "changed"),
     ("PASS", "WARN", "worse")],
)  # fmt: skip
def test_classes_are_ordered(old, new, verdict):
    before = with_case(good_run(), 0, outcome=old)
    after = with_case(before, 0, outcome=new)
    assert list(verdicts_by_key(before, after).values()) == [verdict]


def test_one_more_allocation_is_worse():
    before = good_run()
    old = before.cases[0].counters
    after = with_case(before, 0, counters=replace(old, allocations=old.allocations + 1))
    found = verdicts_by_key(before, after)
    assert list(found.values()) == ["worse"]
    assert next(iter(found)).endswith("allocations")
    assert list(verdicts_by_key(after, before).values()) == ["better"]


def test_a_counter_that_its_case_calls_inexact_is_left_out_and_said():
    first = good_run().cases[0]
    loose = {"peak_bytes": "the peak of several threads is an upper bound"}
    before = with_case(good_run(), 0, inexact=loose)
    peak = replace(first.counters, peak_bytes=first.counters.peak_bytes + 1)
    assert verdicts_by_key(before, with_case(before, 0, counters=peak)) == {}
    other = replace(peak, allocations=peak.allocations + 1)
    found = verdicts_by_key(before, with_case(before, 0, counters=other))
    assert [key.split()[-1] for key in found] == ["allocations"]
    notes = compare_runs(before, before, "x").notes
    said = f"not compared, as their cases say inexact: {first.id} (peak_bytes)"
    assert said in notes
    unmarked = good_run()
    found = verdicts_by_key(unmarked, with_case(unmarked, 0, counters=peak))
    assert list(found.values()) == ["worse"]


def test_an_exact_figure_compares_and_an_inexact_one_does_not():
    before = good_run()

    def grown(exact: bool) -> Run:
        work = before.work[0]
        first = work.document.variants[0]
        figures = tuple(
            replace(f, value=f.value + 1) if f.exact is exact and f.value else f
            for f in first.figures
        )
        variants = (replace(first, figures=figures), *work.document.variants[1:])
        document = replace(work.document, variants=variants)
        return replace(
            before, work=(replace(work, document=document), *before.work[1:])
        )

    assert set(verdicts_by_key(before, grown(True)).values()) == {"worse"}
    assert verdicts_by_key(before, grown(False)) == {}


def test_other_parameters_are_left_out_and_said():
    before = good_run()
    work = before.work[0]
    document = replace(work.document, parameters={"items": 5})
    after = replace(before, work=(replace(work, document=document), *before.work[1:]))
    comparison = compare_runs(before, after, "x")
    assert comparison.changes == ()
    assert any("other parameters" in note for note in comparison.notes)


def test_a_lost_case_is_gone_unless_its_job_failed_or_nobody_asked():
    before = good_run()
    lost = before.cases[0]
    after = replace(before, cases=before.cases[1:])
    comparison = compare_runs(before, after, "x")
    assert comparison.changes == ()
    assert [(g.kind, g.name) for g in comparison.gone] == [
        ("case", f"{lost.column} {lost.id}")
    ]
    failed = tuple(
        replace(r, status="crash") if r.job == lost.job else r for r in after.results
    )
    assert compare_runs(before, replace(after, results=failed), "x").gone == ()
    asked = replace(after, asked=Asked(profile="quick", cases=("nothing.*",)))
    assert [g.left_out for g in compare_runs(before, asked, "x").gone] == [
        "left out by --case"
    ]


def test_a_leak_check_that_went_wrong_is_worse():
    before = good_run()
    rows = tuple(replace(row, right=False) for row in before.leak_tally)
    after = replace(before, leak_tally=rows)
    assert set(verdicts_by_key(before, after).values()) == {"worse"}


def test_a_loss_is_compared_by_what_it_says_and_where():
    before = good_run()
    one = replace(before.leaks[0], expected=False)
    before = replace(before, leaks=(one,))
    frame = replace(one.frames[0], line=one.frames[0].line + 9)
    told = {
        "the same": (one, 0),
        "moved": (replace(one, frames=(frame,)), 0),
        "more": (replace(one, bytes=960, count=10), 3),
        "on purpose": (replace(one, expected=True, bytes=960), 0),
        "elsewhere": (replace(one, frames=(replace(frame, function="f"),)), 3),
    }
    for what, (finding, code) in told.items():
        after = judged(replace(before, leaks=(finding,)))
        comparison = compare_runs(before, after, "x")
        found = {c.verdict for c in comparison.changes if c.kind == "leak"}
        wanted = {"more": {"worse"}, "on purpose": {"changed"},
                  "elsewhere": {"worse", "better"}}  # fmt: skip
        assert found == wanted.get(what, set()), what
        assert with_baseline(after, comparison).verdict.exit_code >= code, what
    gone = compare_runs(before, replace(before, leaks=()), "x")
    assert [c.verdict for c in gone.changes if c.kind == "leak"] == ["better"]


def test_times_are_shown_and_never_judged():
    before = good_run()
    rows = tuple(
        replace(row, summary=replace(row.summary, median_ns=row.summary.median_ns * 9))
        if row.summary
        else row
        for row in before.bench
    )
    after = replace(before, bench=rows)
    assert set(verdicts_by_key(before, after).values()) == {"unjudged"}
    elsewhere = replace(after, environment=replace(after.environment, cpu="other"))
    comparison = compare_runs(before, elsewhere, "x")
    assert comparison.comparable
    assert comparison.changes == ()
    assert any("another machine" in note for note in comparison.notes)


def only(run: Run, keep: Callable[[Job], bool]) -> Run:
    """The run as if some of its jobs had not been planned."""
    plan = tuple(job for job in run.plan if keep(job))
    ids = {job.id for job in plan}
    cases = tuple(c for c in run.cases if c.job in ids)
    columns = {c.column for c in cases}
    return replace(
        run, plan=plan, cases=cases,
        results=tuple(r for r in run.results if r.job in ids),
        columns=tuple(c for c in run.columns if c.id in columns),
        work=tuple(w for w in run.work if w.job in ids),
        bench=tuple(b for b in run.bench if b.job in ids),
    )  # fmt: skip


def test_runs_without_a_common_job_do_not_compare_and_exit_5():
    before = only(good_run(), lambda job: job.kind == "conform")
    after = only(good_run(), lambda job: job.kind == "bench")
    comparison = compare_runs(before, after, "x")
    assert not comparison.comparable
    assert before.plan[0].id in comparison.reasons[0]
    assert with_baseline(judged(after), comparison).verdict.exit_code == 5


@pytest.mark.parametrize(
    ("keep", "kind"),
    [
        (lambda job: "mimalloc" not in job.id, "column"),
        (lambda job: job.kind != "bench", "kind of job"),
        (lambda job: "/cycles/" not in job.id, "workload"),
    ],
)
def test_what_is_gone_is_a_finding_and_the_rest_compares(keep, kind):
    run = good_run()
    plan = tuple(
        replace(j, workload=j.id.split("/")[1]) if j.kind == "work" else j
        for j in run.plan
    )
    before = replace(run, plan=plan)
    after = only(before, keep)
    comparison = compare_runs(before, after, "x")
    assert comparison.unchanged > 50
    assert kind in {one.kind for one in comparison.gone}
    for policy, code in (("warn", 0), ("inconclusive", 4), ("fail", 3)):
        verdict = with_baseline(judged(after), comparison, policy).verdict
        assert verdict.exit_code == code
        assert "gone" in verdict.sentence
        assert {p.reproduce is not None for p in verdict.problems} == {True}
    back = compare_runs(after, before, "x")
    assert back.gone == ()
    assert back.added


def test_what_the_command_line_left_out_is_listed_and_no_finding():
    before = good_run()
    after = only(before, lambda job: job.kind == "conform")
    after = replace(after, asked=Asked(profile="quick", kinds=("conform",)))
    comparison = compare_runs(before, after, "x")
    assert {one.left_out for one in comparison.gone} == {"left out by --only"}
    assert with_baseline(judged(after), comparison).verdict.exit_code == 0


def test_a_patch_version_is_the_same_column():
    def with_version(run: Run, old: str, new: str) -> Run:
        text = encode_run(run).replace(old.encode(), new.encode())
        return decode_run(text)

    before = with_version(good_run(), "cpython/3.13.0", "cpython-3.13.0")
    after = with_version(before, "cpython-3.13.0", "cpython-3.13.7")
    comparison = compare_runs(before, after, "x")
    assert (comparison.gone, comparison.added, comparison.changes) == ((), (), ())
    note = "cpython-3.13.7 is compared with the baseline's cpython-3.13.0"
    assert note in comparison.notes
    other = with_version(before, "cpython-3.13.0", "cpython-3.14.0")
    assert {one.name for one in compare_runs(before, other, "x").gone} == {
        "cpython-3.13.0"
    }


@pytest.mark.parametrize(
    ("before", "after", "pairs"),
    [
        ({"cpython-3.11.2"}, {"cpython-3.11.3"}, {"cpython-3.11.2": "cpython-3.11.3"}),
        ({"cpython-3.11.2", "cpython-3.11.9"}, {"cpython-3.11.9", "cpython-3.11.10"},
         {"cpython-3.11.2": "cpython-3.11.10"}),
        ({"cpython-3.9.2", "cpython-3.9.10"}, {"cpython-3.9.3", "cpython-3.9.11"},
         {"cpython-3.9.2": "cpython-3.9.3", "cpython-3.9.10": "cpython-3.9.11"}),
        ({"cpython-3.11.2-debug"}, {"cpython-3.11.3"}, {}),
        ({"cpython-3.15.0a2"}, {"cpython-3.15.0"},
         {"cpython-3.15.0a2": "cpython-3.15.0"}),
        ({"reference", "pool-3.1.2"}, {"pool-3.1.3"}, {}),
    ],
)  # fmt: skip
def test_interpreters_of_a_series_belong_together(before, after, pairs):
    assert counterparts(before, after) == pairs


def expectation(**fields: object) -> tuple[str, Expectation]:
    """An entry that speaks of one case of CPython 3.13."""
    values = {
        "case": "x.*", "outcome": "FAIL", "reason": "known", "subject": "cpython",
        "version": ">=3.13", **fields,
    }  # fmt: skip
    return "file.toml entry 1", Expectation(**values)  # type: ignore[arg-type]


def apply(run: Run, *entries: tuple[str, Expectation]):
    """Apply entries to a run's cases."""
    return apply_expectations(run.cases, run.columns, entries, TODAY)


def one_313_case(run: Run, **fields: object) -> Run:
    """Give the first case of CPython 3.13 the id `x.one`."""
    index = next(i for i, c in enumerate(run.cases) if c.column == "cpython/3.13.0")
    return with_case(run, index, id="x.one", **fields)


def test_an_expected_failure_is_xfail_and_needs_the_right_class():
    run = one_313_case(good_run(), reported="FAIL", outcome="FAIL")
    cases, stale = apply(run, expectation())
    assert [c.outcome for c in cases if c.id == "x.one"] == ["XFAIL"]
    assert not stale
    run = one_313_case(good_run(), reported="CRASH", outcome="CRASH")
    cases, _ = apply(run, expectation())
    assert [c.outcome for c in cases if c.id == "x.one"] == ["CRASH"]
    cases, _ = apply(run, expectation(outcome="WAIVED"))
    assert [c.outcome for c in cases if c.id == "x.one"] == ["WAIVED"]


def test_an_unexpected_pass_is_an_error():
    cases, _ = apply(one_313_case(good_run()), expectation())
    assert [c.outcome for c in cases if c.id == "x.one"] == ["XPASS"]


def test_an_entry_with_a_message_speaks_of_cases_that_say_so():
    said = {"reported": "FAIL", "outcome": "FAIL", "message": "it returned SYSTEM"}
    for message, outcome in (("*SYSTEM*", "XFAIL"), ("*LEAK*", "FAIL")):
        cases, _ = apply(one_313_case(good_run(), **said), expectation(message=message))
        assert [c.outcome for c in cases if c.id == "x.one"] == [outcome]
    cases, stale = apply(one_313_case(good_run()), expectation(message="*SYSTEM*"))
    assert [c.outcome for c in cases if c.id == "x.one"] == ["PASS"]
    assert not stale


def test_an_unused_entry_is_an_error_only_when_its_subject_ran():
    _, stale = apply(good_run(), expectation())
    assert [p.kind for p in stale] == ["expectation"]
    assert "matches no case" in stale[0].title
    _, stale = apply(good_run(), expectation(version=">=3.20"))
    assert stale == ()


def test_an_expired_entry_is_an_error_and_excuses_nothing():
    run = one_313_case(good_run(), reported="FAIL", outcome="FAIL")
    cases, stale = apply(run, expectation(expires=TODAY))
    assert [c.outcome for c in cases if c.id == "x.one"] == ["FAIL"]
    assert "expired" in stale[0].title


def test_expectation_files_are_strict(tmp_path):
    path = tmp_path / "cpython.toml"
    good = 'schema = 1\n[[expectation]]\ncase = "a"\nclass = "FAIL"\nreason = "r"\n'
    path.write_text(good + "expires = 2030-01-01\n")
    assert read_expectations(tmp_path)[0][1].expires == datetime.date(2030, 1, 1)
    for line in ('surprise = "x"', 'version = "no"', "lane = 3"):
        path.write_text(f"{good}{line}\n")
        with pytest.raises(PmmError, match=r"cpython\.toml"):
            read_expectations(tmp_path)


def test_score_counts_requirements_not_cases():
    run = build_sample(12)
    needs = run.requirements
    must = [r.id for r in for_subjects(needs) if r.level == "MUST"]
    name = run.columns[0].id
    mine = [replace(c, outcome="PASS") for c in run.cases if c.column == name]
    full = verdicts.score(mine, needs)
    assert full.must_passed == full.must_applicable == full.must_total == len(must)
    twice = [*mine, replace(mine[0], id="again", outcome="FAIL")]
    first_is_must = mine[0].requirements[0] in must
    assert verdicts.score(twice, needs).must_passed == len(must) - first_is_must
