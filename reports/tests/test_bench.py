# SPDX-License-Identifier: MIT
"""Google Benchmark's documents, from their JSON to rows with a summary."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from sample_jobs import CREATED

from pmm.collect.bench import collect_bench
from pmm.execute.executor import unstarted
from pmm.judge.bench import make_rows, summarise
from pmm.plan.parts import make_job


def bench_document(backend: str, times: list[float], **entry: object) -> bytes:
    """A Google Benchmark document."""
    rows = [
        {"name": "list/drop/10/repeats:3/manual_time", "run_type": "iteration",
         "run_name": "list/drop/10/repeats:3/manual_time", "iterations": 7,
         "real_time": t, "cpu_time": 99.0, "time_unit": "us", **entry}
        for t in times
    ]  # fmt: skip
    context = {"date": "d", "executable": "e", "num_cpus": 2, "pmm_backend": backend,
               "caches": [], "pmm_witness_ok": "true"}  # fmt: skip
    return json.dumps({"context": context, "benchmarks": rows}).encode()


def read_bench(tmp_path: Path, backend: str, text: bytes):
    """Read one document as that of a backend's job."""
    planned = make_job("bench", f"list/{backend}", ["x"], backend=backend)
    (tmp_path / "d.json").write_bytes(text)
    done = unstarted(planned, CREATED, "")
    output, complaint = collect_bench(planned, done, tmp_path / "d.json")
    return make_rows(output) if output is not None else (), complaint


def test_all_repetitions_are_kept_and_compared_with_libc(tmp_path):
    pool, none = read_bench(tmp_path, "pool", bench_document("pool", [1.0, 3.0, 2.0]))
    libc, _ = read_bench(tmp_path, "libc", bench_document("libc", [4.0, 4.0, 5.0]))
    assert none is None
    row, mark = summarise([*pool, *libc])
    assert row.name == "list/drop/10"
    assert [r.cpu_ns for r in row.repetitions] == [1000.0, 3000.0, 2000.0]
    summary = row.summary
    assert (summary.median_ns, summary.min_ns, summary.max_ns) == (2000, 1000, 3000)
    assert (summary.ratio, summary.ratio_low, summary.ratio_high) == (0.5, 0.2, 0.75)
    assert mark.summary.ratio == 1.0


def test_without_libc_there_is_no_ratio_but_a_reason(tmp_path):
    pool, _ = read_bench(tmp_path, "pool", bench_document("pool", [1.0]))
    summary = summarise(pool)[0].summary
    assert (summary.ratio, summary.yardstick) == (None, None)
    assert "libc" in summary.note


def test_a_benchmark_that_failed_has_no_figure(tmp_path):
    text = bench_document("pool", [1.0], error_occurred=True, error_message="no memory")
    rows, _ = read_bench(tmp_path, "pool", text)
    assert (rows[0].error, rows[0].repetitions) == ("no memory", ())
    assert summarise(rows)[0].summary is None


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (b"", "not valid"),
        (b'{"context":', "not valid"),
        (bench_document("pool", []), "measured nothing"),
        (bench_document("jemalloc", [1.0]), "but pool was requested"),
        (b"[" * 100_000, "not valid"),
        (b'{"context": [], "benchmarks": []}', "not valid"),
        (b'{"context": {}, "benchmarks": 3}', "not valid"),
        (bench_document("pool", [1.0]).replace(b'"true"', b'"false"'), "did not serve"),
    ],
)
def test_a_benchmark_document_is_not_believed_blindly(tmp_path, text, word):
    _, complaint = read_bench(tmp_path, "pool", text)
    assert word in complaint


def bench_row(name: str, **fields: object) -> dict[str, object]:
    """One repetition that is fine but for the given fields."""
    return {
        "name": name, "run_name": name, "run_type": "iteration", "iterations": 7,
        "real_time": 2.0, "cpu_time": 3.0, "time_unit": "ns", **fields
    }  # fmt: skip


def mixed_document(rows: list[object]) -> bytes:
    """Rows beside one good benchmark; numbers may be words that are no JSON."""
    context = {"num_cpus": float("nan"), "date": "nan", "pmm_backend": "pool"}
    good = [bench_row("list/drop/10"), bench_row("list/drop/10")]
    aggregate = {"name": "list/drop/10_cv", "run_name": "list/drop/10",
                 "run_type": "aggregate", "aggregate_name": "cv",
                 "real_time": float("nan"), "growth": float("inf")}  # fmt: skip
    document = {"context": context, "benchmarks": [*good, aggregate, *rows]}
    return json.dumps(document).encode()


