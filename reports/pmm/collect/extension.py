# SPDX-License-Identifier: MIT
"""The checks of one type of an extension, each a process, as results.

1. `list_types` asks what there is to check; `make` asks how objects are made.
2. A check that crashes or hangs at a line is run again without that line, so that
   one mistake does not hide the others; after a few times it is left as it is.
3. A finding gets its C function, where symbols tell, and a script in plain Python,
   which is run: it alone must show what was found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from pmm.base.errors import PmmError, UsageError
from pmm.discover.symbols import Frame, line_at, read_frame
from pmm.documents.extension import CheckResult, Finding, TypeResult, worst
from pmm.documents.programs import CaseClass
from pmm.execute.inside import Attempt, Host, run_job, run_script

MOST_RUNS = 8
ONCE = frozenset({"nesting", "stress", "exit", "type"})
"""Checks in which one crash says it all."""
SCRIPT_SECONDS = 120.0
BORING = re.compile(
    r"_?Py(Mem|Object)_(Raw)?(Malloc|Calloc|Realloc|Free|GC_\w+)|_PyObject_GC_\w+|"
    r"_?(lib)?c?_?malloc|free|_Py_Dealloc|_PyErr_\w+|_PyMem_\w+|_int_\w+|sysmalloc|"
    r"faulthandler\w*|_PyEval_\w+|PyObject_Vectorcall|_PyObject_\w*[Cc]all\w*"
)
LIBRARIES = re.compile(r"/(pmm-refuse\.so|libc[.-]|ld-linux|libpthread|\[vdso)")
SHOWN_FRAMES = 8
PROBE = """class P:
    deaths = 0
    def __del__(self): P.deaths += hasattr(self, 'ring')
    def __call__(self, *a, **k): return None
    def __iter__(self): return self
    def __next__(self): raise StopIteration
""".splitlines()


@dataclass(frozen=True)
class Target:
    """What is to be checked: a type or a factory of a module or of a file."""

    name: str
    path: str
    module: str | None
    file: str | None

    @property
    def job(self) -> dict[str, Any]:
        """What a process is told of it."""
        return {"module": self.module, "file": self.file, "path": self.path}


@dataclass
class Record:
    """What the processes of one check told."""

    findings: dict[str, Finding] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    reason: str | None = None
    elapsed_ns: int = 0

    def add(self, key: str, finding: Finding) -> None:
        """Take a finding; what is the same is counted."""
        before = self.findings.get(key)
        if before is None:
            self.findings[key] = finding
        else:
            self.findings[key] = repeated(before)

    def result(self, name: str) -> CheckResult:
        """Return the check's result."""
        found = tuple(self.findings.values())
        outcome = worst(tuple(one.outcome for one in found))
        if not found and self.reason is not None:
            outcome = "UNSUPPORTED"
        return CheckResult(
            name=name, outcome=outcome, findings=found, notes=tuple(self.notes),
            reason=self.reason if outcome == "UNSUPPORTED" else None,
            elapsed_ns=self.elapsed_ns,
        )  # fmt: skip


def repeated(before: Finding) -> Finding:
    """Count a finding once more."""
    return msgspec.structs.replace(before, times=before.times + 1)


# ------------------------------------------------------------------ the function


def frames_of(lines: Iterable[str]) -> list[Frame]:
    """Read frames; those of the library that told them and of libc are left out."""
    found = [read_frame(line) for line in lines]
    return [one for one in found if one and not LIBRARIES.search(one.object)]


def guilty(frames: list[Frame], file: str) -> Frame | None:
    """Return the innermost call of the extension, or one that says something.

    None where symbols do not tell.
    """
    own = [one for one in frames if file and one.object == file]
    known = [one for one in own or frames if one.function]
    telling = [one for one in known if not BORING.fullmatch(one.function or "")]
    return next(iter(telling), None)


def named(frames: list[Frame], file: str) -> str | None:
    """Return the guilty C function with its line, where symbols tell."""
    frame = guilty(frames, file)
    if frame is None or frame.function is None:
        own = next((one for one in frames if file and one.object == file), None)
        return own.shown if own else None
    line = line_at(frame.object, frame.address)
    return f"{frame.function} ({line})" if line else frame.function


# -------------------------------------------------------------------- the script


def script_of(maker: Mapping[str, Any] | None, code: list[str]) -> str:
    """Return a program without pmm that prints True where all is well."""
    lines = list(maker["prologue"]) if maker else []
    text = "\n".join(code)
    if re.search(r"\bgc\.", text) and not re.search(r"import [^\n]*\bgc\b", text):
        lines.insert(0, "import gc")
    call = str(maker["call"]) if maker else ""
    given = re.search(r"\bp\b", text) and not re.search(r"\bp = |class C", text)
    if (given or re.search(r"\bP\b", text + call)) and "class P" not in text:
        lines += PROBE
    lines += ["p = P()"] if given else []
    if re.search(r"\bo\b", text) and not re.search(r"\bo = ", text):
        lines.append(f"o = {call}")
    last = [] if "print(" in text else ["print(True)"]
    return "\n".join([*lines, *code, *last]) + "\n"


def confirmed(host: Host, script: str) -> bool | None:
    """Run a script alone; None where this interpreter cannot run it."""
    well, words = run_script(host, script, SCRIPT_SECONDS)
    if "No module named '_testcapi'" in words:
        return None
    return not well


# --------------------------------------------------------------------- the checks


def made_finding(
    host: Host, maker: Mapping[str, Any] | None, outcome: CaseClass, message: str,
    code: list[str], lines: Iterable[str],
) -> Finding:  # fmt: skip
    """Return a finding with its function and a script that was tried."""
    file = str(maker["file"]) if maker else ""
    frames = frames_of(lines)
    script = script_of(maker, code)
    return Finding(
        outcome=outcome, reported=outcome, message=message,
        function=named(frames, file),
        frames=tuple(one.shown for one in frames[:SHOWN_FRAMES]),
        script=script, confirmed=confirmed(host, script),
    )  # fmt: skip


