"""`pmm fetch` against a repository in a folder: whole, or not at all."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from pathlib import Path

import fake_repository
import pytest
from typer.testing import CliRunner

from pmm.base.cache import fetched_roots
from pmm.base.signals import Interruption
from pmm.cli.app import app
from pmm.fetch import fetching, pins
from pmm.fetch.pins import Machine
from pmm.fetch.sources import deb822_sources, one_line_sources

NEEDED = ("apt-get", "apt-cache", "apt-config", "dpkg", "dpkg-deb")
CATALOGUE = """
schema = 1
[suites]
testos = "later"
[interpreter.fakepython]
program = "usr/bin/fakepython"
says = "CPython 3.99"
packages = ["fakepython", "fakelib"]
"""
SCRIPT = f"#!/bin/sh\necho {fake_repository.SAYS}\n"


class Place:
    """A machine whose only source is a repository of one interpreter."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repository = fake_repository.Repository(folder / "apt")
        self.pins = folder / "pins.toml"
        self.cache = folder / "cache" / "pmm"
        (folder / "wanted.toml").write_text(CATALOGUE)
        self.build(SCRIPT)
        self.repository.publish("here")

    def build(self, script: str, pinned: bool = True) -> None:
        add = self.repository.add
        hashes = {
            "fakepython": add("fakepython", {"usr/bin/fakepython": script,
                                             "usr/bin/other": script}),
            "fakelib": add("fakelib", {"usr/lib/fake.txt": "x"}),
        }  # fmt: skip
        self.repository.publish()
        if pinned:
            lines = [f"[pins.testos-{fake_repository.architecture()}]"]
            lines += [f'{name} = {{version = "1.0-1", sha256 = "{one}"}}'
                      for name, one in hashes.items()]  # fmt: skip
            self.pins.write_text("\n".join(["schema = 1", *lines]))

    def fetch(self, *words: str):
        return CliRunner().invoke(app, ["fetch", *words])

    def nothing_half(self) -> bool:
        return not list((self.cache / "interpreters").glob(".part-*"))


