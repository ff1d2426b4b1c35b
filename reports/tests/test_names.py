# SPDX-License-Identifier: MIT
"""What users name: every spelling in every verb, answered before anything runs.

The programs are those of the build, the libraries are compiled here.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import strangers
from hypothesis import given
from hypothesis import strategies as st
from strangers import BUILD, ROOT
from typer.testing import CliRunner

from pmm.base.typed_names import (
    LONGEST_NAME,
    apart,
    id_part,
    parse_backend,
    parse_subject,
    unknown,
)
from pmm.cli.app import app
from pmm.discover import cpythons, named_by_path
from pmm.discover.named_by_path import RESERVED_SUBJECTS, labels_of
from pmm.documents.run import Run
from pmm.store.runs import load_run

PMM = Path(sys.executable).with_name("pmm")
PARTS = ("conformance", "workloads", "bench", "impl", "meson-info")
OVER = ("conform", "work", "bench", "run")
SHORT = {
    "conform": ("--case", "ref.new*"),
    "work": ("tuple_sharing",),
    "bench": ("alloc",),
    "run": ("--only", "conform"),
    "backends": (),
    "subjects": (),
    "doctor": (),
}


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a stranger stands, with a build to call by its path."""

    folder: Path
    build: Path

    def call(self, verb: str, *arguments: str):
        """Call the program in this process."""
        words = [verb, *SHORT[verb], *arguments, "--build", str(self.build)]
        return CliRunner().invoke(app, words)

    def runs(self) -> list[Path]:
        """The runs that were begun."""
        folder = self.build / "runs"
        return sorted(p for p in folder.iterdir() if not p.is_symlink())

    def latest(self) -> Run:
        """The last run."""
        return load_run(self.build / "runs" / "latest")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Place:
    if not (BUILD / "conformance" / "pmm-conform").is_file():
        pytest.skip("nothing is built in build/")
    folder = tmp_path_factory.mktemp("strangers") / "here"
    folder.mkdir()
    strangers.fill(folder)
    build = folder.parent / "built"
    (build / "runs").mkdir(parents=True)
    for part in PARTS:
        if (BUILD / part).is_dir():
            (build / part).symlink_to(BUILD / part)
    return Place(folder, build)


@pytest.fixture
def place(filled, monkeypatch) -> Place:
    monkeypatch.chdir(filled.folder)
    return filled


@pytest.fixture
def hurry(monkeypatch) -> None:
    """Wait a second, not ten, for what never answers."""
    monkeypatch.setattr(named_by_path, "LOAD_SECONDS", 1)
    monkeypatch.setattr(cpythons, "ANSWER_SECONDS", 1)


def refused(place: Place, done, *words: str) -> None:
    """Check that a call was refused in one line and that nothing ran."""
    assert done.exit_code == 2, done.output
    assert done.stderr.count("\n") == 1, done.stderr
    for word in words:
        assert word in done.stderr
    assert done.stdout == ""


# ------------------------------------------------------------------- refused

