# SPDX-License-Identifier: MIT
"""What a run leaves out: what this machine lacks, and what the profile put off.

A run that samples says so: each entry names what was not run and the command that
runs it. The profile's choices are told apart from what could not be run.
"""

from __future__ import annotations

from collections.abc import Iterator

from pmm.discover.world import World
from pmm.documents.results import Skipped
from pmm.plan.profiles import FAILING, SMALLEST, reaches
from pmm.plan.selection import LANES, Chosen, Selection, sample_of

SWEEP = "pmm run --profile nightly --only conform"


def skipped(world: World, selection: Selection, chosen: Chosen) -> Iterator[Skipped]:
    """Say what a complete machine and the longest profile would have run besides."""
    yield from missing_programs(world, selection)
    yield from missing_valgrind(world, selection, chosen)
    yield from missing_cpythons(world, selection, chosen)
    if "conform" in selection.kinds:
        yield from put_off_cpythons(world, selection, chosen)
        if "pmm-conform" not in dict(world.missing) and native_subjects(chosen):
            yield from sampled_cases(selection)
            yield from put_off_lanes(world, selection, chosen)
    yield from small_twins(selection, chosen)
    if selection.how_much.smallest:
        yield Skipped(
            what="full sizes", why="smoke runs every job at its smallest size",
            lost="its figures mean nothing", remedy="pmm run", choice=True,
        )  # fmt: skip


def small_twins(selection: Selection, chosen: Chosen) -> Iterator[Skipped]:
    """Say that the workloads were small on the CPythons."""
    none = selection.how_much.whole_twins == "none"
    if none and "work" in selection.kinds and chosen.cpythons:
        yield Skipped(
            what="full-sized workloads on the CPythons",
            why=f"{selection.profile} runs them there at small sizes",
            lost="their figures at the sizes that the reference has",
            remedy="pmm work --subject cpython", choice=True,
        )  # fmt: skip


def native_subjects(chosen: Chosen) -> bool:
    """Tell whether a subject of this run has lanes beside the plain one."""
    return chosen.reference or bool(chosen.plugins)


def sampled_cases(selection: Selection) -> Iterator[Skipped]:
    """Name the lanes of which some cases are run."""
    how, where = selection.how_much, f"from a start that seed {selection.seed} gives"
    failing = bool(sample_of(selection, FAILING[0])) and how.lanes != "one"
    for lanes, every, sampled in (
        (FAILING, how.failing_sample, failing),
        (tuple(n for n in LANES if n not in FAILING), how.sample,
         bool(sample_of(selection, LANES[0]))),
    ):  # fmt: skip
        share = "one case" if every == SMALLEST else f"one case in {every}"
        if sampled:
            yield Skipped(
                what=f"most cases in {' and '.join(lanes)}",
                why=f"{selection.profile} takes {share} of each area, {where}",
                lost="what only the other cases would show",
                remedy=" ".join(["pmm conform", *(f"--lane {n}" for n in lanes)]),
                choice=True,
            )
    if sample_of(selection, LANES[0]) and "backend-check" in selection.kinds:
        yield Skipped(
            what="most cases of the backend check",
            why=f"{selection.profile} takes one case of it, {where}",
            lost="what only the other cases would show",
            remedy="pmm run --only backend-check", choice=True,
        )  # fmt: skip


def put_off_lanes(
    world: World, selection: Selection, chosen: Chosen
) -> Iterator[Skipped]:
    """Name the backends over which the plain lane alone is run."""
    reach = selection.how_much.lanes
    over = [
        name for name in chosen.backends
        if not world.is_bound(name) and (reach == "one" or not reaches(reach, name))
    ]  # fmt: skip
    if over and not selection.lanes:
        yield Skipped(
            what=f"{', '.join(LANES[1:])} over {', '.join(over)}",
            why=f"{selection.profile} runs the plain lane alone over them",
            lost="failures under pressure over them", remedy=SWEEP, choice=True,
        )  # fmt: skip


