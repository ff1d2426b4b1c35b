# SPDX-License-Identifier: MIT
"""`pmm conform --subject python:…`: the cases in plain Python, as columns.

The programs are the real ones; interpreters that misbehave are short scripts.
"""

import json
import os
import re
import subprocess
import sys

import pytest
from strangers import BUILD, ROOT

CASES = ("--case", "lst.e*")
WHO = '{"who": "cpython", "version": "3.11.7", "python": "3.11.7"}'


def pmm(folder, *words):
    """Run the command line; return its exit code and all that it said."""
    done = subprocess.run(
        [sys.executable, "-m", "pmm", "conform", "--build", str(BUILD), *words],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
        env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache")},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def document(said):
    """Return the document of the run that said this; others share the build."""
    [folder] = re.findall(r"^run: +(\S+)$", said, re.MULTILINE)
    return json.loads((ROOT / folder / "run.json").read_text())


def script(folder, name, text):
    """Make a program that is taken for an interpreter."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\n{text}\n")
    path.chmod(0o755)
    return path


def test_the_own_python_is_a_column(tmp_path):
    code, said = pmm(tmp_path, "--subject", f"python:{sys.executable}", *CASES)
    assert code == 0, said
    found = document(said)
    [column] = found["columns"]
    assert column["subject"] == "python" and column["attach"] == "python"
    assert column["label"] == f"python-{sys.version.split()[0]}"
    assert {case["class"] for case in found["cases"]} == {"PASS"}


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("text", "outcome", "words"),
    [
        ("print('Hello')", "HARNESS_ERROR", "it does not report what it is"),
        ("import os; os.kill(os.getpid(), 11)", "CRASH", "SIGSEGV"),
        (f"print('{WHO}')", "HARNESS_ERROR", "before its end"),
    ],
)
def test_a_bad_one_is_a_column_and_the_others_go_on(tmp_path, text, outcome, words):
    path = script(tmp_path, "odd", text)
    code, said = pmm(
        tmp_path, "--subject", f"python:{path}",
        "--subject", f"python:{sys.executable}", *CASES,
    )  # fmt: skip
    assert code == 3, said
    cases = document(said)["cases"]
    assert outcome in {case["class"] for case in cases}
    assert any(words in (case["message"] or "") for case in cases)
    assert sum(case["class"] == "PASS" for case in cases) > 1


def test_what_does_not_start_is_refused(tmp_path):
    for text in ("python:/no/such/program", "python:", f"python:{tmp_path}"):
        code, said = pmm(tmp_path, "--subject", text)
        assert code == 2 and said.count("\n") == 1, said