BACKENDS = {
    "./nowhere.so": "there is no file nowhere.so (from ",
    "nowhere.so": "there is no file nowhere.so",
    "./libxx.so": "there is no file",
    "/nowhere/x.so": "there is no folder /nowhere",
    "mine=./nowhere.so,prefix=my_": "there is no file nowhere.so",
    "./gone.so": "is a link to /nowhere/x.so, which is not there",
    "./folder.so": "is a folder",
    "./text.so": "is not a shared object",
    "./none.so": "is empty",
    "./torn.so": "is not a shared object",
    "./a/libx.so.c": "is not a shared object",
    "./script.py": "is a script, not a shared object",
    "./arm.so": "is for AArch64, 64 bit; this machine is",
    "./empty.so": "exports no pmm_backend_get",
    "./rt.so": "it is a subject: name it with --subject",
    "./a/libx.so": "it has my_malloc: libx=./a/libx.so,prefix=my_",
    "./lost.so": "undefined symbol: absent_function",
    "x=./a/libx.so,prefix=zz": "no function zzmalloc; it has my_malloc: x=./a/libx.so,",
    "x=./a/libx.so": "it has my_malloc",
    "x=./half.so,prefix=gc_": "no function gc_free; a plug-in can give what it lacks",
    "x=./a/libx.so,prefx=my_": "prefix=",
    "x=./a/libx.so,prefix=my_,env=A": 'env= takes NAME=VALUE, not "A"',
    "./a/libx.so,prefix=my_": "give the library a name: x=./a/libx.so,prefix=my_",
    "=./a/libx.so": "a name has 1 to 60 printable characters",
    "x=": "the form is name=/path/lib.so[,prefix=my_]",
    "-x=./a/libx.so": "a name has",
    "x\u202ey=./a/libx.so,prefix=my_": "a name has",
    f"{'x' * 300}=./a/libx.so,prefix=my_": "a name has",
    "libc=./a/libx.so,prefix=my_": "e.g. my-libc=./a/libx.so,prefix=my_",
    "mimalloc=./a/libx.so,prefix=my_": "'mimalloc' is a built-in backend",
    "pool=./plug.so": "'pool' is a built-in backend",
    "own=./plug.so": "'own' is a built-in backend",
    "": "no backend ''",
    "libcc": "did you mean libc?",
}
SUBJECTS = {
    "./nowhere.so": "there is no file nowhere.so (from ",
    "nowhere.so": "there is no file nowhere.so",
    "./folder.so": "is a folder",
    "./text.so": "is not a shared object",
    "./arm.so": "is for AArch64",
    "./script.py": "is a script, not an interpreter",
    "cpython:./script.py": "is a script, not an interpreter",
    "cpython:./rt.so": "is a shared object, not an interpreter",
    "./python3": "exit code 4 (this is no interpreter)",
    "/bin/true": "does not answer as a CPython does",
    "cpython:/nowhere/python3": "there is no folder /nowhere",
    "cpython:": "the form is cpython:/path/of/python3",
    "mine=": "the form is name=/path/mine.so",
    "./empty.so": "exports no pmm_subject_get",
    "./plug.so": "it is a backend: name it with --backend",
    "reference=./rt.so": "'reference' is a built-in subject",
    "cpython-3.11=./rt.so": "is a built-in subject",
    "refrence": "did you mean reference?",
    "cpython-3.99": "no subject 'cpython-3.99'; did you mean cpython-3.",
    "": "no subject ''",
}


@pytest.mark.parametrize("text", BACKENDS)
def test_a_backend_that_cannot_be_used_is_answered_at_once(place, text):
    refused(place, place.call("bench", "--backend", text), BACKENDS[text])


@pytest.mark.parametrize("text", SUBJECTS)
def test_a_subject_that_cannot_be_used_is_answered_at_once(place, text):
    refused(place, place.call("conform", "--subject", text), SUBJECTS[text])
    assert not (place.folder / "started").exists()


@pytest.mark.parametrize(
    ("option", "text", "words"),
    [
        ("--backend", "./hang.so", "loading it does not end within 1 s"),
        ("--subject", "./hang.so", "loading it does not end within 1 s"),
        ("--subject", "./python9", "no answer within 1 s"),
    ],
)
def test_what_never_answers_is_not_waited_for(place, hurry, option, text, words):
    refused(place, place.call("conform", option, text), words)


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("abort", "no licence found"),
        ("segv", "SIGSEGV"),
        ("leave", "exit code 0"),
        ("old", "does not serve"),
    ],
)
def test_a_plugin_that_fails_when_it_is_loaded_is_a_failure(place, name, words):
    """It is what was named; that it is bad is a result, with its last words."""
    done = place.call("subjects", "--subject", f"{name}.so")
    assert (done.exit_code, words in done.stdout) == (0, True), done.output
    done = place.call("backends", "--backend", f"{name}.so")
    assert (done.exit_code, words in done.stdout) == (0, True), done.output
    for option in ("--subject", "--backend"):
        more = ("--subject", "reference", "--mode", "full")
        more = more if option == "--backend" else ()
        done = place.call("conform", option, f"{name}.so", *more)
        assert done.exit_code == 3, done.output
        assert f"{name}.so" in done.stdout


