# SPDX-License-Identifier: MIT
"""Each class of result once, from both programs that run cases; TAP on stdout.

Plug-ins that misbehave, files of a user and a limit of the system bring each class
about.  Of each the exit code, the line of TAP, the JSON and its counts are looked
at, and both programs have to write documents of one form.

Usage: test_classes.py PMM_CONFORM PMM_BACKEND_CHECK FAKES PLUGINS BROKEN_SO
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FINE = {"PASS", "WARN", "UNSUPPORTED", "WAIVED", "XFAIL"}
WORDS = {
    "UNSUPPORTED": "# SKIP unsupported: ", "WAIVED": "# SKIP waived: ",
    "XFAIL": "# TODO why",
}  # fmt: skip
DESCRIPTORS = 6
"""As many as a program has open before it starts a process for a case."""

INSTANCE = "ref.increments_and_decrements_are_exact"
COUNT = "ref.an_alias_adds_one"
KNOWN = (
    f'schema = 1\n[[expectation]]\ncase = "{COUNT}"\nclass = "FAIL"\nreason = "why"\n'
)
NUMBERS = (
    'schema = 1\nname = "mine"\n[numbers]\n'
    "set_bytes = [1, 2]\nset_resize_counts = [5]\n"
)

Document = dict[str, Any]


@dataclass(frozen=True)
class Try:
    """One way to a class: options, a file of the user, the environment."""

    outcome: str
    options: tuple[str, ...]
    case: str
    given: tuple[str, str] | None = None
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Said:
    """What a program said of one case."""

    code: int
    tap: list[str]
    lines: list[Document]

    @property
    def case(self) -> Document:
        """The line of the only case."""
        (found,) = (line for line in self.lines if line["type"] == "case")
        return found


def of_runtimes(fakes: Path) -> list[Try]:
    """How pmm-conform comes to each class."""

    def fake(name: str) -> tuple[str, str]:
        return "--subject", str(fakes / f"{name}.so")

    once = ("--lane", "oom-once")
    return [
        Try("PASS", fake("honest"), INSTANCE),
        Try("WARN", (), "dct.sets_grow_at_three_fifths", ("--profile", NUMBERS)),
        Try("UNSUPPORTED", fake("empty_feature"), "ref.list_append_adds_one"),
        Try("WAIVED", once, "dbg.double_free_is_fatal"),
        Try("XFAIL", fake("miscounts"), COUNT, ("--expect", KNOWN)),
        Try("XPASS", fake("honest"), COUNT, ("--expect", KNOWN)),
        Try("FAIL", fake("miscounts"), COUNT),
        Try("LEAK", fake("leaks"), "ref.new_object_owns_one"),
        Try("OOM_UNSAFE", (*fake("reluctant"), *once), "lst.append_grows_by_the_rule",
            environment={"FAKE_SWALLOWS": "1", "FAKE_PROFILE": "reference"}),
        Try("SANITIZER", fake("reports"), INSTANCE),
        Try("TIMEOUT", (*fake("hang"), "--timeout", "0.5"), INSTANCE),
        Try("CRASH", fake("killed"), INSTANCE),
        Try("HARNESS_ERROR", fake("exit_0"), INSTANCE),
        Try("NOT_RUN", fake("honest"), INSTANCE),
    ]  # fmt: skip


def of_allocators(plugins: Path, broken: str) -> list[Try]:
    """How pmm-backend-check comes to each class that it has."""

    def plugin(name: str) -> tuple[str, str]:
        return "--backend", str(plugins / f"plugin_{name}.so")

    library = ("--backend", f"x={broken},prefix=no_errno_like_")
    return [
        Try("PASS", plugin("good"), "backend.alignment"),
        Try("WARN", library, "backend.errno_failure"),
        Try("UNSUPPORTED", plugin("good"), "backend.owns"),
        Try("FAIL", plugin("dirty"), "backend.zeroed"),
        Try("SANITIZER", plugin("reports"), "backend.sized_free"),
        Try("TIMEOUT", (*plugin("hangs"), "--timeout", "0.5"), "backend.zeroed"),
        Try("CRASH", plugin("crashes"), "backend.realloc_data"),
        Try("HARNESS_ERROR", plugin("leaves"), "backend.sized_free"),
        Try("NOT_RUN", plugin("good"), "backend.alignment"),
    ]


def few_descriptors() -> None:
    """Leave the process none for a pipe."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))


