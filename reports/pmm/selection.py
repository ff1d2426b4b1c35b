# SPDX-License-Identifier: MIT
"""What the command line asks for, and what it names in the world that there is.

A name that is not there is an error with the nearest ones; a backend that is
known and cannot be used is refused with the reason, as a plan without it would
not be what was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pmm.discover import CPython, World
from pmm.errors import UsageError
from pmm.jobs import JobKind
from pmm.names import choose, is_path, unknown
from pmm.profiles import FAILING, Profile
from pmm.profiles import PROFILES as HOW_MUCH
from pmm.repeats import refuse_unknown

PROFILES = tuple(HOW_MUCH)
KINDS: tuple[JobKind, ...] = ("conform", "backend-check", "work", "bench", "leaks")
LANES = ("plain", "oom-once", "oom-persist", "gc-stress", "shuffle")


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
    """The two subjects of a plan of pairs (pair_plan)."""
    pairs: int | None = None
    """How many pairs; None: as many as a verdict needs."""
    objects: int = 1_000_000
    """Size of the benchmarks in pairs."""

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
    workloads: tuple[str, ...]
    benches: tuple[str, ...]


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
    names = list(dict.fromkeys([*world.workloads, *world.twins]))
    ids = ["reference", *(one.id for one in world.cpythons)]
    subjects = expand_subjects(selection.subjects, ids)
    plugins = tuple(name for name in selection.subjects if is_path(name))
    every = not selection.subjects
    cpythons = tuple(o for o in world.cpythons if o.id in subjects)
    if every:
        cpythons = cpythons_of(world.cpythons, selection.how_much)
    built_with = [name for one in cpythons for name in one.allocators]
    refuse_unknown("allocator", selection.allocators, built_with)
    return Chosen(
        backends=resolve_backends(world, selection),
        reference=every or "reference" in subjects,
        plugins=plugins,
        cpythons=cpythons,
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
    runs on a CPython that was taken for being the oldest.
    """
    how = selection.how_much
    every = how.failing_sample if lane in FAILING else how.sample
    if oldest and not selection.subjects:
        every = max(every, how.oldest_sample)
    if every == 1 or selection.cases or selection.lanes:
        return []
    return ["--sample", str(every)]


def expand_subjects(wanted: Sequence[str], ids: Sequence[str]) -> list[str]:
    """Resolve subject names; `cpython` and `cpython-3.11` name all that start so."""
    out: list[str] = []
    for name in wanted:
        if is_path(name):
            continue
        family = [
            one
            for one in ids
            if one == name or one.startswith((f"{name}-", f"{name}."))
        ]
        out += family or choose("subject", [name], ids)
    return out


def resolve_backends(world: World, selection: Selection) -> tuple[str, ...]:
    """Return the backends to use; one that is known but missing is refused."""
    available = [entry.name for entry in world.available]
    if not selection.backends:
        return tuple(available)
    specs = [name for name in selection.backends if is_path(name)]
    named = [name for name in selection.backends if not is_path(name)]
    for entry in world.backends:
        if entry.name in named and not entry.available:
            raise UsageError(f"backend {entry.name} cannot be used: {entry.reason}")
    return (*choose("backend", named, available), *specs)
