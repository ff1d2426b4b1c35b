# SPDX-License-Identifier: MIT
"""`pmm rss`: the parts add up, and programs of known trouble are told from right
ones.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import msgspec
import pytest
from pages import taken_away
from real import ROOT
from test_cli import call

from pmm.documents.rss import (
    PARTS,
    Parts,
    RssProcess,
    RssReport,
    Sample,
    decode_rss,
)
from pmm.judge.rss import judged, overhead
from pmm.render import rss as rendered

PROGRAMS = ROOT / "workloads" / "python" / "rss"
TROUBLED = {
    "leak_cache": "leak", "leak_listeners": "leak", "leak_in_c": "leak",
    "cycles_off": "cycles", "cycles_old": "cycles",
    "retention_arenas": "retention", "retention_malloc": "retention",
}  # fmt: skip
CLEAN = ("stream", "bounded_cache", "window", "table", "young_cycles", "pool")
QUICK = ("leak_cache", "cycles_off", "retention_malloc", "stream")
"""What is tried in each test; the others are marked as long."""


def measured(tmp_path: Path, *words: str, options: tuple[str, ...] = ()):
    """The exit code and the document of a program."""
    path = tmp_path / "document.json"
    done = call("rss", "--interval", "0.04", "--document", str(path), *options, "--",
                *words)  # fmt: skip
    assert path.exists(), done.output
    return done, decode_rss(path.read_bytes())


def cases():
    """All programs, with the verdict that each must get."""
    known = {**TROUBLED, **dict.fromkeys(CLEAN, "flat")}
    for name, verdict in known.items():
        marks = () if name in QUICK else pytest.mark.long
        yield pytest.param(name, verdict, marks=marks, id=name)


@pytest.mark.sampled
@pytest.mark.parametrize(("name", "verdict"), list(cases()))
def test_a_program_gets_the_verdict_that_it_deserves(name, verdict, tmp_path):
    program = [str(PROGRAMS / "clean.py"), name]
    if name in TROUBLED:
        program = [str(PROGRAMS / f"{name}.py")]
    done, report = measured(tmp_path, sys.executable, *program, "1.6")
    (process,) = report.processes
    assert process.verdict == verdict, (process.sentence, process.evidence)
    assert bool(process.remedy) == (verdict != "flat")
    assert process.sentence in " ".join(done.output.split())
    assert overhead(process) is not None
    if name == "leak_in_c":
        assert "C code" in process.sentence
    if name == "leak_cache":
        assert "dict" in process.sentence


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rss")


@pytest.fixture(scope="module")
def report(folder) -> RssReport:
    words = (sys.executable, str(PROGRAMS / "clean.py"), "pool", "0.6")
    return measured(folder, *words, options=("--out", str(folder)))[1]


def test_the_parts_add_up_to_what_is_resident(report):
    for process in report.processes:
        for one in process.samples:
            assert one.rss == one.parts.rss
            assert all(getattr(one.parts, name) >= 0 for name in PARTS)
        last = process.samples[-1].parts
        assert last.interpreter > 0
        assert last.pymalloc_used > 1 << 20
        assert last.unexplained < last.rss / 4


def test_tracing_takes_no_part_away(tmp_path):
    text = (
        "import tracemalloc, time\n"
        "kept = [str(one) * 5 for one in range(60_000)]\ntime.sleep(0.3)\n"
        "assert tracemalloc.get_traced_memory()[0] > 4 << 20\n"
        "more = [str(one) * 5 for one in range(60_000)]\n"
        "assert tracemalloc.get_traced_memory()[0] > 8 << 20\n"
    )
    words = (sys.executable, "-c", text)
    done, report = measured(tmp_path, *words, options=("--where",))
    assert done.exit_code == 0
    (process,) = report.processes
    parts = process.samples[-1].parts
    assert parts.pymalloc_used > 6 << 20
    assert parts.unexplained < parts.rss / 10
    assert "<string>" in {one.file for one in process.counts[-1].sites}


def test_too_few_samples_are_no_judgement_of_growth(tmp_path):
    done, report = measured(tmp_path, sys.executable, "-c", "pass")
    assert report.processes[0].verdict == "flat"
    assert "too short to see whether it grows" in " ".join(done.output.split())


def test_the_measured_size_is_the_systems(tmp_path):
    text = (
        "import time\nkept = [bytes(1000) for _ in range(60_000)]\ntime.sleep(0.3)\n"
        "line = next(l for l in open('/proc/self/status') if l.startswith('VmRSS'))\n"
        "open('seen', 'w').write(line.split()[1])\n"
    )
    program = tmp_path / "program.py"
    program.write_text(text.replace("'seen'", repr(str(tmp_path / "seen"))))
    _, report = measured(tmp_path, sys.executable, str(program))
    seen = int((tmp_path / "seen").read_text()) * 1024
    assert abs(report.processes[0].samples[-1].rss - seen) < 0.05 * seen


def test_a_server_without_an_end_is_ended_after_its_time(tmp_path):
    program = str(PROGRAMS / "clean.py")
    done, report = measured(
        tmp_path, sys.executable, program, "stream", "60", options=("--for", "0.6")
    )
    assert (done.exit_code, report.ended_by_us) == (0, True)
    assert report.processes[0].end is not None


def test_exit_code_and_streams_are_the_programs(tmp_path, capfd):
    words = (sys.executable, "-c", "print('own'); raise SystemExit(7)")
    done, report = measured(tmp_path, *words)
    assert done.exit_code == report.exit_code == 7
    told = capfd.readouterr()
    assert (told.out, told.err) == ("own\n", "")
    assert call("rss", "--", "/bin/true").exit_code == 2


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        ("import os; os.execv('/bin/sh', ['sh', '-c', 'exit 3'])", 3, "exec"),
        ("import os\ntry: os.execv('/nowhere', ['x'])\nexcept OSError: 0", 0, "exit"),
        ("import os; os._exit(4)", 4, "os._exit"),
        ("1 / 0", 1, "exit"),
    ],
)
def test_the_end_is_seen_however_it_comes(text, code, reason, tmp_path):
    done, report = measured(tmp_path, sys.executable, "-c", text)
    assert (done.exit_code, report.exit_code) == (code, code)
    assert [one.reason for one in report.processes] == [reason]
    assert report.processes[0].verdict == "flat"


def test_a_fork_has_a_series_of_its_own(tmp_path):
    text = "import os\nif os.fork() == 0: os._exit(0)\nos.wait()"
    _, report = measured(tmp_path, sys.executable, "-c", text)
    assert sorted(one.reason for one in report.processes) == ["exit", "os._exit"]


def test_a_program_that_is_killed_has_a_series_and_no_verdict(tmp_path):
    text = "import os, time; time.sleep(0.7); os.kill(os.getpid(), 9)"
    done, report = measured(tmp_path, sys.executable, "-c", text)
    assert (done.exit_code, report.processes[0].verdict) == (137, "unknown")
    assert len(report.processes[0].samples) > 1


def test_the_page_the_summary_and_the_series_say_the_same(report, folder):
    assert decode_rss((folder / "rss.json").read_bytes()) == report
    assert "<svg" in (folder / "index.html").read_text(encoding="utf-8")
    assert taken_away(folder / "index.html") == ["rss-parts"]
    with (folder / "rss.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(len(one.samples) for one in report.processes)
    for row in rows:
        assert sum(int(row[name]) for name in PARTS) == int(row["rss"])
    assert report.processes[0].sentence in rendered.summary(report)


def growing(
    base: RssProcess, part: str, mapped: int = 0, until: int = 99
) -> RssProcess:
    """A process one part of which grows by 4 MiB a second, until a second."""
    samples = tuple(
        Sample(at_s=float(at), rss=size, waiting=(0, 0, 0), blocks=0, modules=9,
               parts=Parts(**{**dict.fromkeys(PARTS, 0), part: size}),
               mapped=at * mapped)
        for at in range(20) for size in [min(at, until) * (4 << 20)]
    )  # fmt: skip
    return msgspec.structs.replace(base, samples=samples)


@pytest.mark.parametrize(
    ("part", "words"),
    [("stacks", "stacks of threads"), ("unexplained", "mapped by itself"),
     ("files", "files that are mapped")],
)  # fmt: skip
def test_what_no_allocator_has_may_leak(report, part, words):
    told = judged(growing(report.processes[0], part, mapped=4 << 20))
    assert told.verdict == "leak"
    assert words in told.sentence
    assert told.remedy


@pytest.mark.parametrize("part", ["pymalloc_used", "stacks"])
def test_what_was_filled_and_is_full_is_no_leak(report, part):
    told = judged(growing(report.processes[0], part, until=13))
    assert told.verdict == "flat", told.sentence


def test_a_slow_growth_of_a_large_heap_is_told(report):
    base = growing(report.processes[0], "pymalloc_used")
    samples = []
    for one in base.samples:
        more = msgspec.structs.replace(one.parts, libc_used=900 << 20)
        samples.append(msgspec.structs.replace(one, parts=more, rss=more.rss))
    told = judged(msgspec.structs.replace(base, samples=tuple(samples)))
    assert told.verdict == "flat"
    assert "a slow leak" in told.evidence[0]


def test_a_file_that_is_read_through_its_mapping_is_no_leak(report):
    told = judged(growing(report.processes[0], "files"))
    assert told.verdict == "flat"
    assert "the system takes them back" in told.evidence[0]


def test_growth_that_is_garbage_is_no_leak(report):
    base = report.processes[0]
    grown = growing(base, "pymalloc_used")
    assert grown.end is not None
    kept = msgspec.structs.replace(grown.end, live=(76 << 20,) * 4)
    freed = msgspec.structs.replace(grown.end, live=(76 << 20,) * 3 + (1 << 20,))
    assert judged(msgspec.structs.replace(grown, end=kept)).verdict == "leak"
    assert judged(msgspec.structs.replace(grown, end=freed)).verdict == "cycles"
