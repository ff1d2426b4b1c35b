# SPDX-License-Identifier: MIT
"""Ranking allocators over rounds: ratios, noise, places, and who has none."""

from __future__ import annotations

import random

import msgspec
import pytest

from pmm.documents.jobs import JobResult
from pmm.documents.rank import RankPlace
from pmm.documents.verdict import Problem
from pmm.execute.executor import not_again, other_rounds, unstarted
from pmm.judge.rank import make_table, standings
from pmm.judge.rank_board import Board, Key, Why, make_board
from pmm.judge.rank_run import peers_warned
from pmm.judge.ranking import Soundness
from pmm.plan.parts import make_job

ROUNDS = 7
LABELS = {"/x/mine.so": "mine", "libc": "libc", "pool": "pool", "bad": "bad"}
SPECS = tuple(LABELS)
FACTORS = {"/x/mine.so": 6.0, "libc": 12.0, "pool": 4.0, "bad": 3.0}


def sound(**states: str) -> dict[str, Soundness]:
    """Every allocator is ranked but those named."""
    return {
        spec: Soundness(states.get(label, "ranked"), None, 9, ())
        for spec, label in LABELS.items()
    }


def board(noise: float = 0.01, factors: dict[str, float] = FACTORS, rounds=ROUNDS):
    """Two traces and a benchmark; a figure is its factor times the row's size."""
    chance = random.Random(7)
    made = Board(rounds=rounds, specs=SPECS)
    for key, size in (
        (Key("trace", "feed", aged=False), 1.0), (Key("trace", "feed", aged=True), 2.0),
        (Key("micro", "alloc/pair/48", aged=False), 3.0),
    ):  # fmt: skip
        for number in range(1, rounds + 1):
            price = 2.0 if key.group == "trace" else 0.0
            if price:
                made.add(key, place(key, number, "price"), "null", price)
            for spec, role in [*((s, "asked") for s in SPECS), (SPECS[0], "again")]:
                spread = 1 + noise * (chance.random() - 0.5)
                value = factors[spec] * size * spread + price
                made.add(key, place(key, number, role), spec, value)
    return made


def place(key: Key, number: int, role: str) -> RankPlace:
    return RankPlace(
        group=key.group, row=key.name, round=number, aged=key.aged, role=role
    )


def cell(table, name: str, spec: str, aged: bool = False):
    row = next(r for r in table.rows if (r.name, r.aged) == (name, aged))
    return next(c for c in row.cells if c.spec == spec)


def test_ratios_are_net_of_the_harness_and_hold_the_truth():
    table = make_table(board(), sound(), {"feed": "a feed"})
    for aged in (False, True):
        one = cell(table, "feed", "pool", aged)
        assert one.ratio == pytest.approx(4 / 12, rel=0.01)
        assert one.low <= one.ratio <= one.high < one.low + 0.02
    assert table.yardstick == "libc"
    assert table.rows[0].price == 2.0
    assert table.rows[0].title == "a feed"
    assert [len(c.values) for c in table.rows[0].cells] == [ROUNDS] * 4


def test_places_follow_the_traces_and_only_the_sound_have_one():
    found = board()
    states = sound(bad="unsound")
    table = make_table(found, states, {})
    told = standings(table, found, states, LABELS)
    assert [(s.label, s.place) for s in told] == [
        ("mine", 2), ("pool", 1), ("libc", 3), ("bad", None),
    ]  # fmt: skip
    assert table.decides == "traces"
    assert [one.key for one in table.means] == ["traces", "fresh", "aged", "micro"]
    mine = told[0]
    assert mine.mean == pytest.approx(0.5, rel=0.02)
    assert (mine.figures, mine.witnessed, mine.shared) == (3, 3, 2)
    assert not any(c.spec == "bad" for mean in table.means for c in mean.cells)
    words = {one.against: one.word for one in table.versus}
    assert words == {"libc": "faster", "pool": "slower"}


