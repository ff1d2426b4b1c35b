# SPDX-License-Identifier: MIT
"""`pmm cycles`: planted cycles are named, clean programs are not accused, and the
program's own output, signals and exit code stay its own.
"""

from __future__ import annotations

import ast
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pages import opened, taken_away
from real import ROOT
from test_cli import call

from pmm.base.errors import UsageError
from pmm.cli.own_program import progress
from pmm.discover.pythons import pyodide_folders
from pmm.discover.whereabouts import candidates, family_of
from pmm.documents.cycles import CycleReport, decode_report
from pmm.execute import launched
from pmm.execute.launched import Launched, Running, none_looked_into, run_with
from pmm.judge.cycles import overhead
from pmm.render import cycles as rendered

CYCLES = ROOT / "workloads" / "python" / "cycles"
INSIDE = ROOT / "reports" / "pmm" / "inside"
TABLE = tomllib.loads((CYCLES / "planted.toml").read_text(encoding="utf-8"))


def released() -> list[Any]:
    """The newest CPython here; the oldest and the one of Debian 12 are long."""
    plain = [one for one in candidates() if one.name[-1].isdigit()]
    by_age = sorted(plain, key=lambda one: int(family_of(one).partition(".")[2]))
    debian = [one for one in by_age if str(one) == "/usr/bin/python3.11"]
    chosen = [*by_age[:1], *debian, *by_age[-1:]] or [Path(sys.executable)]
    *others, newest = dict.fromkeys(map(str, chosen))
    return [newest, *(pytest.param(one, marks=pytest.mark.long) for one in others)]


def looked_into(tmp_path: Path, *words: str, options: tuple[str, ...] = ()):
    """The exit code and the document of a program."""
    path = tmp_path / "document.json"
    done = call("cycles", "--document", str(path), *options, "--", *words)
    assert path.exists(), done.output
    return done, decode_report(path.read_bytes())


