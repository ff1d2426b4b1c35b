# SPDX-License-Identifier: MIT
"""What the command line asks for, and what it names in the world that there is.

A name that is not there is an error with the nearest ones; a backend that is
known and cannot be used is refused with the reason, as a plan without it would
not be what was asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from pmm.base.errors import UsageError
from pmm.base.typed_names import choose, is_file, unknown
from pmm.discover.cpythons import CPython, nearest_versions
from pmm.discover.fetched import fetched_allocators
from pmm.discover.pythons import AnyPython
from pmm.discover.whereabouts import candidates, family_of
from pmm.discover.world import Wanted, World, chosen_backends
from pmm.documents.jobs import JobKind
from pmm.fetch.pins import catalogue
from pmm.plan.modes_and_allocators import refuse_unknown
from pmm.plan.profiles import FAILING, Profile
from pmm.plan.profiles import PROFILES as HOW_MUCH

PROFILES = tuple(HOW_MUCH)
KINDS: tuple[JobKind, ...] = (
    "conform", "backend-check", "work", "bench", "leaks", "facts",
)  # fmt: skip
LANES = ("plain", "oom-once", "oom-persist", "gc-stress", "shuffle", "debug")


Versus = Literal["subject", "backend", "build"]


@dataclass(frozen=True)
class RankOrder:
    """What `pmm rank` asks for beside the allocators of its own."""

    rows: tuple[str, ...] = ()
    """Traces, patterns, `alloc`; empty: all that are here."""
    beside: tuple[str, ...] = ()
    """The peers; empty: all that ship and are no bounds."""
    rounds: int | None = None
    """None: as many as fit into the time, at most 7."""
    python: str | None = None
    """The interpreter that runs whole programs, too; None: none are run."""
    within_s: float | None = None
    """How long it may take; None: it has no limit."""


@dataclass(frozen=True)
class Selection:
    """What the command line asks for; empty means all."""

    profile: str = "quick"
    kinds: tuple[JobKind, ...] = KINDS
    backends: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    benches: tuple[str, ...] = ()
    lanes: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    allocators: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    seed: int = 1
    arms: tuple[str, ...] = ()
    """The two that a plan of pairs sets side by side (pairs.py)."""
    versus: Versus = "subject"
    """What the arms are."""
    base_build: Path | None = None
    """The second of two builds; the first one is the world's."""
    rows: tuple[str, ...] = ()
    """Globs of the benchmarks to measure in pairs."""
    pairs: int | None = None
    """How many pairs; None: as many as a verdict needs."""
    counting: bool = False
    """Count the instructions of the two instead of timing them in pairs."""
    documents: tuple[tuple[str, str], ...] = ()
    """Options of pmm-conform for subjects named by a path, with their files."""
    objects: int = 1_000_000
    """Size of the benchmarks in pairs."""
    rank: RankOrder | None = None
    """Allocators side by side; None: another plan."""

    @property
    def how_much(self) -> Profile:
        """What the profile decides; the name has been found to be one."""
        return HOW_MUCH[self.profile]


@dataclass(frozen=True)
class Chosen:
    """A selection resolved against the world."""

    backends: tuple[str, ...]
    reference: bool
    plugins: tuple[str, ...]
    cpythons: tuple[CPython, ...]
    pythons: tuple[AnyPython, ...]
    workloads: tuple[str, ...]
    benches: tuple[str, ...]


def wanted_by(selection: Selection) -> Wanted:
    """Return what has to be known of the world to plan a selection."""
    kinds = set(selection.kinds)
    beside = selection.rank.beside if selection.rank is not None else ()
    ranks = selection.rank is not None
    arms, versus = selection.arms, selection.versus
    compared = arms if versus == "backend" else ()
    return Wanted(
        backends=(*(selection.backends or compared), *beside),
        subjects=(arms if versus == "subject" else ()) or selection.subjects,
        every_cpython=bool(kinds & {"conform", "work", "facts"}),
        one_each=bool(selection.arms),
        cases="conform" in kinds or bool(selection.arms),
        workloads=bool(kinds & {"work", "leaks"}),
        every_fetched=ranks and not beside,
    )


def resolve(world: World, selection: Selection) -> Chosen:
    """Find everything that the selection names."""
    if selection.profile not in PROFILES:
        raise unknown("profile", selection.profile, PROFILES)
    for lane in selection.lanes:
        if lane not in LANES:
            raise unknown("lane", lane, LANES)
    if world.cases:
        for glob in selection.cases:
            choose("case", [glob], world.cases)
    names = [one.name for one in world.every_workload]
    subjects = expand_subjects(world, selection)
    plugins = tuple(
        one.spec
        for one in world.named.subjects
        if not set(one.typed).isdisjoint(selection.subjects)
    )
    every = not selection.subjects
    cpythons = tuple(o for o in world.cpythons if o.id in subjects)
    if every:
        cpythons = cpythons_of(world.cpythons, selection.how_much)
    whole = selection.how_much.cpythons == "every"
    pythons = tuple(o for o in world.pythons if o.id in subjects or (every and whole))
    refuse_useless(world, selection, subjects, cpythons)
    built_with = [name for one in cpythons for name in one.allocators]
    refuse_unknown("allocator", selection.allocators, built_with)
    return Chosen(
        backends=resolve_backends(world, selection),
        reference=every or "reference" in subjects,
        plugins=plugins,
        cpythons=cpythons,
        pythons=pythons,
        workloads=tuple(choose("workload", selection.workloads or ("*",), names))
        if names
        else (),
        benches=tuple(choose("benchmark", selection.benches, world.benches))
        if selection.benches
        else world.benches,
    )


