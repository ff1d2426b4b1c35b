# SPDX-License-Identifier: MIT
"""Allocators and runtimes that crash, hang, lie and leave, through whole runs.

One run over real plug-ins serves every check here: each program of the suite
meets each way to misbehave, and what came of it has to stand in run.json, on
the console, on the pages and in JUnit, with the process's last words. A job
takes part only where its way to misbehave shows something of its program.
"""

from __future__ import annotations

import html
import json
import os
import shlex
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from pmm.documents.jobs import JobResult
from pmm.documents.results import CaseResult
from pmm.documents.run import Run, decode_run
from pmm.documents.verdict import Problem

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
PLUGINS = Path(__file__).parent / "plugins"
SOURCE, DRIVER = PLUGINS / "backend.c", PLUGINS / "drive.py"
FAKE = BUILD / "conformance" / "fakes" / "double_free.so"
WANTED = {
    "backend-check": [
        "aborts", "overruns", "bus", "exits", "hangs", "prints", "loads", "getter",
        "lies",
    ],
    "conform": ["aborts", "exits", "hangs", "loads", "lies"],
    "work": [
        "aborts", "exits", "hangs", "starves", "loads", "lies", "prints", "quits",
    ],
    "bench": ["aborts", "exits", "overlaps", "starves", "loads", "lies"],
    "leaks": ["loads"],
}  # fmt: skip
"""The plug-ins that each kind of job runs over; leaks/clean also over `bus`."""
NAMES = sorted({name for names in WANTED.values() for name in names})
ASSERTION = "assertion `magic == 0xfeed' failed"


@dataclass(frozen=True)
class Outcome:
    """What a run said, in each of the places where it says it."""

    code: int
    console: str
    run: Run
    index: str
    conformance: str
    junit: ET.Element

    def cells(self, kind: str, name: str) -> dict[str, CaseResult]:
        """The cells of a plug-in's column, by case."""
        jobs = {job.id for job in self.run.plan if job.kind == kind}
        return {
            case.id: case
            for case in self.run.cases
            if case.job in jobs and f"/{name}.so" in case.job
        }

    def job(self, kind: str, name: str) -> JobResult:
        """What became of the one job of a kind over a plug-in."""
        found = [
            r for r in self.run.results
            if r.job.startswith(f"{kind}/") and f"/{name}.so" in r.job
        ]  # fmt: skip
        assert len(found) == 1, [r.job for r in self.run.results]
        return found[0]

    def problems(self, job: str) -> list[Problem]:
        """The problems of a job, also those with one of its parts."""
        return [p for p in self.run.verdict.problems if p.key.startswith(job)]


def compiler() -> list[str]:
    """Return the command that compiled the build, without its options."""
    commands = json.loads((BUILD / "compile_commands.json").read_text())
    words = shlex.split(
        next(c["command"] for c in commands if c["file"].endswith(".c"))
    )
    return words[: next(i for i, word in enumerate(words) if word.startswith("-"))]


