# SPDX-License-Identifier: MIT
"""From what there is and what was asked to an ordered list of jobs.

The same world and the same selection give the same plan, job by job. How much a
profile does is decided in `pmm.plan.profiles`; what it leaves out or samples is told by
`pmm.plan.omissions`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from pmm.base.errors import PmmError, UsageError
from pmm.base.paths import shown
from pmm.discover.cpythons import host_script, primary
from pmm.discover.world import World, find_modes
from pmm.documents.jobs import Job, JobKind
from pmm.documents.run import Skipped
from pmm.plan.modes_and_allocators import (
    EVERY,
    allocators_of_job,
    modes_of_job,
    refuse_unknown,
)
from pmm.plan.omissions import skipped
from pmm.plan.profiles import BOUNDS, REPLACED, reaches
from pmm.plan.selection import LANES, Chosen, Selection, resolve, sample_of

LEAKS = "leaks"
"""The workload that loses memory on purpose, for the detectors to find."""
LEAK_VARIANTS = ("clean", "lost_reference", "uncollected_cycle", "unclosed_file")
SMALL = {
    "list_vs_generator": ("items=100000",),
    "tuple_sharing": ("items=10000",),
    "cycles": ("items=10000",),
    "sparse": ("positions=10000",),
    "str_concat": ("items=10000",),
    "list_concat": ("items=10000",),
    "articles": (),
}
"""Settings of a workload's small size; the others are always run as they are."""
BENCH_BOUNDS = ("alloc",)
"""The benchmarks that measure a backend by itself, so that a bound can run them."""
NO_MILLIONS = "--benchmark_filter=-/1000000(/|$)"
SMALLEST_SIZES = "--benchmark_filter=-/10{5,}(/|$)"
LEAK_OPTIONS = (
    "--leak-check=full",
    "--show-leak-kinds=definite,indirect,possible",
    "--num-callers=40",
    "--gen-suppressions=all",
)
VALGRIND_XML = ("--xml=yes", "--xml-file={dir}/valgrind.%p.xml")


@dataclass(frozen=True)
class Plan:
    """The jobs, and what is not among them though it could be."""

    jobs: tuple[Job, ...]
    skipped: tuple[Skipped, ...] = field(default=())


def make_plan(world: World, selection: Selection) -> Plan:
    """Plan the jobs; raise UsageError for a name that is not there."""
    chosen = resolve(world, selection)
    kinds = with_checks(selection.kinds)
    makers = {
        "conform": conform_jobs,
        "backend-check": backend_jobs,
        "leaks": leak_jobs,
        "work": work_jobs,
        "bench": bench_jobs,
    }
    jobs = [
        job
        for kind, make in makers.items()
        if kind in kinds
        for job in make(world, selection, chosen)
    ]
    if not jobs:
        raise UsageError("nothing to run is left of this selection (see `pmm doctor`)")
    return Plan(labelled(world, jobs), tuple(skipped(world, selection, chosen)))


def labelled(world: World, jobs: Sequence[Job]) -> tuple[Job, ...]:
    """Return the jobs with the labels of what a path names; all ids differ."""
    assert len({job.id for job in jobs}) == len(jobs)  # noqa: S101 - results pair by it
    return tuple(
        msgspec.structs.replace(
            job,
            subject_label=world.label_of(job.subject),
            backend_label=world.label_of(job.backend),
        )
        for job in jobs
    )


def with_checks(kinds: Sequence[JobKind]) -> tuple[JobKind, ...]:
    """Add the allocators' checks where they are ranked: a wrong one has no rank."""
    return (*kinds, "backend-check") if "bench" in kinds else tuple(kinds)


def command(world: World, name: str) -> str:
    """Return how a person would type a program that is known to be built."""
    path = world.places.program(name)
    if path is None:
        raise PmmError(f"{name} is not built")
    return shown(path)


def make_job(kind: JobKind, name: str, argv: Sequence[str], **fields: object) -> Job:
    """Make a job with the fields that differ from a check's."""
    defaults: dict[str, object] = {
        "output_argv": (), "output_first": (), "environment": {},
        "timeout_s": 120, "measured": False, "program": argv[0].rpartition("/")[2],
        "subject": None, "interpreter": None, "backend": None, "mode": None,
        "lane": None, "workload": None, "variant": None,
    }  # fmt: skip
    return Job(
        id=f"{kind}/{name}",
        kind=kind,
        argv=tuple(argv),
        **{**defaults, **fields},  # type: ignore[arg-type]
    )


