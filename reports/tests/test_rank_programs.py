# SPDX-License-Identifier: MIT
"""Whole programs: in per cent of the interpreter's own allocator, and by whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmm.collect.programs import read_program
from pmm.documents.rank import WITNESS, RankCaller, RankPlace
from pmm.execute.executor import unstarted
from pmm.judge.rank_programs import make_programs
from pmm.plan.parts import make_job
from pmm.render.rank_programs import per_cent, program_rows

OWN = RankCaller(setting="pymalloc", variables=(), object="")
MINE = RankCaller(
    setting="mine", variables=("LD_PRELOAD=/x/mine.so",), object="/x/mine.so"
)
ROUNDS = 7
LOADER = """
 7:\tbinding file /lib/libz.so.1 [0] to /x/other.so [0]: normal symbol `malloc' [G]
 7:\tbinding file /usr/bin/python3.11 [0] to /x/mine.so [0]: normal symbol `free' [G]
 7:\tbinding file /usr/bin/python3.11 [0] to {} [0]: normal symbol `malloc' [G]
 7:\tbinding file /usr/bin/python3.11 [0] to /usr/bin/python3.11 [0]: normal symbol \
`malloc' [G]
"""


def ran(name: str, caller: RankCaller, number: int, seconds: float, role="asked"):
    """A job and its result; no seconds: it failed."""
    job = make_job(
        "program", f"{name}/{caller.setting}/{number}/{role}", ["env"],
        interpreter="/usr/bin/python3", variant=caller.setting,
        place=RankPlace(group="program", row=name, round=number, role=role,
                        caller=caller),
    )  # fmt: skip
    result = unstarted(job, "", "exit code 1: AssertionError")
    if seconds:
        result = type(result)(**{
            **{f: getattr(result, f) for f in result.__struct_fields__},
            "status": "ok", "reason": None, "exit_code": 0, "system_ns": 0,
            "user_ns": int(seconds * 1e9), "peak_rss_bytes": number << 20,
        })  # fmt: skip
    return job, result


def table(served: str = "/x/mine.so", mine: float = 1.1, failing: bool = False):
    """Two programs, of which mine takes so many times as long."""
    found = [ran(WITNESS, one, 0, 0.1) for one in (OWN, MINE)]
    for number in range(1, ROUNDS + 1):
        for name, seconds in (("feed", 1.0), ("mail", 3.0)):
            lost = failing and name == "mail" and number == 2
            found += [
                ran(name, OWN, number, seconds),
                ran(name, OWN, number, seconds, "again"),
                ran(name, MINE, number, 0 if lost else mine * seconds),
            ]  # fmt: skip
    plan = [job for job, _ in found]
    results = {job.id: result for job, result in found}
    return make_programs(plan, results, {"mine": served}, {"feed": "a feed"})


def test_figures_are_in_per_cent_of_the_interpreters_own():
    made = table()
    assert program_rows(made) == [
        ("feed", ["1 s", "+10.0 % (+10.0 to +10.0)"]),
        ("mail", ["3 s", "+10.0 % (+10.0 to +10.0)"]),
        ("mean", ["1.73 s", "+10.0 % (+10.0 to +10.0)"]),
    ]
    assert made.rows[0].peak_rss_bytes["mine"] == 4 << 20
    assert made.mean.again.ratio == pytest.approx(1)
    assert made.mean.floor == pytest.approx(1.01)


def test_a_setting_that_another_file_serves_has_no_figures():
    made = table(served="/lib/libc.so.6")
    assert made.settings[1].why == "malloc is served by /lib/libc.so.6"
    assert all(row.cells[1].ratio is None for row in made.rows)
    assert [one.spec for one in made.mean.cells] == ["pymalloc"]


def test_a_program_that_fails_leaves_the_mean():
    made = table(failing=True)
    lost = made.rows[1].cells[1]
    assert (lost.why, per_cent(lost, first=False)) == (
        "exit code 1: AssertionError", "failed",
    )  # fmt: skip
    assert made.mean.rows == 1


def test_the_loader_says_who_serves_malloc(tmp_path: Path):
    job, _ = ran(WITNESS, MINE, 0, 0.1)
    served: dict[str, str] = {}
    read_program(served, job, tmp_path / "absent")
    assert served == {}
    (tmp_path / "stderr").write_text(LOADER.format("/x/mine.so"))
    read_program(served, job, tmp_path / "stderr")
    assert served == {"mine": "/x/mine.so"}