def test_what_cannot_be_loaded_is_not_ranked(place):
    """Minutes of the others' figures would tell its author nothing."""
    done = CliRunner().invoke(
        app, ["rank", "--backend", "abort.so", "--build", str(place.build)]
    )
    assert (done.exit_code, done.stdout) == (3, "")
    assert done.stderr.count("\n") == 1, done.stderr
    assert "abort.so cannot be ranked: loading it ends" in done.stderr
    assert "no licence found" in done.stderr


@pytest.mark.sampled
@pytest.mark.parametrize("verb", [*OVER, "backends", "doctor"])
def test_every_verb_reads_backends_alike(place, verb):
    for text in ("./nowhere.so", "./lost.so", "libc=./plug.so", "libcc"):
        refused(place, place.call(verb, "--backend", text), BACKENDS.get(text, text))


@pytest.mark.sampled
@pytest.mark.parametrize("verb", [*OVER, "subjects", "doctor"])
def test_every_verb_reads_subjects_alike(place, verb):
    second = ("--subject", "reference") if verb == "bench" else ()
    for text in ("./nowhere.so", "./empty.so", "cpython:/nowhere/python3", "refrence"):
        arguments = ("--subject", text, *second)
        if verb == "bench":
            done = CliRunner().invoke(
                app, ["bench", *arguments, "--build", str(place.build)]
            )
        else:
            done = place.call(verb, *arguments)
        refused(place, done, SUBJECTS[text])


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (("x=./a/libx.so,prefix=my_", "x=./b/libx.so,prefix=my_"),
         ("'x' is already the name of ./a/libx.so", "e.g. x2=./b/libx.so,prefix=my_")),
        (("x=./plug.so", "x=./a/libx.so,prefix=my_"), ("'x' is already the name",)),
    ],
)  # fmt: skip
def test_two_of_one_given_name_are_refused(place, texts, words):
    named_all = [part for text in texts for part in ("--backend", text)]
    refused(place, place.call("bench", *named_all), *words)


def test_a_subject_over_a_backend_it_cannot_take_is_refused(place):
    done = place.call("conform", "--subject", "rt.so", "--backend", "libc")
    refused(place, done, "there is none below example")


def test_a_comparison_with_itself_wants_two_names(place):
    words = ["bench", "--build", str(place.build), "--subject", "rt.so"]
    done = CliRunner().invoke(app, [*words, "--subject", "./rt.so"])
    refused(place, done, "are the same subject")
    refused(place, CliRunner().invoke(app, words), "name two subjects")


# ---------------------------------------------------------------------- taken


def columns(place: Place, *subjects: str, also: tuple[str, ...] = ()) -> list[str]:
    """Run cases on subjects and return the labels of the columns."""
    named_all = [part for text in subjects for part in ("--subject", text)]
    done = place.call("conform", *named_all, *also)
    assert done.exit_code == 0, done.output
    found = place.latest()
    assert len({job.id for job in found.plan}) == len(found.plan)
    assert {result.status for result in found.results} == {"ok"}
    return [column.label for column in found.columns]


def test_subjects_of_one_name_are_told_apart_by_their_paths(place):
    shutil.copy(place.folder / "rt.so", place.folder / 'it\'s "mine" \u05d0.so')
    texts = (
        "rt.so",
        "./rt.so",
        "other/rt.so",
        "new=other/rt.so",
        'it\'s "mine" \u05d0.so',
    )
    assert columns(place, *texts) == [
        "here/rt.so 1 off", "other/rt.so 1 off", "new 1 off",
        "it's \"mine\" \u05d0.so 1 off",
    ]  # fmt: skip
    assert columns(place, "other/rt.so") == ["example 1 off"]


def test_a_reproduce_line_serves_where_the_user_stands(place):
    columns(place, "rt.so", "new=other/rt.so")
    for result in place.latest().results:
        words = shlex.split(result.command)
        done = subprocess.run(words, cwd=place.folder, capture_output=True, check=False)
        assert done.returncode == 0, result.command


