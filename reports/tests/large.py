# SPDX-License-Identifier: MIT
"""A run as large as they get: `python tests/large.py > run.json`.

15,000 results in 30 columns, every tenth of them failing for one of six causes, and
100,000 samples in the series of its workloads.
"""

from __future__ import annotations

import random
import sys

import msgspec
from sample import build_sample, requirements
from sample_jobs import MS

from pmm.documents.programs import Series, Variant
from pmm.documents.results import CaseResult, Column, WorkResult
from pmm.documents.run import Run, encode_run
from pmm.judge.problems import case_problems
from pmm.judge.run import view_of
from pmm.judge.verdicts import judge_columns, make_verdict

replace = msgspec.structs.replace
COLUMNS, CASES, EVERY = 30, 500, 10
LANES = ("plain", "failing", "checked")
SAMPLES = 100_000
CAUSES = (
    ("FAIL", "expected the length 3, found 2"),
    ("FAIL", "the counter of the type is 17, not 16"),
    ("CRASH", "ended by SIGSEGV"),
    ("LEAK", "2 blocks of 48 bytes are lost"),
    ("TIMEOUT", "no progress for 60 s"),
    ("OOM_UNSAFE", "point 3 of 40: the list is not as it was"),
)


def columns_of(first: Column) -> list[Column]:
    """One runtime over ten allocators, in three lanes each."""
    found = []
    for number in range(COLUMNS):
        backend = f"allocator{number // len(LANES)}"
        lane = LANES[number % len(LANES)]
        label = f"reference {backend} {lane}"
        found.append(
            replace(first, id=label.replace(" ", "/"), label=label, backend=backend,
                    lane=lane)
        )  # fmt: skip
    return found


def failing(case: CaseResult, rng: random.Random) -> CaseResult:
    """The case as one of the causes has it."""
    outcome, message = rng.choice(CAUSES)
    return replace(
        case, outcome=outcome, reported=outcome, message=message,
        signal="SIGSEGV" if outcome == "CRASH" else None,
        phase="act" if outcome == "CRASH" else None,
    )  # fmt: skip


def cases_of(like: CaseResult, run: Run, columns: list[Column]) -> list[CaseResult]:
    """All cases in all columns; every tenth result fails, here and there."""
    rng = random.Random(1)
    found = []
    for at, column in enumerate(columns):
        for number in range(CASES):
            need = run.requirements[number % len(run.requirements)]
            name = f"{need.area.lower()}.case_{number}"
            one = replace(
                like, column=column.id, id=name, title=need.title, message=None,
                requirements=(need.id,), level=need.level, outcome="PASS",
                reported="PASS", expectation=None, signal=None, phase=None,
                reproduce=f"pmm conform --subject reference --backend {column.backend} "
                f"--lane {column.lane} --case {name}",
            )  # fmt: skip
            fails = (at + number) % EVERY == 0
            found.append(failing(one, rng) if fails else one)
    return found


def sampled(variant: Variant, count: int) -> Variant:
    """The variant with so many samples, the shape of its curve kept."""
    rows = variant.series.rows
    longer = tuple(
        (at * MS, *rows[at * len(rows) // count][1:]) for at in range(count)
    )
    series = Series(columns=variant.series.columns, rows=longer)
    return replace(variant, series=series, elapsed_ns=count * MS)


def long_series(work: tuple[WorkResult, ...]) -> tuple[WorkResult, ...]:
    """The workloads with 100,000 samples in all."""
    count = SAMPLES // sum(len(one.document.variants) for one in work)
    return tuple(
        replace(one, document=replace(
            one.document,
            variants=tuple(sampled(v, count + 1) for v in one.document.variants),
        ))
        for one in work
    )  # fmt: skip


def build_large() -> Run:
    """The sample, grown."""
    run = build_sample()
    run = replace(run, requirements=requirements(400))
    columns = columns_of(run.columns[0])
    cases = cases_of(run.cases[0], run, columns)
    run = replace(
        run, cases=tuple(cases), work=long_series(run.work),
        columns=judge_columns(columns, cases, run.requirements),
    )  # fmt: skip
    problems = case_problems(cases)
    verdict = make_verdict(cases, run.results, problems, True, None, view_of(run))
    return replace(run, verdict=verdict)


if __name__ == "__main__":
    sys.stdout.buffer.write(encode_run(build_large()))