REFUSED = [
    (bench_row("a", cpu_time=float("nan")), "a", "its cpu_time is NaN"),
    (bench_row("a", real_time=float("inf")), "a", "its real_time is inf"),
    (bench_row("a", cpu_time=float("-inf")), "a", "its cpu_time is -inf"),
    (bench_row("a", cpu_time=-1.0), "a", "its cpu_time is -1"),
    (bench_row("a", cpu_time=None), "a", "it has no cpu_time"),
    (bench_row("a", cpu_time="fast"), "a", "cpu_time"),
    (bench_row("a", iterations=0), "a", "its iterations are 0"),
    (bench_row("a", iterations=float("nan")), "a", "iterations"),
    (bench_row("a", iterations=10**400), "a", "iterations"),
    (bench_row("a", time_unit="fortnights"), "a", "time_unit"),
    (bench_row("a", run_type="other"), "a", "run_type"),
    ({"name": "a", "run_type": "iteration"}, "a", "run_name"),
    ({"run_type": "iteration"}, "entry 4", "name"),
    ({"run_name": 5}, "entry 4", "cannot be read"),
    ("NaN", "entry 4", "cannot be read"),
    (None, "entry 4", "cannot be read"),
    ([], "entry 4", "cannot be read"),
]


@pytest.mark.parametrize(("row", "name", "words"), REFUSED)
def test_a_row_that_cannot_be_read_is_refused_and_the_others_stay(
    tmp_path, row, name, words
):
    rows, complaint = read_bench(tmp_path, "pool", mixed_document([row]))
    assert complaint is None
    good, bad = summarise(rows)
    assert (good.name, good.error) == ("list/drop/10", None)
    assert (good.summary.median_ns, len(good.repetitions)) == (3.0, 2)
    assert (bad.name, bad.repetitions, bad.summary) == (name, (), None)
    assert words in bad.error


@pytest.mark.parametrize(
    "fields",
    [
        {"growth": float("nan"), "rss_growth_bytes": float("nan")},
        {"per_object_ns": float("-inf")},
        {"real_time": "2.0", "iterations": "7"},
        {"iterations": 7.0},
        {"cpu_time": -0.0},
        {"label": 3},
    ],
)
def test_a_number_that_is_none_beside_good_times_is_read(tmp_path, fields):
    row = bench_row("a", **fields)
    rows, complaint = read_bench(tmp_path, "pool", mixed_document([row]))
    assert complaint is None
    assert [(r.name, r.error) for r in rows] == [("list/drop/10", None), ("a", None)]
    assert b"NaN" not in msgspec.json.encode(summarise(rows))


@pytest.mark.parametrize(
    "word",
    ["NaN", "-NaN", "nan", "-nan", "nan(0x8)", "-nan(snan)", "inf", "-inf", "Infinity",
     "-Infinity", "INF", "1e999", "-1e999", "9" * 5000],
)  # fmt: skip
def test_every_spelling_of_no_number_refuses_its_row_alone(tmp_path, word):
    text = mixed_document([bench_row('a nan, "inf"', cpu_time=4711)])
    rows, complaint = read_bench(tmp_path, "pool", text.replace(b"4711", word.encode()))
    assert complaint is None
    assert [r.error is None for r in rows] == [True, False]
    assert rows[1].name == 'a nan, "inf"'
    assert "its cpu_time is" in rows[1].error


def test_a_benchmark_of_which_one_repetition_is_no_number_has_no_figure(tmp_path):
    rows, _ = read_bench(
        tmp_path, "pool",
        mixed_document([bench_row("a"), bench_row("a", cpu_time=float("nan"))]),
    )  # fmt: skip
    found = {row.name: len(row.repetitions) for row in rows}
    assert found == {"list/drop/10": 2, "a": 0}


def test_a_benchmark_that_failed_beside_others_costs_its_own_row(tmp_path):
    text = mixed_document(
        [{"name": "a", "run_name": "a", "run_type": "iteration", "iterations": 0,
          "error_occurred": True, "error_message": "no memory"}]
    )  # fmt: skip
    rows, complaint = read_bench(tmp_path, "pool", text)
    assert complaint is None
    assert [r.error for r in rows] == [None, "no memory"]
