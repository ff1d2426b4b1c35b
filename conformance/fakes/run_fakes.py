# SPDX-License-Identifier: MIT
"""Run the suite on each misbehaving subject; TAP on stdout.

    run_fakes.py build/conformance/pmm-conform [FAKE.so...]    # default: all

Each fake has one case it must fail in one way: (class, phase, words of the
message).  The whole run must end in time, leave no process behind, report
each case once, and print nothing that the fake wrote as if it were a result.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

INSTANCE = "ref.increments_and_decrements_are_exact"
FLOAT = "ref.new_object_owns_one"
LIST = "ref.list_append_adds_one"
COUNT = "ref.an_alias_adds_one"
DEATH = "ref.destruction_at_zero_is_immediate"
ROWS = "rent.questions_keep_the_error"

Verdict = tuple[str, tuple[str, ...], str | None, str]

# fake: (case, classes it may get, phase, words of the message)
EXPECTED: dict[str, Verdict] = {
    "honest": (INSTANCE, ("PASS",), None, ""),
    "noise": (INSTANCE, ("PASS",), None, ""),
    "straggler": (INSTANCE, ("PASS",), None, ""),
    "escapes": (INSTANCE, ("PASS",), None, ""),
    "helper_at_load": (INSTANCE, ("PASS",), None, ""),
    "no_streams": (INSTANCE, ("PASS",), None, ""),
    "waits_itself": (INSTANCE, ("PASS",), None, ""),
    "closes_all": (INSTANCE, ("HARNESS_ERROR",), "done", "closes descriptors"),
    "hang": (INSTANCE, ("TIMEOUT",), "body", "s, in phase body, in instance_new"),
    "exit_0": (INSTANCE, ("HARNESS_ERROR",), "body", "with 0 in phase body, in inst"),
    "exit_7": (INSTANCE, ("HARNESS_ERROR",), "body", "exited with 7"),
    "reports": (INSTANCE, ("SANITIZER",), "body", "AddressSanitizer: double-free"),
    "crash": (INSTANCE, ("CRASH", "SANITIZER"), "body", "in instance_new"),
    "crash_in_row": (ROWS, ("CRASH", "SANITIZER"), "body", "body, in same, at same"),
    "killed": (INSTANCE, ("CRASH",), "body", "signal 9"),
    "double_free": (INSTANCE, ("CRASH", "SANITIZER"), "body", ""),
    "torn_record": (INSTANCE, ("HARNESS_ERROR",), "body", "torn record"),
    "forged_pass": (INSTANCE, ("HARNESS_ERROR",), "body", "forged record"),
    "two_records": (INSTANCE, ("HARNESS_ERROR",), "done", "torn record"),
    "wrong_abi": (INSTANCE, ("HARNESS_ERROR",), "load", "version 101"),
    "older": (INSTANCE, ("HARNESS_ERROR",), "load", "which feature(NAME) returns"),
    "refuses": (INSTANCE, ("HARNESS_ERROR",), "load", "does not serve"),
    "no_getter": (INSTANCE, ("HARNESS_ERROR",), "load", "exports no"),
    "no_modes": (INSTANCE, ("HARNESS_ERROR",), "load", "modes is NULL; write"),
    "odd_modes": (INSTANCE, ("HARNESS_ERROR",), "load", "modes have to be"),
    "null_core": (INSTANCE, ("HARNESS_ERROR",), "load", "int_new is null"),
    "empty_feature": (LIST, ("UNSUPPORTED",), None, "list_new is absent"),
    "sizeless": (INSTANCE, ("HARNESS_ERROR",), "load", "pmm_list_ops is 0"),
    "cannot_open": (INSTANCE, ("FAIL",), "setup", "open() failed"),
    "crash_at_load": (INSTANCE, ("CRASH", "SANITIZER"), "load", ""),
    "hang_at_load": (INSTANCE, ("TIMEOUT",), "load", "not finished after"),
    "crash_at_close": (INSTANCE, ("CRASH", "SANITIZER"), "teardown", ""),
    "miscounts": (COUNT, ("FAIL",), "body", "expected refcount("),
    "dies_twice": (DEATH, ("FAIL",), "body", "DEALLOCATED"),
    "leaks": (FLOAT, ("LEAK",), "teardown", "+1 blocks"),
    "leaves_one_open": (INSTANCE, ("LEAK",), "teardown", "+1 descriptors"),
    "raises_in_release": (DEATH, ("FAIL",), "body", "from OK to NO_MEMORY"),
}

# fakes whose repeat line is typed again (not those that wait for a timeout)
REPEATED = {"honest", "crash", "miscounts", "leaks", "forged_pass", "wrong_abi"}


def awkward(folder: str, path: Path) -> Path:
    """The same file by a name that a shell must not read as it stands."""
    link = Path(folder) / "it's a $HOME" / path.name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(path)
    return link


def path_faults(program: str) -> list[str]:
    """What is wrong with the answer to paths where nothing is."""
    wrong = []
    for spec in ("./nowhere.so", "mine=/nowhere/x.so"):
        done = subprocess.run(
            [program, "--subject", spec], capture_output=True, text=True, check=False
        )
        if done.returncode != 2 or done.stdout or "nowhere" not in done.stderr:
            wrong.append(f"{spec}: exit {done.returncode}, {done.stderr!r}")
    return wrong


def run_suite(program: str, fake: Path) -> tuple[list[dict[str, Any]], str, int]:
    """JSON lines, stdout and exit code of a run over `fake`."""
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "out.jsonl"
        command = [program, "--subject", str(fake), "--jsonl", str(lines)]
        command += ["--timeout", "2", "--case", EXPECTED[fake.stem][0]]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False
        )
        text = lines.read_text(encoding="utf-8")
    return (
        [json.loads(line) for line in text.splitlines()],
        done.stdout,
        done.returncode,
    )


def repeated_class(line: str) -> str:
    """The class that the printed repeat line gets, typed as it stands."""
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "out.jsonl"
        command = f"{line} --jsonl {shlex.quote(str(lines))}"
        subprocess.run(
            ["/bin/sh", "-c", command], capture_output=True, timeout=60, check=False
        )
        documents = [json.loads(x) for x in lines.read_text().splitlines()]
    return str(documents[1]["class"])


def reproduce_faults(stem: str, result: dict[str, Any]) -> list[str]:
    """What is wrong with the line that shall repeat the result."""
    line = result["reproduce"]
    if "--timeout 2 " not in line:
        return [f"its repeat line has no --timeout: {line}"]
    if stem not in REPEATED:
        return []
    again = repeated_class(line)
    if again == result["class"]:
        return []
    return [f"its repeat line gets {again}: {line}"]


def leftovers(fake: Path) -> int:
    """Processes that still have the fake loaded."""
    count = 0
    for maps in Path("/proc").glob("[0-9]*/maps"):
        try:
            count += str(fake) in maps.read_text()
        except OSError:
            continue
    return count


def faults(program: str, fake: Path) -> list[str]:
    """What is wrong with the run over `fake`."""
    classes = EXPECTED[fake.stem][1]
    with tempfile.TemporaryDirectory() as folder:
        renamed = awkward(folder, fake)
        documents, stdout, code = run_suite(
            str(awkward(folder, Path(program).resolve())), renamed
        )
        found = result_faults(fake, documents)
    if code != (0 if classes[0] in ("PASS", "UNSUPPORTED") else 3):
        found.append(f"exit code {code}")
    if stdout.count("\nok ") + stdout.count("\nnot ok ") != 1:
        found.append("the fake's output counts as a result")
    time.sleep(0.05)
    if leftovers(fake):
        found.append("it left a process behind")
    return found


def result_faults(fake: Path, documents: list[dict[str, Any]]) -> list[str]:
    """What is wrong with what was written of the fake."""
    _, classes, phase, words = EXPECTED[fake.stem]
    cases = [d for d in documents if d["type"] == "case"]
    types = [d["type"] for d in documents]
    if types != ["host", "case", "end"]:
        return [f"JSON lines are {types}"]
    result = cases[0]
    found = []
    if result["class"] not in classes:
        found.append(f"class {result['class']}: {result['message']}")
    if result["phase"] != phase:
        found.append(f"phase {result['phase']}")
    if words not in (result["message"] or ""):
        found.append(f"message {result['message']}")
    return found + reproduce_faults(fake.stem, result)


def main(program: str, paths: list[str]) -> int:
    """One TAP line a fake."""
    built = Path(program).resolve().parent / "fakes"
    paths = paths or [str(built / f"{name}.so") for name in EXPECTED]
    fakes = [Path(p).resolve() for p in paths]
    print(f"1..{len(fakes) + 2}")
    for number, fake in enumerate(fakes, 1):
        wrong = faults(program, fake)
        print(f"{'not ok' if wrong else 'ok'} {number} - {fake.stem}")
        for fault in wrong:
            print(f"# {fault}")
    missing = set(EXPECTED) ^ {fake.stem for fake in fakes}
    print(f"{'not ok' if missing else 'ok'} {len(fakes) + 1} - every fake ran")
    for name in sorted(missing):
        print(f"# {name}")
    wrong = path_faults(program)
    print(f"{'not ok' if wrong else 'ok'} {len(fakes) + 2} - a path with no file")
    for fault in wrong:
        print(f"# {fault}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], sys.argv[2:]))
