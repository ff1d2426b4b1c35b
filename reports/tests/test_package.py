# SPDX-License-Identifier: MIT
"""The Python package: a runner without a clone, in a folder that holds nothing.

What a wheel holds is what `meson install --tags runner` lays down. It is laid
down once here from the build that is there, and used as somebody would who has
installed it. The long tests make the wheel and the source archive themselves.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"


@dataclass(frozen=True)
class Installed:
    """A runner that is installed, and a folder of its user's."""

    command: tuple[str, ...]
    environment: dict[str, str]
    folder: Path

    def call(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run pmm, and what it prints commands of, in the user's folder."""
        return subprocess.run(
            [*self.command, *words], cwd=self.folder, capture_output=True, text=True,
            check=False, env=self.environment | variables, stdin=subprocess.DEVNULL,
        )  # fmt: skip


@pytest.fixture(scope="module")
def laid_down(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where packages lie of which pmm is one."""
    place = tmp_path_factory.mktemp("place")
    subprocess.run(
        ["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet",
         "--tags", "runner", "--destdir", place],
        check=True, capture_output=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return next(place.rglob("pmm/__main__.py")).parents[1]


@pytest.fixture
def installed(laid_down: Path, tmp_path: Path) -> Iterator[Installed]:
    environment = {**os.environ, "PYTHONPATH": str(laid_down)}
    suite = laid_down / "pmm" / "suite"
    before = sorted(suite.rglob("*"))
    yield Installed((sys.executable, "-m", "pmm"), environment, tmp_path)
    left = [path for path in suite.rglob("*") if path.name != "__pycache__"]
    assert sorted(p for p in left if p.suffix != ".pyc") == [
        p for p in before if p.name != "__pycache__" and p.suffix != ".pyc"
    ], "the package's folder was written to"


def test_cases_run_and_what_is_kept_is_the_users(installed):
    done = installed.call(
        "conform", "--subject", "reference", "--case", "lst.append*",
        "--out", "pages",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert (installed.folder / "pages" / "index.html").is_file()
    run = json.loads((installed.folder / "pages" / "run.json").read_text())
    assert run["cases"]
    assert run["environment"]["compiler"], run["environment"]["unknown"]
    assert run["environment"]["flags"]
    assert run["environment"]["dirty"] is None
    assert sorted(p.name for p in installed.folder.iterdir()) == ["pages", "pmm-runs"]


def test_a_clone_that_one_stands_in_is_not_taken_for_the_package(installed, laid_down):
    done = subprocess.run(
        [*installed.command, "where", "pmm-conform"], cwd=ROOT, text=True,
        capture_output=True, check=True, env=installed.environment,
    )  # fmt: skip
    assert done.stdout.startswith(str(laid_down))


def test_a_backend_is_made_with_what_is_installed_and_checked(installed):
    places = {
        what: installed.call("where", what).stdout.strip()
        for what in ("headers", "examples", "pkgconfig")
    }
    subprocess.run(
        ["cc", "-shared", "-fPIC", f"-I{places['headers']}", "-o", "mine.so",
         f"{places['examples']}/backend.c"],
        cwd=installed.folder, check=True,
    )  # fmt: skip
    flags = subprocess.run(
        ["pkg-config", "--cflags", "pmm"], capture_output=True, text=True, check=True,
        env={**os.environ, "PKG_CONFIG_PATH": places["pkgconfig"]},
    )  # fmt: skip
    assert Path(flags.stdout.strip().removeprefix("-I")).samefile(places["headers"])
    check = installed.call("where", "pmm-backend-check").stdout.strip()
    one = subprocess.run(
        [check, "--backend", "./mine.so", "--case", "backend.realloc_*"],
        cwd=installed.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert one.returncode == 0, one.stdout


def test_workloads_find_their_input(installed):
    program = installed.call("where", "pmm-work").stdout.strip()
    done = subprocess.run(
        [program, "file_read"], cwd=installed.folder, capture_output=True, text=True,
        check=False, env={**installed.environment, "XDG_CACHE_HOME": "/dev/null"},
    )  # fmt: skip
    suite = Path(program).parents[2]
    script = suite / "workloads" / "python" / "input.py"
    assert f"{script} made no input" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("coverage",), "coverage needs the sources of pmm"),
        (("grade", "--only", "faults"), "grade --only faults needs the sources of pmm"),
        (("where", "nothing"), "no 'nothing' here: headers"),
    ],
)
def test_what_needs_more_says_so_in_a_line(installed, words, reason):
    done = installed.call(*words)
    assert done.returncode == 2, done.stdout + done.stderr
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1


def test_small_things_need_no_clone(installed):
    for words in (("trace", "info", "xml_feed"),
                  ("pattern", "one_size", "--backend", "libc")):  # fmt: skip
        done = installed.call(*words)
        assert done.returncode == 0, (words, done.stderr)
        assert done.stdout


# --------------------------------------------------------------- made by pip


def run(*words: str | Path, cwd: Path) -> None:
    done = subprocess.run(
        words, cwd=cwd, capture_output=True, text=True, check=False,
        env={k: v for k, v in os.environ.items() if not k.startswith("PIP_CONSTRAINT")},
    )  # fmt: skip
    assert done.returncode == 0, f"{words}\n{done.stdout[-2000:]}{done.stderr[-4000:]}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source archive of the last commit, and its wheel."""
    folder = tmp_path_factory.mktemp("made")
    run("git", "clone", "--quiet", ROOT, "clone", cwd=folder)
    run(sys.executable, "-m", "venv", "tools", cwd=folder)
    run("tools/bin/pip", "install", "--quiet", "build", cwd=folder)
    run("tools/bin/python", "-m", "build", "--outdir", folder, "clone", cwd=folder)
    return folder


@pytest.mark.long
def test_the_wheel_of_the_archive_runs_in_a_fresh_environment(made, tmp_path):
    wheel, archive = next(made.glob("*.whl")), next(made.glob("*.tar.gz"))
    assert archive.stat().st_size < 5 << 20
    run(sys.executable, "-m", "venv", "own", cwd=tmp_path)
    pins = ROOT / "reports" / "constraints.txt"
    run("own/bin/pip", "install", "--quiet", "-c", pins, wheel, cwd=tmp_path)
    folder = tmp_path / "a user's folder"
    folder.mkdir()
    user = Installed((str(tmp_path / "own/bin/pmm"),), dict(os.environ), folder)
    done = user.call("work", "tuple_sharing", "--subject", "reference")
    assert done.returncode == 0, done.stdout + done.stderr
    done = user.call("run", "--profile", "smoke")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "pmm-report" / "index.html").is_file()
    done = user.call("compare", "latest", "latest")
    assert done.returncode == 0, done.stdout + done.stderr
