# SPDX-License-Identifier: MIT
"""Two subjects in pairs: the plan, the table, the verb."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path

import msgspec
import pytest
from pairs import ROOT, Comparison, noisy, quiet

from pmm.base import errors
from pmm.base.errors import UsageError
from pmm.base.paths import Paths
from pmm.cli.speed_print import said_of_control
from pmm.collect.bench import BenchOutput, collect_bench
from pmm.discover.cpythons import CPython
from pmm.discover.world import World
from pmm.documents.speed import SpeedTable
from pmm.documents.verdict import Verdict
from pmm.judge import problems as problems_of
from pmm.judge.bench import make_rows
from pmm.judge.groups import View
from pmm.judge.speed import Pairs, pairs_of, speed_problems
from pmm.judge.verdicts import make_verdict
from pmm.plan.plan import make_plan
from pmm.plan.selection import Selection
from pmm.plan.speed_spec import FILE, read_spec

ARMS = ("reference", "cpython-3.11.2")
replace = msgspec.structs.replace


# ----------------------------------------------------------------- the table


def test_the_faster_is_found_whatever_the_figure():
    table = Comparison(noisy(0.5)).table()
    verdicts = {row.figure: row.verdict for row in table.rows if row.over is None}
    assert set(verdicts.values()) == {"faster", "less"}
    assert verdicts["per_object_ns"] == "faster"
    assert verdicts["most_garbage"] == "less"
    first = table.rows[0]
    assert first.ratio == pytest.approx(0.5, rel=0.02)
    assert first.low < 0.5 < first.high
    assert first.ours.least <= first.ours.median <= first.ours.most
    quotient = next(row for row in table.rows if row.over is not None)
    assert quotient.ratio == pytest.approx(1.0, rel=0.03)
    assert quotient.verdict == "undecided"


def test_one_slower_row_among_equal_ones_is_found():
    table = Comparison(noisy(1.05, only="list/drop_lists")).table()
    assert [row.benchmark for row in table.rows if row.verdict == "slower"] == [
        "list/drop_lists"
    ]
    assert {row.verdict for row in table.controls} == {"undecided"}


def test_a_difference_below_the_floor_is_no_verdict():
    table = Comparison(noisy(1.005, noise=1e-4)).table()
    row = table.rows[0]
    assert row.adjusted < 0.01
    assert row.low > 1.0
    assert row.verdict == "undecided"


def test_rows_of_pauses_are_there_for_each_mode_with_its_own_goal():
    rows = Comparison(noisy()).table().rows
    steps = {row.arm: row.goal for row in rows if row.figure == "longest_step_ns"}
    assert steps == {
        "reference/pool/generational": 10e6, "reference/pool/full": None,
    }  # fmt: skip
    assert {r.arm for r in rows if not r.benchmark.startswith("pause/")} == {
        "reference/pool/generational"
    }


def test_goals_are_not_those_of_a_small_size():
    small = Comparison(noisy())
    small.pairs.objects = 10_000
    assert {row.goal for row in small.table().rows} == {None}


def disturb(made: Comparison, number: int, area: str, role: str) -> None:
    """Let one process wait for half of its time."""
    job = next(
        j for j in made.plan
        if (j.pair.round, j.pair.unit, j.pair.arm.role) == (number, area, role)
    )  # fmt: skip
    made.results[job.id] = replace(quiet(job), user_ns=500_000_000, system_ns=0)


@pytest.mark.parametrize("role", ["ours", "theirs", "again"])
def test_a_disturbed_process_drops_its_pair_whole_whichever_arm_it_was(role):
    made = Comparison(noisy(0.5))
    disturb(made, 3, "gc", role)
    table = made.table()
    assert [(one.round, one.unit) for one in table.dropped] == [(3, "gc")]
    for row in (*table.rows, *table.controls):
        rounds = {sample.round for sample in row.samples}
        assert (3 in rounds) == (not row.benchmark.startswith("gc/"))
    assert table.state == "sound"


def test_many_disturbed_pairs_decide_nothing():
    made = Comparison(noisy(0.5))
    for number in (1, 2, 3):
        disturb(made, number, "gc", "theirs")
    table = made.table()
    assert table.state == "inconclusive"
    assert "3 of 12 rounds of gc" in table.reason
    assert {row.verdict for row in table.rows} == {"undecided"}


def test_a_control_that_differs_from_itself_decides_nothing():
    steady = noisy(0.5)

    def factor(one, benchmark, number):
        return steady(one, benchmark, number) * (1.2 if one.role == "again" else 1)

    table = Comparison(factor).table()
    assert table.state == "inconclusive"
    assert "differs from itself" in table.reason
    assert {row.verdict for row in table.rows} == {"undecided"}
    assert table.rows[0].ratio == pytest.approx(0.5, rel=0.02)


def test_a_table_without_pairs_boasts_of_nothing():
    made = Comparison(noisy(0.5))
    assert "80 %" in said_of_control(made.table())
    made.pairs.figures.clear()
    assert said_of_control(made.table()).endswith("not measured")


def test_a_failed_process_leaves_its_pair_out():
    made = Comparison(noisy(0.5))
    gone = next(j for j in made.plan if j.pair.arm.role == "theirs")
    del made.pairs.figures[gone.id]
    first, *_ = made.table().rows
    assert len(first.samples) == 11


def test_judging_again_gives_the_same_bytes():
    first, second = (Comparison(noisy(0.9)).table() for _ in range(2))
    assert msgspec.json.encode(first) == msgspec.json.encode(second)


def judged(made: Comparison, table: SpeedTable, failed: bool = False) -> Verdict:
    """The verdict on a run that is these pairs and perhaps a job that failed."""
    results = list(made.results.values())
    if failed:
        results[0] = replace(results[0], status="crash", reason="ended by SIGSEGV")
    problems = [*problems_of.job_problems(results), *speed_problems(table)]
    return make_verdict((), results, problems, True, None, View(speed=table))


def test_slower_is_no_failure_and_inconclusive_is_its_own_exit_code():
    made = Comparison(noisy(2.0))
    slow = judged(made, made.table())
    assert slow.exit_code == errors.PASS
    assert "slower" in slow.sentence
    assert slow.problems == ()
    made = Comparison(noisy(0.5))
    for number in (1, 2, 3):
        disturb(made, number, "list", "ours")
    lost = judged(made, made.table())
    assert (lost.state, lost.exit_code) == ("inconclusive", errors.INCONCLUSIVE)
    assert "3 of 12 rounds of list were disturbed" in lost.sentence
    assert [one.word for one in lost.groups] == ["undecided"]
    broken = judged(made, made.table(), failed=True)
    assert (broken.state, broken.exit_code) == ("fail", errors.FAILURE)
    assert [one.kind for one in broken.problems] == ["job", "speed"]


# ------------------------------------------------------------------ documents


def document(**context: str) -> bytes:
    """A Google Benchmark document of one arm."""
    return json.dumps(
        {
            "context": {
                "date": "x", "executable": "x", "num_cpus": 2,
                "pmm_subject": "reference", "pmm_backend": "pool",
                "pmm_mode": "generational", **context,
            },
            "benchmarks": [{
                "name": "x", "run_type": "iteration", "per_object_ns": 3.5,
                "run_name": "gc/full_live/1000000/iterations:5/manual_time",
            }],
        }
    ).encode()  # fmt: skip


def read(tmp_path: Path, data: bytes) -> tuple[list[BenchOutput], str | None]:
    """Read one arm's document."""
    job = next(j for j in Comparison(noisy()).plan if j.mode == "generational")
    (tmp_path / "document.json").write_bytes(data)
    output, complaint = collect_bench(job, quiet(job), tmp_path / "document.json")
    return [output] if output is not None else [], complaint


