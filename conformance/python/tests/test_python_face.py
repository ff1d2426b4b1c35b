# SPDX-License-Identifier: MIT
"""The Python face: its cases are the C cases', and a bad interpreter is told.

1. Each case is one of `pmm-conform --list`, with its title, level and requirements,
   and its text is that of the requirements.
2. Interpreters that hang, crash, print anything or lie get their class, in one line.
3. The whole face passes on the Python that runs this, known failures aside.
4. Both faces give the same verdict: those that fail, and a sample (--all: all).

Usage: test_python_face.py PMM_CONFORM [--all]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

FACE = Path(__file__).resolve().parent.parent
ROOT = FACE.parent.parent
CONFORM = FACE / "conform.py"
HOST = ROOT / "conformance" / "cpython_host.py"
LEAST_CASES = 60
EVERY = 10
SOME = 40
"""Cases in one call of the host script."""

sys.path.insert(0, str(FACE))

from catalogue import Case, all_cases

Checks = Iterator[tuple[str, bool]]
Lines = dict[str, dict[str, str]]

WHO = """print('{"who": "cpython", "version": "3.11.7", "python": "3.11.7"}')"""
BEGAN = """print('{"case": "%s", "phase": "body"}' % name)"""
PASSED = """print('{"case": "%s", "class": "PASS"}' % name)"""
ABORT = "sys.stdout.flush(); os.kill(os.getpid(), 6)"
SLEEP = "sys.stdout.flush(); import time; time.sleep(99)"
# what it does: (as it is asked who it is, as it runs a case, class)
BAD = {
    "hangs at its start": ("import time; time.sleep(99)", "", "TIMEOUT"),
    "prints garbage": ("print('Hello')", "", "HARNESS_ERROR"),
    "prints no text": ("sys.stdout.buffer.write(bytes(range(256)))", "",
                       "HARNESS_ERROR"),
    "crashes at its start": ("os.kill(os.getpid(), 11)", "", "CRASH"),
    "ends with an error": ("sys.exit('no module named json')", "", "HARNESS_ERROR"),
    "answers twice": (f"{WHO}; {WHO}", "", "HARNESS_ERROR"),
    "hangs in a case": (WHO, f"{BEGAN}; {SLEEP}", "TIMEOUT"),
    "dies in a case": (WHO, f"{BEGAN}; sys.stdout.flush(); os.kill(os.getpid(), 11)",
                       "CRASH"),
    "dies behind a case": (WHO, f"{BEGAN}; {PASSED}; {ABORT}", "CRASH"),
    "ends in a case": (WHO, BEGAN, "HARNESS_ERROR"),
    "passes without a body": (WHO, PASSED, "HARNESS_ERROR"),
    "fails behind a case": (WHO, f"{BEGAN}; {PASSED}; sys.exit(1)", "HARNESS_ERROR"),
    "floods": (WHO, f"print('x' * 5000000); {BEGAN}; {PASSED}", "PASS"),
}  # fmt: skip


def conform(python: str, folder: Path, *options: str) -> tuple[int, Lines, str]:
    """Run the face; return its exit code, its cases, and what went to stderr."""
    out = folder / "out.jsonl"
    out.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, str(CONFORM), "--python", python, "--jsonl", str(out),
         *options],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    return done.returncode, cases_in(out), done.stderr


def cases_in(path: Path) -> Lines:
    """Return the case lines of a document, by id."""
    rows = map(json.loads, path.read_text().splitlines() if path.is_file() else ())
    return {row["id"]: row for row in rows if row["type"] == "case"}


def declarations(tool: str, cases: list[Case]) -> Checks:
    """Hold the cases against the C cases and the specification."""
    said = subprocess.run([tool, "--list", "--json"], capture_output=True, check=True)
    known = {case["id"]: case for case in json.loads(said.stdout)["cases"]}
    texts = tomllib.loads((ROOT / "conformance" / "requirements.toml").read_text())
    text = {row["id"]: row["text"] for row in texts["requirement"]}
    yield f"there are {LEAST_CASES} cases and more", len(cases) >= LEAST_CASES
    yield "no id stands twice", len({case.id for case in cases}) == len(cases)
    for case in cases:
        there = known.get(case.id)
        same = there is not None and (case.title, case.level) == (
            there["title"], there["level"]
        ) and list(case.requirements) == there["requirements"]  # fmt: skip
        if not same:
            yield f"{case.id} is a C case with its title and requirements", False
        quote = " ".join(" ".join(text.get(r, "") for r in case.requirements).split())
        if case.quote != quote:
            yield f"{case.id} quotes {' and '.join(case.requirements)}", False
    yield "each case is a C case, and quotes its requirements", True


def bad(folder: Path) -> Checks:
    """Hold interpreters that misbehave against what they have to get."""
    asked = ["--case", "lst.growing_keeps_identity", "--timeout", "2"]
    for number, (what, (who, run, wanted)) in enumerate(BAD.items()):
        path = folder / f"bad{number}"
        path.write_text(
            f"#!{sys.executable}\nimport os, sys\nname = sys.argv[-1]\n"
            f"if name == '--who':\n    {who}\nelse:\n    {run or 'pass'}\n"
        )
        path.chmod(0o755)
        code, found, _ = conform(str(path), folder, *asked, "--start", "2")
        seen = [row["class"] for row in found.values()]
        good = seen == [wanted] and code == (0 if wanted == "PASS" else 3)
        yield f"one that {what} gets {wanted}, and {seen}, {code}", good


def refused(folder: Path) -> Checks:
    """What cannot be started is one line and exit code 2."""
    other = folder / "other"
    other.write_bytes(
        b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xf3\x00" + bytes(44)
    )
    other.chmod(0o755)
    for path in ("/no/such/python", str(folder), str(other), str(FACE / "harness.py")):
        code, _, said = conform(path, folder)
        yield f"{Path(path).name} is refused", code == 2 and said.count("\n") == 1
    code, _, said = conform(sys.executable, folder, "--case", "no.such")
    yield "a case that is not there is refused", code == 2 and "no.such" in said


def wanted_ids(found: Lines, every: bool) -> list[str]:
    """Return the cases to compare: what fails, and a sample."""
    return [
        name for number, (name, row) in enumerate(found.items())
        if every or row["class"] != "PASS" or number % EVERY == 0
    ]  # fmt: skip


def of_the_host(names: list[str], folder: Path) -> Lines:
    """Return how the C cases end in this very Python; none where they cannot run."""
    out: Lines = {}
    for start in range(0, len(names), SOME):
        path = folder / "host.jsonl"
        path.unlink(missing_ok=True)
        globs = [p for name in names[start : start + SOME] for p in ("--case", name)]
        subprocess.run(
            [sys.executable, str(HOST), "conform", "--jsonl", str(path), *globs],
            capture_output=True, timeout=900, check=False,
        )  # fmt: skip
        out.update(cases_in(path))
    return out


def both(folder: Path, cases: list[Case], every: bool) -> Checks:
    """Run the face here, and compare it with the other one."""
    _, found, _ = conform(sys.executable, folder, "--together")
    yield "each case has a result", list(found) == [case.id for case in cases]
    there = of_the_host(wanted_ids(found, every), folder)
    apart = [
        f"{name}: {row['class']} and {there[name]['class']}"
        for name, row in found.items()
        if name in there and "UNSUPPORTED" not in (row["class"], there[name]["class"])
        and row["class"] != there[name]["class"]
    ]  # fmt: skip
    skipped = "" if there else " # SKIP no extension for this Python"
    yield f"both faces agree ({len(there)} cases){skipped} {apart or ''}", not apart


def main() -> int:
    """Print TAP; exit code 1 when a check does not hold."""
    tool, every = sys.argv[1], "--all" in sys.argv
    os.environ.pop("PYTHONMALLOC", None)
    cases = all_cases()
    failed = number = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for checks in (declarations(tool, cases), bad(folder), refused(folder),
                       both(folder, cases, every)):  # fmt: skip
            for what, holds in checks:
                number, failed = number + 1, failed + (not holds)
                print(f"{'ok' if holds else 'not ok'} {number} - {what}", flush=True)
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
