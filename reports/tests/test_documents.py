# SPDX-License-Identifier: MIT
"""The run document: strict, published, and the same bytes for the same run."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest
from sample import build_sample

from pmm.documents.run import decode_run, encode_run, run_schema_text

HERE = Path(__file__).parent
SCHEMA = HERE.parent / "pmm" / "documents" / "schemas" / "run-1.schema.json"


def test_published_schema_is_current():
    hint = "run `python -m pmm.documents.schemas`"
    assert SCHEMA.read_text(encoding="utf-8") == run_schema_text(), hint


def test_sample_keeps_to_the_published_schema():
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(encode_run(build_sample())), schema)


def test_a_run_survives_its_file():
    run = build_sample()
    assert decode_run(encode_run(run)) == run
    assert encode_run(decode_run(encode_run(run))) == encode_run(run)


def test_a_run_from_before_a_field_was_kept_is_read():
    run = build_sample()
    document = json.loads(encode_run(run))
    del document["workloads"]
    for one in document["cases"]:
        del one["unreached"]
    for one in document["verdict"]["problems"]:
        del one["word"]
    for one in document["backends"]:
        del one["package"], one["replaced_by_valgrind"]
    older = decode_run(json.dumps(document).encode())
    assert older.workloads == ()
    assert older.cases == run.cases


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d.update(version=2),
        lambda d: d.update(schema="other"),
        lambda d: d.update(surprise=1),
        lambda d: d["cases"][0].update(surprise=1),
        lambda d: d["cases"][0].update({"class": "MAYBE"}),
        lambda d: d["cases"][0].pop("line"),
        lambda d: d["environment"].update(cpu_count="2"),
        lambda d: d["bench"][0]["summary"].update(median_ns=float("nan")),
        lambda d: d["bench"][0]["summary"].update(median_ns=float("inf")),
        lambda d: d.pop("verdict"),
    ],
)
def test_a_spoilt_run_is_refused(spoil):
    document = json.loads(encode_run(build_sample()))
    spoil(document)
    with pytest.raises(msgspec.MsgspecError):
        decode_run(json.dumps(document).encode())


def test_a_run_refers_only_to_its_own_jobs_and_columns():
    run = build_sample()
    jobs = {job.id for job in run.plan}
    columns = {column.id for column in run.columns}
    assert {case.job for case in run.cases} <= jobs
    assert {case.column for case in run.cases} <= columns
    assert {row.job for row in run.bench} <= jobs
    assert {work.job for work in run.work} <= jobs
    assert {result.job for result in run.results} <= jobs
    assert {leak.job for leak in run.leaks} <= jobs