def pairs_in(tmp_path: Path, data: bytes) -> Pairs:
    """Read one arm's document, which is believed."""
    outputs, complaint = read(tmp_path, data)
    assert complaint is None
    return pairs_of(outputs)


def test_an_arms_figures_are_found_by_benchmark(tmp_path):
    pairs = pairs_in(tmp_path, document(pmm_subject_version="0.1.0"))
    (figures,) = pairs.figures.values()
    assert figures["gc/full_live"][0].per_object_ns == 3.5
    assert pairs.objects == 1_000_000
    (said,) = pairs.said.values()
    assert said.pmm_subject_version == "0.1.0"


@pytest.mark.parametrize(
    "context",
    [{"pmm_subject": "cpython"}, {"pmm_subject": None}, {"pmm_backend": "libc"},
     {"pmm_mode": "full"}, {"pmm_witness_ok": "false"}],
)  # fmt: skip
def test_an_arm_that_was_somebody_else_is_not_believed(tmp_path, context):
    outputs, complaint = read(tmp_path, document(**context))
    assert complaint
    assert pairs_of(outputs).figures == {}


@pytest.mark.parametrize("word", [b"NaN", b"-nan", b"Infinity"])
def test_a_figure_that_is_no_number_is_unknown_and_the_others_count(tmp_path, word):
    pairs = pairs_in(tmp_path, document().replace(b"3.5", word))
    (figures,) = pairs.figures.values()
    assert figures["gc/full_live"][0].per_object_ns is None