def script(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "program.py"
    path.write_text(text)
    return [sys.executable, str(path)]


# ------------------------------------------------------------ what is found


@pytest.mark.parametrize("python", released())
def test_each_planted_kind_is_named_with_its_way_and_nothing_else(python, tmp_path):
    _, report = looked_into(tmp_path, python, str(CYCLES / "planted.py"))
    found = {one.way: one for one in report.groups}
    assert len(TABLE) >= 40
    for name, kind in TABLE.items():
        ways = [kind["way"], *kind.get("also", ())]
        group = next((found.pop(way) for way in ways if way in found), None)
        assert group is not None, (name, sorted(found))
        assert (group.kind, group.cycles) == (kind["sort"], 1), name
        assert (group.explained is not None) == kind.get("explained", False), name
    assert not found
    assert all(one.troubles == () for one in report.processes)


def test_the_table_names_every_kind_that_is_planted():
    tree = ast.parse((CYCLES / "planted.py").read_text(encoding="utf-8"))
    marked = [
        one.name for one in tree.body if isinstance(one, ast.FunctionDef)
        and any(getattr(mark, "id", "") == "kind" for mark in one.decorator_list)
    ]  # fmt: skip
    assert marked == list(TABLE)


@pytest.mark.parametrize("python", released())
def test_a_clean_program_is_not_accused(python, tmp_path):
    done, report = looked_into(tmp_path, python, str(CYCLES / "clean.py"))
    assert [one.way for one in report.groups if one.explained is None] == []
    assert done.exit_code == 0
    assert "No reference cycle" in done.output


MANY = """
class Node: pass
def make():
    left, right = Node(), Node()
    left.right, right.left, left.text = right, left, "x" * (1000 + len(kept))
    kept.append(None)
kept = []
for _ in range(5000): make()
"""


def test_every_cycle_is_counted_and_two_runs_agree(tmp_path):
    reports = [looked_into(tmp_path, *script(tmp_path, MANY))[1] for _ in range(2)]
    assert reports[0].groups == reports[1].groups
    (group,) = reports[0].groups
    assert (group.cycles, group.objects) == (5000, 10000)
    assert group.held_bytes == sum(sys.getsizeof("x" * (1000 + n)) for n in range(5000))
    assert "right" in group.way
    assert "left" in group.way


THREADS = """
import sys, threading, weakref
class Node: pass
class Closing:
    def __del__(self): self.gone = True
def generator(box):
    yield box
def work():
    for _ in range(times):
        node = Node()
        node.me = [node]
        thing = Closing()
        thing.me = thing
        box = []
        box.append(generator(box))
        next(box[0])
        seen = Node()
        seen.ref, seen.it = weakref.ref(seen, lambda ref: len(str(ref))), seen
times = int(sys.argv[1])
threads = [threading.Thread(target=work) for _ in range(4)]
for one in threads: one.start()
for one in threads: one.join()
"""
OF_THREADS = {
    "Node.me → list[0] → Node", "Closing.me → Closing", "Node.it → Node",
    "generator generator local 'box' → list[0] → generator generator",
}  # fmt: skip


@pytest.mark.parametrize(
    "times", [1500, pytest.param(8000, marks=pytest.mark.long)]
)
@pytest.mark.parametrize("python", released())
def test_of_threads_each_cycle_is_found_and_none_twice(python, times, tmp_path):
    program = [python, *script(tmp_path, THREADS)[1:], str(times)]
    _, report = looked_into(tmp_path, *program)
    assert report.processes[0].troubles == ()
    found = {one.way: one.cycles for one in report.groups}
    assert found == dict.fromkeys(OF_THREADS, 4 * times)


def test_garbage_of_threads_is_freed_while_the_main_one_waits(tmp_path):
    text = (
        "import threading\n"
        "def make():\n    for _ in range(3000):\n"
        "        box = [bytearray(100_000)]\n        box.append(box)\n"
        "one = threading.Thread(target=make)\none.start()\none.join()\n"
        "peak = open('/proc/self/status').read().partition('VmHWM:')[2].split()[0]\n"
        "assert int(peak) < 250_000, peak\n"
    )
    done, report = looked_into(tmp_path, *script(tmp_path, text))
    assert done.exit_code == 0
    assert [one.cycles for one in report.groups] == [3000]


IN_PYODIDE = """
import sys
inside, program = sys.argv[1:]
sys.path.insert(0, inside)
import pmm_cycles
collecting = pmm_cycles.Collecting("pyodide")
sys.argv = [program, "itself"]
names = {"__name__": "__main__"}
exec(compile(open(program).read(), program, "exec"), names)
kinds = names["KINDS"]
planted = ["itself"]
for name in kinds:
    try:
        if name != "itself" and "asyncio" not in name:  # its loop is JavaScript's
            kinds[name]()
            planted.append(name)
    except (ImportError, OSError, RuntimeError, NotImplementedError):
        pass  # no threads
collecting.end()
for one in collecting.documents():
    steps = [kind + reference for kind, reference in one["way"]]
    print(one["cycles"], " \N{RIGHTWARDS ARROW} ".join([*steps, one["way"][0][0]]))
print("planted", *planted)
"""


@pytest.mark.long
@pytest.mark.skipif(not pyodide_folders(), reason="no package pyodide")
def test_an_incremental_collector_hides_nothing(tmp_path):
    """Of 3.14.0 to 3.14.4, and so of pyodide 314.0."""
    program = tmp_path / "program.py"
    program.write_text(IN_PYODIDE)
    launcher = ROOT / "conformance" / "python" / "pyodide.mjs"
    words = [shutil.which("node") or "node", launcher, pyodide_folders()[0], program,
             INSIDE / "cycles", CYCLES / "planted.py"]  # fmt: skip
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    *told, planted = done.stdout.splitlines()
    found = dict(line.split(" ", 1)[::-1] for line in told)
    kinds = planted.split()[1:]
    assert len(kinds) >= 30, done.stderr
    for name in kinds:
        ways = [TABLE[name]["way"], *TABLE[name].get("also", ())]
        assert any(found.get(way) == "1" for way in ways), (name, sorted(found))


def test_garbage_is_freed_while_the_program_runs(tmp_path):
    text = (
        "def make():\n    box = [bytearray(100_000)]\n    box.append(box)\n"
        "for _ in range(3000): make()\n"
        "peak = open('/proc/self/status').read().partition('VmHWM:')[2].split()[0]\n"
        "assert int(peak) < 200_000\n"
    )
    done, report = looked_into(tmp_path, *script(tmp_path, text))
    assert done.exit_code == 0
    assert [one.cycles for one in report.groups] == [3000]
    assert report.groups[0].held_bytes > 3000 * 100_000


def test_what_is_reachable_at_the_end_is_no_garbage(tmp_path):
    text = "class A: pass\nkept = A()\nkept.me = kept\nlost = A()\nlost.me = lost\n"
    _, report = looked_into(tmp_path, *script(tmp_path, text))
    assert report.groups == ()
    _, report = looked_into(tmp_path, *script(tmp_path, text + "del lost"))
    assert [one.cycles for one in report.groups] == [1]


def test_the_line_that_made_a_cycle_is_named(tmp_path):
    text = "for _ in range(500):\n    box = []\n    box.append(box)\n"
    _, report = looked_into(tmp_path, *script(tmp_path, text), options=("--where",))
    (site,) = report.groups[0].sites
    assert (Path(site.file).name, site.line) == ("program.py", 2)


# --------------------------------------------------- the program stays its own


def test_streams_signals_and_the_exit_code_are_the_programs(tmp_path, capfd):
    text = (
        "import sys, gc, weakref\n"
        "class A: pass\n"
        "a = A(); a.me = a; ref = weakref.ref(a); del a\n"
        "assert gc.get_debug() == 0 and gc.get_threshold()[0] >= 700\n"
        "gc.collect()\n"
        "assert ref() is None and gc.garbage == []\n"
        "sys.stdout.buffer.write(bytes(range(256)))\n"
        "assert not [p for p in sys.path if 'inside' in p]\n"
        "sys.exit(7)\n"
    )
    done, report = looked_into(tmp_path, *script(tmp_path, text))
    assert done.exit_code == report.exit_code == 7
    assert [one.cycles for one in report.groups] == [1]
    assert capfd.readouterr().err == ""


def test_a_signal_is_told_as_a_shell_tells_it(tmp_path):
    text = "import os\nbox = []; box.append(box); del box\nos.kill(os.getpid(), 9)\n"
    done, report = looked_into(tmp_path, *script(tmp_path, text))
    assert (done.exit_code, report.signal) == (137, "SIGKILL")
    assert "1 interpreter cut off" in done.output


ENDINGS = {
    "os._exit": "import os\nbox = []; box.append(box); del box\nos._exit(3)\n",
    "exec": "import os, sys\nbox = []; box.append(box); del box\n"
            "os.execv('/bin/sh', ['sh', '-c', 'exit 3'])\n",
    "exit": "import atexit\n@atexit.register\ndef last():\n"
            "    box = []; box.append(box)\nraise SystemExit(3)\n",
}  # fmt: skip


@pytest.mark.parametrize("reason", list(ENDINGS))
def test_the_end_is_seen_however_it_comes(reason, tmp_path):
    done, report = looked_into(tmp_path, *script(tmp_path, ENDINGS[reason]))
    assert done.exit_code == 3
    assert [one.reason for one in report.processes] == [reason]
    assert [one.cycles for one in report.groups] == [1]


FORKS = """
import os, subprocess, sys
def make():
    box = []; box.append(box)
make()
for _ in range(2):
    if os.fork() == 0:
        make()
        os._exit(0)
    os.wait()
subprocess.run([sys.executable, "-c", "a = {}; a['a'] = a; del a"], check=True)
"""


def test_forks_and_children_tell_their_own_and_nothing_twice(tmp_path):
    _, report = looked_into(tmp_path, *script(tmp_path, FORKS))
    assert {one.way: one.cycles for one in report.groups} == {
        "list[0] → list": 3, "dict['a'] → dict": 1,
    }  # fmt: skip
    assert len(report.processes) == 4


def test_a_program_without_an_end_is_ended_after_its_time(tmp_path):
    text = "import time\nbox = []; box.append(box); del box\ntime.sleep(60)\n"
    done, report = looked_into(
        tmp_path, *script(tmp_path, text), options=("--for", "0.3")
    )
    assert (done.exit_code, report.ended_by_us) == (0, True)
    assert [one.cycles for one in report.groups] == [1]


def test_the_programs_own_start_is_run_and_scripts_with_a_shebang_are(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "sitecustomize.py").write_text("print('own', __name__)\n")
    program = tmp_path / "tool"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nbox = []; box.append(box); del box\n"
        "print('sitecustomize' in sys.modules, sys.argv[1:])\n"
    )
    program.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-m", "pmm", "cycles", "--json", "--", str(program), "a", "b"],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "own")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    own, *said = done.stdout.splitlines()  # the runner has its own start, too
    assert said[:2] == [own, "True ['a', 'b']"], done.stderr
    assert own == "own sitecustomize"
    assert json.loads(said[2])["groups"][0]["cycles"] == 1
    assert done.returncode == 0


