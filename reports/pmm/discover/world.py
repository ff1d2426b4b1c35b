# SPDX-License-Identifier: MIT
"""What there is to run: programs, backends, CPythons, workloads, benchmarks.

Every answer comes from the thing itself (`--list`, `--describe`), never from a
table here, so adding a backend or a workload changes nothing in this package.
Probes run with a short time limit; one that fails is reported as not available,
with the reason. Only what a command needs is asked (`Wanted`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from pmm.base.decoding import decode_json
from pmm.base.errors import PmmError, UsageError
from pmm.base.paths import Paths
from pmm.base.typed_names import choose, id_part, parse_subject
from pmm.discover.asking import ask
from pmm.discover.cpythons import (
    BASELINE,
    CPython,
    Found,
    find_cpythons,
    primary,
    survey,
    unlike,
)
from pmm.discover.fetched import as_fetched, meant, of_names, without
from pmm.discover.introductions import Stranger
from pmm.discover.named_by_path import NOTHING, Named, NamedBackend, ask_named
from pmm.discover.pythons import AnyPython, find_pythons
from pmm.documents.programs import (
    BackendEntry,
    BackendList,
    Foreign,
    WorkloadEntry,
    WorkloadList,
)
from pmm.documents.results import SubjectEntry


@dataclass(frozen=True)
class Wanted:
    """What a command needs to know of the world."""

    backends: tuple[str, ...] = ()
    """As they were typed."""
    subjects: tuple[str, ...] = ()
    every_cpython: bool = True
    """Whether the CPythons of this machine are wanted though none is named."""
    one_each: bool = False
    """Whether `cpython` means one of them, the primary one."""
    cases: bool = True
    workloads: bool = True
    every_fetched: bool = False
    """Whether all allocators that were fetched are wanted though none is named."""


@dataclass(frozen=True)
class World:
    """Everything that can be asked to run."""

    paths: Paths
    backends: tuple[BackendEntry, ...]
    cpythons: tuple[CPython, ...]
    cases: tuple[str, ...]
    workloads: tuple[WorkloadEntry, ...]
    """Those of pmm-work."""
    twins: tuple[WorkloadEntry, ...]
    """Those that run as Python programs."""
    benches: tuple[str, ...]
    valgrind: str | None
    missing: tuple[tuple[str, str], ...]
    """Programs that were not built, and what is lost without each."""
    modes: tuple[str, ...] = ()
    """The reference's collector modes, its default first."""
    named: Named = NOTHING
    """What the command line names by a path."""
    all_cpythons: bool = True
    """Whether all CPythons of the machine were looked for."""
    pythons: tuple[AnyPython, ...] = ()
    """Interpreters that run the cases in plain Python."""
    strangers: tuple[Stranger, ...] = ()
    """Interpreters that were found and that no column can be made of."""

    @property
    def available(self) -> tuple[BackendEntry, ...]:
        """The backends that can be used on this machine."""
        return tuple(entry for entry in self.backends if entry.available)

    @property
    def every_backend(self) -> tuple[BackendEntry, ...]:
        """Those that ship with the project, then those that were named."""
        return (*self.backends, *(one.entry for one in self.named.backends))

    @property
    def every_workload(self) -> tuple[WorkloadEntry, ...]:
        """Each workload once, by its own description: pmm-work's, then the twins'."""
        known = {one.name: one for one in (*self.twins, *self.workloads)}
        names = [one.name for one in (*self.workloads, *self.twins)]
        return tuple(known[name] for name in dict.fromkeys(names))

    @property
    def fetched(self) -> tuple[NamedBackend, ...]:
        """The allocators that `pmm fetch` brought, of those that are wanted."""
        backends = self.named.backends
        return tuple(one for one in backends if one.entry.origin == "fetched")

    def entry_of(self, backend: str | None) -> BackendEntry | None:
        """Return what is known of a backend, as programs are told of it."""
        for one in self.every_backend:
            if (one.spec or one.name) == backend:
                return one
        return None

    def is_bound(self, backend: str | None) -> bool:
        """Tell whether a backend only bounds the others and holds no program."""
        entry = self.entry_of(backend)
        return entry is not None and entry.is_bound

    def is_replaced(self, backend: str | None) -> bool:
        """Tell whether valgrind would see nothing of a backend."""
        entry = self.entry_of(backend)
        return entry is not None and entry.replaced_by_valgrind

    def cpython_named(self, text: str) -> CPython | None:
        """Return the interpreter that was named by its path, or by this label."""
        for entry in self.named.interpreters:
            if text in entry.typed:
                alike = [o for o in self.cpythons if o.real == entry.cpython.real]
                own = [one for one in alike if one.id == entry.cpython.id]
                return (own or alike)[0]
        return None

    def label(self, spec: str | None) -> str:
        """Return what ids call a backend or a subject; None is a subject's own."""
        if spec is None:
            return "own"
        return id_part(self.label_of(spec) or spec)

    def label_of(self, spec: str | None) -> str | None:
        """Return the label of something named by a path; None of all else."""
        return self.named.labels.get(spec or "")