@pytest.mark.sampled
@pytest.mark.parametrize(
    "spelling", ["{}", "cpython:{}", "mine={}", "mine=cpython:{}", "./venv/bin/{name}"]
)
def test_an_interpreter_is_named_by_its_path(place, spelling):
    found = cpythons.find_cpythons(named_by_path.Paths(ROOT, BUILD), ["cpython"])
    one = next((one for one in found[::-1] if one.hosts), None)
    if one is None:
        pytest.skip("no CPython could load the extension")
    path = Path(one.interpreter)
    if "venv" in spelling and not Path("venv").exists():
        subprocess.run(
            [path, "-m", "venv", "--without-pip", "--symlinks", "venv"], check=True
        )
    label = "mine" if "mine" in spelling else one.id
    text = spelling.format(path, name=path.name)
    title = label if label == one.id else f"{label} {one.version}"
    assert columns(place, text) == [title]
    subjects = {entry.name: entry.available for entry in place.latest().subjects}
    assert subjects == {"reference": True, label: True}
    twice = columns(place, text, f"cpython-{one.version}")
    assert twice == sorted({title, one.id}, key=twice.index)


def test_backends_of_one_name_are_told_apart_in_every_table(place):
    texts = ("./plug.so", "other/plug.so", "old=./plug.so", "x=a/libx.so,prefix=my_",
             "y=./lib of=mine.so,prefix=my_", "./pool.so", "wild.so",
             "libc")  # fmt: skip
    labels = ["libc", "here/plug.so", "other/plug.so", "old", "x", "y", "pool.so",
              "wild.so"]  # fmt: skip
    named_all = [part for text in texts for part in ("--backend", text)]
    words = [
        "run", *named_all, "--only", "backend-check", "--only", "work", "--workload",
        "tuple_sharing", "--subject", "reference", "--build", str(place.build),
        "--profile", "smoke", "--out", "report",
    ]  # fmt: skip
    done = CliRunner().invoke(app, words)
    assert done.exit_code in (0, 3), done.output
    found = place.latest()
    assert len({job.id for job in found.plan}) == len(found.plan) == 2 * len(labels)
    checked = [c.backend for c in found.columns if c.kind == "backend"]
    assert checked == labels
    assert [result.document.backend for result in found.work] == labels
    assert labels[1:] == [b.name for b in found.backends if "here" in (b.object or "")]
    assert {row.job for row in found.results if row.status == "ok"} >= {
        f"work/tuple_sharing/reference/{id_part(label)}" for label in labels
    }


def test_what_was_named_is_shown(place):
    done = place.call("backends", "--backend", "./plug.so", "--json")
    entry = json.loads(done.stdout)[-1]
    assert (entry["name"], entry["version"]) == ("stranger", "7")
    assert entry["object"] == str(place.folder / "plug.so")
    done = place.call("subjects", "--subject", "./rt.so", "--json")
    assert [one["name"] for one in json.loads(done.stdout)] == ["reference", "example"]
    assert "subject example" in place.call("doctor", "--subject", "rt.so").stdout


def test_what_a_library_prints_does_not_hide_its_answer(place):
    done = place.call("backends", "--backend", "loud=./loud.so,prefix=my_", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)[-1]["name"] == "loud"


# ------------------------------------------------------ only what is named starts


@pytest.fixture
def fakes(tmp_path, monkeypatch) -> Path:
    """A PATH full of interpreters that note that they were started."""
    log = tmp_path / "started"
    for minor in range(8, 16):
        path = tmp_path / "bin" / f"python3.{minor}"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'#!/bin/sh\necho "${{0##*/}}" >> {shlex.quote(str(log))}\n')
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    return log


def started(log: Path) -> set[str]:
    """The names of the interpreters that were started."""
    return set(log.read_text().split()) if log.exists() else set()


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("conform", "--subject", "./rt.so"), set()),
        (("conform", "--subject", "reference"), set()),
        (("conform", "--subject", "refrence"), set()),
        (("conform", "--subject", "cpython-3.99"), set()),
        (("conform", "--subject", "cpython-3.14"), {"python3.14"}),
        (("conform", "--subject", "cpython-3.14.2"), {"python3.14"}),
        (("bench", "--backend", "./plug.so", "--profile", "none"), set()),
        (("backends",), set()),
        (("subjects", "--subject", "cpython-3.15"), {"python3.15"}),
    ],
)  # fmt: skip
def test_only_what_is_named_is_started(place, fakes, arguments, names):
    place.call(*arguments)
    assert started(fakes) == names


