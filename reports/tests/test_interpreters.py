"""Interpreters are found where tools keep them; odd ones get a sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pmm.base.paths import find_paths
from pmm.discover import cpythons, whereabouts
from pmm.discover.cpythons import CPython, survey

ROOT = Path(__file__).resolve().parents[2]
VARIABLES = ("PYENV_ROOT", "XDG_DATA_HOME", "UV_PYTHON_INSTALL_DIR", "CONDA_PREFIX",
             "MAMBA_ROOT_PREFIX", "CONDA_ROOT", "RUNNER_TOOL_CACHE",
             "AGENT_TOOLSDIRECTORY", "XDG_CACHE_HOME")  # fmt: skip
SAYS = """#!/bin/sh
case "$*" in *--describe*) echo '{{"version": "{own}"}}'; exit 0;; esac
echo '{{"implementation": "{name}", "version": "{version}", "executable": "'$0'",
"allocators": ["pymalloc", "malloc"], "optimised": true, "debug": {debug},
"free_threaded": false, "compiler": "GCC"}}' | tr -d '\\n'
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home with nothing in it; what lies outside of it does not count."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    monkeypatch.setattr(cpythons, "ANSWER_SECONDS", 1)
    usual = whereabouts.folders
    monkeypatch.setattr(
        whereabouts, "folders",
        lambda: [path for path in usual() if tmp_path in path.parents],
    )  # fmt: skip
    return tmp_path


@pytest.fixture
def paths(tmp_path):
    return find_paths(ROOT, tmp_path)


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def says(version, own="", name="CPython", debug=False) -> str:
    return SAYS.format(
        version=version, own=own or version, name=name, debug=str(debug).lower()
    )


PLACES = {
    "bin/python3.8": {},
    ".pyenv/versions/3.9.1/bin/python3.9": {},
    ".local/share/uv/python/cpython-3.14.1-linux-x86_64-gnu/bin/python3.14": {},
    "uv/cpython-3.15.0-linux/bin/python3.15": {"UV_PYTHON_INSTALL_DIR": "uv"},
    "miniforge3/bin/python3.12": {},
    "miniforge3/envs/a/bin/python3.13": {},
    "mamba/envs/a/bin/python3.13": {"MAMBA_ROOT_PREFIX": "mamba"},
    "somewhere/env/bin/python3.11": {},
    "tools/Python/3.10.4/x64/bin/python3.10": {"RUNNER_TOOL_CACHE": "tools"},
    ".cache/pmm/interpreters/python3.15/0123/usr/bin/python3.15": {},
    "caches/pmm/interpreters/python3.15/0123/usr/bin/python3.15":
        {"XDG_CACHE_HOME": "caches"},
}  # fmt: skip


@pytest.mark.parametrize(("place", "variables"), PLACES.items())
def test_interpreters_are_found_where_tools_keep_them(
    home, monkeypatch, place, variables
):
    for name, folder in variables.items():
        (home / folder).mkdir(exist_ok=True)
        monkeypatch.setenv(name, str(home / folder))
    if "somewhere" in place:
        put(home / ".conda/environments.txt", f"{home}/gone\n{home}/somewhere/env\n")
    path = put(home / place, says("3.8.1"))
    if "pmm" in place:
        put(path.parents[2] / ".complete", "")
    assert whereabouts.candidates() == [path]


def test_pyenvs_shims_and_half_made_fetches_are_no_interpreters(home, monkeypatch):
    monkeypatch.setenv("PATH", f"{home}/.pyenv/shims")
    put(home / ".pyenv/shims/python3.11", "#!/bin/sh\nexit 127\n")
    put(home / ".cache/pmm/interpreters/.part-x/root/usr/bin/python3.11", "")
    put(home / ".cache/pmm/interpreters/.part-x/usr/bin/python3.11", "")
    put(home / ".cache/pmm/interpreters/python3.11/0123/usr/bin/python3.11", "")
    assert whereabouts.found_programs() == []


def test_a_folder_that_may_not_be_looked_at_holds_nothing(home, monkeypatch):
    """A variable of root's environment, which another user has inherited."""
    asked = Path.is_dir

    def is_dir(self: Path) -> bool:
        if self == home / "locked":
            raise PermissionError(13, "Permission denied", str(self))
        return asked(self)

    put(home / "bin" / "python3.12", says("3.12.1"))
    before = whereabouts.found_programs()
    monkeypatch.setattr(Path, "is_dir", is_dir)
    monkeypatch.setenv("PYENV_ROOT", str(home / "locked"))
    assert whereabouts.found_programs() == before


