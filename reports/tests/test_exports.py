# SPDX-License-Identifier: MIT
"""`--export`: the forms in which other programs take a run, as they want them."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft4Validator, Draft202012Validator
from pairs import sample_table
from sample import build_sample
from typer.testing import CliRunner

from pmm.base.errors import UsageError
from pmm.cli.app import app
from pmm.documents.run import Run
from pmm.judge.groups import groups_of
from pmm.judge.problems import case_problems, job_problems
from pmm.judge.run import with_verdict
from pmm.render.exports import FORMS, Export, export_of, write_exports
from pmm.store.runs import save_run

replace = msgspec.structs.replace
SARIF = json.loads(
    (Path(__file__).parent / "data" / "sarif-2.1.0.schema.json").read_text()
)
WORD = {"type": "string", "minLength": 1}
CODE_QUALITY = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity",
                     "location"],
        "properties": {
            "description": WORD, "check_name": WORD, "fingerprint": WORD,
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object", "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!\\./|/)"},
                    "lines": {
                        "type": "object", "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}  # fmt: skip
"""What GitLab's documentation asks of the report: the fields that it reads."""


@pytest.fixture(scope="module")
def run() -> Run:
    made = replace(build_sample(), speed=sample_table())
    found = [*case_problems(made.cases), *job_problems(made.results)]
    return with_verdict(made, found)


def written(run: Run, tmp_path: Path, text: str) -> bytes:
    """Write one export; return what is in the file."""
    form, _, rest = text.partition("=")
    export = export_of(f"{form}={tmp_path}/{rest}")
    write_exports(run, (export,))
    return export.file.read_bytes()


def green(run: Run) -> Run:
    verdict = replace(
        run.verdict, state="pass", exit_code=0, problems=(), groups=()
    )
    return replace(run, verdict=verdict)


@pytest.mark.parametrize("place", ["", ",at=src/my list.c"])
def test_sarif_is_as_its_schema_wants_it(run, tmp_path, place):
    document = json.loads(written(run, tmp_path, f"sarif=x.sarif{place}"))
    Draft4Validator(SARIF).validate(document)
    (one,) = document["runs"]
    assert len(one["results"]) == len(groups_of(run.verdict)) > 2
    order = [rule["id"] for rule in one["tool"]["driver"]["rules"]]
    for result in one["results"]:
        assert order[result["ruleIndex"]] == result["ruleId"]
        (where,) = result["locations"]
        uri = where["physicalLocation"]["artifactLocation"]["uri"]
        assert not place or uri == "src/my%20list.c"
    prints = [r["partialFingerprints"]["pmm/v1"] for r in one["results"]]
    assert len(set(prints)) == len(prints)
    assert one["invocations"][0]["exitCode"] == run.verdict.exit_code
    assert any("relatedLocations" in r for r in one["results"]) == bool(place)


def test_a_green_run_has_no_finding(run, tmp_path):
    document = json.loads(written(green(run), tmp_path, "sarif=x"))
    Draft4Validator(SARIF).validate(document)
    assert document["runs"][0]["results"] == []
    assert json.loads(written(green(run), tmp_path, "code-quality=x")) == []


def test_the_schemas_refuse_what_is_wrong():
    assert not Draft4Validator(SARIF).is_valid({"version": "2.1.0"})
    assert not Draft202012Validator(CODE_QUALITY).is_valid([{"description": "x"}])


@pytest.mark.parametrize("place", ["", ",at=src/list.c"])
def test_code_quality_is_as_gitlab_reads_it(run, tmp_path, place):
    found = json.loads(written(run, tmp_path, f"code-quality=x.json{place}"))
    Draft202012Validator(CODE_QUALITY).validate(found)
    assert len(found) == len(groups_of(run.verdict))
    prints = [one["fingerprint"] for one in found]
    assert len(set(prints)) == len(prints)
    again = json.loads(written(run, tmp_path, f"code-quality=y.json{place}"))
    assert again == found
    if place:
        assert {one["location"]["path"] for one in found} == {"src/list.c"}