def test_all_are_started_where_none_is_named(place, fakes):
    place.call("subjects")
    assert started(fakes) == {f"python3.{minor}" for minor in range(8, 16)}


def test_the_program_loads_no_library_of_figures_to_run_cases():
    done = subprocess.run(
        [sys.executable, "-c", "import pmm.cli.app, sys; print(*sys.modules)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert not {"numpy", "scipy", "altair", "jinja2"}.intersection(done.stdout.split())


# ------------------------------------------------------------------- from ci/run.sh


def test_the_first_command_means_paths_from_where_one_stands(place, tmp_path):
    """The real script, with what it installs and builds left out."""
    clone = tmp_path / "clone"
    (clone / "ci").mkdir(parents=True)
    for name in ("run.sh", "times.sh", "recorded.py"):
        shutil.copy(ROOT / "ci" / name, clone / "ci")
    steps = {"say", "note", "set_up", "measure_coverage", "check_coverage", "alone",
             "together"}  # fmt: skip
    (clone / "ci" / "common.sh").write_text(
        'cd "$(dirname "${BASH_SOURCE[0]}")/.."\nROOT=$PWD\nWANTED=\n'
        + "".join(f"{step}() {{ :; }}\n" for step in sorted(steps))
    )
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "pmm").symlink_to(PMM)
    (clone / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (clone / "build-logs").mkdir()
    words = [clone / "ci" / "run.sh", "--build", place.build, "--only", "conform",
             "--case", "ref.new*", "--subject", "rt.so"]  # fmt: skip
    done = subprocess.run(
        [*words, "--out", "page"], cwd=place.folder, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert (place.folder / "page" / "index.html").is_file()
    done = subprocess.run(
        [*words, "--subject", "./nowhere.so"], cwd=place.folder, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert f"no file nowhere.so (from {place.folder})" in done.stderr


# ------------------------------------------------------------------ the host script


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("--module", "nowhere.so", "--describe"), 2, "there is no file nowhere.so"),
        (("--module", "folder.so", "--describe"), 2, "is a folder"),
        (("--module", "rt.so", "--describe"), 1, "does not load"),
        (("--module", "text.so", "--describe"), 1, "does not load"),
        (("--module", "_pmm.cpython-38.so", "--describe"), 2, "made for CPython 3.8"),
        (("--bench-module", "nowhere.so", "bench"), 2, "there is no file nowhere.so"),
    ],
)
def test_the_host_script_names_the_wrong_file(place, arguments, code, word):
    Path("_pmm.cpython-38.so").touch()
    script = ROOT / "conformance" / "cpython_host.py"
    done = subprocess.run(
        [sys.executable, script, *arguments], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert done.stderr.count("\n") == 1
    assert word in done.stderr


# ----------------------------------------------------------------------- the rules


def test_names_are_offered_in_the_order_of_their_versions():
    known = [f"cpython-3.{minor}" for minor in (10, 9, 13, 8)]
    said = str(unknown("subject", "x", known))
    assert said.endswith("cpython-3.8, cpython-3.9, cpython-3.10, cpython-3.13")


@pytest.mark.parametrize("name", ["cpython-3.11", "CPython", "reference", "Null"])
def test_a_runtime_that_calls_itself_as_ours_is_called_by_its_file(name):
    groups = [[parse_subject("/x/rt.so")]]
    assert labels_of("subject", groups, [name], RESERVED_SUBJECTS) == ["rt.so"]
    assert labels_of("subject", groups, ["mine"], RESERVED_SUBJECTS) == ["mine"]


@pytest.mark.parametrize(("name", "label"), [("Pool", "b.so"), ("cpython", "cpython")])
def test_an_allocator_that_calls_itself_as_ours_is_called_by_its_file(name, label):
    groups = [[parse_backend("/x/b.so")]]
    assert labels_of("backend", groups, [name], {"pool", "libc"}) == [label]


@given(st.lists(st.text(min_size=1, max_size=90), max_size=6), st.sets(st.text()))
def test_labels_differ_fit_and_are_not_taken(paths, taken):
    paths = list(dict.fromkeys(f"/x/{path.replace(chr(0), '')}" for path in paths))
    labels = apart(paths, taken)
    assert len({id_part(label) for label in [*labels, *taken]}) >= len(labels)
    assert len({id_part(label) for label in labels}) == len(labels)
    assert not {id_part(one) for one in taken}.intersection(map(id_part, labels))
    assert all(label.isprintable() for label in labels)
    assert all(len(label) <= LONGEST_NAME + 4 for label in labels)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("pool", (None, None, "")),
        ("m*", (None, None, "")),
        ("lib.so.2", (None, "./lib.so.2", "")),
        ("/a=b/lib.so", (None, "/a=b/lib.so", "")),
        ("x=/a=b/lib.so", ("x", "/a=b/lib.so", "")),
        ("x=lib.so,prefix=", ("x", "./lib.so", ",prefix=")),
        ("x=a.so,prefix=,env=A=b:1,c=2", ("x", "./a.so", ",prefix=,env=A=b:1,c=2")),
        ("x=a,b.so,prefix=my_,sized=yes", ("x", "./a,b.so", ",prefix=my_,sized=yes")),
    ],
)
def test_a_backend_is_read_as_it_is_typed(text, parts):
    spec = parse_backend(text)
    assert (spec.label, spec.path, spec.options) == parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("reference", (None, None, False)),
        ("cpython-3.1*", (None, None, False)),
        ("mine.so", (None, "./mine.so", False)),
        ("cpython:bin/python", (None, "bin/python", True)),
        ("new=cpython:/b/python", ("new", "/b/python", True)),
        ("~/mine.so", (None, str(Path.home() / "mine.so"), False)),
    ],
)
def test_a_subject_is_read_as_it_is_typed(text, parts):
    spec = parse_subject(text)
    assert (spec.label, spec.path, spec.interpreter) == parts


