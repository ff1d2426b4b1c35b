# SPDX-License-Identifier: MIT
"""`ci/timing.sh`: times that were kept, as multiples of the yardstick."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CI = Path(__file__).resolve().parents[2] / "ci"
DATE = "2026-01-02T03:04:05Z"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with the scripts that keep and print times."""
    (tmp_path / "ci").mkdir()
    for name in ("timing.sh", "timing.py", "recorded.py", "times.sh"):
        shutil.copy(CI / name, tmp_path / "ci" / name)
    return tmp_path


def keep(clone: Path, *rows: tuple[str, str, int, int]) -> None:
    """Keep times as the scripts do: with ci/times.sh."""
    script = 'set -euo pipefail; note() { echo "$@"; }; . ci/times.sh\n'
    for command, step, seconds, code in rows:
        script += f"timed_command {command}\nrecord_time {step} {seconds} {code}\n"
    subprocess.run(["bash", "-c", script], cwd=clone, check=True)


def timing(clone: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    return subprocess.run(
        ["ci/timing.sh", *options], cwd=clone, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def test_a_time_is_held_against_the_yardstick_and_not_against_the_clock(clone):
    keep(
        clone, ("ci/test.sh gcc", "gcc", 260, 0), ("ci/run.sh", "all", 1190, 0),
        ("ci/run.sh --profile quick", "all", 5, 0),
    )  # fmt: skip
    (clone / "build").mkdir()
    (clone / "build" / "build.ninja").touch()
    keep(
        clone, ("ci/test.sh gcc", "gcc", 20, 0), ("ci/run.sh", "all", 30, 0),
        ("ci/run.sh --profile quick", "all", 241, 0),
    )  # fmt: skip
    done = timing(clone)
    rows = {line[:28].strip(): line for line in done.stdout.splitlines()}
    assert "1190 s  4.58 x   4.62 x  within" in rows["ci/run.sh"]
    assert "241 s  0.93 x   0.92 x  TOO LONG" in rows["ci/run.sh --profile quick"]
    assert "unknown" in rows["ci/test.sh"]
    assert done.returncode == 3


def test_the_newest_time_that_ended_well_counts_and_torn_lines_do_not(clone):
    keep(
        clone, ("ci/test.sh", "gcc", 100, 0), ("ci/run.sh", "all", 900, 0),
        ("ci/run.sh", "all", 300, 0), ("ci/run.sh", "all", 1, 1),
        ("ci/run.sh", "build", 60, 0),
    )  # fmt: skip
    with (clone / "build-logs" / "times.tsv").open("a") as file:
        file.write(f"{DATE}\tci/run.sh\tall\n")
    done = timing(clone, "--steps")
    assert "300 s  3.00 x" in done.stdout
    assert "build                        60 s  0.60 x" in done.stdout
    assert done.returncode == 0


def test_without_a_yardstick_it_says_what_to_run(clone):
    done = timing(clone)
    assert done.returncode == 1
    assert "ci/test.sh gcc" in done.stderr
    assert timing(clone, "--setps").returncode == 2
    assert "yardstick" in timing(clone, "--help").stdout


@pytest.mark.parametrize("code", [0, 3])
def test_a_command_keeps_its_code_and_its_time(clone, code):
    keep(clone, ("ci/test.sh gcc", "gcc", 130, 0))
    done = subprocess.run(
        [sys.executable, "ci/recorded.py", "59", " again", "ci/run.sh", "sh", "-c",
         f"sleep 1; exit {code}"],
        cwd=clone, check=False,
    )  # fmt: skip
    assert done.returncode == code
    last = (clone / "build-logs" / "times.tsv").read_text().splitlines()[-1]
    assert last.split("\t")[1:] == ["ci/run.sh", "all again", "60", str(code)]


def test_what_ends_the_script_ends_the_command_with_its_last_words(clone):
    keep(clone, ("ci/test.sh gcc", "gcc", 130, 0))
    word = "trap 'echo last words; exit 7' TERM; echo up; "
    word += "for i in {1..200}; do sleep 0.1; done"
    with subprocess.Popen(
        [sys.executable, "ci/recorded.py", "0", "", "ci/run.sh", "bash", "-c", word],
        cwd=clone, stdout=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stdout.readline() == "up\n"
        child.terminate()
        assert child.stdout.read() == "last words\n"
        assert child.wait() == 7


def help_of(script: str) -> str:
    """What a script of ci/ says of itself."""
    return subprocess.run(
        [CI / script, "--help"], capture_output=True, text=True, check=True
    ).stdout


def test_the_help_says_how_long_each_step_takes():
    """Every step that a script keeps the time of, and those that are only named."""
    code = (CI / "test.sh").read_text(encoding="utf-8")
    usual = re.search(r"steps=\((gcc [\w ]+) \$\{whole:\+([\w -]+)\}\)", code)
    assert usual is not None
    steps = [*usual[1].split(), *usual[2].split(), "coverage"]
    rows = re.findall(r"^  ([\w-]+) +(\d+)  \w", help_of("test.sh"), re.MULTILINE)
    assert [name for name, _ in rows if name in steps] == [
        name for name, _ in rows
    ], "no step that there is not"
    assert sorted(name for name, _ in rows) == sorted(steps)
    said = help_of("run.sh")
    for step in ("setting up", "building", "coverage", "running"):
        assert re.search(rf"{step} \d+", said), step
    assert re.search(r"quick: \d+", said)