def cpythons_of(found: Sequence[CPython], how: Profile) -> tuple[CPython, ...]:
    """Return the CPythons that a profile runs on when none is named.

    The ends are the oldest and the newest that the suite's extension can be loaded
    into, ordinary builds before unusual ones.
    """
    if how.cpythons == "every":
        return tuple(found)
    hosts = [one for one in found if one.hosts] or list(found)
    usual = [one for one in hosts if one.id == f"cpython-{one.version}"] or hosts
    ranked = sorted(usual, key=lambda one: one.order)
    ends = (*ranked[:1], *ranked[-1:])
    return tuple(one for one in found if one in ends)


def sample_of(selection: Selection, lane: str, oldest: bool = False) -> list[str]:
    """Return the option by which a lane takes some cases of each area only.

    What is asked for by name, lanes or cases, is run whole. `oldest` tells that it
    runs on a CPython that was taken for being the oldest. Of a ranking, which is no
    profile, every check is whole.
    """
    if selection.rank is not None:
        return []
    how = selection.how_much
    every = how.failing_sample if lane in FAILING else how.sample
    if oldest and not selection.subjects:
        every = max(every, how.oldest_sample)
    if every == 1 or selection.cases or selection.lanes:
        return []
    return ["--sample", str(every)]


def expand_subjects(world: World, selection: Selection) -> list[str]:
    """Resolve subject names; `cpython` and `cpython-3.11` name all that start so.

    Those that a path names are their label, an interpreter is its id.
    """
    ids = [
        "reference", *(one.id for one in world.cpythons),
        *(one.id for one in world.pythons),
    ]  # fmt: skip
    out: list[str] = []
    for text in selection.subjects:
        interpreter = world.cpython_named(text)
        if interpreter is not None:
            out.append(interpreter.id)
            continue
        mine = [one.id for one in world.pythons if text in one.typed]
        if mine:
            out += mine
            continue
        if any(text in one.typed for one in world.named.subjects):
            continue
        meant = members(text, ids)
        if not meant:
            raise no_subject(text, ids)
        out += meant
    return out


def members(name: str, ids: Sequence[str]) -> list[str]:
    """Return the subjects that a name means: itself, its family, or a glob's."""
    family = [
        one for one in ids if one == name or one.startswith((f"{name}-", f"{name}."))
    ]
    return family or [one for one in ids if fnmatchcase(one, name)]


def no_subject(name: str, ids: Sequence[str]) -> UsageError:
    """Make the error for a subject that is not there."""
    if name.startswith("cpython"):
        found = [one for one in ids if one != "reference"]
        close = nearest_versions(name, found)
        if close:
            return UsageError(
                f"no subject '{name}'; did you mean {' or '.join(close[:3])}?"
            )
    families = ["cpython", *map(family_of, candidates())]
    error = unknown("subject", name, [*ids, *families])
    if is_file(name):
        return UsageError(f"{error}; the file of that name is ./{name}")
    return error


def refuse_unknown_names(world: World, wanted: Wanted) -> None:
    """Raise UsageError for a name of a backend or a subject that is not there."""
    asked = Selection(backends=wanted.backends, subjects=wanted.subjects)
    expand_subjects(world, asked)
    resolve_backends(world, asked)


def refuse_useless(
    world: World,
    selection: Selection,
    subjects: Sequence[str],
    cpythons: Sequence[CPython],
) -> None:
    """Raise UsageError for what was named and could not serve in this plan."""
    hostless = [one for one in cpythons if not one.hosts]
    asked = selection.subjects and "work" not in selection.kinds
    if asked and cpythons and len(hostless) == len(cpythons):
        one = hostless[0]
        raise UsageError(f"{one.id} cannot be used: {one.reason}")
    takes = [
        one.label
        for one in world.named.subjects
        if one.said.takes_backend or one.said.fault
    ]
    if not selection.backends or not selection.subjects:
        return
    if "reference" not in subjects and not takes:
        who = " and ".join([*(o.label for o in world.named.subjects), *subjects])
        hint = "; --allocator names a CPython's" if cpythons else ""
        raise UsageError(f"--backend: there is none below {who}{hint}")


def resolve_backends(world: World, selection: Selection) -> tuple[str, ...]:
    """Return the backends to use, as programs are told of them.

    One that is known but missing is refused.
    """
    if not selection.backends:
        return tuple(entry.name for entry in world.available)
    specs = [
        one.spec
        for one in world.named.backends
        if not set(one.typed).isdisjoint(selection.backends)
    ]
    typed = {text for one in world.named.backends for text in one.typed}
    listed = [name for name in selection.backends if name not in typed]
    fetched = {one.label: one.spec for one in world.fetched}
    shipped = [entry.name for entry in world.backends]
    ours = [
        name for name in listed
        if matched(name, shipped) or not matched(name, fetched)
    ]  # fmt: skip
    theirs = [
        spec for label, spec in fetched.items()
        if any(fnmatchcase(label, name) for name in listed)
    ]  # fmt: skip
    chosen = chosen_backends(world.backends, ours) if ours else []
    return (*chosen, *theirs, *specs)


def matched(name: str, labels: Collection[str]) -> bool:
    """Tell whether a name or a glob means one of some labels."""
    return any(fnmatchcase(label, name) for label in labels)


def refuse_unfetched(selection: Selection) -> None:
    """Raise UsageError for an allocator that is known and was not fetched."""
    fetched = {one.name for one in fetched_allocators()}
    beside = selection.rank.beside if selection.rank is not None else ()
    for name in (*selection.backends, *beside):
        if name in catalogue().allocator and name not in fetched:
            raise UsageError(f"backend {name} is not here: pmm fetch {name}")