NUMBERS = 'schema = 1\nname = "mine"\n[numbers]\nexact_counters = 1\n'
KNOWN = (
    'schema = 1\n[[expectation]]\ncase = "ref.new*"\nclass = "FAIL"\nreason = "why"\n'
)


@pytest.mark.parametrize(
    ("option", "text", "words"),
    [
        ("--profile", NUMBERS + "exact_counter = 1\n", ":5: exact_counter: no case"),
        ("--expect", KNOWN.replace("FAIL", "FAILS"), ":4: class: expected a class"),
    ],
)
def test_a_wrong_document_of_a_subject_is_one_line(place, option, text, words):
    given = place.folder / "given.toml"
    given.write_text(text, encoding="utf-8")
    begun = place.runs()
    done = place.call("conform", "--subject", "./rt.so", option, str(given))
    assert done.exit_code == 2
    assert f"{given}{words}" in " ".join(done.output.split())
    assert place.runs() == begun


def test_documents_are_for_a_subject_of_the_users_own(place):
    given = place.folder / "given.toml"
    given.write_text(NUMBERS, encoding="utf-8")
    done = place.call("conform", "--subject", "reference", "--profile", str(given))
    assert done.exit_code == 2
    assert "--subject ./mine.so" in done.output


def test_documents_of_a_subject_count(place):
    numbers, known = place.folder / "mine.toml", place.folder / "known.toml"
    numbers.write_text(NUMBERS, encoding="utf-8")
    known.write_text(KNOWN, encoding="utf-8")
    options = ("--profile", "mine.toml", "--expect", "known.toml",
               "--missing", "lacks.toml")  # fmt: skip
    done = place.call("conform", "--subject", "./rt.so", *options)
    assert done.exit_code == 3  # it passes, which was not expected
    (case,) = place.latest().cases
    assert (case.id, case.outcome) == ("ref.new_object_owns_one", "XPASS")
    assert str(known) in case.reproduce
    lacks = (place.folder / "lacks.toml").read_text(encoding="utf-8")
    assert tomllib.loads(lacks)["schema"] == 1
    assert "case is UNSUPPORTED" in lacks or "cases are UNSUPPORTED" in lacks


def test_what_a_subject_lacks_goes_to_a_folder_that_is_there(place):
    begun = place.runs()
    done = place.call(
        "conform", "--subject", "./rt.so", "--missing", "nowhere/lacks.toml"
    )
    assert done.exit_code == 2
    assert "--missing nowhere/lacks.toml: there is no such folder" in done.output
    assert place.runs() == begun
