# SPDX-License-Identifier: MIT
"""Run the Python face of the conformance cases on any Python.

    conform.py --python pypy3                    # a program
    conform.py --python node_modules/pyodide     # the package of npm, under node
    conform.py --python micropython --case 'lst.*' --jsonl out.jsonl
    conform.py --list --json

One process a case; TAP on stdout and JSON lines on demand, in the form and the
classes of `pmm-conform`. Exit codes: 0 no case failed, 1 the tool failed, 2 wrong
usage or a program that does not start, 3 a case failed.
Python 3.11, the standard library alone.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from catalogue import Case, all_cases
from interpreters import (
    START_SECONDS,
    CannotStartError,
    Ending,
    Interpreter,
    introduced,
    run,
)

CLASSES = (
    "PASS", "WARN", "UNSUPPORTED", "WAIVED", "XFAIL", "XPASS", "FAIL", "LEAK",
    "OOM_UNSAFE", "SANITIZER", "TIMEOUT", "CRASH", "HARNESS_ERROR", "NOT_RUN",
)  # fmt: skip
FINE = ("PASS", "WARN", "UNSUPPORTED")
SECONDS = 60
LEAST_SECONDS = 2
PROJECT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Result:
    """How one case ended."""

    case: Case
    outcome: str
    message: str | None = None
    feature: str | None = None
    signal: int | None = None
    phase: str | None = None
    words: str | None = None
    elapsed_ns: int | None = None

    @property
    def said(self) -> str:
        """What TAP says behind a case that did not pass."""
        parts = [self.outcome, self.message or self.feature or "", self.words or ""]
        return ": ".join(part for part in parts if part)


# ------------------------------------------------------------------------ judging


def answer_of(case: Case, ending: Ending) -> tuple[bool, dict[str, Any] | None]:
    """Return whether a case began, and what it said at its end."""
    mine = [one for one in ending.documents() if one.get("case") == case.name]
    began = any(one.get("phase") == "body" for one in mine)
    last = mine[-1] if mine else {}
    known = last.get("class") in ("PASS", "FAIL", "UNSUPPORTED")
    return began, last if began and known else None


def judged(case: Case, ending: Ending, elapsed_ns: int | None) -> Result:
    """Return what a process of one case shows; its end counts before its words."""
    began, said = answer_of(case, ending)
    phase = "teardown" if said else "body" if began else "load"
    fields = {"case": case, "words": ending.words, "elapsed_ns": elapsed_ns}
    if ending.seconds is not None:
        message = f"no end within {ending.seconds:g} s"
        return Result(outcome="TIMEOUT", message=message, phase=phase, **fields)
    if ending.signal is not None:
        return Result(
            outcome="CRASH", message=f"ended by a signal in {phase}",
            signal=ending.signal, phase=phase, **fields,
        )  # fmt: skip
    if said is None or ending.code != 0:
        message = f"ended with code {ending.code} before its end"
        return Result(outcome="HARNESS_ERROR", message=message, phase=phase, **fields)
    return spoken(case, said, fields)


def spoken(case: Case, said: dict[str, Any], fields: dict[str, Any]) -> Result:
    """Return what a case that came to its end said."""
    if said["class"] == "FAIL":
        outcome = "FAIL" if case.level == "MUST" else "WARN"
        return Result(outcome=outcome, message=said.get("message"), **fields)
    fields = {**fields, "words": None}
    return Result(outcome=said["class"], feature=said.get("feature"), **fields)


# ------------------------------------------------------------------------ running

Report = Callable[[Result], None]


class Runner:
    """Runs cases on an interpreter."""

    def __init__(self, python: Interpreter, seconds: float) -> None:
        self.python = python
        self.seconds = seconds

    def alone(self, case: Case) -> Result:
        """Run one case in a process of its own."""
        argv = [*self.python.argv, str(case.path), case.name]
        start = time.monotonic_ns()
        ending = run(argv, self.seconds)
        if ending.seconds is not None:
            self.seconds = max(LEAST_SECONDS, self.seconds / 2)
        return judged(case, ending, time.monotonic_ns() - start)

    def each(self, cases: Sequence[Case]) -> Iterator[Result]:
        """Run cases, one process each."""
        for case in cases:
            yield self.alone(case)

    def together(self, cases: Sequence[Case]) -> Iterator[Result]:
        """Run the cases of each file in one process, what is not fine again alone.

        The first case without an end broke the process off: it is run alone, and
        those behind it in another process.
        """
        waiting = list(cases)
        while waiting:
            path = waiting[0].path
            mine = [case for case in waiting if case.path == path]
            argv = [*self.python.argv, str(path), *(case.name for case in mine)]
            ending = run(argv, self.seconds + len(mine))
            done = 0
            for case in mine:
                _, said = answer_of(case, ending)
                good = said is not None and said["class"] != "FAIL"
                yield spoken(case, said, {"case": case}) if good else self.alone(case)
                done += 1
                if said is None:
                    break
            waiting = waiting[done:]


def unreached(python: Interpreter, cases: Sequence[Case]) -> Iterator[Result]:
    """Return the results on an interpreter that does not say what it is."""
    ending = python.fault
    assert ending is not None
    outcome = "HARNESS_ERROR" if ending.signal is None else "CRASH"
    outcome = outcome if ending.seconds is None else "TIMEOUT"
    yield Result(
        cases[0], outcome, message=python.wrong, signal=ending.signal, phase="load",
        words=ending.words,
    )  # fmt: skip
    for case in cases[1:]:
        yield Result(case, "NOT_RUN", message=f"not reached: {python.wrong}")


# ------------------------------------------------------------------------- output


def reproduce(options: argparse.Namespace, case: Case) -> str:
    """Return the shell line that repeats a case."""
    argv = [sys.executable, sys.argv[0], "--python", options.python, "--case", case.id]
    return shlex.join(argv)


def place(path: Path) -> str:
    """Return a file's name as the project has it."""
    inside = path.is_relative_to(PROJECT)
    return str(path.relative_to(PROJECT) if inside else path)