def call(tool: str, attempt: Try) -> Said:
    """Run the case of an attempt."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "out.jsonl")
        options = [*attempt.options, "--case", attempt.case, "--jsonl", str(path)]
        if attempt.given is not None:
            option, text = attempt.given
            given = Path(folder, "given.toml")
            given.write_text(text, encoding="utf-8")
            options += [option, str(given)]
        done = subprocess.run(
            [tool, *options], capture_output=True, text=True, timeout=60, check=False,
            env=os.environ | attempt.environment,
            preexec_fn=few_descriptors if attempt.outcome == "NOT_RUN" else None,
        )  # fmt: skip
        text = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = [json.loads(line) for line in text.splitlines()]
    return Said(done.returncode, (done.stdout + done.stderr).splitlines(), lines)


def tap_faults(attempt: Try, said: Said) -> list[str]:
    """What is wrong with the lines of TAP."""
    outcome = attempt.outcome
    good = outcome in FINE - {"XFAIL"}
    shown = outcome == "WARN" or outcome not in FINE
    result = f"{'ok' if good else 'not ok'} 1 - {attempt.case}"
    wanted = [f"# 1 {outcome}"]
    if shown:
        wanted += [f"# repeat: {said.case['reproduce']}"]
        wanted += [f"# {outcome}: {said.case['message'] or ''}"]
        wanted += [f"# at {said.case['file']}:{said.case['line']}"]
    found = [f"no line {line}" for line in wanted if line not in said.tap]
    directive = f"{result} {WORDS[outcome]}" if outcome in WORDS else result
    if not any(line.startswith(directive) for line in said.tap):
        found.append(f"no line {directive}")
    return found


def faults(attempt: Try, said: Said) -> list[str]:
    """What is wrong with what a program said."""
    if [line["type"] for line in said.lines] != ["host", "case", "end"]:
        return [f"exit {said.code}", *said.tap]
    found = []
    if said.case["class"] != attempt.outcome:
        found.append(f"{said.case['class']}: {said.case['message']}")
    if said.code != (0 if attempt.outcome in FINE else 3):
        found.append(f"exit code {said.code}")
    counts = said.lines[-1]["counts"]
    if [name for name, n in counts.items() if n] != [attempt.outcome]:
        found.append(f"counts {counts}")
    if said.case["elapsed_ns"] == 0 and attempt.outcome in {"TIMEOUT", "CRASH"}:
        found.append("it took no time")
    return found + tap_faults(attempt, said)


def form(said: Said) -> list[list[str]]:
    """The names of all fields of a document."""
    counts = list(said.lines[-1]["counts"]) if said.lines else []
    return [sorted(line) for line in said.lines] + [counts]


def main() -> int:
    conform, check, fakes, plugins, broken = sys.argv[1:]
    number = failed = 0
    forms = []
    for tool, attempts in ((conform, of_runtimes(Path(fakes))),
                           (check, of_allocators(Path(plugins), broken))):
        for attempt in attempts:
            said = call(tool, attempt)
            wrong = faults(attempt, said)
            forms.append(form(said))
            number += 1
            failed += bool(wrong)
            print(f"{'not ok' if wrong else 'ok'} {number} - "
                  f"{Path(tool).name}: {attempt.outcome}")
            for fault in wrong:
                print(f"# {fault}")
    known = forms[0][-1]
    tried = {one.outcome for one in of_runtimes(Path())}
    for good, text in (
        (all(one == forms[0] for one in forms), "all documents have one form"),
        (tried == set(known), "each class was tried"),
    ):
        number += 1
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {text}")
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
