# SPDX-License-Identifier: MIT
"""`pmm check-extension`: each planted mistake is found, and nothing that is right.

The planted types are conformance/fakes/extension, built for the limited API.
"""

from __future__ import annotations

import datetime
import json
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec
import pytest
from pages import taken_away
from real import ROOT
from test_cli import call

from pmm.base.errors import UsageError
from pmm.collect.extension import Target, find_maker, run_check, script_of
from pmm.discover.symbols import Frame, function_at, read_frame
from pmm.documents.extension import (
    CHECKS,
    CheckResult,
    ExtensionRun,
    Finding,
    TypeResult,
    decode_extension,
    encode_extension,
)
from pmm.execute.inside import Host
from pmm.execute.pool import in_order
from pmm.judge.extension import failing, judged, read_expected, sentence
from pmm.render.extension import page, summary
from pmm.store.extension_junit import extension_junit

BUILT = ROOT / "build" / "conformance" / "fakes" / "extension"
LIBRARY = ROOT / "build" / "reports" / "pmm-refuse.so"
PYTHON = shutil.which("python3") or sys.executable
MODULE = "pmm_faulty"
IMMORTAL_NONE = sys.version_info >= (3, 12)
needs_extension = pytest.mark.skipif(
    not (BUILT / "pmm_faulty.abi3.so").is_file(), reason="no headers of Python"
)

PLANTED = [
    ("Unvisited", "cycles", "LEAK", "tp_traverse shows the collector 0"),
    ("LeaksArgument", "counts", "LEAK", "+1 references of the argument"),
    ("LeaksType", "type", "LEAK", "+50 references"),
    ("NeedsInit", "unmade", "CRASH", "SIGSEGV while o.first()"),
    ("StaysTracked", "stress", "FAIL", "while the collector still has it"),
    ("Swallows", "oom", "OOM_UNSAFE", "'' instead of"),
]
"""A few, for every run: type, check, class, what the message says."""
REST = [
    ("NoCheck", "oom", "OOM_UNSAFE", "SIGSEGV"),
    ("Deep", "nesting", "CRASH", "SIGSEGV while dropping 600,000"),
    ("Unvisited", "visits", "LEAK", "owns 1 reference(s) and shows the collector 0"),
    ("VisitsTwice", "visits", "FAIL", "shows the collector 2"),
    ("HidesType", "type", "WARN", "does not visit the type"),
    ("NoClear", "cycles", "LEAK", "tp_clear"),
    ("NoGc", "cycles", "LEAK", "Py_TPFLAGS_HAVE_GC"),
    ("ForgetsWeak", "weakrefs", "FAIL", "called 0 times"),
    ("DeepNext", "depth", "CRASH", "next(o)"),
    ("LeaksBlock", "counts", "LEAK", "+1 blocks"),
    ("LeaksMalloc", "counts", "LEAK", "bytes of malloc"),
    ("ReinitLeaks", "reinit", "LEAK", "+1 references of the argument"),
    ("CopyLeaks", "copies", "LEAK", "+1 references of the type"),
    ("ErrorLeaks", "errors", "LEAK", "+1 blocks"),
    ("NoError", "errors", "FAIL", "without setting an exception"),
    ("WrongError", "oom", "OOM_UNSAFE", "KeyError instead of MemoryError"),
    ("LosesOnFailure", "oom", "LEAK", "1 block(s) leak"),
    ("DropsTwice", "oom", "OOM_UNSAFE", "1 reference(s) of p too many are given"),
    pytest.param(
        "LosesNone", "methods", "FAIL", "-1 references of None",
        marks=pytest.mark.skipif(IMMORTAL_NONE, reason="None counts no references"),
    ),
]  # fmt: skip
RIGHT = ("Right", "Pooled", "Cached", "Plain", "Shared")


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(PYTHON, tmp_path, (str(BUILT),), str(LIBRARY), 60)


def target(name: str) -> Target:
    return Target(name, f"{MODULE}.{name}", MODULE, None)


def checked(host: Host, name: str, check: str) -> CheckResult:
    maker, made = find_maker(host, target(name))
    assert maker is not None, made.reason
    return run_check(host, target(name), maker, check)