def put_off_cpythons(
    world: World, selection: Selection, chosen: Chosen
) -> Iterator[Skipped]:
    """Name the CPythons between the ends, and the allocators that were not asked."""
    if selection.subjects:
        return
    ids = [o.id for o in world.cpythons if o.hosts and o not in chosen.cpythons]
    if ids:
        yield Skipped(
            what=", ".join(ids),
            why=f"{selection.profile} runs on the oldest and the newest CPython",
            lost="their columns of the matrix", choice=True,
            remedy=" ".join(["pmm conform", *(f"--subject {name}" for name in ids)]),
        )  # fmt: skip
    yield from put_off_failing(selection, chosen)
    oldest = chosen.cpythons[0].id if len(chosen.cpythons) > 1 else None
    if oldest and sample_of(selection, "plain", True) != sample_of(selection, "plain"):
        yield Skipped(
            what=f"most cases on {oldest}",
            why=f"{selection.profile} takes one case in "
            f"{selection.how_much.oldest_sample} of each area on it",
            lost="what only the other cases would show", choice=True,
            remedy=f"pmm conform --subject {oldest}",
        )  # fmt: skip
    several = any(len(one.allocators) > 1 for one in chosen.cpythons if one.hosts)
    reach = selection.how_much.allocators
    if several and reach != "every" and not selection.allocators:
        own = "over its own" if reach == "one" else "over its own and one more"
        yield Skipped(
            what="other allocators of the CPythons",
            why=f"{selection.profile} runs on a CPython {own}",
            lost="whether the same holds over the others", choice=True,
            remedy="pmm conform --subject cpython --allocator all",
        )  # fmt: skip


def put_off_failing(selection: Selection, chosen: Chosen) -> Iterator[Skipped]:
    """Say that no allocation was made to fail on a CPython."""
    done = selection.how_much.cpython_failing or selection.lanes
    if done or not chosen.cpythons:
        return
    yield Skipped(
        what=f"{' and '.join(FAILING)} on the CPythons",
        why=f"{selection.profile} runs them on none",
        lost="what a CPython does when an allocation fails", choice=True,
        remedy=" ".join(
            ["pmm conform --subject cpython", *(f"--lane {name}" for name in FAILING)]
        ),
    )  # fmt: skip


def missing_programs(world: World, selection: Selection) -> Iterator[Skipped]:
    """Name what is not built and the backends that are not there."""
    for name, lost in world.missing:
        yield Skipped(what=name, why="not built", lost=lost, remedy="ninja -C build")
    for entry in world.backends:
        if not entry.available and not selection.backends:
            yield Skipped(
                what=f"backend {entry.name}", why=entry.reason or "not available",
                lost="no results with it", remedy=f"pmm doctor  # {entry.name}",
            )  # fmt: skip


def missing_valgrind(
    world: World, selection: Selection, chosen: Chosen
) -> Iterator[Skipped]:
    """Say what valgrind would have looked at."""
    if world.valgrind is None and "leaks" in selection.kinds:
        yield Skipped(
            what="valgrind", why="not installed",
            lost="leaks are found by the runtime's own accounting only",
            remedy="apt install valgrind",
        )  # fmt: skip
    if world.valgrind and "leaks" in selection.kinds and selection.backends:
        for name in sorted(filter(world.is_replaced, chosen.backends)):
            yield Skipped(
                what=f"leaks under valgrind over {name}",
                why="valgrind replaces its functions by its own",
                lost="leaks over it are found by the runtime's own accounting only",
                remedy=None,
            )


def missing_cpythons(
    world: World, selection: Selection, chosen: Chosen
) -> Iterator[Skipped]:
    """Name the CPythons that the suite cannot run in."""
    for one in chosen.cpythons if selection.subjects else world.cpythons:
        if not one.hosts and "conform" in selection.kinds:
            yield Skipped(
                what=f"conformance on {one.id}", why=one.reason or "not usable",
                lost="its column of the matrix", remedy=None,
            )  # fmt: skip
    for stranger in world.strangers if "conform" in selection.kinds else ():
        yield Skipped(
            what=stranger.path, why=stranger.reason,
            lost="a column of the matrix", remedy=None,
        )  # fmt: skip
    if world.all_cpythons and not world.cpythons:
        yield Skipped(
            what="CPython", why="none of 3.8 or later was found",
            lost="no column to compare with, no twins", remedy="apt install python3",
        )  # fmt: skip