def test_a_program_that_takes_the_hook_away_is_told_of(tmp_path):
    text = "import gc\nbox = []; box.append(box); del box\ngc.callbacks.clear()\n"
    done, report = looked_into(tmp_path, *script(tmp_path, text))
    assert "took our hook" in done.output
    assert [one.cycles for one in report.groups] == [1]


def test_signals_are_passed_on_and_nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    program = script(tmp_path, "import os, signal\n"
        "signal.signal(signal.SIGTERM, lambda *_: exit(5))\n"
        "os.kill(os.getppid(), signal.SIGTERM)\nsignal.pause()\n")  # fmt: skip
    before = signal.getsignal(signal.SIGTERM)
    done = subprocess.run([sys.executable, "-m", "pmm", "cycles", "--", *program],
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 5, done.stderr
    assert signal.getsignal(signal.SIGTERM) == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["program.py"]


# ------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["/bin/true"], "no Python that can be looked into ran"),
        ([sys.executable, "-I", "-c", ""], "-I, -E or -S"),
        (["no-such-program"], "there is no program no-such-program"),
        ([str(CYCLES / "planted.py")], "write `python3 "),
    ],
)
def test_what_is_no_python_is_one_line_and_exit_2(words, said):
    done = call("cycles", "--", *words)
    assert done.exit_code == 2
    assert said in done.output
    assert len(done.output.splitlines()) == 1


