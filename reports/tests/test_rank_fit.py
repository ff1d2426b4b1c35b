# SPDX-License-Identifier: MIT
"""A ranking ends in time: what is planned, what is cut, who is given up."""

from __future__ import annotations

import pytest

from pmm.documents.jobs import Job
from pmm.documents.rank import RankPlace
from pmm.execute import allowance
from pmm.execute.allowance import Allowance
from pmm.plan import rank_fit
from pmm.plan.parts import make_job
from pmm.plan.rank_fit import LEAST_ROUNDS, ROUNDS, fitted, seconds_of
from pmm.plan.rank_jobs import Row
from pmm.plan.rank_programs import Programs
from pmm.plan.selection import RankOrder, Selection

SPECS = ("pool", "libc")
NAMES = ("xml_feed", "mail_box", "regex_log", "pickle_graph", "thread_pool")


def one(spec: str = "pool", number: int = 1, role: str = "asked") -> Job:
    """A replay of an allocator in a round."""
    return make_job(
        "replay", f"rank-{number}/{spec}/{role}", ["pmm-trace", "--time-only"],
        backend=spec, measured=True,
        place=RankPlace(group="trace", row="feed", round=number, role=role),
    )  # fmt: skip


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is moved."""
    now = [100.0]
    monkeypatch.setattr(allowance.time, "monotonic", lambda: now[0])
    return now


def test_no_job_begins_when_the_time_is_over(clock):
    allowed = Allowance(600.0)
    check = make_job("backend-check", "pool", ["pmm-backend-check"], backend="pool")
    assert (allowed.refusal(one()), allowed.left()) == (None, 600.0)
    clock[0] += 600.0
    assert allowed.refusal(one()) == ("omitted", "not begun: 10 minutes were over")
    assert allowed.refusal(check) is None, "a check is what a ranking rests on"
    assert Allowance(None).refusal(one()) is None


def test_one_that_takes_the_time_of_all_is_given_up(clock):
    allowed = Allowance(600.0)
    for spec, seconds in (("pool", 5.0), ("libc", 6.0), ("slow", 80.0)):
        allowed.take(one(spec), seconds)
    assert allowed.refusal(one("slow")) is None, "four times as long, and a minute"
    allowed.take(one("slow"), 5.0)
    status, reason = allowed.refusal(one("slow"))
    assert status == "timeout"
    assert reason.startswith("given up: its processes took 85 s so far")
    assert allowed.refusal(one("pool")) is None
    assert allowed.refusal(one("slow", role="again")) is None
    alone = Allowance(None)
    alone.take(one("slow"), 1000.0)
    assert alone.refusal(one("slow")) is None, "there is nobody to be held against"


@pytest.fixture
def planned(monkeypatch):
    """Plans of five traces and a pattern, of which two traces are committed."""
    rows = [Row("trace", name, aged=aged) for name in NAMES for aged in (False, True)]
    rows += [Row("pattern", "drift", aged=aged) for aged in (False, True)]

    def jobs(ranking) -> list[Job]:
        """A job a row, allocator and round, in place of real programs."""
        return [
            replace_id(one(spec, number), f"{row.name}{row.aged}{spec}{number}")
            for row in ranking.rows for spec in SPECS
            for number in range(1, ranking.rounds + 1)
        ]  # fmt: skip

    monkeypatch.setattr(rank_fit, "ranked_specs", lambda *_: SPECS)
    monkeypatch.setattr(rank_fit, "whole_programs", lambda *_: Programs())
    monkeypatch.setattr(rank_fit, "rows_of", lambda *_: rows)
    monkeypatch.setattr(rank_fit, "rank_jobs", jobs)
    monkeypatch.setattr(rank_fit, "outdated", lambda *_: ())
    monkeypatch.setattr(rank_fit, "optional_traces", lambda ranking: [
        name for name in ("mail_box", "regex_log", "pickle_graph")
        if any(row.name == name for row in ranking.rows)
    ])  # fmt: skip

    def plan(share: float, **order):
        """Plan with a share of the seconds that all of it is expected to take."""
        whole = seconds_of(fitted(None, Selection(), RankOrder())[0])
        within = share * whole / rank_fit.SHARE
        return fitted(None, Selection(), RankOrder(within_s=within, **order))

    return plan


def replace_id(job: Job, name: str) -> Job:
    """Give a job another name."""
    return type(job)(**{
        **{field: getattr(job, field) for field in job.__struct_fields__}, "id": name,
    })  # fmt: skip


def rounds_of(jobs) -> int:
    return max(job.place.round for job in jobs)


def test_what_does_not_fit_goes_in_order(planned):
    jobs, left = planned(1.01)
    assert (rounds_of(jobs), left) == (ROUNDS, ())
    jobs, left = planned(0.9)
    assert (rounds_of(jobs), left) == (LEAST_ROUNDS, ())
    jobs, [left] = planned(0.8)
    assert left.what == "patterns on an aged heap"
    jobs, [left] = planned(0.6)
    assert left.what == "patterns on an aged heap, trace pickle_graph, trace regex_log"
    assert "minutes" in left.why
    jobs, [left] = planned(0.01)
    assert left.what.endswith("trace mail_box")
    assert any(job.id.startswith("xml_feed") for job in jobs), "the committed stay"


def test_what_was_named_is_planned_as_it_was_named(planned):
    jobs, left = planned(0.01, rows=("xml_feed",), rounds=9)
    assert (rounds_of(jobs), left) == (9, ())
    jobs, left = planned(0.01, rounds=7)
    assert rounds_of(jobs) == ROUNDS

