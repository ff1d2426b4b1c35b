# SPDX-License-Identifier: MIT
"""The jobs that run workloads: natively, as Python twins, and under valgrind."""

from __future__ import annotations

from collections.abc import Iterator

from pmm.base.paths import shown
from pmm.discover.world import World
from pmm.documents.jobs import Job
from pmm.documents.programs import WorkloadEntry
from pmm.plan.parts import backend_option, backends_for, command, make_job
from pmm.plan.profiles import reaches
from pmm.plan.selection import Chosen, Selection

LEAKS = "leaks"
"""The workload that loses memory on purpose, for the detectors to find."""
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
    entry = next((one for one in world.workloads if one.name == LEAKS), None)
    if not usable or LEAKS not in chosen.workloads or entry is None:
        return
    reach = "every" if selection.backends else selection.how_much.leaks
    over = [
        one
        for one in chosen.backends
        if not (world.is_bound(one) or world.is_replaced(one))
    ]
    for backend in (b for b in over if reaches(reach, b)):
        for variant in selection.variants or [one.name for one in entry.variants]:
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
    native = {one.name for one in world.workloads} if program else set()
    twins = {one.name for one in world.twins}
    for workload in world.every_workload:
        if workload.name not in chosen.workloads:
            continue
        subjects = [*(["reference"] if chosen.reference else []), *chosen.plugins]
        for subject in subjects if workload.name in native else []:
            for backend in backends_for(world, selection, chosen, subject):
                yield native_work(world, selection, workload, subject, backend)
        if workload.name in twins:
            yield from cpython_work(world, selection, chosen, workload)


def settings_of(
    world: World, selection: Selection, workload: WorkloadEntry, whole: bool
) -> tuple[str, ...]:
    """Return the settings of a size: what was asked for, or as it says itself."""
    if selection.settings or whole:
        return selection.settings
    text = workload.small or ""
    if selection.how_much.smallest:
        text = workload.smallest or text
    program = world.paths.program("pmm-work")
    return tuple(
        one.replace("{program}", shown(program) if program else "")
        for one in text.split()
        if program or "{program}" not in one
    )


def work_tail(
    world: World, selection: Selection, workload: WorkloadEntry, whole: bool
) -> list[str]:
    """Return the options that set a workload's size, variants and seed."""
    settings = settings_of(world, selection, workload, whole)
    return [
        *(part for setting in settings for part in ("--set", setting)),
        *(part for name in selection.variants for part in ("--variant", name)),
        "--seed",
        str(selection.seed),
    ]


def native_work(
    world: World,
    selection: Selection,
    workload: WorkloadEntry,
    subject: str,
    backend: str | None,
) -> Job:
    """One workload on one native subject."""
    argv = [
        command(world, "pmm-work"), workload.name,
        "--subject", subject, *backend_option(backend),
        *work_tail(
            world, selection, workload, whole=not selection.how_much.smallest
        ),
    ]  # fmt: skip
    return make_job(
        "work", f"{workload.name}/{world.label(subject)}/{world.label(backend)}", argv,
        output_argv=("--json", "{dir}/document.json"), subject=subject,
        backend=backend, workload=workload.name, measured=True, timeout_s=300,
    )  # fmt: skip


def cpython_work(
    world: World, selection: Selection, chosen: Chosen, workload: WorkloadEntry
) -> Iterator[Job]:
    """One workload's Python twin, on every CPython."""
    first = max(chosen.cpythons, key=lambda one: one.order, default=None)
    for one in chosen.cpythons:
        how = selection.how_much
        whole = not how.smallest and (
            how.whole_twins == "every" or (how.whole_twins == "newest" and one is first)
        )
        as_it_is = workload.small is None
        if as_it_is and not whole and not how.smallest and not selection.workloads:
            continue
        argv = [
            one.interpreter, shown(world.paths.twin_script), workload.name,
            *work_tail(world, selection, workload, whole),
        ]  # fmt: skip
        yield make_job(
            "work", f"{workload.name}/twin/{one.id}", argv,
            output_argv=("--json", "{dir}/document.json"), subject="cpython",
            workload=workload.name, interpreter=one.interpreter, measured=whole,
            timeout_s=300,
        )  # fmt: skip