def test_a_python_that_is_not_looked_into_says_so(tmp_path):
    text = "import sys; sys.version += ' free-threading build'\n"
    space = "{'__name__': '__main__', '__file__': '/nowhere/x'}"
    start = (INSIDE / "start" / "sitecustomize.py").read_text(encoding="utf-8")
    out = {"PMM_INSIDE": "tool", "PMM_INSIDE_OUT": str(tmp_path)}
    code = text + f"exec(compile(sys.argv[1], 'start', 'exec'), {space})"
    subprocess.run([sys.executable, "-c", code, start.rpartition("run_the")[0]],
                   env={**os.environ, **out}, check=False)  # fmt: skip
    (said,) = [one.read_text() for one in tmp_path.glob("*.trouble")]
    assert said.startswith("free-threaded builds")
    done = Launched(0, None, False, 1, (), (said,))
    assert none_looked_into(["python3.14t"], done).exit_code == 2


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_the_progress_is_a_line_before_the_program_and_the_title(monkeypatch):
    shown = Terminal()
    monkeypatch.setenv("TERM", "dumb")
    with progress("rss", ["python3"], shown) as tell:
        assert tell is None
    assert shown.getvalue() == (
        "pmm rss: python3 runs; the report follows when it ends\n"
    )
    monkeypatch.setenv("TERM", "xterm")
    shown = Terminal()
    with progress("cycles", ["python3", "-c", "pass"], shown) as tell:
        assert tell is not None
        before = shown.getvalue()
        tell(Running(12.3, 45 << 20, 2))
    assert before.partition("\n")[0] == (
        "pmm cycles: python3 -c pass runs; the report follows when it ends, and the "
        "title says how far it is"
    )
    later = shown.getvalue()[len(before) :]
    assert later == "\x1b]2;pmm cycles: 12.3 s, 45.0 MiB, 2 interpreters\x07\x1b[23;2t"
    with progress("cycles", ["python3"], io.StringIO()) as tell:
        assert tell is None