def found(host: Host, name: str, check: str, outcome: str, words: str) -> Finding:
    result = checked(host, name, check)
    hit = [one for one in result.findings if words in one.message]
    assert hit, [one.message for one in result.findings]
    assert hit[0].outcome == outcome, result
    return hit[0]


@pytest.mark.sampled
@needs_extension
@pytest.mark.parametrize(("name", "check", "outcome", "words"), PLANTED)
def test_a_planted_mistake_is_found(host, name, check, outcome, words):
    one = found(host, name, check, outcome, words)
    if check != "oom":
        assert one.confirmed, one.script
    assert "pmm." not in one.script


@needs_extension
@pytest.mark.long
@pytest.mark.parametrize(("name", "check", "outcome", "words"), REST)
def test_each_other_planted_mistake_is_found(host, name, check, outcome, words):
    one = found(host, name, check, outcome, words)
    if check != "oom":
        assert one.confirmed, one.script


@needs_extension
def test_a_finding_names_the_c_function_and_its_line(host):
    crash = found(host, "NeedsInit", "unmade", "CRASH", "first")
    assert (crash.function or "").startswith("needs_init_first (careless.c:")
    slot = found(host, "Unvisited", "visits", "LEAK", "shows")
    assert (slot.function or "").startswith("unvisited_traverse (graph.c:")


@pytest.mark.long
@needs_extension
@pytest.mark.parametrize(
    ("name", "check", "words", "function"),
    [
        ("ErrorLeaks", "errors", "+1 blocks", "error_leaks_is_true (leaking.c:"),
        ("NoError", "errors", "without setting", "no_error_add (careless.c:"),
        ("CopyLeaks", "copies", "+1 references", "copy_leaks_copy (leaking.c:"),
        ("ReinitLeaks", "reinit", "+1 references", "reinit_leaks_init (leaking.c:"),
        ("DropsTwice", "oom", "too many", "drops_twice_add (careless.c:"),
    ],
)
def test_what_a_line_calls_is_named(host, name, check, words, function):
    (hit, *_) = [one for one in checked(host, name, check).findings
                 if words in one.message]  # fmt: skip
    assert (hit.function or "").startswith(function), hit


@pytest.mark.sampled
@needs_extension
@pytest.mark.parametrize("check", ["visits", "cycles", "oom"])
def test_a_right_type_has_no_finding(host, check):
    result = checked(host, "Right", check)
    assert (result.outcome, result.findings) == ("PASS", ())


@pytest.mark.long
@pytest.mark.parametrize("check", ["errors", "methods"])
def test_what_a_context_keeps_is_no_leak(host, check):
    file = str(ROOT / "workloads" / "python" / "extension" / "standard.py")
    variable = Target("variable", "made['variable']", None, file)
    maker, made = find_maker(host, variable)
    assert maker is not None, made.reason
    assert run_check(host, variable, maker, check).outcome == "PASS"


@needs_extension
@pytest.mark.long
@pytest.mark.parametrize("name", RIGHT)
def test_no_right_type_has_a_finding(host, name):
    maker, _ = find_maker(host, target(name))
    assert maker is not None
    for check in CHECKS:
        if check != "make":
            result = run_check(host, target(name), maker, check)
            assert result.outcome in {"PASS", "UNSUPPORTED"}, (check, result)


# ------------------------------------------------------------------- bad input


BAD = {
    "crashes": ("import os; os.kill(os.getpid(), 11)", 3, "SIGSEGV while importing"),
    "exits": ("import os; os._exit(7)", 3, "exit code 7 while importing"),
    "asks_to_exit": ("raise SystemExit(5)", 2, "SystemExit: 5"),
    "raises": ("import nowhere_at_all", 2, "No module named 'nowhere_at_all'"),
    "hangs": ("import time; time.sleep(60)", 3, "does not end: importing"),
    "is_empty": ("", 4, "Nothing of is_empty could be checked"),
}


