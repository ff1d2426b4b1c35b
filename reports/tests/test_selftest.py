# SPDX-License-Identifier: MIT
"""What the gate is held to: counted from reports whose slowdown is known."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from pairs import Comparison, noisy
from rich.console import Console

from pmm.base.errors import UsageError
from pmm.cli.selftest import Trials, failed, keep_trial, kept_trials
from pmm.judge.held_to import Held, Trial, held_to, highest_share, trial_of

ROOT = Path(__file__).resolve().parents[2]
replace = msgspec.structs.replace


def trial(percent: int, found: int, rows: int = 10, ratio: float = 1.0) -> Trial:
    return Trial(
        percent=percent, seed=1, state="sound", reason=None, ratios=(ratio,) * rows,
        lows=(ratio - 0.01,) * rows, highs=(ratio + 0.01,) * rows,
        detectable=(0.015,) * rows, found=found,
    )  # fmt: skip


def held(*trials: Trial) -> dict[str, Held]:
    return {one.what: one for one in held_to(trials)}


def test_false_alarms_are_bounded_by_as_many_reports_as_there_are():
    what = "reports on the same, with a false alarm"
    few = held(*[trial(0, 0)] * 5)[what]
    assert (few.good, few.of, few.kept) == (0, 5, None)
    assert held(*[trial(0, 0)] * 59)[what].kept is True
    assert held(*[trial(0, 0)] * 19, trial(0, 1), trial(0, 2))[what].kept is False
    assert highest_share(0, 59) == pytest.approx(0.0495, abs=1e-4)


def test_rows_that_are_missed_and_intervals_that_are_wrong_count():
    trials = [trial(5, 9, ratio=1.05)] * 10
    found = held(*trials)
    assert found["rows found that are 5 % slower"].good == 90
    assert found["rows found that are 5 % slower"].kept is False
    assert found["intervals that hold the known ratio"].good == 100
    wrong = held(*[trial(5, 10, ratio=1.0)] * 10)
    assert wrong["intervals that hold the known ratio"].kept is False
    assert found["rows that would show a change of 2 %"].kept is True


def test_few_rows_that_are_spread_do_not_miss_a_goal():
    what = "rows that would show a change of 2 %"
    spread = replace(trial(20, 10), detectable=(0.0211,) * 10)
    assert held(spread)[what].kept is None
    assert held(spread, spread)[what].kept is False
    assert held(trial(20, 1, rows=1))[what].kept is True


def test_undecided_reports_say_nothing():
    undecided = Trial(0, 1, "inconclusive", "busy", (), (), (), (), 0)
    assert held(undecided)["reports on the same, with a false alarm"].of == 0


def test_a_known_slowdown_that_passes_is_a_failure_of_the_gate():
    assert failed((), [trial(20, 0)])
    assert not failed((), [trial(20, 1), trial(0, 0)])
    kept = Held(what="x", good=0, of=1, goal="each time", kept=False)
    assert failed((kept,), [])


def test_a_report_is_kept_as_it_was_judged():
    table = Comparison(noisy(1.2, only="list/drop_lists")).table()
    one = trial_of(table, 20, 7)
    assert (one.percent, one.seed, one.state, one.found) == (20, 7, "sound", 1)
    assert len(one.ratios) == len(table.rows)


def test_reports_are_kept_as_they_are_made_and_others_follow(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    keep = tmp_path / "trials.jsonl"
    made = [replace(trial(percent, 0), seed=n) for percent in (0, 2) for n in (1, 3)]
    for one in made:
        keep_trial(keep, one)
    assert kept_trials(keep) == made
    trials = Trials(None, ("alloc/pair/48",), True, keep, Console())
    assert trials.free_seed(1) == 5
    assert trials.free_seed(99) == 99
    assert held_to(trials.done)[0].of == 2
    keep.write_text("{}")
    with pytest.raises(UsageError, match="is no file of reports"):
        kept_trials(keep)