def take_findings(
    host: Host, maker: Mapping[str, Any] | None, attempt: Attempt, record: Record
) -> None:
    """Take what a process told: findings, notes, and why it does not apply."""
    file = str(maker["file"]) if maker else ""
    for line in attempt.of("finding"):
        key = str(line.get("same") or line["message"])
        if "alike" in line:
            key = f"{line['alike']} in {named(frames_of(line['frames']), file)}"
        if key in record.findings:
            record.findings[key] = repeated(record.findings[key])
            continue
        record.add(key, made_finding(
            host, maker, line["outcome"], line["message"], line["code"],
            line.get("frames", ()),
        ))  # fmt: skip
    for line in attempt.of("note"):
        record.notes[line["text"]] = None
    for line in attempt.of("unsupported"):
        record.reason = line["reason"]
    record.elapsed_ns += attempt.elapsed_ns


def take_misfortune(
    host: Host, maker: Mapping[str, Any] | None, attempt: Attempt, record: Record
) -> None:
    """Take how a process ended that did not end well."""
    phase = attempt.phase
    doing, code = str(phase["doing"]), list(phase["code"])
    hangs = attempt.late or attempt.signal == "SIGALRM"
    if hangs and phase["skip"] is not None:
        record.notes[f"left out, as it does not end: {doing}"] = None
        return
    if hangs:
        outcome: CaseClass = "TIMEOUT"
        message = f"it does not end: {doing}"
    elif attempt.signal is not None:
        outcome, message = "CRASH", f"{attempt.signal} while {doing}"
    else:
        outcome = "FAIL"
        message = f"it ends the process with exit code {attempt.code} while {doing}"
    found = made_finding(host, maker, outcome, message, code, attempt.frames)
    file = str(maker["file"]) if maker else ""
    own = any(one.object == file for one in frames_of(attempt.frames))
    # One mistake crashes at many lines; in whose code it is tells them apart.
    same = f"{outcome} in {found.function}" if own and found.function else message
    record.add(same, found)


def attempts(
    host: Host, job: Mapping[str, Any], maker: Mapping[str, Any] | None,
    record: Record, once: bool,
) -> Attempt:  # fmt: skip
    """Run a job until it ends, each time without the line that ended the last one."""
    skip: list[str] = []
    for _ in range(MOST_RUNS):
        attempt = run_job(host, {**job, "maker": maker, "skip": skip})
        take_findings(host, maker, attempt, record)
        if attempt.ended:
            break
        take_misfortune(host, maker, attempt, record)
        leave_out = attempt.phase["skip"]
        if leave_out is None or leave_out in skip or once:
            break
        skip.append(leave_out)
    return attempt


def failed(attempt: Attempt) -> str | None:
    """Return the error that came through, in a line."""
    for line in attempt.of("failed"):
        return f"{line['error']}: {line['text']}"
    return None


def run_check(
    host: Host, target: Target, maker: Mapping[str, Any], name: str
) -> CheckResult:
    """Run one check of one type."""
    record = Record()
    attempt = attempts(host, {**target.job, "do": name}, maker, record, name in ONCE)
    error = failed(attempt)
    if error is not None:
        where = " | ".join(attempt.of("failed")[0]["where"][-3:])
        message = f"the check itself failed: {error} ({where})"
        record.add(message, Finding(
            outcome="HARNESS_ERROR", reported="HARNESS_ERROR", message=message,
            function=None, frames=(), script="", confirmed=None,
        ))  # fmt: skip
    return record.result(name)


def find_maker(host: Host, target: Target) -> tuple[dict[str, Any] | None, CheckResult]:
    """Ask how objects are made; None with a reason where nothing is."""
    record = Record()
    attempt = attempts(host, {**target.job, "do": "make"}, None, record, once=False)
    error = failed(attempt)
    if error is not None:
        record.reason = error
    answers = attempt.of("answer")
    maker = answers[0]["value"] if answers else None
    return maker, record.result("make")


def type_result(
    target: Target, maker: Mapping[str, Any] | None, checks: Iterable[CheckResult]
) -> TypeResult:
    """Put the checks of a type together."""
    return TypeResult(
        name=target.name,
        type=str(maker["type"]) if maker else None,
        call=str(maker["call"]) if maker else None,
        ways=(*maker["holders"], *maker["ways"]) if maker else (),
        checks=tuple(checks),
    )


def listed(host: Host, module: str | None, file: str | None) -> Attempt:
    """Ask what there is to check."""
    return run_job(host, {"do": "list", "module": module, "file": file, "path": ""})


class Listed(NamedTuple):
    """The names of a module, or of a file of factories."""

    types: list[str]
    """What is checked when nothing is named."""
    every: list[str]


def names_of(attempt: Attempt, what: str) -> Listed:
    """Return what was listed; raise UsageError for an import that failed."""
    error = failed(attempt)
    if error is not None:
        verb = "run" if what.endswith(".py") else "import"
        raise UsageError(f"cannot {verb} {what}: {error}")
    answers = attempt.of("answer")
    if not answers:
        raise PmmError(f"{what}: no answer")
    return Listed(answers[0]["value"]["names"], answers[0]["value"]["all"])


def broken_import(host: Host, what: str, attempt: Attempt) -> TypeResult:
    """Return the one result of a module that cannot be imported in any process."""
    record = Record()
    take_misfortune(host, {"prologue": [], "call": "", "file": ""}, attempt, record)
    check = record.result("make")
    return TypeResult(name=what, type=None, call=None, ways=(), checks=(check,))