def test_whoever_asks_is_told_how_far_it_is(monkeypatch):
    monkeypatch.setattr(launched, "TELL_S", 0.1)
    told: list[Running] = []
    run_with("cycles", [sys.executable, "-c", "import time; time.sleep(0.5)"],
             tell=told.append)  # fmt: skip
    assert told[-1].rss > 1 << 20
    assert told[-1].interpreters == 1


def test_no_command_and_a_wrong_baseline_are_refused(tmp_path):
    with pytest.raises(UsageError, match="behind --"):
        run_with("cycles", [])
    assert call("cycles", "--update", "--", "true").exit_code == 2
    path = tmp_path / "cycles.json"
    words = ("cycles", "--baseline", str(path), "--", "true")
    assert "write it with --update" in call(*words).output
    path.write_text("[]")
    assert "is no baseline" in call(*words).output


# --------------------------------------------------------- baseline and pages


def test_a_cycle_that_the_baseline_does_not_know_is_exit_3(tmp_path):
    path = tmp_path / "known.json"
    summary = tmp_path / "summary.md"
    old = "a = []; a.append(a); del a\n"
    new = old + "b = {}; b['b'] = b; del b\n"
    words = ("--baseline", str(path))
    done, _ = looked_into(tmp_path, *script(tmp_path, new),
                          options=(*words, "--update"))  # fmt: skip
    assert done.exit_code == 0
    done, report = looked_into(tmp_path, *script(tmp_path, old), options=words)
    assert done.exit_code == 0
    assert report.gone == ("dict[] → dict",)
    call("cycles", *words, "--update", "--", *script(tmp_path, old))
    done, report = looked_into(
        tmp_path, *script(tmp_path, new), options=(*words, "--summary", str(summary))
    )
    assert done.exit_code == 3
    assert [one.way for one in report.groups if one.new] == ["dict['b'] → dict"]
    assert summary.read_text(encoding="utf-8").startswith("## ❌ 2 reference cycles")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cycles")


@pytest.fixture(scope="module")
def report(folder) -> CycleReport:
    words = (sys.executable, str(CYCLES / "planted.py"))
    return looked_into(folder, *words, options=("--out", str(folder / "page")))[1]


def test_the_page_needs_nothing_else_and_escapes_what_is_named(report, folder):
    hostile = msgspec.structs.replace(
        report.groups[0], way="<script>alert(1)</script>", new=True
    )
    hostile = msgspec.structs.replace(report, groups=(hostile, *report.groups[1:]))
    text = rendered.page(hostile).text
    assert "<script>alert" not in text
    assert text.count("<article") == len(report.groups)
    beside = folder / "page" / "cycles.json"
    assert decode_report(beside.read_bytes()) == report
    assert taken_away(folder / "page" / "index.html") == ["cycles-bytes"]


def test_the_page_opens_without_a_complaint(report, browser, folder):
    page = opened(browser, folder / "page", "index")
    assert page.locator("article").count() == len(report.groups)
    assert page.locator("h1").inner_text().startswith("Which reference cycles")


def test_the_overhead_is_what_the_tool_took(report):
    ratio = overhead(report)
    assert ratio is not None
    assert 1 < ratio < 20


def without_sizes(text: str) -> str:
    """The text with its bytes left out: each version has its own."""
    return re.sub(r"[\d,.]+ (B|KiB|MiB)", "N", text)


def test_the_chapter_says_what_the_program_says(tmp_path):
    chapter = without_sizes((CYCLES.parent / "PROGRAMS.md").read_text("utf-8"))
    done, _ = looked_into(tmp_path, sys.executable, str(CYCLES / "service.py"))
    said = done.output.partition("the program computed")[0].strip()
    assert without_sizes(said) in chapter, said
    mended = str(CYCLES / "service_mended.py")
    done, _ = looked_into(tmp_path, sys.executable, mended)
    assert done.output.splitlines()[0] in chapter


def test_the_code_inside_holds_nothing_that_an_old_python_lacks():
    for path in INSIDE.rglob("*.py"):
        ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))
