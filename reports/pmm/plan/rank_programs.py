# SPDX-License-Identifier: MIT
"""Whole programs over allocators: the last rows of `pmm rank --programs`.

1. A program is one that the traces were recorded from. It runs in an interpreter
   with its own allocator, with `PYTHONMALLOC=malloc`, and so with each library
   loaded before libc; from 3.13 on also with the interpreter's own mimalloc.
2. A library that exports malloc and free by these names is loaded before libc. A
   plug-in, a library with a prefix alone and the pool serve Python's own allocators
   instead, by hooks that are set before the interpreter starts (serve.c).
3. Before the first round each setting says which file serves malloc, or objects; a
   setting that is served by another one has no figures.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pmm.base.errors import UsageError
from pmm.base.paths import shown
from pmm.base.typed_names import choose, is_path
from pmm.discover.cpythons import CPython, cpython_at
from pmm.discover.file_kinds import functions_of
from pmm.discover.trace_set import read_set, script_of
from pmm.discover.world import World
from pmm.documents.jobs import Job
from pmm.documents.rank import WITNESS, RankCaller, RankPlace
from pmm.plan.parts import make_job
from pmm.plan.selection import RankOrder

LOADER = ("LD_DEBUG=bindings", "LD_BIND_NOW=1", "PMM_SERVE_TELL=1")
"""Has glibc's loader say what every name is bound to, and the hooks who serves."""
HOOKS = "libpmm-serve.so"
PMM_BACKEND = "pmm_backend_get"
"""What a plug-in exports."""
ROOM_FOR_THREADS = "GLIBC_TUNABLES=glibc.rtld.optional_static_tls=16384"
"""What some libraries need to be loaded late."""
NEEDED = frozenset({"malloc", "free", "calloc", "realloc"})
OWN = "pymalloc"
"""The interpreter's own choice, which others are compared with."""
BUILT_IN = "mimalloc"


@dataclass(frozen=True)
class Programs:
    """The programs of a plan, the interpreter, and what it allocates with."""

    python: str = ""
    settings: tuple[RankCaller, ...] = ()
    names: tuple[str, ...] = ()


def whole_programs(world: World, order: RankOrder, specs: Sequence[str]) -> Programs:
    """Find interpreter, settings and programs; none where none were asked for."""
    if order.python is None:
        return Programs()
    there = shutil.which(order.python)
    if there is None:
        raise UsageError(f"there is no {order.python}: name one with --python")
    one = cpython_at(there, world.paths)
    known = [program.name for program in read_set(world.paths.root).program]
    wanted = [name for name in order.rows if name in known]
    if order.rows and not wanted:
        listed = ", ".join(known)
        raise UsageError(f"--programs: no row is a program; there are: {listed}")
    settings = [
        RankCaller(setting=own_of(one.allocators), variables=(), object=""),
        caller("malloc of libc", "PYTHONMALLOC=malloc"),
    ]
    if BUILT_IN in one.allocators:
        name = f"{BUILT_IN} of {one.version}"
        settings.append(caller(name, f"PYTHONMALLOC={BUILT_IN}"))
    settings += [
        found for spec in specs
        if (found := preloaded(world, spec) or hooked(world, spec, one))
    ]  # fmt: skip
    return Programs(
        one.interpreter, tuple(settings),
        tuple(choose("program", wanted or ["*"], known)),
    )  # fmt: skip


def own_of(allocators: Sequence[str]) -> str:
    """Return what an interpreter chooses by itself."""
    return allocators[0] if allocators else OWN


def caller(name: str, *variables: str, served_by: str = "") -> RankCaller:
    """Make a setting."""
    return RankCaller(setting=name, variables=variables, object=served_by)


def preloaded(world: World, spec: str) -> RankCaller | None:
    """Return the setting with a library before libc; None where it cannot be."""
    entry = world.entry_of(spec)
    path = entry.object if entry is not None else None
    if entry is None or path is None or spec in {"libc", "pool"}:
        return None
    if not functions_of(path) >= NEEDED:
        return None
    real = str(Path(path).resolve())
    own = [found] if (found := spec.partition(",env=")[2]) else []
    return caller(
        entry.name, "PYTHONMALLOC=malloc", f"LD_PRELOAD={real}", *own, served_by=real
    )


def hooked(world: World, spec: str, python: CPython) -> RankCaller | None:
    """Return the setting with a backend behind Python's own allocators; None where
    it cannot be there.
    """
    entry, hooks = world.entry_of(spec), world.paths.program(HOOKS)
    free_threads = python.id.endswith("t")
    if entry is None or hooks is None or spec == "libc" or free_threads:
        return None
    path = Path(entry.object) if is_path(spec) and entry.object else hooks
    plugin = not is_path(spec) or PMM_BACKEND in functions_of(str(path))
    if plugin and "USABLE_SIZE" not in entry.capabilities:
        return None
    return caller(
        entry.name, f"LD_PRELOAD={hooks.resolve()}", f"PMM_SERVE={spec}",
        ROOM_FOR_THREADS, served_by=str(path.resolve()),
    )  # fmt: skip


def job_of(world: World, found: Programs, one: RankCaller, place: RankPlace) -> Job:
    """Make the job of one program in one setting."""
    again = " again" if place.role == "again" else ""
    argv = ["env", *one.variables, found.python, "-S", "-B"]
    if place.row == WITNESS:
        argv = ["env", *LOADER, *argv[1:], "-c", "pass"]
    else:
        argv.append(shown(script_of(world.paths.root, place.row)))
    return make_job(
        "program", f"rank-{place.round:02d}/{place.row}/{one.setting}{again}", argv,
        interpreter=found.python, measured=True, timeout_s=300, variant=one.setting,
        place=place,
    )  # fmt: skip


def witnesses(world: World, found: Programs) -> Iterator[Job]:
    """Ask in each setting who serves malloc."""
    for one in found.settings:
        place = RankPlace(group="program", row=WITNESS, round=0, caller=one)
        yield job_of(world, found, one, place)


def program_jobs(
    world: World, found: Programs, number: int, draw: random.Random
) -> Iterator[Job]:
    """Run every program once in each setting, and in the first one again."""
    names = draw.sample(found.names, len(found.names))
    for name in names:
        arms = [("asked", one) for one in found.settings]
        arms.append(("again", found.settings[0]))
        for role, one in draw.sample(arms, len(arms)):
            place = RankPlace(
                group="program", row=name, round=number, caller=one,
                role=role,  # type: ignore[arg-type]
            )  # fmt: skip
            yield job_of(world, found, one, place)