@pytest.fixture
def place(tmp_path, monkeypatch):
    if any(shutil.which(tool) is None for tool in NEEDED):
        pytest.skip("this system has no apt")
    machine = Machine("testos", "here", fake_repository.architecture())
    found = Place(tmp_path)
    monkeypatch.setenv("APT_CONFIG", str(found.repository.folder / "apt.conf"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(pins, "WANTED", tmp_path / "wanted.toml")
    monkeypatch.setattr(pins, "PINS", found.pins)
    monkeypatch.setattr(fetching, "this_machine", lambda: machine)
    yield found
    found.repository.close()


def test_an_interpreter_is_fetched_once_and_runs(place):
    done = place.fetch("fakepython")
    assert done.exit_code == 0, done.output
    [root] = fetched_roots()
    program = root / "usr/bin/fakepython"
    assert done.stdout == f"fakepython: {program}\n"
    assert "2 of 2, fakelib 1.0-1" in done.stderr
    assert fake_repository.run(program).strip() == fake_repository.SAYS
    assert (root / "usr/lib/fake.txt").is_file()
    assert not (root / "usr/bin/other").exists()
    assert place.nothing_half()
    again = place.fetch("fakepython")
    assert (again.stdout, again.stderr) == (done.stdout, "")
    assert str(program) in place.fetch().stdout


def test_nothing_but_the_cache_is_written(place):
    place.fetch("fakepython")
    assert not (place.repository.folder / "hook-ran").exists()
    assert [path.name for path in (place.folder / "cache").iterdir()] == ["pmm"]


def test_a_package_that_changed_under_its_pin_is_refused(place):
    place.build(SCRIPT + "# other\n", pinned=False)
    done = place.fetch("fakepython")
    assert done.exit_code == 1
    assert "fakepython 1.0-1 is not the file that is pinned" in done.stderr
    assert fetched_roots() == []
    assert place.nothing_half()


def test_a_file_that_is_not_the_listed_one_is_refused(place):
    place.repository.packages["fakelib"].write_bytes(b"something else")
    done = place.fetch("fakepython")
    assert done.exit_code == 1
    assert fetched_roots() == []
    assert place.nothing_half()


def test_a_file_is_held_against_its_pin_whatever_the_tool_brought(place, monkeypatch):
    def swapped(self, name, version, folder):
        (folder / "x.deb").write_bytes(b"something else")
        return folder / "x.deb"

    monkeypatch.setattr(fetching.PrivateApt, "download", swapped)
    done = place.fetch("fakepython")
    assert (done.exit_code, fetched_roots()) == (1, [])
    assert "is not the file that is pinned" in done.stderr


def test_an_interpreter_of_a_later_version_is_absent(place):
    place.repository.add("fakepython", {"usr/bin/fakepython": SCRIPT}, "2.0-1")
    place.repository.publish()
    done = place.fetch("fakepython")
    assert done.exit_code == 0
    assert "the suite has fakepython 2.0-1, and 1.0-1 is pinned" in done.stdout


def test_pins_are_written_anew(place):
    place.repository.add("fakepython", {"usr/bin/fakepython": SCRIPT}, "2.0-1")
    place.repository.publish()
    done = place.fetch("--update-pins")
    said = "pinned as the suite has them: 2 packages\n"
    assert (done.exit_code, done.stdout) == (0, said)
    assert '"fakepython" = {version = "2.0-1"' in place.pins.read_text()
    assert place.fetch("fakepython").exit_code == 0
    assert len(fetched_roots()) == 1


def test_what_the_suite_lacks_keeps_its_pin(place):
    before = place.pins.read_text().splitlines()[-1]
    assert before.startswith("fakelib = ")
    no_package(place)
    place.repository.add("fakepython", {"usr/bin/fakepython": SCRIPT}, "2.0-1")
    place.repository.publish()
    done = place.fetch("--update-pins")
    assert "the suite has no fakelib: its pin: 1.0-1 stays" in done.stderr
    assert done.stdout == (
        "pinned as the suite has them: 1 package; as before, for the suite lacks "
        "them: 1\n"
    )
    known = pins.known_pins(fetching.this_machine())
    assert known["fakepython"].version == "2.0-1"
    assert known["fakelib"].sha256 in before
    no_pin(place)
    assert "the suite has no fakelib: its pin: none" in (
        place.fetch("--update-pins").stderr
    )
    assert list(pins.known_pins(fetching.this_machine())) == ["fakepython"]


def no_source(place):
    (place.repository.folder / "sources.list").unlink()


def foreign_source(place):
    place.repository.use("elsewhere")


def no_suite(place):
    shutil.rmtree(place.repository.folder / "repo" / "dists" / "later")


def no_package(place):
    del place.repository.packages["fakelib"]
    place.repository.publish()


def no_pin(place):
    place.pins.write_text("schema = 1\n")


def other_key(place):
    if place.repository.keys is None:
        pytest.skip("there is no gpg")
    place.repository.close()
    (place.repository.folder / "key.gpg").unlink()
    key = place.repository.folder / "key.gpg"
    place.repository.make_key()
    key.rename(place.repository.folder / "kept.gpg")
    place.repository.make_key()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (no_source, "apt has no source of here"),
        (foreign_source, "apt has no source of here"),
        (no_suite, "the suite later cannot be fetched: "),
        (no_package, "the suite has no fakelib"),
        (no_pin, "fakepython is not pinned for testos-"),
        (other_key, "the suite later cannot be fetched: "),
    ],
)
def test_what_cannot_be_had_is_told_and_is_no_error(place, spoil, words):
    spoil(place)
    done = place.fetch("fakepython")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"fakepython: cannot be fetched: {words}")
    assert done.stdout.count("\n") == 1
    assert fetched_roots() == []