def test_equals_are_level_and_nobody_wins():
    same = {**FACTORS, "pool": 6.0, "bad": 12.0}
    table = make_table(board(noise=0.2, factors=same), sound(), {})
    mean = table.means[0]
    marks = {c.spec: c.mark for c in mean.cells}
    assert sorted((marks["pool"], marks["/x/mine.so"])) == ["best", "level"]
    assert marks["libc"] == ""
    word = {one.against: one.word for one in table.versus}
    assert word["pool"] == "no clear difference"
    assert word["libc"] == "faster"


def test_the_first_against_itself_is_the_noise_floor():
    found = board(noise=0.0)
    for arms in found.values.values():
        again = arms["/x/mine.so", "again"]
        arms["/x/mine.so", "again"] = {n: 2 * v for n, v in again.items()}
    table = make_table(found, sound(), {})
    mean = table.means[0]
    assert mean.again.ratio > 2
    assert mean.floor == pytest.approx(mean.again.ratio)
    word = {one.against: one.word for one in table.versus}
    assert word["libc"] == "no clear difference", "it is within the noise"


def test_few_rounds_decide_nothing():
    table = make_table(board(rounds=2), sound(), {})
    assert all(c.low is None for row in table.rows for c in row.cells)
    assert {one.word for one in table.versus} == {"unknown"}
    assert {c.mark for c in table.means[0].cells} == {"best", "level"}


def test_a_row_that_one_lacks_is_in_no_mean_and_says_why():
    found = board()
    aged = Key("trace", "feed", aged=True)
    found.whys[aged, "pool"] = Why("call 5: no memory for 8 bytes")
    table = make_table(found, sound(), {})
    lost = cell(table, "feed", "pool", aged=True)
    assert (lost.middle, lost.ratio) == (None, None)
    assert (lost.why, lost.supported) == ("call 5: no memory for 8 bytes", True)
    assert {one.key: one.rows for one in table.means} == {
        "traces": 1, "fresh": 1, "micro": 1,
    }  # fmt: skip


def test_what_costs_no_more_than_the_harness_has_no_ratio():
    table = make_table(board(factors={**FACTORS, "pool": -0.5}), sound(), {})
    one = cell(table, "feed", "pool")
    assert one.why == "not above the price of the harness"
    assert one.ratio is None


def test_a_crash_takes_the_row_and_is_not_tried_again():
    where = RankPlace(group="trace", row="feed", round=1)
    job = make_job("replay", "rank-01/feed", ["pmm-trace"], backend="bad", place=where)
    later = make_job(
        "replay", "rank-02/feed", ["pmm-trace"], backend="bad",
        place=RankPlace(group="trace", row="feed", round=2),
    )  # fmt: skip
    assert other_rounds(job) == other_rounds(later)
    result = unstarted(job, "", "")
    crash: JobResult = not_again(job, "", result)
    assert crash.reason.startswith("not tried again")
    lost = unstarted(later, "", "ended by SIGSEGV")
    made = make_board([job, later], {job.id: lost, later.id: lost}, [], [])
    table = make_table(made, {"bad": Soundness("unsound", "x", 0, ())}, {})
    assert cell(table, "feed", "bad").why == "ended by SIGSEGV"


@pytest.mark.parametrize(
    ("backends", "expected"),
    [
        (("./mine.so", "jemalloc"), {"mine.so": "failure", "jemalloc": "warning"}),
        (("pool", "jemalloc"), {"pool": "failure", "jemalloc": "failure"}),
    ],
)
def test_who_ranks_a_library_answers_for_that_one(backends, expected):
    plan, problems = [], []
    for spec in backends:
        name = spec.removeprefix("./")
        check = make_job("backend-check", name, ["pmm-backend-check"], backend=spec)
        timed = msgspec.structs.replace(
            make_job("replay", name, ["pmm-trace"], backend=spec),
            place=place(Key("trace", "feed", aged=False), 1, "asked"),
        )
        plan += [check, timed]
        problems.append(Problem(
            kind="case", severity="failure", key=f"{check.id} backend.growth",
            title="FAIL", detail="moved too much", column=check.id, reproduce=None,
            word="FAIL",
        ))  # fmt: skip
    told = {p.key.split()[0].split("/")[-1]: p.severity
            for p in peers_warned(plan, problems)}  # fmt: skip
    assert told == expected