def build_plugin(folder: Path, misdeed: str) -> Path:
    """Compile one allocator."""
    target = folder / f"{misdeed}.so"
    subprocess.run(
        [
            *compiler(), "-shared", "-fPIC", "-O0", "-w", f"-DMISDEED={misdeed}",
            "-I", ROOT / "impl" / "include", SOURCE, "-o", target,
        ],
        check=True,
    )  # fmt: skip
    return target


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    if not (BUILD / "bench" / "pmm-bench-alloc").is_file() or not FAKE.is_file():
        pytest.skip("the programs, the benchmarks or the fakes are not built")
    folder = tmp_path_factory.mktemp("it's misbehaving")
    with ThreadPoolExecutor(2) as pool:
        plugins = list(pool.map(lambda name: build_plugin(folder, name), NAMES))
    backends = [word for path in plugins for word in ("--backend", str(path))]
    kinds = [word for kind in WANTED for word in ("--only", kind)]
    done = subprocess.run(
        [
            sys.executable, DRIVER, json.dumps(WANTED), "run", "--profile", "quick",
            *kinds, *backends, "--subject", "reference",
            "--subject", f"{FAKE.name}={FAKE}",
            "--case", "lst.append_grows_by_the_rule", "--case", "ref.an_alias_*",
            "--case", "ref.increments_and_decrements_are_exact",
            "--workload", "leaks", "--workload", "list_vs_generator",
            "--out", str(folder / "report"),
        ],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, "HOME": str(folder), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    report = folder / "report"
    assert report.is_dir(), done.stdout[-3000:] + done.stderr[-3000:]
    run = decode_run((report / "run.json").read_bytes())
    stored = BUILD / "runs" / run.id
    junit = ET.parse(stored / "junit.xml").getroot()
    texts = [
        html.unescape((report / f"{page}.html").read_text(encoding="utf-8"))
        for page in ("index", "conformance")
    ]
    shutil.rmtree(stored, ignore_errors=True)
    return Outcome(done.returncode, done.stdout, run, *texts, junit)


def told_everywhere(outcome: Outcome, words: str) -> list[str]:
    """Return the places that do not have the words."""
    junit = "".join(outcome.junit.itertext()) + "".join(
        element.get("message", "") for element in outcome.junit.iter()
    )
    places = {
        "run.json": "\n".join(
            p.words or p.detail for p in outcome.run.verdict.problems
        ),
        "index.html": outcome.index,
        "JUnit": junit,
    }  # fmt: skip
    return [place for place, text in places.items() if words not in text]


def test_a_run_over_bad_plugins_fails_and_is_no_error_of_the_tool(outcome):
    assert outcome.code == 3, outcome.console
    errors = [p for p in outcome.run.verdict.problems if p.severity == "error"]
    assert errors == []
    assert {r.status for r in outcome.run.results} >= {"ok", "crash", "failed"}


@pytest.mark.parametrize(
    ("name", "case", "outcome_is", "signal", "words"),
    [
        ("aborts", "backend.realloc_data", "CRASH", "SIGABRT", ASSERTION),
        ("overruns", "backend.realloc_data", "CRASH", "SIGSEGV", "deeper"),
        ("bus", "backend.sized_free", "CRASH", "SIGBUS", "page 3 is gone"),
        ("exits", "backend.realloc_data", "HARNESS_ERROR", None, "that is all I do"),
        ("hangs", "backend.realloc_data", "TIMEOUT", None, "waiting for a lock"),
        ("loads", "backend.aligned", "CRASH", "SIGABRT", "no room for the arena"),
        ("getter", "backend.aligned", "CRASH", "SIGSEGV", "find my own table"),
    ],
)
def test_a_backend_check_survives(outcome, name, case, outcome_is, signal, words):
    cells = outcome.cells("backend-check", name)
    assert len(cells) > 20  # also those that come after the first bad one
    bad = cells[case]
    assert (bad.outcome, bad.signal) == (outcome_is, signal)
    assert words in (bad.words or "")
    if name not in {"loads", "getter"}:
        assert "PASS" in {cell.outcome for cell in cells.values()}
    assert outcome.job("backend-check", name).status == "ok"
    assert told_everywhere(outcome, words) == []
    assert words in outcome.conformance


def test_a_reproduce_line_can_be_typed_whatever_the_path(outcome):
    for kind in ("backend-check", "conform"):
        cell = next(iter(outcome.cells(kind, "aborts").values()))
        typed = shlex.split(cell.reproduce)
        assert Path(typed[typed.index("--backend") + 1]).is_file(), cell.reproduce


def test_a_backend_that_lies_in_its_table_is_a_result_of_each_case(outcome):
    cells = outcome.cells("backend-check", "lies").values()
    assert {cell.outcome for cell in cells} == {"HARNESS_ERROR"}
    assert all("made for version" in (cell.message or "") for cell in cells)


def test_what_a_sound_backend_prints_does_no_harm(outcome):
    cells = outcome.cells("backend-check", "prints").values()
    assert {cell.outcome for cell in cells} == {"PASS", "UNSUPPORTED"}
    assert outcome.problems("work/list_vs_generator/reference/prints") == []
    assert "forged" not in outcome.console


@pytest.mark.parametrize(
    ("name", "outcome_is", "words"),
    [
        ("aborts", "CRASH", ASSERTION),
        ("exits", "HARNESS_ERROR", "that is all I do"),
        ("hangs", "TIMEOUT", "waiting for a lock"),
        ("loads", "CRASH", "no room for the arena"),
    ],
)
def test_a_case_of_the_suite_has_the_last_words(outcome, name, outcome_is, words):
    cells = outcome.cells("conform", name)
    grown = cells["lst.append_grows_by_the_rule"]
    assert grown.outcome == outcome_is
    assert words in (grown.words or "")
    assert outcome.job("conform", name).status == "ok"
    after = cells["ref.an_alias_adds_one"].outcome
    assert after == ("CRASH" if name == "loads" else "PASS")


def test_a_runtime_that_crashes_has_the_last_words(outcome):
    cells = outcome.cells("conform", FAKE.stem).values()
    crashed = [cell for cell in cells if cell.outcome in {"CRASH", "SANITIZER"}]
    assert [cell.id for cell in crashed if "free" in (cell.words or "")]


@pytest.mark.parametrize(
    ("name", "title", "detail", "words"),
    [
        ("aborts", "CRASH", "crashed with signal 6", ASSERTION),
        ("exits", "CRASH", "ended with code 0", "that is all I do"),
        ("hangs", "TIMEOUT", "not finished after 2 s", "waiting for a lock"),
        ("starves", "FAIL", "no memory", ""),
        ("loads", "CRASH", "ended by SIGABRT: myalloc: no room for the arena", ""),
        ("lies", "FAILED", "made for version", ""),
        ("quits", "FAILED", "ended it by exit(1)", "no licence for this machine"),
    ],
)
def test_a_workload_says_how_it_ended(outcome, name, title, detail, words):
    job = outcome.job("work/list_vs_generator", name)
    problem = outcome.problems(job.job)[0]
    assert (problem.severity, problem.title.partition(":")[0]) == ("failure", title)
    assert detail in problem.detail
    assert words in (problem.words or "")
    assert told_everywhere(outcome, words or detail) == []


def test_the_other_variants_of_a_workload_go_on(outcome):
    """The allocator fails in free_sized, which one variant calls."""
    documents = [w.document for w in outcome.run.work if "/bus.so" in w.job]
    found = next(d for d in documents if d.workload == "leaks")
    assert [failure.variant for failure in found.failures] == ["clean"]
    assert {v.name for v in found.variants if v.verified} >= {"lost_reference"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("aborts", ASSERTION),
        ("exits", "that is all I do"),
        ("overlaps", "a live block was overwritten"),
        ("starves", "no memory"),
        ("loads", "no room for the arena"),
        ("lies", "made for version"),
    ],
)
def test_a_benchmark_says_why_it_gave_no_figure(outcome, name, words):
    job = outcome.job("bench/alloc", name)
    problems = outcome.problems(job.job)
    assert problems
    assert {problem.severity for problem in problems} == {"failure"}
    told = [p.detail + (p.words or "") for p in problems if words in str(p)]
    assert told, problems
    assert told_everywhere(outcome, words) == []


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="no valgrind")
def test_a_leak_check_says_how_it_ended(outcome):
    for name, words in (("bus", "page 3 is gone"), ("loads", "no room")):
        job = outcome.job("leaks/clean", name)
        problems = outcome.problems(job.job)
        assert problems[0].severity == "failure"
        assert problems[0].title.startswith("CRASH")
        assert any(words in str(problem) for problem in problems)


def test_no_reason_is_an_exit_code_or_a_missing_document_alone(outcome):
    for result in outcome.run.results:
        if result.status == "ok":
            continue
        reason = result.reason or ""
        assert not reason.endswith(("wrote no document", "before its end"))
        assert ":" in reason, reason


def test_no_escape_sequence_comes_through(outcome):
    text = outcome.console + outcome.index + outcome.conformance
    text += "".join(p.detail + (p.words or "") for p in outcome.run.verdict.problems)
    assert "\x1b" not in text
    assert "\x07" not in text