def test_a_system_without_apt_can_fetch_nothing(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    done = CliRunner().invoke(app, ["fetch", "python3.14"])
    assert (done.exit_code, done.stdout) == (
        0, "nothing can be fetched: this system has no apt-get\n"
    )  # fmt: skip


def test_an_interrupted_fetch_leaves_nothing_half(place, monkeypatch):
    def interrupted(*_):
        raise Interruption("SIGTERM")

    with monkeypatch.context() as patch:
        patch.setattr(fetching, "unpack", interrupted)
        assert place.fetch("fakepython").exit_code == 130
    assert fetched_roots() == []
    assert place.nothing_half()


def test_what_a_killed_fetch_left_is_removed_by_the_next(place):
    left = place.cache / "interpreters" / ".part-left"
    left.mkdir(parents=True)
    (left / "file").write_text("half")
    unmarked = place.cache / "interpreters" / "fakepython" / "0123"
    unmarked.mkdir(parents=True)
    assert place.fetch("fakepython").exit_code == 0
    assert place.nothing_half()
    assert not unmarked.exists()


def fetch_into(folder: str, number: int) -> None:
    done = CliRunner().invoke(app, ["fetch", "fakepython"])
    Path(folder, f"{number}.txt").write_text(f"{done.exit_code} {done.stderr}")


def test_two_at_once_wait_for_one_another(place):
    context = multiprocessing.get_context("fork")
    two = [
        context.Process(target=fetch_into, args=(str(place.folder), number))
        for number in range(2)
    ]
    for one in two:
        one.start()
    for one in two:
        one.join(120)
    said = [(place.folder / f"{number}.txt").read_text() for number in range(2)]
    assert [text.split()[0] for text in said] == ["0", "0"]
    assert sum("fetching the package lists" in text for text in said) == 1
    assert len(fetched_roots()) == 1


def test_a_full_disk_is_told(place, monkeypatch):
    usage = shutil.disk_usage(place.folder)._replace(free=10)
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda _: usage)
    done = place.fetch("fakepython")
    assert done.exit_code == 1
    assert "MiB are needed, and 0 are free" in done.stderr


@pytest.mark.parametrize("script", [SCRIPT.replace("C", "Py"), "#!/bin/sh\nexit 3\n"])
def test_what_does_not_start_as_itself_is_removed(place, script):
    place.build(script)
    done = place.fetch("fakepython")
    assert done.exit_code == 1
    assert fetched_roots() == []


def test_an_unknown_name_is_a_mistake(place):
    done = place.fetch("fakpython")
    assert done.exit_code == 2
    assert "did you mean fakepython?" in done.stderr


# ---------------------------------------------------------------------- sources

HERE = Machine("debian", "here", "amd64")


def test_sources_are_read_in_both_forms():
    line = "# a comment\ndeb [arch=amd64 signed-by=/k.gpg] http://a/d here main other\n"
    [one] = one_line_sources(line + "deb-src http://a/d here main\n")
    assert one.serves(HERE)
    text = "deb [signed-by=/k.gpg] http://a/d sid main\n"
    assert one.entry("sid") == ("pmm.list", text)
    stanza = (
        "Types: deb\n# a comment\nURIs: http://a/d http://b/d\n"
        "Suites: here here-updates\nComponents: main\nSigned-By: /k.gpg\n"
    )
    two = list(deb822_sources(f"{stanza}\n{stanza}Enabled: no\n"))
    assert [source.address for source in two] == ["http://a/d", "http://b/d"]
    assert two[0].entry("sid") == (
        "pmm.sources",
        "Types: deb\nURIs: http://a/d\nSuites: sid\nComponents: main\n"
        "Signed-By: /k.gpg\n",
    )


@pytest.mark.parametrize(
    "line", ["deb http://a/d there main", "deb http://a/d here vendor", "deb", ""]
)
def test_a_source_of_somebody_else_does_not_count(line):
    assert not any(source.serves(HERE) for source in one_line_sources(line))


def test_an_embedded_key_is_kept():
    key = "\n -----BEGIN-----\n .\n abc\n -----END-----\n"
    stanza = "Types: deb\nURIs: http://a\nSuites: here\nComponents: main\nSigned-By:"
    [one] = deb822_sources(stanza + key)
    assert key in one.entry("sid")[1]


def test_the_project_pins_all_that_it_offers():
    offered = pins.catalogue()
    for kind in pins.read(pins.PINS, pins.PinFile).pins.values():
        for name, one in offered.every.items():
            assert set(one.packages) <= set(kind)
            if name in offered.allocator:
                number = name.partition("-")[2]
                assert kind[one.packages[0]].upstream.startswith(number)
    assert os.access(pins.PINS, os.R_OK)
