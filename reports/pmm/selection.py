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
from pmm.repeats import refuse_unknown

PROFILES = ("quick", "standard", "full")
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
    cpythons = tuple(o for o in world.cpythons if every or o.id in subjects)
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