def find_backends(paths: Paths) -> tuple[BackendEntry, ...]:
    """Return the backends as `pmm-backend-check` lists them; none if not built."""
    program = paths.program("pmm-backend-check")
    if program is None:
        return ()
    answer = ask([program, "--list", "--json"], paths.root)
    try:
        return decode_json(answer.stdout, BackendList).backends
    except msgspec.MsgspecError as error:
        raise PmmError(f"{program.name} --list --json: {error}") from error


class ListedCase(Foreign, frozen=True):
    """What we need of one entry of `pmm-conform --list --json`."""

    id: str


class CaseList(Foreign, frozen=True):
    """The whole answer."""

    cases: tuple[ListedCase, ...]
    modes: tuple[str, ...] | None = None
    """Of the subject; None when it cannot be used."""


def find_cases(paths: Paths) -> CaseList:
    """Return the cases, the reference's modes; none if pmm-conform was not built."""
    program = paths.program("pmm-conform")
    if program is None:
        return CaseList(cases=())
    argv = [str(program), "--list", "--json", "--subject", "reference"]
    answer = ask(argv, Path.cwd())
    try:
        return decode_json(answer.stdout, CaseList)
    except msgspec.MsgspecError as error:
        raise PmmError(f"{program.name} --list --json: {error}") from error


def find_modes(world: World, subject: str) -> tuple[str, ...]:
    """Return the collector modes of a native subject."""
    for one in world.named.subjects:
        if one.spec == subject:
            return one.said.modes
    return world.modes


def find_workloads(
    argv: Sequence[str | Path], working: Path
) -> tuple[WorkloadEntry, ...]:
    """Return the workloads as a program lists them; none where it cannot."""
    answer = ask([*argv, "--list", "--json", "-"], working)
    if answer.returncode != 0:
        return ()
    try:
        return decode_json(answer.stdout, WorkloadList).workloads
    except msgspec.MsgspecError as error:
        raise PmmError(f"{Path(argv[-1]).name} --list --json: {error}") from error


def subject_entries(world: World) -> tuple[SubjectEntry, ...]:
    """Return the subjects: the reference, the CPythons, what was named by a path."""
    reference = world.paths.program("pmm-conform") or world.paths.program("pmm-work")
    entries = [
        SubjectEntry(
            name="reference",
            kind="builtin",
            version=None,
            build=None,
            available=reference is not None,
            reason=None if reference else "pmm-conform is not built",
            interpreter=None,
            optimised=None,
            features=(),
        )
    ]
    entries += [
        SubjectEntry(
            name=one.id,
            kind="cpython",
            version=one.version,
            build=one.build,
            available=one.hosts,
            reason=one.reason,
            interpreter=one.interpreter,
            optimised=one.optimised,
            features=(),
        )
        for one in world.cpythons
    ]
    entries += [
        SubjectEntry(
            name=one.label,
            kind="plugin",
            version=one.said.version,
            build=one.said.build,
            available=one.said.fault is None,
            reason=one.said.fault,
            interpreter=None,
            optimised=None,
            features=one.said.features,
        )
        for one in world.named.subjects
    ]
    entries += [
        SubjectEntry(
            name=one.id,
            kind="python",
            version=one.version,
            build=one.build,
            available=one.fault is None,
            reason=one.fault,
            interpreter=one.path,
            optimised=None,
            features=(),
        )
        for one in world.pythons
    ]
    return tuple(entries)