@pytest.mark.sampled
@pytest.mark.parametrize("name", BAD)
def test_a_module_that_misbehaves_is_told_in_a_line(tmp_path, monkeypatch, name):
    text, code, words = BAD[name]
    (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    done = call("check-extension", name, "--python", PYTHON, "--seconds", "1",
                "--build", str(ROOT / "build"))  # fmt: skip
    assert done.exit_code == code, done.output
    assert words in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name a module"),
        (("no_such_module",), "No module named 'no_such_module'"),
        (("collections:dequeue",), "'dequeue'"),
        (("collections", "--type", "dequeu"), "did you mean deque"),
        (("collections", "--check", "cycle"), "did you mean cycles"),
        (("collections", "--python", "/no/python"), "--python"),
        (("--factories", "/no/file.py"), "no such file"),
        (("collections", "--expect", "/no/file.toml"), "--expect"),
    ],
)
def test_a_wrong_name_is_a_usage_error(arguments, words):
    done = call("check-extension", *arguments, "--build", str(ROOT / "build"))
    assert (done.exit_code, words in done.output) == (2, True), done.output


FACTORIES = """
import collections, os, sys, threading
print("noise", flush=True); os.write(2, b"\\xff\\x00noise")
threading.Thread(target=threading.Event().wait, daemon=True).start()
def pair(held): return collections.deque([held, held])
def broken(): raise ValueError("no such thing")
"""


def test_factories_noise_and_threads(tmp_path, monkeypatch):
    (tmp_path / "made.py").write_text(FACTORIES)
    monkeypatch.chdir(tmp_path)
    done = call("check-extension", "--factories", "made.py", "--python", PYTHON,
                "--check", "cycles", "--check", "visits", "--json",
                "--build", str(ROOT / "build"))  # fmt: skip
    run = decode_extension(done.stdout.encode())
    kinds = {one.name: one for one in run.types}
    assert done.exit_code == 0, done.output
    assert kinds["pair"].type == "collections.deque"
    assert "made['pair'](p)" in kinds["pair"].ways
    assert kinds["broken"].checks[0].reason == "ValueError: no such thing"


# ---------------------------------------------------- documents, pages, expectations


def finding(outcome: str = "LEAK", message: str = "a cycle stays") -> Finding:
    return Finding(
        outcome=outcome, reported=outcome, message=message, function="ring_clear",
        frames=("ring_clear (mymod.so)",), script="print(True)\n", confirmed=True,
    )  # fmt: skip


def sample(*found: Finding) -> ExtensionRun:
    check = CheckResult(name="cycles", outcome=found[0].outcome if found else "PASS",
                        findings=found, notes=("<b>a cache</b>",), reason=None,
                        elapsed_ns=5)  # fmt: skip
    none = CheckResult(name="make", outcome="UNSUPPORTED", findings=(), notes=(),
                       reason="TypeError: no", elapsed_ns=1)  # fmt: skip
    return ExtensionRun(
        schema="pmm.extension", version=1, created="2026-01-02T03:04:05Z",
        command="pmm check-extension mymod", target="mymod", interpreter="python3",
        python="3.11.2", elapsed_ns=7, types=(
            TypeResult(name="Ring", type="mymod.Ring", call="mymod.Ring()",
                       ways=("o.x = p",), checks=(check,)),
            TypeResult(name="Odd", type=None, call=None, ways=(), checks=(none,)),
        ),
    )  # fmt: skip


def test_a_document_is_read_as_it_was_written():
    run = sample(finding())
    assert decode_extension(encode_extension(run)) == run


def test_page_and_summary_tell_all_and_escape():
    run = sample(finding(message="<script>alert(1)</script>"))
    text = page(run).text
    assert "<script>alert" not in text
    for word in ("ring_clear", "&lt;b&gt;a cache", "TypeError: no", "print(True)"):
        assert word in text
    assert 'href="http' not in text and "src=" not in text
    assert "1 finding in 1 of 1 type of mymod" in summary(run)


def test_junit_has_a_case_a_check():
    root = ET.fromstring(extension_junit(sample(finding())))
    cases = {(c.get("classname"), c.get("name")): c for c in root.iter("testcase")}
    assert cases["pmm.Ring", "cycles"].find("failure").get("type") == "LEAK"
    assert cases["pmm.Odd", "make"].find("skipped") is not None


EXPECTED = """
schema = 1
[[expectation]]
case = "Ring.cycles"
class = "LEAK"
reason = "by contract"
"""
TODAY = datetime.date(2026, 1, 2)