def host_line(python: Interpreter) -> dict[str, Any]:
    """Return the first JSON line: who was asked."""
    return {
        "schema": 1, "type": "host", "subject": python.family,
        "subject_version": python.version, "build": python.build,
        "profile": python.implementation, "backend": None, "mode": None,
        "lane": "plain", "features": [], "seed": 0, "attach": "python",
    }  # fmt: skip


def case_line(result: Result, again: str) -> dict[str, Any]:
    """Return the JSON line of a case, in the form of `pmm-conform`."""
    case = result.case
    return {
        "schema": 1, "type": "case", "id": case.id, "title": case.title,
        "requirements": case.requirements, "level": case.level,
        "class": result.outcome, "message": result.message,
        "feature": result.feature, "signal": result.signal, "phase": result.phase,
        "point": None, "points": None, "file": place(case.path), "line": case.line,
        "elapsed_ns": result.elapsed_ns, "counters": None, "inexact": None,
        "reproduce": again, "words": result.words,
    }  # fmt: skip


def tap_line(number: int, result: Result, again: str) -> str:
    """Return what TAP says of a case, with how to repeat it where it failed."""
    name = f"{number} - {result.case.id}"
    if result.outcome == "PASS":
        return f"ok {name}"
    if result.outcome == "UNSUPPORTED":
        return f"ok {name} # SKIP {result.said}"
    if result.outcome in FINE:
        return f"ok {name} # {result.said}"
    return f"not ok {name} # {result.said}\n# repeat: {again}"


def conform(options: argparse.Namespace, cases: Sequence[Case]) -> int:
    """Run cases and print how they end."""
    python = introduced(options.python, options.start)
    runner = Runner(python, options.timeout)
    one_process = python.together or options.together
    results = runner.together(cases) if one_process else runner.each(cases)
    if python.fault is not None:
        results = unreached(python, cases)
    counts: Counter[str] = Counter()
    with open(options.jsonl or "/dev/null", "w", encoding="utf-8") as lines:
        print(json.dumps(host_line(python)), file=lines)
        print(f"TAP version 13\n1..{len(cases)}\n# {python.build or python.wrong}")
        for number, result in enumerate(results, 1):
            again = reproduce(options, result.case)
            counts[result.outcome] += 1
            print(tap_line(number, result, again), flush=True)
            print(json.dumps(case_line(result, again)), file=lines, flush=True)
        every = {name: counts[name] for name in CLASSES}
        print(json.dumps({"schema": 1, "type": "end", "counts": every}), file=lines)
    print(
        "# " + ", ".join(f"{counts[name]} {name}" for name in CLASSES if counts[name])
    )
    return 0 if all(name in FINE for name in counts) else 3


def describe(options: argparse.Namespace) -> int:
    """Print what an interpreter is, as JSON."""
    python = introduced(options.python, options.start)
    print(json.dumps({
        "schema": 1, "family": python.family, "version": python.version,
        "build": python.build, "fault": python.wrong,
    }))  # fmt: skip
    return 0


def listing(cases: Sequence[Case], as_json: bool) -> int:
    """Print the cases."""
    rows = [
        {"id": one.id, "title": one.title, "requirements": one.requirements,
         "level": one.level, "needs": one.needs}
        for one in cases
    ]  # fmt: skip
    if as_json:
        print(json.dumps({"schema": 1, "cases": rows}))
    else:
        print("\n".join(one.id for one in cases))
    return 0


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description="Run the conformance cases in plain Python on any Python.",
        epilog="Exit codes: 0 no case failed, 1 the tool failed, 2 wrong usage or a "
        "program that does not start, 3 a case failed.",
    )
    parser.add_argument("--python", default=sys.executable, metavar="PATH",
                        help="the program, or the folder of the pyodide package; "
                             "by default the Python that runs this")  # fmt: skip
    parser.add_argument("--case", action="append", metavar="GLOB",
                        help="only these cases (repeat)")  # fmt: skip
    parser.add_argument("--timeout", type=float, default=SECONDS, metavar="S",
                        help="seconds for one case; each that does not end leaves "
                             "half of them for the next")  # fmt: skip
    parser.add_argument("--start", type=float, default=START_SECONDS, metavar="S",
                        help="seconds for the answer to the question what it is")  # fmt: skip
    parser.add_argument("--together", action="store_true",
                        help="one process for the cases of a file; what is not fine "
                             "is run again alone")  # fmt: skip
    parser.add_argument("--jsonl", metavar="FILE", help="write JSON lines, too")
    parser.add_argument("--list", action="store_true", help="list the cases")
    parser.add_argument("--json", action="store_true", help="... as JSON")
    parser.add_argument("--describe", action="store_true",
                        help="print what the program is, as JSON")  # fmt: skip
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run; a program that does not start and a case that is not there are usage."""
    options = parse(argv)
    globs = options.case or ["*"]
    every = all_cases()
    cases = [one for one in every if any(fnmatchcase(one.id, g) for g in globs)]
    try:
        if options.list:
            return listing(cases, options.json)
        if options.describe:
            return describe(options)
        if not cases:
            raise CannotStartError(f"no case {' or '.join(globs)}; see --list")
        return conform(options, cases)
    except CannotStartError as error:
        print(f"conform.py: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"conform.py: {options.jsonl}: {error.strerror}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
