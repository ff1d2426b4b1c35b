# SPDX-License-Identifier: MIT
"""ci/common.sh on machines that lack something: no root, no package, half a .venv."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = (
    "bash", "cat", "dirname", "grep", "nproc", "mkdir", "rm", "sha256sum", "flock",
    "date", "env", "tr", "sleep", "sed",
)  # fmt: skip
COMPILERS = ("gcc", "g++", "meson", "ninja", "git", "python3")
SUDO_THAT_ASKS = '#!/bin/sh\n[ "$1" = -n ] && exit 1\nsleep 600\n'


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The scripts in a clone of their own."""
    shutil.copytree(ROOT / "ci", tmp_path / "clone" / "ci")
    return tmp_path / "clone"


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A PATH on which only what a test puts there can be found."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in COMMANDS:
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    for name in COMPILERS:
        add(folder, name, "exit 0")
    add(folder, "id", "echo 1000")
    add(folder, "apt-get", "exit 1")
    add(folder, "pkg-config", '[ "$2" = jansson ] || [ "$2" = zlib ]')
    return folder


def add(folder: Path, name: str, script: str) -> None:
    """Put a program into a folder."""
    text = script if script.startswith("#!") else f"#!/bin/sh\n{script}\n"
    (folder / name).unlink(missing_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def call(clone: Path, line: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a line after the functions were read, as ci/run.sh does."""
    return subprocess.run(
        ["/bin/bash", "-c", f". ci/common.sh\n{line}"], cwd=clone,
        env={**os.environ, **variables}, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip


INSTALLED = 'case "$4" in lcov|valgrind|chromium) exit 1;; *) printf installed;; esac'


@pytest.mark.parametrize("sudo", [None, SUDO_THAT_ASKS, "exit 1"])
def test_without_root_what_is_optional_is_named_and_left_out(clone, tools, sudo):
    add(tools, "dpkg-query", INSTALLED)
    if sudo:
        add(tools, "sudo", sudo)
    done = call(clone, "install_packages lcov valgrind chromium", PATH=str(tools))
    assert done.returncode == 0, done.stderr
    assert "going on without: lcov (no coverage page)" in done.stdout
    assert done.stdout.count("going on without: ") == 3


def test_without_root_what_is_needed_stops_with_its_name(clone, tools):
    add(tools, "dpkg-query", "exit 1")
    (tools / "meson").unlink()
    done = call(clone, "install_packages lcov; echo went on", PATH=str(tools))
    assert done.returncode == 1
    assert "missing, and not to be installed from here: meson" in done.stderr
    assert "sudo apt-get install meson" in done.stderr
    assert done.stderr.count("\n") == 1
    assert "went on" not in done.stdout


def test_what_another_system_has_is_taken_as_it_is(clone, tools):
    (tools / "apt-get").unlink()
    done = call(clone, "install_packages clang", PATH=str(tools))
    assert done.returncode == 0, done.stderr
    assert "going on without: clang" in done.stdout


def test_root_installs_and_says_what_could_not_be_had(clone, tools):
    add(tools, "dpkg-query", INSTALLED)
    add(tools, "id", "echo 0")
    log = clone / "asked"
    add(tools, "apt-get", f'echo "$@" >>{log}\n[ "$2" = update ]')
    done = call(clone, "install_packages lcov valgrind", PATH=str(tools))
    assert done.returncode == 0, done.stderr
    asked = log.read_text()
    assert "install lcov valgrind" in asked
    assert "install valgrind\n" in asked
    assert "going on without: valgrind (leaks are found" in done.stdout


def test_colours_are_for_terminals(clone):
    assert "\x1b" not in call(clone, "say hello").stdout
    line = ". ci/common.sh; say hello"
    for variables, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        env = {**os.environ, "TERM": "xterm", **variables}
        if not variables:
            env.pop("NO_COLOR", None)
        done = subprocess.run(
            ["script", "-qec", f"bash -c '{line}'", "/dev/null"], cwd=clone, env=env,
            capture_output=True, text=True, timeout=60, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert "hello" in done.stdout
        assert ("\x1b[1m" in done.stdout) is coloured


def test_a_second_call_waits_and_says_for_whom(clone):
    (clone / "build-logs").mkdir()
    lock = clone / "build-logs" / "lock"
    lock.write_text("process 4711 (ci/test.sh, since 12:03)\n")
    with lock.open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = subprocess.Popen(
            ["/bin/bash", "-c", ". ci/common.sh; alone ci/run.sh; echo mine"],
            cwd=clone, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert waiting.stdout is not None
        said = waiting.stdout.readline()
        assert said == "   waiting for process 4711 (ci/test.sh, since 12:03)\n"
        fcntl.flock(held, fcntl.LOCK_UN)
    assert waiting.communicate(timeout=20)[0] == "mine\n"
    assert lock.read_text().startswith(f"process {waiting.pid} (ci/run.sh, since ")


FAKE_PYTHON = """#!/bin/sh
if [ "$1 $2" = "-m venv" ]; then
  mkdir -p .venv/bin && cp "$0" .venv/bin/python && echo made >>made
elif [ "$1 $2 $3" = "-m pip --version" ]; then [ -e .venv/pip ]
elif [ "$1 $2" = "-m pip" ]; then
  echo "$@" >>asked; : >.venv/pip; printf '#!/bin/sh\\n' >.venv/bin/pmm
  chmod +x .venv/bin/pmm
elif [ "$1" = -c ]; then case "$2" in *print*) cat version;; esac
fi
"""
LINE = "python_environment test; echo done"


@pytest.fixture
def environment(clone: Path) -> Path:
    """A clone whose .venv is made by a python3 that only notes what is asked."""
    for name in ("pyproject.toml", "reports/constraints.txt"):
        (clone / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, clone / name)
    add(clone, "python3", FAKE_PYTHON)
    (clone / "version").write_text("3.11.2 main\n")
    script = (clone / "ci" / "common.sh").read_text()
    assert "/usr/bin/python3" in script
    script = script.replace("/usr/bin/python3", str(clone / "python3"))
    (clone / "ci" / "common.sh").write_text(script)
    done = call(clone, LINE)
    assert done.returncode == 0, done.stderr
    assert (clone / "made").read_text() == "made\n"
    assert "the one that is there" not in done.stdout
    return clone


def harm_pip(clone: Path) -> None:
    (clone / ".venv" / "pip").unlink()


def harm_python(clone: Path) -> None:
    (clone / ".venv" / "bin" / "python").unlink()
    (clone / ".venv" / "bin" / "python").symlink_to("/nonexistent/python")


def harm_version(clone: Path) -> None:
    (clone / "version").write_text("3.12.0 main\n")


def harm_stamp(clone: Path) -> None:
    (clone / ".venv" / "pmm-stamp-test").unlink()


def harm_kind(clone: Path) -> None:
    shutil.rmtree(clone / ".venv")
    (clone / ".venv").write_text("a file")


def harm_link(clone: Path) -> None:
    shutil.rmtree(clone / ".venv")
    (clone / ".venv").symlink_to("/nonexistent")


def harm_place(clone: Path) -> None:
    stamp = clone / ".venv" / "pmm-stamp-test"
    stamp.write_text(stamp.read_text().replace(str(clone), "/elsewhere"))


def harm_programs(clone: Path) -> None:
    add(clone / ".venv" / "bin", "pmm", "#!/nonexistent/python")


@pytest.mark.parametrize(
    "harm",
    [harm_pip, harm_python, harm_version, harm_stamp, harm_kind, harm_link,
     harm_place, harm_programs],
)  # fmt: skip
def test_a_half_made_environment_is_made_anew_once(environment, harm):
    harm(environment)
    done = call(environment, LINE)
    assert done.returncode == 0, done.stderr
    assert "the one that is there goes: it" in done.stdout
    assert (environment / "made").read_text() == "made\nmade\n"
    again = call(environment, LINE)
    assert "Python environment: up to date" in again.stdout
    assert (environment / "made").read_text() == "made\nmade\n"


def test_a_sound_environment_only_gets_what_is_asked_anew(environment):
    (environment / "reports" / "constraints.txt").write_text("other\n")
    done = call(environment, LINE)
    assert "brought up to date" in done.stdout
    assert (environment / "made").read_text() == "made\n"


def test_a_python_without_venv_is_one_line(environment):
    shutil.rmtree(environment / ".venv")
    add(environment, "python3", '#!/bin/sh\n[ "$1" = -c ] && exit 0; exit 1\n')
    done = call(environment, LINE)
    assert done.returncode == 1
    assert "sudo apt-get install python3-venv" in done.stderr
    assert done.stderr.count("\n") == 1
