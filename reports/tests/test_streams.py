# SPDX-License-Identifier: MIT
"""Any locale, closed and full streams: the verdict is the same, without a traceback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Project

PMM = [sys.executable, "-m", "pmm"]
FAILING = ("run", "-p", "quick", "--only", "conform", "--out", "report")
VERBS = (
    (("report", "--out", "again"), 0),
    (("conform", "--backend", "fail"), 3),
    (("bench", "--backend", "pool"), 0),
    (("backends",), 0),
    (("subjects",), 0),
    (("claims",), 1),
    (("coverage",), 1),
    (("doctor",), 0),
    (("--help",), 0),
    (("run", "--backend", "pöl"), 2),
)
ASCII = {"PYTHONIOENCODING": "ascii"}
LOCALES = (
    {"LC_ALL": "C"},
    {"LC_ALL": "POSIX"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "en_US.ISO-8859-1"},
    {"PYTHONIOENCODING": "latin-1"},
    {"PYTHONIOENCODING": "ascii:strict"},
    {"PYTHONIOENCODING": "cp1252"},
)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a backend that fails a case and says so in all alphabets."""
    found = Project(tmp_path_factory.mktemp("streams") / "clone")
    found.configure(backends=["pool", "fail"])
    return found


def call(clone: Project, words: tuple[str, ...], settings: dict[str, str], **options):
    """Run the program with variables; what it prints stays bytes."""
    env = {**clone.environment(), **settings}
    return subprocess.run(
        [*PMM, *words], cwd=clone.root, env=env, timeout=60, check=False,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
    )  # fmt: skip


def latin_locale(folder: Path) -> dict[str, str]:
    """Compile a Latin-1 locale where the C library finds it, if that is possible."""
    if shutil.which("localedef"):
        to = folder / "en_US.ISO-8859-1"
        command = ["localedef", "-i", "en_US", "-f", "ISO-8859-1", str(to)]
        if subprocess.run(command, check=False, capture_output=True).returncode == 0:
            return {"LOCPATH": str(folder)}
    return {}


@pytest.mark.sampled
@pytest.mark.parametrize("settings", LOCALES, ids=lambda s: "-".join(s.values()))
def test_a_failing_run_is_3_in_every_locale(clone, settings, tmp_path):
    found = {**settings, **latin_locale(tmp_path)}
    done = call(clone, FAILING, found)
    assert done.returncode == 3, done.stderr
    assert b"Traceback" not in done.stderr
    assert b"expected 1 < 2" in done.stdout
    assert b"report: report/index.html" in done.stdout


def test_glyphs_have_twins_in_ascii(clone):
    done = call(clone, FAILING, ASCII)
    assert b"\nx " in done.stdout
    assert b"\\u" not in done.stdout


@pytest.mark.sampled
@pytest.mark.parametrize(("words", "code"), VERBS, ids=str)
def test_every_verb_speaks_ascii(clone, words, code):
    done = call(clone, words, ASCII)
    assert b"Traceback" not in done.stderr
    assert (done.stdout + done.stderr).isascii()
    assert done.returncode == code, done.stderr


@pytest.mark.parametrize("closed", ["1>&-", "0<&- 1>&- 2>&-"])
def test_a_closed_stream_changes_nothing(clone, closed):
    line = " ".join([*PMM, *FAILING, closed])
    env = clone.environment()
    done = subprocess.run(
        ["/bin/sh", "-c", line], cwd=clone.root, env=env, timeout=60, check=False
    )
    assert done.returncode == 3
    journal = clone.build / "runs" / "latest" / "jobs.jsonl"
    for row in journal.read_text(encoding="utf-8").splitlines():
        json.loads(row)  # nothing that was printed went into it


def test_a_reader_that_leaves_does_not_change_the_verdict(clone):
    reader, writer = os.pipe()
    os.close(reader)
    done = call(clone, FAILING, {}, stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (3, b"")


def test_output_on_a_full_disk_is_said_and_the_worse_verdict_stays(clone):
    with Path("/dev/full").open("wb") as full:
        failed = call(clone, FAILING, {}, stdout=full)
        listed = call(clone, ("list", "--json"), {}, stdout=full)
    assert failed.returncode == 3
    assert listed.returncode == 1
    said = b"pmm: the output could not be written completely: No space left on device\n"
    assert failed.stderr == listed.stderr == said


def test_a_pipe_that_does_not_block_gets_everything(clone):
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with subprocess.Popen(
        [*PMM, "run", "--help"], cwd=clone.root, env=clone.environment(), stdout=writer
    ) as process:
        os.close(writer)
        with os.fdopen(reader, "rb") as stream:
            text = stream.read()
    assert process.returncode == 0
    assert text == call(clone, ("run", "--help"), {}).stdout


def test_names_that_are_no_text_are_refused_in_one_line(clone):
    done = call(clone, ("conform", "--out", b"r\xe9port"), {"LC_ALL": "C.UTF-8"})
    assert done.returncode == 2
    said = b"pmm: a name is not valid UTF-8, rename it: r\\udce9port\n"
    assert done.stderr == said
    assert not (clone.root / os.fsdecode(b"r\xe9port")).exists()
