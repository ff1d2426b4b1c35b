# SPDX-License-Identifier: MIT
"""The jobs that check: cases on subjects, and the contract of each backend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pmm.base.errors import UsageError
from pmm.discover.asking import ask
from pmm.discover.cpythons import host_script, primary
from pmm.discover.pythons import face_command
from pmm.discover.world import World, find_modes
from pmm.documents.jobs import Job
from pmm.plan.modes_and_allocators import (
    EVERY,
    allocators_of_job,
    modes_of_job,
    refuse_unknown,
)
from pmm.plan.parts import backend_option, backends_for, command, make_job
from pmm.plan.profiles import FAILING, reaches
from pmm.plan.selection import LANES, Chosen, Selection, sample_of

CASES_WRITTEN = ("--jsonl", "{dir}/document.jsonl")


def lanes_for(selection: Selection, backend: str | None) -> tuple[str, ...]:
    """Return the lanes that a profile runs over a backend."""
    if selection.lanes:
        return selection.lanes
    reach = selection.how_much.lanes
    deep = reach != "one" and backend is not None and reaches(reach, backend)
    return LANES if deep else ("plain",)


def cpython_lanes(selection: Selection, allocator: str | None) -> tuple[str, ...]:
    """Return the lanes that a profile runs on a CPython over an allocator."""
    if selection.lanes:
        return selection.lanes
    failing = selection.how_much.cpython_failing and allocator is None
    return ("plain", *(FAILING if failing else ()))


def conform_jobs(world: World, selection: Selection, chosen: Chosen) -> Iterator[Job]:
    """Every case: reference and plugins over the backends, then the CPythons."""
    filters = [part for glob in selection.cases for part in ("--case", glob)]
    tail = [*filters, "--seed", str(selection.seed)]
    program = world.paths.program("pmm-conform")
    subjects = [*(["reference"] if chosen.reference else []), *chosen.plugins]
    modes = {subject: find_modes(world, subject) for subject in subjects if program}
    known = [name for names in modes.values() for name in names]
    refuse_unknown("mode", selection.modes, known)
    own = own_documents(world, selection, chosen)
    for subject, its_modes in modes.items():
        given = own if subject in chosen.plugins else []
        for backend in backends_for(world, selection, chosen, subject):
            for lane in lanes_for(selection, backend):
                sample = sample_of(selection, lane)
                for mode in modes_of_job(
                    its_modes, selection.modes, selection.how_much, lane, backend
                ):
                    yield native_conform(
                        world, subject, backend, mode, lane, [*given, *tail, *sample]
                    )
    # The one mode of a CPython is its own; where others are asked for, it has none.
    if not selection.modes or EVERY in selection.modes:
        yield from cpython_conform(world, selection, chosen, tail)
        yield from python_conform(world, selection, chosen, filters)


def own_documents(world: World, selection: Selection, chosen: Chosen) -> list[str]:
    """Return the options with profile and expectations of the user's own subjects.

    Raise UsageError when there is no such subject, or a file is wrong: the message
    is that of the program, which names file, line and key.
    """
    options = [
        part
        for option, path in selection.documents
        for part in (f"--{option}", str(Path(path).resolve()))
    ]
    program = world.paths.program("pmm-conform")
    if not options or not program:
        return []
    if not chosen.plugins:
        named = " and ".join(f"--{option}" for option, _ in selection.documents)
        raise UsageError(f"{named}: for a subject of your own, --subject ./mine.so")
    answer = ask([program, *options, "--list"], world.paths.root)
    if answer.returncode != 0:
        raise UsageError(answer.stderr.strip())
    return options


def native_conform(
    world: World, subject: str, backend: str | None, mode: str | None, lane: str,
    tail: Sequence[str],
) -> Job:  # fmt: skip
    """One lane of the cases on one native subject."""
    argv = [
        command(world, "pmm-conform"), "--subject", subject,
        *backend_option(backend), *([] if mode is None else ["--mode", mode]),
        "--lane", lane, *tail,
    ]  # fmt: skip
    modes = [] if mode is None else [mode]
    where = [world.label(subject), world.label(backend), *modes, lane]
    return make_job(
        "conform", "/".join(where), argv, output_argv=CASES_WRITTEN,
        subject=subject, backend=backend, mode=mode, lane=lane,
        timeout_s=600 if lane == "plain" else 1800,
    )  # fmt: skip


def cpython_conform(
    world: World, selection: Selection, chosen: Chosen, tail: Sequence[str]
) -> Iterator[Job]:
    """The cases on every CPython, over its allocators: its backends."""
    first = primary(tuple(one for one in chosen.cpythons if one.hosts))
    for one in chosen.cpythons:
        script = host_script(
            world.paths, one.version, free_threaded=one.free_threaded
        )
        for allocator in allocators_of_job(
            one.allocators, selection.allocators, selection.how_much, one is first,
            selection.seed,
        ):  # fmt: skip
            for lane in cpython_lanes(selection, allocator) if one.hosts else ():
                oldest = one is not chosen.cpythons[-1]
                sample = sample_of(selection, lane, oldest)
                yield make_job(
                    "conform",
                    "/".join([one.id, *([allocator] if allocator else []), lane]),
                    [
                        one.interpreter, *script,
                        "conform", "--lane", lane, *tail, *sample,
                    ],
                    output_argv=CASES_WRITTEN, subject="cpython", lane=lane,
                    backend=allocator, interpreter=one.interpreter,
                    timeout_s=3600 if lane in FAILING else 300,
                    environment={"PYTHONMALLOC": allocator} if allocator else {},
                )  # fmt: skip


def python_conform(
    world: World, selection: Selection, chosen: Chosen, filters: Sequence[str]
) -> Iterator[Job]:
    """The cases in plain Python, on whatever runs them: one lane, the plain one."""
    if selection.lanes and "plain" not in selection.lanes:
        return
    for one in chosen.pythons:
        yield make_job(
            "conform", f"{one.id}/plain",
            [*face_command(world.paths, one.path), *filters],
            output_argv=("--jsonl", "{dir}/document.jsonl"), subject=one.family,
            interpreter=one.path, lane="plain", timeout_s=900,
        )  # fmt: skip


def backend_jobs(world: World, selection: Selection, chosen: Chosen) -> Iterator[Job]:
    """The allocator contract's own checks, on every backend."""
    program = world.paths.program("pmm-backend-check")
    for backend in chosen.backends if program and chosen.reference else ():
        argv = [
            command(world, "pmm-backend-check"), "--backend", backend,
            *sample_of(selection, "plain"),
        ]  # fmt: skip
        yield make_job(
            "backend-check", world.label(backend), argv,
            output_argv=CASES_WRITTEN, backend=backend, timeout_s=300,
        )  # fmt: skip