def test_a_row_that_cannot_be_read_is_named_and_the_others_count(tmp_path):
    bad = b'"benchmarks": [{"name": "gc/x/10", "iterations": NaN}, 7, '
    data = document().replace(b'"benchmarks": [', bad)
    outputs, complaint = read(tmp_path, data)
    assert complaint is None
    (figures,) = pairs_of(outputs).figures.values()
    assert list(figures) == ["gc/full_live"]
    found = problems_of.bench_problems(make_rows(outputs[0]))
    assert [one.title for one in found] == [
        "no figure: gc/x/10 over pool", "no figure: entry 2 over pool"
    ]  # fmt: skip
    assert all(one.detail.startswith("it cannot be read") for one in found)


@pytest.mark.parametrize("data", [b"", b"{"])
def test_a_torn_document_is_a_complaint(tmp_path, data):
    assert read(tmp_path, data)[1]


# ------------------------------------------------------------------- the plan


def interpreter(version: str, hosts: bool = True, path: str = "") -> CPython:
    """A CPython entry."""
    return CPython(
        f"cpython-{version}", path or f"/usr/bin/python{version}", version, True, "",
        hosts, None if hosts else "no extension",
    )  # fmt: skip


@pytest.fixture
def world(project) -> World:
    """Everything that a comparison needs."""
    (project.root / FILE).parent.mkdir()
    shutil.copy(ROOT / FILE, project.root / FILE)
    for area in ("gc", "list", "pause"):
        project.add_program(f"bench/pmm-bench-{area}")
    found = (interpreter("3.10.13", hosts=False), interpreter("3.11.2"),
             interpreter("3.11.7"), interpreter("3.13.0"))  # fmt: skip
    return World(
        paths=Paths(project.root, project.build), backends=(), cpythons=found,
        cases=(), workloads=(), twins=(), benches=("alloc", "gc", "list", "pause"),
        valgrind=None, missing=(), modes=("generational", "full", "counting"),
    )  # fmt: skip


def test_rounds_are_whole_adjacent_and_turned_around(world):
    jobs = make_plan(world, Selection(arms=ARMS)).jobs
    assert jobs == make_plan(world, Selection(arms=ARMS)).jobs
    assert len({job.id for job in jobs}) == len(jobs)
    by_round = [
        [(j.pair.unit, j.pair.arm.id) for j in group]
        for _, group in itertools.groupby(jobs, lambda job: job.pair.round)
    ]
    assert len(by_round) == 12
    assert all(sorted(one) == sorted(by_round[0]) for one in by_round)
    for one in by_round:
        units = [unit for unit, _ in itertools.groupby(one, lambda place: place[0])]
        assert sorted(units) == ["gc", "list", "pause"]
    assert by_round[1] == by_round[0][::-1]
    assert by_round[2] not in (by_round[0], by_round[1])


