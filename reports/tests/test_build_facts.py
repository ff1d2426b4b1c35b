# SPDX-License-Identifier: MIT
"""Compiler, flags and options of a build, whatever Meson made it."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest
from sample import build_sample

from pmm.discover.build_facts import build_facts
from pmm.documents.run import Run
from pmm.judge.compare import compare_runs

WRITTEN = sorted((Path(__file__).parent / "meson").glob("*.json"))
"""What each Meson wrote of one small project, cut down to what is read."""
TINY = """project('tiny', 'c', default_options: ['buildtype=debugoptimized'])
subdir('impl')
"""
SETTINGS = {
    "plain": (),
    "O0": ("-Doptimization=0",),
    "asan": ("-Db_sanitize=address", "-Db_lundef=false"),
    "coverage": ("-Db_coverage=true",),
    "args": ("-Dc_args=-fno-inline",),
}


MESON = {"meson-info/meson-info.json": {"meson_version": {"full": "1.0.1"}}}
"""What every Meson writes alike."""


def write(build: Path, files: dict[str, object]) -> Path:
    """Make a build folder of recorded files."""
    for name, content in (MESON | files).items():
        (build / name).parent.mkdir(parents=True, exist_ok=True)
        (build / name).write_text(json.dumps(content))
    return build


@pytest.fixture
def old_compiler(tmp_path, monkeypatch):
    """A compiler and its cache as the recorded builds had them."""
    folder = tmp_path / "bin"
    folder.mkdir()
    answer = "cc (Debian 12.2.0-14+deb12u1) 12.2.0"
    scripts = {"cc": f'echo "{answer}"; echo "Copyright (C) 2022"', "ccache": '"$@"'}
    for name, text in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.parametrize("recorded", WRITTEN, ids=lambda path: path.stem)
def test_every_meson_tells_what_it_built(tmp_path, old_compiler, recorded):
    files = json.loads(recorded.read_text())
    facts = build_facts(write(tmp_path / "build", files))
    assert facts.unknown == {}
    assert facts.meson == "1.0.1"
    assert facts.compiler == "gcc 12.2.0 (Debian 12.2.0-14+deb12u1)"
    assert facts.flags == "-D_FILE_OFFSET_BITS=64 -std=c11 -O2 -g -DX=1 -fPIC"
    assert facts.options == {
        "buildtype": "debugoptimized", "optimization": "2", "debug": "true",
        "b_sanitize": "none", "b_coverage": "false", "b_lto": "false",
        "b_ndebug": "false", "c_args": "none",
    }  # fmt: skip


FACTS = {
    "meson-info/intro-buildoptions.json": {"build_options"},
    "compile_commands.json": {"compiler", "flags"},
    "meson-info/meson-info.json": {"meson"},
}


@pytest.mark.parametrize("content", ["gone", "", "{", "[1]", '{"a": 1}'])
@pytest.mark.parametrize("broken", FACTS)
def test_one_bad_file_takes_no_other_fact_along(
    tmp_path, old_compiler, broken, content
):
    """The recorded files are the oldest Meson's: it tells no compiler."""
    build = write(tmp_path / "build", json.loads(WRITTEN[0].read_text()))
    if content == "gone":
        (build / broken).unlink()
    else:
        (build / broken).write_text(content)
    facts = build_facts(build)
    assert set(facts.unknown) == FACTS[broken]
    assert all(Path(broken).name in reason for reason in facts.unknown.values())
    assert (facts.options == {}) == ("build_options" in facts.unknown)
    assert (facts.flags is None) == ("flags" in facts.unknown)


def test_a_compiler_that_is_gone_is_unknown_with_the_reason(tmp_path, monkeypatch):
    build = write(tmp_path / "build", json.loads(WRITTEN[0].read_text()))
    monkeypatch.setenv("PATH", "/nonexistent")
    facts = build_facts(build)
    assert facts.unknown.keys() == {"compiler"}
    assert facts.unknown["compiler"].startswith("cannot ask ccache cc --version")


def test_no_meson_info_is_said_only_where_there_is_none(tmp_path):
    assert "has no meson-info" in build_facts(tmp_path).unknown["build_options"]
    (tmp_path / "meson-info").mkdir()
    reason = build_facts(tmp_path).unknown["build_options"]
    assert "has no meson-info" not in reason
    assert "intro-buildoptions.json" in reason


# ------------------------------------------------------------------ real builds


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One project, configured by the Meson that is here in every setting."""
    if shutil.which("meson") is None or shutil.which("cc") is None:
        pytest.skip("no Meson or no compiler on this machine")
    top = tmp_path_factory.mktemp("tiny")
    (top / "impl").mkdir()
    (top / "meson.build").write_text(TINY)
    (top / "impl" / "meson.build").write_text("static_library('a', 'a.c')\n")
    (top / "impl" / "a.c").write_text("int a(void) { return 1; }\n")
    for name, settings in SETTINGS.items():
        subprocess.run(
            ["meson", "setup", top / name, top, *settings], check=True,
            capture_output=True, timeout=120,
        )  # fmt: skip
    return {name: top / name for name in SETTINGS}


def built_with(run: Run, build: Path) -> Run:
    """The run, made with programs of another build."""
    facts = build_facts(build)
    assert facts.unknown == {}
    binaries = tuple(
        msgspec.structs.replace(b, sha256=random.Random(str(build)).randbytes(32).hex())
        for b in run.environment.binaries
    )
    environment = msgspec.structs.replace(
        run.environment, compiler=facts.compiler, flags=facts.flags,
        build_type=facts.options["buildtype"], build_options=facts.options,
        binaries=binaries,
    )  # fmt: skip
    return msgspec.structs.replace(run, environment=environment)


def test_the_real_compiler_is_asked(configured):
    version = subprocess.run(
        ["cc", "-dumpfullversion"], capture_output=True, text=True, check=True
    ).stdout.strip()
    for build in configured.values():
        assert version in build_facts(build).compiler


@pytest.mark.parametrize("name", [name for name in SETTINGS if name != "plain"])
def test_another_way_to_build_is_another_build(configured, name):
    run = build_sample()
    before, after = (built_with(run, configured[one]) for one in ("plain", name))
    compared = compare_runs(before, after, "before")
    assert any("build options" in note for note in compared.notes), compared.notes
    assert not [change for change in compared.changes if change.kind == "time"]


def test_the_same_build_again_is_the_same(configured):
    run = build_sample()
    twice = [built_with(run, configured["plain"]) for _ in "ab"]
    assert not any("build" in note for note in compare_runs(*twice, "p").notes)


def test_unknown_compilers_are_not_the_same(configured):
    def unknown(run: Run) -> Run:
        environment = msgspec.structs.replace(run.environment, compiler=None)
        return msgspec.structs.replace(run, environment=environment)

    run = unknown(build_sample())
    other = unknown(built_with(run, configured["plain"]))
    also = unknown(built_with(run, configured["O0"]))
    assert compare_runs(run, run, "p").notes == ()
    assert "compiler (unknown)" in " ".join(compare_runs(other, also, "p").notes)