def test_an_expected_finding_does_not_fail(tmp_path):
    file = tmp_path / "known.toml"
    file.write_text(EXPECTED)
    entries = read_expected(file)
    run = judged(sample(finding()), entries, TODAY)
    assert run.types[0].checks[0].outcome == "XFAIL"
    assert (failing(run), run.problems) == ([], ())
    assert sentence(run) == "No finding in 1 type of mymod."
    gone = judged(sample(), entries, TODAY)
    assert "take the entry out" in gone.problems[0]
    file.write_text(EXPECTED + "expires = 2026-01-01\n")
    late = judged(sample(finding()), read_expected(file), TODAY)
    assert failing(late)
    assert "expired" in late.problems[0]


@pytest.mark.parametrize("text", ["schema = 2", "[", "schema = 1\nx = 1", "\xff"])
def test_a_file_that_is_none_is_refused(tmp_path, text):
    file = tmp_path / "known.toml"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(UsageError, match="--expect"):
        read_expected(file)


def test_a_script_has_all_that_it_needs():
    maker = {"prologue": ["import mymod"], "call": "mymod.Ring()"}
    text = script_of(maker, ["o.add(p)", "gc.collect()"])
    assert text.startswith("import gc\nimport mymod\nclass P:")
    assert text.endswith("o = mymod.Ring()\no.add(p)\ngc.collect()\nprint(True)\n")


def test_frames_are_read():
    frame = read_frame("/no/such.so +0x10 =0x7f10 near")
    assert frame == Frame("/no/such.so", 0x10)
    assert frame.function is None
    assert read_frame("? +0 =0x1 ?") is None


def test_a_function_is_the_one_that_an_address_lies_in():
    if shutil.which("nm") is None or not LIBRARY.is_file():
        pytest.skip("no nm")
    lines = subprocess.run(["nm", "-S", str(LIBRARY)], capture_output=True, text=True,
                           check=True).stdout.splitlines()  # fmt: skip
    at = next(int(line.split()[0], 16) for line in lines
              if line.endswith(" pmm_refuse_stop"))  # fmt: skip
    assert function_at(str(LIBRARY), at + 1) == "pmm_refuse_stop"
    assert function_at(str(LIBRARY), 1) is None


def test_work_is_done_in_order_and_stops():
    assert list(in_order(lambda n: n * n, [1, 2, 3], 2, lambda: None)) == [1, 4, 9]
    ended = []

    def work(number: int) -> int:
        if number == 1:
            raise ValueError(number)
        return number

    with pytest.raises(ValueError, match="1"):
        list(in_order(work, list(range(50)), 1, lambda: ended.append(True)))
    assert ended == [True]


def test_json_has_the_whole_document(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = call("check-extension", "collections:deque", "--python", PYTHON, "--check",
                "type", "--json", "--out", "page", "--junit", "j.xml", "--summary",
                "s.md", "--build", str(ROOT / "build"))  # fmt: skip
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["types"][0]["name"] == "deque"
    assert msgspec.json.decode(done.stdout, type=ExtensionRun).target
    for name in ("page/index.html", "j.xml", "s.md"):
        assert Path(name).stat().st_size > 0
    assert taken_away(Path("page", "index.html")) == ["extension-checks"]


# ------------------------------------------------------------------------- pytest


MARKED = """
import pytest

@pytest.mark.pmm_extension("collections:deque", checks=["type"])
def test_right():
    pass

@pytest.mark.pmm_extension("crashes", seconds=5)
def test_wrong():
    raise AssertionError("the body of a test with a finding does not run")

def test_by_hand(check_extension):
    assert check_extension("collections:deque", ["type"])[0].name == "deque"

def test_misspelt(check_extension):
    check_extension("collections:dequeue")
"""


def test_a_marker_and_a_fixture(tmp_path):
    (tmp_path / "conftest.py").write_text(
        'pytest_plugins = ["pmm.cli.pytest_extension"]\n'
    )
    (tmp_path / "crashes.py").write_text(BAD["crashes"][0])
    (tmp_path / "test_marked.py").write_text(MARKED)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--strict-markers", "-p",
         "no:cacheprovider"], cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "2 failed, 2 passed" in done.stdout, done.stdout
    assert "SIGSEGV while importing crashes" in done.stdout
    assert "'dequeue'" in done.stdout
