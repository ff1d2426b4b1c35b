# SPDX-License-Identifier: MIT
"""What users name by a path: asked once, before anything is planned, and labelled.

1. All files are looked at first; a wrong one costs nothing.
2. Each library is loaded by one of our programs in a process of its own and says
   what it is. One that is none of ours is answered here. One that is, and crashes
   or breaks the contract, is a result, which its jobs show.
3. Each gets a label, which ids, tables and pages call it by: the name that the
   user gives it, else the one it declares, else the parts of its path that tell
   it from the others. No two are equal, and none is that of a built-in.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import msgspec

from pmm.base.errors import FAILURE, USAGE, PmmError, UsageError
from pmm.base.paths import Paths
from pmm.base.typed_names import (
    BackendSpec,
    SubjectSpec,
    apart,
    fitting,
    id_part,
    parse_backend,
    parse_subject,
)
from pmm.discover.asking import Answer, NoAnswerError, ask
from pmm.discover.cpythons import CPython, cpython_at
from pmm.discover.file_kinds import (
    check_interpreter,
    check_library,
    file_kind,
)
from pmm.discover.hints import backend_hint, subject_hint
from pmm.documents.programs import BackendEntry, BackendList, Foreign

Spec = TypeVar("Spec", BackendSpec, SubjectSpec)
Said = TypeVar("Said")

LOAD_SECONDS = 10
"""What a library has to be loaded in."""
DOCUMENT = re.compile(r'\{\s*"schema"')
RESERVED_SUBJECTS = frozenset({"reference", "null", "own", "twin"})
RESERVED_BACKENDS = frozenset({"own"})


class SaidSubject(Foreign, frozen=True):
    """What a subject says of itself (`pmm-conform --list --json`)."""

    name: str
    version: str | None = None
    build: str | None = None
    features: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    takes_backend: bool = False
    fault: str | None = None
    """How it breaks its contract when it is loaded: a result of every job."""


class SubjectAnswer(Foreign, frozen=True):
    """The part of the answer that is about the subject."""

    subject: SaidSubject | None = None
    reason: str | None = None
    """Why it cannot be used."""
    at_fault: bool = False
    """Whether that is its own fault, and not that of who named it."""


@dataclass(frozen=True)
class NamedBackend:
    """A library that was named as a backend."""

    typed: tuple[str, ...]
    label: str
    spec: str
    """How programs are told of it."""
    path: str
    entry: BackendEntry
    instead_of: str | None = None
    """The shipped backend that it stands for when nobody chooses."""


@dataclass(frozen=True)
class NamedSubject:
    """A shared object that was named as a subject."""

    typed: tuple[str, ...]
    label: str
    spec: str
    said: SaidSubject


@dataclass(frozen=True)
class NamedInterpreter:
    """An interpreter that was named by its path."""

    typed: tuple[str, ...]
    label: str | None
    cpython: CPython


@dataclass(frozen=True)
class Named:
    """Everything that a command line names by a path."""

    backends: tuple[NamedBackend, ...] = ()
    subjects: tuple[NamedSubject, ...] = ()
    interpreters: tuple[NamedInterpreter, ...] = ()

    @property
    def labels(self) -> dict[str, str]:
        """Labels of libraries, by how programs are told of them."""
        return {
            **{one.spec: one.label for one in self.backends},
            **{one.spec: one.label for one in self.subjects},
        }


NOTHING = Named()


# ------------------------------------------------------------------ libraries


def refused(option: str, text: str, reason: str) -> UsageError:
    """Make the error for something that was named and cannot be used."""
    if reason.startswith(f"{text} "):
        return UsageError(f"{option} {reason}")
    return UsageError(f"{option} {text}: {reason}")


def load(option: str, text: str, argv: Sequence[str | Path]) -> Answer:
    """Ask one of our programs about a library; raise UsageError for no end of it."""
    try:
        return ask(argv, Path.cwd(), LOAD_SECONDS)
    except NoAnswerError as error:
        raise refused(
            option, text, f"loading it does not end within {LOAD_SECONDS} s"
        ) from error


def ended_by(answer: Answer) -> str:
    """Say that a library ended the program that loaded it, with its last words."""
    words = f": {answer.last_words}" if answer.last_words else ""
    return f"loading it ends the program that does it ({answer.ending}){words}"


def document_of(answer: Answer, kind: type[Said]) -> Said | None:
    """Return the document in an output into which a library may have written."""
    for start in DOCUMENT.finditer(answer.stdout):
        try:
            found, _ = json.JSONDecoder().raw_decode(answer.stdout, start.start())
            return msgspec.convert(found, type=kind)
        except (ValueError, RecursionError):
            continue
    return None


def ask_backend(paths: Paths, spec: BackendSpec) -> BackendEntry:
    """Ask a library what it is; raise UsageError when it cannot be a backend."""
    program = paths.program("pmm-backend-check")
    if program is None:
        raise PmmError(
            "pmm-backend-check is not built, so a library cannot be checked: run ninja"
        )
    answer = load(
        "--backend", spec.text, [program, "--backend", spec.spec, "--describe"]
    )
    said = document_of(answer, BackendList) if answer.returncode == 0 else None
    if said is not None:
        return said.backends[0]
    reason = answer.last_words.removeprefix(f"{program.name}: ")
    reason = reason.removeprefix("--backend: ")
    reason = reason.removeprefix(f"backend {spec.spec}: ")
    if answer.returncode == USAGE:
        raise refused("--backend", spec.text, reason + backend_hint(spec))
    return BackendEntry(
        name="", version=None, summary="it cannot be loaded", available=False,
        reason=reason if answer.returncode == FAILURE else ended_by(answer),
        capabilities=(), object=None,
    )  # fmt: skip


def ask_subject(paths: Paths, spec: SubjectSpec) -> SaidSubject:
    """Ask a shared object what it is; raise UsageError when it is no subject."""
    program = paths.program("pmm-conform")
    if program is None:
        raise PmmError(
            "pmm-conform is not built, so a subject cannot be checked: run ninja"
        )
    path = spec.path or ""
    argv = [str(program), "--list", "--json", "--subject", spec.spec]
    answer = load("--subject", spec.text, argv)
    said = document_of(answer, SubjectAnswer) if answer.returncode == 0 else None
    if said is None:
        return SaidSubject(name="", fault=ended_by(answer))
    if said.subject is not None:
        return said.subject
    reason = (said.reason or "it gives no answer").removeprefix(f"{path} ")
    if said.at_fault:
        return SaidSubject(name="", fault=reason)
    raise refused("--subject", spec.text, reason + subject_hint(path))


# --------------------------------------------------------------------- labels


def once(specs: Iterable[Spec]) -> list[list[Spec]]:
    """Group what means the same thing: the same file under the same name."""
    groups: dict[tuple[str | None, str, str], list[Spec]] = {}
    for spec in specs:
        options = spec.options if isinstance(spec, BackendSpec) else ""
        real = os.path.realpath(spec.path or "")
        groups.setdefault((spec.label, real, options), []).append(spec)
    return list(groups.values())


def is_built_in(kind: str, label: str, reserved: Iterable[str]) -> bool:
    """Tell whether a label reads as that of a part of the suite, or of a CPython."""
    lowered = label.lower()
    found = lowered in {name.lower() for name in reserved}
    return found or (kind == "subject" and lowered.startswith("cpython"))


def check_labels(
    option: str, groups: Sequence[Sequence[Spec]], reserved: Iterable[str]
) -> None:
    """Raise UsageError for a name that is taken: by a built-in, or given twice."""
    built_in = set(reserved)
    kind = option.removeprefix("--")
    seen: dict[str, str] = {}
    for spec in (group[0] for group in groups):
        if spec.label is None:
            continue
        tail = spec.text.partition("=")[2]
        if is_built_in(kind, spec.label, built_in):
            raise UsageError(
                f"{option} {spec.text}: '{spec.label}' is a built-in {kind}: give "
                f"yours another name, e.g. my-{spec.label}={tail}"
            )
        if spec.label in seen:
            raise UsageError(
                f"{option} {spec.text}: '{spec.label}' is already the name of "
                f"{seen[spec.label]}: give this one another, e.g. {spec.label}2={tail}"
            )
        seen[spec.label] = tail


def labels_of(
    kind: str,
    groups: Sequence[Sequence[Spec]],
    declared: Sequence[str],
    reserved: Iterable[str],
) -> list[str]:
    """Return the label of each, in their order."""
    specs = [group[0] for group in groups]
    given = {spec.label for spec in specs if spec.label is not None}
    built_in = set(reserved)
    taken = given | built_in
    names = [
        name
        if fitting(name) and name not in given and not is_built_in(kind, name, built_in)
        else ""
        for name in declared
    ]
    out = [spec.label or name for spec, name in zip(specs, names, strict=True)]
    alike = [
        at
        for at, spec in enumerate(specs)
        if spec.label is None and (not out[at] or out.count(out[at]) > 1)
    ]
    used = taken | {out[at] for at in range(len(out)) if at not in alike}
    paths = [specs[at].path or "" for at in alike]
    for at, label in zip(alike, apart(paths, used), strict=True):
        out[at] = label
    assert len({id_part(label) for label in out}) == len(out)  # noqa: S101
    return out


# ------------------------------------------------------------------- together


def backend_files(texts: Sequence[str]) -> list[list[BackendSpec]]:
    """Return the libraries among what was named, each once."""
    specs = [spec for spec in map(parse_backend, texts) if spec.path is not None]
    for spec in specs:
        try:
            check_library(spec.path or "")
        except UsageError as error:
            raise refused("--backend", spec.text, str(error)) from error
    return once(specs)


def subject_files(
    texts: Sequence[str],
) -> tuple[list[list[SubjectSpec]], list[list[SubjectSpec]]]:
    """Return the shared objects and the interpreters among them, each once."""
    objects: list[SubjectSpec] = []
    interpreters: list[SubjectSpec] = []
    for spec in map(parse_subject, texts):
        if spec.path is None:
            continue
        try:
            if not spec.interpreter and file_kind(spec.path) == "library":
                objects.append(spec)
            else:
                check_interpreter(spec.path)
                interpreters.append(spec)
        except UsageError as error:
            raise refused("--subject", spec.text, str(error)) from error
    return once(objects), once(interpreters)


def asked_backends(
    paths: Paths, groups: Sequence[Sequence[BackendSpec]], reserved: Iterable[str]
) -> tuple[NamedBackend, ...]:
    """Ask every library that was named as a backend."""
    entries = [ask_backend(paths, group[0]) for group in groups]
    labels = labels_of("backend", groups, [entry.name for entry in entries], reserved)
    return tuple(
        NamedBackend(
            typed=tuple(spec.text for spec in group), label=label,
            spec=group[0].spec, path=group[0].path or "",
            entry=msgspec.structs.replace(
                entry, name=label, object=os.path.realpath(group[0].path or ""),
                origin="given", spec=group[0].spec,
            ),
        )
        for group, label, entry in zip(groups, labels, entries, strict=True)
    )  # fmt: skip


def asked_subjects(
    paths: Paths, groups: Sequence[Sequence[SubjectSpec]]
) -> tuple[NamedSubject, ...]:
    """Ask every shared object that was named as a subject."""
    said = [ask_subject(paths, group[0]) for group in groups]
    labels = labels_of(
        "subject", groups, [one.name for one in said], RESERVED_SUBJECTS
    )
    return tuple(
        NamedSubject(
            typed=tuple(spec.text for spec in group), label=label,
            spec=group[0].spec, said=one,
        )
        for group, label, one in zip(groups, labels, said, strict=True)
    )  # fmt: skip


def asked_interpreters(
    paths: Paths, groups: Sequence[Sequence[SubjectSpec]]
) -> tuple[NamedInterpreter, ...]:
    """Ask every interpreter that was named."""
    out: list[NamedInterpreter] = []
    for group in groups:
        first = group[0]
        try:
            one = cpython_at(first.path or "", paths)
        except UsageError as error:
            raise refused("--subject", first.text, str(error)) from error
        typed = tuple(spec.text for spec in group)
        one = replace(one, id=id_part(first.label or one.id))
        out.append(NamedInterpreter(typed, first.label, one))
    return tuple(out)


def ask_named(
    paths: Paths,
    backends: Sequence[str],
    subjects: Sequence[str],
    known: Iterable[str],
) -> Named:
    """Look at all that was named, then ask it; `known` are the built-in backends.

    Raises UsageError at the first that cannot be used.
    """
    libraries = backend_files(backends)
    objects, interpreters = subject_files(subjects)
    reserved = {*known, *RESERVED_BACKENDS}
    check_labels("--backend", libraries, reserved)
    check_labels("--subject", [*objects, *interpreters], RESERVED_SUBJECTS)
    return Named(
        backends=asked_backends(paths, libraries, reserved),
        subjects=asked_subjects(paths, objects),
        interpreters=asked_interpreters(paths, interpreters),
    )
