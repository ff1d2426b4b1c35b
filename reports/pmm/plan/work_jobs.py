# SPDX-License-Identifier: MIT
"""The jobs that run workloads: natively, as Python twins, and under valgrind."""

from __future__ import annotations

from collections.abc import Iterator

from pmm.base.paths import shown
from pmm.discover.world import World
from pmm.documents.jobs import Job
from pmm.plan.parts import backend_option, backends_for, command, make_job
from pmm.plan.profiles import BOUNDS, REPLACED, reaches
from pmm.plan.selection import Chosen, Selection

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
LEAK_OPTIONS = (
    "--leak-check=full",
    "--show-leak-kinds=definite,indirect,possible",
    "--num-callers=40",
    "--gen-suppressions=all",
)
VALGRIND_XML = ("--xml=yes", "--xml-file={dir}/valgrind.%p.xml")


def leak_jobs(world: World, selection: Selection, chosen: Chosen) -> Iterator[Job]:
    """The leaks workload under valgrind, a process a variant."""
    program = world.paths.program("pmm-work")
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
    program = world.paths.program("pmm-work")
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
    program = world.paths.program("pmm-work")
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
            one.interpreter, shown(world.paths.twin_script), workload,
            *work_tail(world, selection, workload, whole),
        ]  # fmt: skip
        yield make_job(
            "work", f"{workload}/twin/{one.id}", argv,
            output_argv=("--json", "{dir}/document.json"), subject="cpython",
            workload=workload, interpreter=one.interpreter, measured=whole,
            timeout_s=300,
        )  # fmt: skip
