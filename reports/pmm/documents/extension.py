# SPDX-License-Identifier: MIT
"""What `pmm check-extension` found: types, their checks, and findings.

An `ExtensionRun` has a `TypeResult` for each type, which has a `CheckResult` for
each check, which has its findings. The checks themselves run inside the
interpreter (pmm/inside/extension) and tell lines; `CheckName` names them.

Invariant: the outcome of a check is that of its worst finding, else UNSUPPORTED
with a reason, else PASS.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from pmm.base.decoding import decode_json
from pmm.documents.programs import CLASSES, CaseClass, Strict

CHECKS = {
    "make": "an object is made, and given others to hold",
    "counts": "making and dropping gives back every block and reference",
    "methods": "so does using it: attributes, protocols, methods",
    "errors": "arguments that raise leave nothing but their error",
    "reinit": "__init__ again lets go of what it replaces",
    "copies": "copies and pickles keep every count",
    "visits": "the collector is shown each reference that is owned, once",
    "cycles": "a cycle through it is freed, and finalized once",
    "type": "a heap type has the references it had, and is visited",
    "subclass": "objects of a subclass, their dict and the class die",
    "weakrefs": "weak references are told of the death, once",
    "unmade": "what __new__ made can be used without __init__",
    "stress": "a collection at any allocation and in any death is harmless",
    "nesting": "200,000 objects and more in one another die",
    "depth": "what goes down all levels ends in a RecursionError",
    "oom": "each allocation fails once: MemoryError, and nothing is lost",
    "exit": "the interpreter ends well with objects alive",
}
"""Every check, in the order in which they run, and what it asks."""


class Finding(Strict, frozen=True):
    """One thing that is wrong."""

    outcome: CaseClass = msgspec.field(name="class")
    """As judged: an expected finding is XFAIL here."""
    reported: CaseClass
    message: str
    function: str | None
    """The C function, where symbols tell."""
    frames: tuple[str, ...]
    """The calls that led there, the innermost first."""
    script: str
    """Plain Python that prints True where all is well."""
    confirmed: bool | None
    """Whether the script alone shows it; None: it was not run."""
    times: int = 1
    """How many allocations, or lines, led to the same."""
    expectation: str | None = None
    link: str | None = None
    file: str | None = None
    """The script's name in the folder of reproducers."""


class CheckResult(Strict, frozen=True):
    """One check of one type."""

    name: str
    outcome: CaseClass = msgspec.field(name="class")
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    """What explains, and accuses nobody."""
    reason: str | None
    """Why it does not apply."""
    elapsed_ns: int


class TypeResult(Strict, frozen=True):
    """One type, or factory."""

    name: str
    type: str | None
    """Qualified name of what was made; None: nothing was."""
    call: str | None
    """The expression that makes one."""
    ways: tuple[str, ...]
    """How objects of the type can be given one to hold."""
    checks: tuple[CheckResult, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All of its findings."""
        return tuple(one for check in self.checks for one in check.findings)


class ExtensionRun(Strict, frozen=True):
    """One invocation of `pmm check-extension`."""

    schema: Literal["pmm.extension"]
    version: Literal[1]
    created: str
    command: str
    target: str
    interpreter: str
    python: str
    """Its version, and what is unusual about the build."""
    elapsed_ns: int
    types: tuple[TypeResult, ...]
    problems: tuple[str, ...] = ()
    """What is wrong with the expectations."""

    @property
    def findings(self) -> tuple[tuple[TypeResult, CheckResult, Finding], ...]:
        """Every finding with where it belongs."""
        return tuple(
            (kind, check, one)
            for kind in self.types
            for check in kind.checks
            for one in check.findings
        )


def worst(classes: tuple[CaseClass, ...]) -> CaseClass:
    """Return the worst of some classes; PASS for none."""
    return max(classes, key=CLASSES.index, default="PASS")


def encode_extension(run: ExtensionRun) -> bytes:
    """Return the document as JSON."""
    return msgspec.json.encode(run, order="deterministic") + b"\n"


def decode_extension(text: bytes) -> ExtensionRun:
    """Read a document; raise `msgspec.MsgspecError` when it is not one."""
    return decode_json(text, ExtensionRun)