LOSSES = {
    "pmm-conform": "no conformance results",
    "pmm-backend-check": "no list of backends, no backend checks",
    "pmm-work": "no memory figures, no leak checks",
}


def missing_programs(paths: Paths, benches: Sequence[str]) -> list[tuple[str, str]]:
    """Return the programs that were not built, and what is lost without each."""
    missing = [
        (name, lost) for name, lost in LOSSES.items() if paths.program(name) is None
    ]
    return missing if benches else [*missing, ("pmm-bench-*", "no benchmark figures")]


def listed_cpythons(
    paths: Paths, wanted: Wanted, names: Sequence[str]
) -> tuple[CPython, ...]:
    """Return the CPythons that names and globs mean, none of them a path."""
    if wanted.one_each and "cpython" in names:
        found = find_cpythons(paths, [BASELINE, *(n for n in names if n != "cpython")])
        if primary(found) is not None:
            return found
    return find_cpythons(paths, names)


def wanted_cpythons(paths: Paths, wanted: Wanted, named: Named) -> Found:
    """Return the CPythons that are meant, each binary once under one name."""
    if wanted.every_cpython and not wanted.subjects:
        return survey(paths)
    specs = [parse_subject(text) for text in wanted.subjects]
    names = [spec.text for spec in specs if spec.path is None]
    found = list(listed_cpythons(paths, wanted, names))
    for entry in named.interpreters:
        if entry.label or entry.cpython.real not in {one.real for one in found}:
            name = unlike(entry.cpython.id, [one.id for one in found])
            found.append(replace(entry.cpython, id=name))
    return Found(tuple(sorted(found, key=lambda one: (one.order, one.id))))


def chosen_backends(
    entries: Sequence[BackendEntry], names: Sequence[str]
) -> list[str]:
    """Return the shipped backends that names and globs mean.

    Raises UsageError for one that there is not, or that cannot be used here.
    """
    if names and not entries:
        raise UsageError(
            "no backend can be used: pmm-backend-check is not built; run ninja, or "
            "name another build with --build"
        )
    for entry in entries:
        if entry.name in names and not entry.available:
            raise UsageError(f"backend {entry.name} cannot be used: {entry.reason}")
    return choose("backend", names, [one.name for one in entries if one.available])


def discover(
    paths: Paths, valgrind: str | None, wanted: Wanted | None = None
) -> World:
    """Look at what is wanted of the build and of the machine; by default at all."""
    wanted = wanted or Wanted()
    benches = tuple(
        path.name.removeprefix("pmm-bench-") for path in paths.bench_programs()
    )
    backends = find_backends(paths)
    known = [entry.name for entry in backends]
    fetched = meant(wanted.backends, wanted.every_fetched)
    chosen_backends(backends, of_names(wanted.backends, fetched))
    typed = [*without(wanted.backends, fetched), *(one.spec for one in fetched)]
    named = as_fetched(ask_named(paths, typed, wanted.subjects, known), fetched)
    work = paths.program("pmm-work") if wanted.workloads else None
    met = wanted_cpythons(paths, wanted, named)
    cpythons = met.cpythons
    pythons = find_pythons(paths, wanted.subjects, wanted.every_cpython)
    known_paths = {one.path for one in pythons}
    listed = find_cases(paths) if wanted.cases else CaseList(cases=())
    twin = paths.twin_script
    has_twins = wanted.workloads and bool(cpythons) and twin.is_file()
    return World(
        paths=paths,
        backends=backends,
        cpythons=cpythons,
        cases=tuple(case.id for case in listed.cases),
        modes=listed.modes or (),
        workloads=find_workloads([work], paths.root) if work else (),
        twins=find_workloads([cpythons[-1].interpreter, twin], paths.root)
        if has_twins
        else (),
        benches=benches,
        valgrind=valgrind,
        missing=tuple(missing_programs(paths, benches)),
        named=named,
        all_cpythons=wanted.every_cpython and not wanted.subjects,
        pythons=pythons,
        strangers=tuple(o for o in met.strangers if o.path not in known_paths),
    )