def backends_for(
    world: World, selection: Selection, chosen: Chosen, subject: str
) -> tuple[str | None, ...]:
    """Return what a native subject runs over.

    Somebody's own subject may bring its own allocator, so it is asked over a
    backend only where it takes one and the command line names one.
    """
    plugin = next((one for one in world.named.subjects if one.spec == subject), None)
    if plugin is not None and not (selection.backends and plugin.said.takes_backend):
        return (None,)
    if selection.backends:
        return chosen.backends
    return tuple(name for name in chosen.backends if name not in BOUNDS)


def backend_option(backend: str | None) -> list[str]:
    """Return the arguments that name the backend."""
    return [] if backend is None else ["--backend", backend]


def lanes_for(selection: Selection, backend: str | None) -> tuple[str, ...]:
    """Return the lanes that a profile runs over a backend."""
    if selection.lanes:
        return selection.lanes
    reach = selection.how_much.lanes
    deep = reach != "one" and backend is not None and reaches(reach, backend)
    return LANES if deep else ("plain",)


CASES_WRITTEN = ("--jsonl", "{dir}/document.jsonl")


def conform_jobs(world: World, selection: Selection, chosen: Chosen) -> Iterator[Job]:
    """Every case: reference and plugins over the backends, then the CPythons."""
    filters = [part for glob in selection.cases for part in ("--case", glob)]
    tail = [*filters, "--seed", str(selection.seed)]
    program = world.places.program("pmm-conform")
    subjects = [*(["reference"] if chosen.reference else []), *chosen.plugins]
    modes = {subject: find_modes(world, subject) for subject in subjects if program}
    known = [name for names in modes.values() for name in names]
    refuse_unknown("mode", selection.modes, known)
    for subject, its_modes in modes.items():
        for backend in backends_for(world, selection, chosen, subject):
            for lane in lanes_for(selection, backend):
                sample = sample_of(selection, lane)
                for mode in modes_of_job(
                    its_modes, selection.modes, selection.how_much, lane, backend
                ):
                    yield native_conform(
                        world, subject, backend, mode, lane, [*tail, *sample]
                    )
    # The one mode of a CPython is its own; where others are asked for, it has none.
    if not selection.modes or EVERY in selection.modes:
        yield from cpython_conform(world, selection, chosen, tail)


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
        for allocator in allocators_of_job(
            one.allocators, selection.allocators, selection.how_much, one is first,
            selection.seed,
        ):  # fmt: skip
            for lane in lanes_for(selection, None) if one.hosts else ():
                oldest = one is not chosen.cpythons[-1]
                sample = sample_of(selection, lane, oldest)
                yield make_job(
                    "conform",
                    "/".join([one.id, *([allocator] if allocator else []), lane]),
                    [
                        one.interpreter, *host_script(world.places, one.version),
                        "conform", "--lane", lane, *tail, *sample,
                    ],
                    output_argv=CASES_WRITTEN, subject="cpython", lane=lane,
                    backend=allocator, interpreter=one.interpreter, timeout_s=300,
                    environment={"PYTHONMALLOC": allocator} if allocator else {},
                )  # fmt: skip


def backend_jobs(world: World, selection: Selection, chosen: Chosen) -> Iterator[Job]:
    """The allocator contract's own checks, on every backend."""
    program = world.places.program("pmm-backend-check")
    for backend in chosen.backends if program and chosen.reference else ():
        argv = [command(world, "pmm-backend-check"), "--backend", backend]
        yield make_job(
            "backend-check", world.label(backend), argv,
            output_argv=("--jsonl", "{dir}/document.jsonl"), backend=backend,
        )  # fmt: skip


def leak_jobs(world: World, selection: Selection, chosen: Chosen) -> Iterator[Job]:
    """The leaks workload under valgrind, a process a variant."""
    program = world.places.program("pmm-work")
    usable = program and world.valgrind and chosen.reference
    if not usable or LEAKS not in chosen.workloads or LEAKS not in world.workloads:
        return
    reach = "every" if selection.backends else selection.how_much.leaks
    over = [b for b in chosen.backends if b not in BOUNDS | REPLACED]
    for backend in (b for b in over if reaches(reach, b)):
        for variant in selection.variants or LEAK_VARIANTS:
            argv = [
                "valgrind", *LEAK_OPTIONS, command(world, "pmm-work"), LEAKS,
                "--backend", backend, "--variant", variant,
            ]  # fmt: skip
            yield make_job(
                "leaks", f"{variant}/{world.label(backend)}", argv,
                output_argv=("--json", "{dir}/document.json"),
                output_first=VALGRIND_XML, subject="reference",
                backend=backend, workload=LEAKS, variant=variant, timeout_s=300,
            )  # fmt: skip