def test_names_of_files_tell_versions_and_builds(home):
    names = ("python3.8", "python3.10", "python3.13t", "python3.14d", "python3.15td")
    other = ("python3.7", "python3", "python3.11-config", "python3.x", "python3.12dd3")
    for name in (*names, *other):
        put(home / "bin" / name, name)
    found = [path.name for path in whereabouts.candidates()]
    assert found == list(names)
    assert whereabouts.family_of(Path("python3.15td")) == "cpython-3.15"


ODD = {
    "hangs": ("#!/bin/sh\nsleep 60\n", "no answer within 1 s"),
    "garbage": ("#!/bin/sh\nprintf '\\033[31m\\377\\376{]'\n", "does not report what"),
    "half": ("#!/bin/sh\necho '{\"version\": \"3.12.1\"}'\n", "does not report what"),
    "wrong types": (says("3.12.1").replace("true", "7"), "does not report what"),
    "silent": ("#!/bin/sh\nexit 0\n", "it does not report what it is: exit code 0"),
    "crashes": ("#!/bin/sh\nkill -SEGV $$\n", "SIGSEGV"),
    "lacks modules": (
        "#!/bin/sh\necho \"ModuleNotFoundError: No module named 'json'\" >&2\nexit 1\n",
        "No module named 'json'",
    ),
    "other name": (says("3.9.1"), "it is named python3.12, but reports version 3.9"),
    "no version": (says("3.12.banana"), "it reports the version '3.12.banana'"),
    "nowhere": (says("3.12.1").replace("'$0'", "/nowhere/x"), "its path as /n"),
    "other Python": (says("3.12.1", name="PyPy"), "it is PyPy 3.12.1, not CPython"),
    "empty": ("", "is empty"),
}


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_interpreter_gets_a_sentence(home, paths, kind):
    text, words = ODD[kind]
    path = put(home / "bin" / "python3.12", text)
    found = survey(paths)
    assert found.cpythons == ()
    [stranger] = found.strangers
    assert stranger.path == str(path)
    assert words in stranger.reason
    assert "\n" not in stranger.reason


def test_one_of_another_machine_is_told(home, paths):
    header = bytearray(Path(sys.executable).resolve().read_bytes()[:4096])
    header[18:20] = (0xF3, 0x00)  # e_machine: RISC-V
    path = home / "bin" / "python3.12"
    put(path, "")
    path.write_bytes(header)
    [stranger] = survey(paths).strangers
    assert "RISC-V" in stranger.reason


def test_one_that_lies_about_its_version_hosts_nothing(home, paths):
    put(home / "bin" / "python3.12", says("3.12.9", own="3.12.1"))
    [one] = survey(paths).cpythons
    assert not one.hosts
    assert one.reason == "it reports version 3.12.9, but is 3.12.1"


def test_a_debug_build_is_a_column_of_its_own(home, paths):
    put(home / "bin" / "python3.14", says("3.14.10"))
    put(home / "bin" / "python3.14d", says("3.14.10", debug=True))
    found = survey(paths, ["cpython-3.14.10-debug"]).cpythons
    ids = {one.id for one in found if isinstance(one, CPython) and one.hosts}
    assert ids == {"cpython-3.14.10", "cpython-3.14.10-debug"}


OTHERS = {
    "pypy3": ("#!/bin/sh\necho PyPy 3.11.17\n", "PyPy 3.11.17 is not CPython: name it"),
    "pypy3.11": ("#!/bin/sh\nexit 4\n", "it does not start: exit code 4"),
    "micropython": ("#!/bin/sh\necho micropython 1.26.1\n", "micropython 1.26.1 is"),
}


def test_other_pythons_are_named_and_not_run(home, paths):
    for name, (text, _) in OTHERS.items():
        put(home / "bin" / name, text)
    found = survey(paths)
    assert found.cpythons == ()
    reasons = {Path(one.path).name: one.reason for one in found.strangers}
    assert sorted(reasons) == sorted(OTHERS)
    for name, (_, words) in OTHERS.items():
        assert words in reasons[name]
    assert survey(paths, ["cpython"]).strangers == ()