def test_a_badge_says_the_verdict_in_its_colour(run, tmp_path):
    drawn = ET.fromstring(written(run, tmp_path, "badge=x.svg"))
    words = "".join(drawn.itertext())
    assert "pmm" in words
    assert "fail: " in words
    red = json.loads(written(run, tmp_path, "badge=x.json"))
    assert (red["schemaVersion"], red["label"], red["color"]) == (1, "pmm", "red")
    fine = json.loads(written(green(run), tmp_path, "badge=x.json"))
    assert fine["message"].startswith("pass: ")
    assert fine["color"] == "green"


def test_csv_has_every_figure_and_both_of_each_pair(run, tmp_path):
    text = written(run, tmp_path, "csv=x.csv").decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    pairs = [row for row in rows if row["round"]]
    assert run.speed is not None
    assert len(pairs) == sum(len(row.samples) for row in run.speed.rows)
    assert all(float(row["value"]) > 0 and float(row["base"]) > 0 for row in pairs)
    exact = [row for row in rows if row["exact"] == "True"]
    assert exact
    assert all(float(row["value"]) == int(float(row["value"])) for row in exact)


def test_perfetto_has_jobs_phases_and_memory_over_time(run, tmp_path):
    events = json.loads(written(run, tmp_path, "perfetto=x.json"))["traceEvents"]
    jobs = [one for one in events if one["ph"] == "X" and one["pid"] == 1]
    assert {one["name"] for one in jobs} == {one.job for one in run.results}
    counters = [one for one in events if one["ph"] == "C"]
    rows = sum(
        len(variant.series.rows) for work in run.work
        for variant in work.document.variants
    )  # fmt: skip
    names = {one["name"] for one in counters}
    assert "live_bytes" in names
    assert sum(one["name"] == "live_bytes" for one in counters) <= rows
    phases = [one for one in events if one.get("cat") == "phase"]
    assert phases
    assert all(one["dur"] >= 0 for one in phases)


def test_pprof_reads_the_stacks_of_what_was_lost(run, tmp_path):
    data = written(run, tmp_path, "pprof=x.pb.gz")
    leaks = [one for one in run.leaks if one.frames and not one.suppressed]
    texts = gzip.decompress(data)
    for leak in leaks:
        for frame in leak.frames:
            assert (frame.function or frame.object or "").encode() in texts


@pytest.mark.long
@pytest.mark.skipif(shutil.which("go") is None, reason="go is not here")
def test_pprof_itself_counts_what_was_lost(run, tmp_path):
    written(run, tmp_path, "pprof=x.pb.gz")
    leaks = [one for one in run.leaks if one.frames and not one.suppressed]
    done = subprocess.run(
        ["go", "tool", "pprof", "-raw", str(tmp_path / "x.pb.gz")],
        capture_output=True, text=True, check=False,
        env={"PATH": "/usr/bin:/bin:/usr/local/go/bin", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "blocks/count lost/bytes" in done.stdout
    samples = done.stdout.partition("Samples:")[2].partition("Locations")[0]
    blocks = sum(
        int(line.split()[0]) for line in samples.splitlines()
        if line.strip()[:1].isdigit()
    )  # fmt: skip
    assert blocks == sum(one.count for one in leaks)


def test_a_run_without_stacks_has_no_profile(run):
    with pytest.raises(UsageError, match="no leak with a stack"):
        FORMS["pprof"](replace(run, leaks=()), Export("pprof", Path("x"), None))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sarif", "the form is FORM=FILE"), ("sarif=", "the form is FORM=FILE"),
        ("sarif=x,at=", "the form is FORM=FILE"), ("csv=x,at=y", "csv has no place"),
        ("sarf=x", "did you mean sarif"), ("=x", "no form of --export ''"),
    ],
)
def test_another_form_is_refused(text, reason):
    with pytest.raises(UsageError, match=reason):
        export_of(text)


def test_a_stored_run_is_exported_by_the_program(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_run(tmp_path, run)
    words = ["compare", "run.json", "run.json", "--export", "sarif=x.sarif"]
    done = CliRunner().invoke(app, [*words, "--export", "badge=x.svg"])
    assert done.exit_code in (3, 4), done.stderr
    assert json.loads((tmp_path / "x.sarif").read_text())["version"] == "2.1.0"
    assert (tmp_path / "x.svg").read_text().startswith("<?xml")
    done = CliRunner().invoke(app, ["compare", "a", "b", "--export", "sarf=x"])
    assert done.exit_code == 2