def work_jobs(world: World, selection: Selection, chosen: Chosen) -> Iterator[Job]:
    """The workloads: reference over the backends, then twins on the CPythons."""
    program = world.places.program("pmm-work")
    for workload in chosen.workloads:
        given = workload in world.workloads
        subjects = [*(["reference"] if chosen.reference else []), *chosen.plugins]
        for subject in subjects if program and given else []:
            for backend in backends_for(world, selection, chosen, subject):
                yield native_work(world, selection, workload, subject, backend)
        yield from cpython_work(world, selection, chosen, workload)


def work_tail(
    world: World, selection: Selection, workload: str, whole: bool
) -> list[str]:
    """Return the options that set a workload's size, variants and seed."""
    settings = selection.settings or (() if whole else SMALL.get(workload, ()))
    program = world.places.program("pmm-work")
    if selection.how_much.smallest and workload == "file_read" and program:
        # It is always there, and has the 50 chunks of which a claim speaks.
        settings = (*settings, f"input={shown(program)}", "chunk=4096")
    return [
        *(part for setting in settings for part in ("--set", setting)),
        *(part for name in selection.variants for part in ("--variant", name)),
        "--seed",
        str(selection.seed),
    ]


def native_work(
    world: World,
    selection: Selection,
    workload: str,
    subject: str,
    backend: str | None,
) -> Job:
    """One workload on one native subject."""
    argv = [
        command(world, "pmm-work"), workload,
        "--subject", subject, *backend_option(backend),
        *work_tail(
            world, selection, workload, whole=not selection.how_much.smallest
        ),
    ]  # fmt: skip
    return make_job(
        "work", f"{workload}/{world.label(subject)}/{world.label(backend)}", argv,
        output_argv=("--json", "{dir}/document.json"), subject=subject,
        backend=backend, workload=workload, measured=True, timeout_s=300,
    )  # fmt: skip


def cpython_work(
    world: World, selection: Selection, chosen: Chosen, workload: str
) -> Iterator[Job]:
    """One workload's Python twin, on every CPython."""
    first = max(chosen.cpythons, key=lambda one: one.order, default=None)
    for one in chosen.cpythons if workload in world.twins else ():
        how = selection.how_much
        whole = not how.smallest and (how.whole_twins == "every" or one is first)
        as_it_is = workload not in SMALL and workload != LEAKS
        if as_it_is and not whole and not how.smallest and not selection.workloads:
            continue
        argv = [
            one.interpreter, shown(world.places.twin_script), workload,
            *work_tail(world, selection, workload, whole),
        ]  # fmt: skip
        yield make_job(
            "work", f"{workload}/twin/{one.id}", argv,
            output_argv=("--json", "{dir}/document.json"), subject="cpython",
            workload=workload, interpreter=one.interpreter, measured=whole,
            timeout_s=300,
        )  # fmt: skip


def bench_sizes(selection: Selection, backend: str) -> list[str]:
    """Return the option that leaves out the sizes that are not worth their time."""
    how = selection.how_much
    if how.smallest:
        return [SMALLEST_SIZES]
    return (
        []
        if how.millions != "one" and reaches(how.millions, backend)
        else [NO_MILLIONS]
    )


def bench_jobs(world: World, selection: Selection, chosen: Chosen) -> Iterator[Job]:
    """Google Benchmark: one process a program and backend."""
    how = selection.how_much
    for area in chosen.benches if chosen.reference else ():
        for backend in chosen.backends:
            if backend in BOUNDS and area not in BENCH_BOUNDS:
                continue
            argv = [
                command(world, f"pmm-bench-{area}"), "--backend", backend,
                f"--benchmark_min_time={how.bench_seconds}",
                f"--benchmark_repetitions={how.repetitions}",
                "--benchmark_enable_random_interleaving=true",
                *bench_sizes(selection, backend),
            ]  # fmt: skip
            yield make_job(
                "bench", f"{area}/{world.label(backend)}", argv,
                output_argv=(
                    "--benchmark_out={dir}/document.json",
                    "--benchmark_out_format=json",
                ),
                subject="reference", backend=backend, measured=True, timeout_s=600,
            )  # fmt: skip