def test_both_arms_run_the_same_benchmarks_and_the_interpreter_undisturbed(world):
    jobs = make_plan(world, Selection(arms=ARMS)).jobs
    assert all(job.measured for job in jobs)
    for unit in ("gc", "list", "pause"):
        filters = {job.argv[-1] for job in jobs if job.pair.unit == unit}
        assert len(filters) == 1
        assert "/1000000" in filters.pop()
    theirs = [job for job in jobs if job.pair.arm.role == "theirs"]
    assert {job.argv[0] for job in theirs} == {"/usr/bin/python3.11.2"}
    assert all(job.environment == {"PMM_CPYTHON_ACCOUNT": "none"} for job in theirs)
    modes = {job.mode for job in jobs if job.pair.unit == "pause"}
    assert modes == {"generational", "full", None}
    gc = {job.mode for job in jobs if job.pair.unit == "gc"}
    assert gc == {"generational", None}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"arms": ("reference",)}, "two subjects"),
        ({"arms": ("reference", "cpython-3.11")}, "several"),
        ({"arms": ("reference", "cpython-3.12")}, "did you mean"),
        ({"arms": ("reference", "cpython-3.10")}, "no extension"),
        ({"arms": ("reference", "reference")}, "the same subject"),
        ({"arms": ARMS, "pairs": 5}, "5 pairs cannot decide"),
        ({"arms": ARMS, "objects": 5}, "number of objects"),
        ({"arms": ARMS, "benches": ("tuple",)}, "no area"),
    ],
)
def test_what_cannot_be_compared_is_refused(world, fields, said):
    with pytest.raises(UsageError, match=said):
        make_plan(world, Selection(**fields))


def test_fewer_rows_need_fewer_pairs(world):
    asked = Selection(arms=ARMS, benches=("list",), pairs=7)
    jobs = make_plan(world, asked).jobs
    assert {job.pair.unit for job in jobs} == {"list"}
    assert max(job.pair.round for job in jobs) == 7


def test_every_row_names_what_it_is():
    rows = read_spec(ROOT)
    assert len({(r.benchmark, r.figure, r.over) for r in rows}) == len(rows)
    assert {row.unit for row in rows} == {"ns", "bytes", "objects", None}


# ------------------------------------------------------------------- the verb


def test_the_verb_compares_two_subjects_and_writes_the_page(project):
    (project.root / FILE).parent.mkdir()
    shutil.copy(ROOT / FILE, project.root / FILE)
    for area in ("gc", "list", "pause"):
        project.add_program(f"bench/pmm-bench-{area}")
    shutil.copy(msgspec._core.__file__, project.root / "slow.so")
    answer = project.pmm(
        "bench", "--subject", "reference", "--subject", "slow.so", "--json",
        "--out", "report",
    )  # fmt: skip
    # Other work on the machine may leave the comparison undecided.
    assert answer.returncode in {0, 4}, answer.stdout + answer.stderr
    speed = json.loads(answer.stdout)["speed"]
    assert len({job.id for job in project.latest().plan}) == 9 * speed["rounds"]
    verdicts = {row["verdict"] for row in speed["rows"] if row["over"] is None}
    assert verdicts == ({"faster", "less"} if answer.returncode == 0 else {"undecided"})
    for sample in speed["rows"][0]["samples"]:
        assert sample["ours"] / sample["theirs"] == pytest.approx(0.5, rel=0.1)
    assert "left" in answer.stderr
    page = (project.root / "report" / "speed.html").read_text()
    assert verdicts.pop() in page
