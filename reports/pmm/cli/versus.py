# SPDX-License-Identifier: MIT
"""Two things measured side by side: what `pmm compare` does with what is not stored.

1. Both are of one kind: two allocators, two runtimes, two builds.
2. What counts exactly comes first: a run of the base and one of the candidate, by
   the same plan; then every counter, case and leak is compared without tolerance.
3. Time is judged by interleaved pairs of fresh processes, with the candidate against
   itself as the control; rows that look worse are measured again (confirm.py).
4. The candidate's run holds it all: one verdict, one exit code, one report.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import msgspec
from rich.console import Console

from pmm.base.errors import PmmError, UsageError
from pmm.base.paths import Paths, find_paths, find_root, shown
from pmm.base.plain_text import shell_line
from pmm.base.typed_names import (
    id_part,
    parse_backend,
    parse_subject,
    split_label,
)
from pmm.cli.link_orders import linked_in_orders
from pmm.cli.options import look
from pmm.cli.runs import command_line
from pmm.cli.session import Against, Outcome, execute_rest, finish, in_use, start_run
from pmm.discover.file_kinds import file_kind, functions_of
from pmm.discover.world import Wanted, World, discover, find_backends
from pmm.documents.asked import GonePolicy
from pmm.documents.instructions import InstructionTable
from pmm.documents.run import Run
from pmm.documents.speed import SpeedTable
from pmm.documents.verdict import Problem
from pmm.judge.confirm import confirmed, lost_problems, slower_problems, suspects
from pmm.judge.counterparts import renamed
from pmm.judge.instructions import more_problems, unavailable, undecided_problems
from pmm.judge.run import compared, with_verdict
from pmm.judge.speed import speed_problems
from pmm.plan.count_jobs import no_counting
from pmm.plan.pairs import chosen_rows
from pmm.plan.plan import make_plan
from pmm.plan.selection import Selection, wanted_by
from pmm.plan.speed_spec import areas_of
from pmm.store.junit import JUNIT, junit_bytes
from pmm.store.runs import save_run, write_atomically

Kind = Literal["backend", "subject", "build"]
ONLY: dict[Kind, tuple[Literal["backend-check", "conform", "work"], ...]] = {
    "backend": ("backend-check", "work"),
    "subject": ("conform", "work"),
    "build": ("conform", "work"),
}
"""Kinds of jobs whose results are exact."""
OURS = "pool"


@dataclass(frozen=True)
class Wish:
    """How two are to be compared."""

    base: str
    candidate: str
    kind: Kind
    gone: GonePolicy
    exact: bool
    instructions: bool
    time: bool
    cases: tuple[str, ...]
    rows: tuple[str, ...]
    pairs: int | None
    objects: int
    seed: int
    build: Path | None


def is_build(text: str) -> bool:
    """Tell whether a folder is a build of pmm."""
    return (Path(text) / "conformance" / "pmm-conform").is_file()


def kind_of(text: str, paths: Paths | None) -> Kind | None:
    """Return what a text names that can be measured; None: nothing of that."""
    if Path(text).is_dir():
        return "build" if is_build(text) else None
    backend, subject = parse_backend(text), parse_subject(text)
    if subject.interpreter or text == "reference":
        return "subject"
    if backend.options:
        return "backend"
    if backend.path is not None:
        return kind_of_file(backend.path)
    if text.startswith("cpython"):
        return "subject"
    known = [one.name for one in find_backends(paths)] if paths else []
    return "backend" if text in known else None


def kind_of_file(path: str) -> Kind:
    """Return what a file is: an allocator, a runtime, or what starts one."""
    if file_kind(path) != "library":
        return "subject"
    names = functions_of(path)
    runtime = "pmm_subject_get" in names and "pmm_backend_get" not in names
    return "subject" if runtime else "backend"


def common_kind(base: str, candidate: str, build: Path | None) -> Kind:
    """Return what both are; raise UsageError where they are not of one kind."""
    try:
        paths = find_paths(None, build)
    except UsageError:
        paths = None
    first, second = kind_of(base, paths), kind_of(candidate, paths)
    for text, kind in ((base, first), (candidate, second)):
        if kind is None:
            raise UsageError(
                f"'{text}' is no stored run, and nothing to measure: an allocator, a "
                "runtime, a build folder"
            )
    if first is None or first != second:
        raise UsageError(f"{base} is a {first} and {candidate} a {second}")
    return first


def carried_out(
    world: World, selection: Selection, console: Console, what: str
) -> Outcome:
    """Run a selection and judge it by itself."""
    console.print(f"{what}:", markup=False, highlight=False)
    plan = make_plan(world, selection)
    header, folder = start_run(world, selection, plan, command_line(), Against())
    with in_use(folder):
        execute_rest(header, folder, console)
        return finish(folder, Against(), None, console)


def exact_selection(wish: Wish, text: str, over: tuple[str, ...]) -> Selection:
    """Return what is counted exactly of one of the two."""
    return Selection(
        kinds=("conform",) if wish.cases else ONLY[wish.kind],
        backends=(text,) if wish.kind == "backend" else over,
        subjects=("reference",) if wish.kind != "subject" else (text,),
        cases=wish.cases,
        lanes=("plain",),
        seed=wish.seed,
    )


def over_what(wish: Wish) -> tuple[str, ...]:
    """Return the allocator below both runtimes, where both take one.

    What a runtime asks of an allocator of ours is counted exactly; what it asks of
    its own is not known.
    """
    if wish.kind == "build":
        return (OURS,)
    if wish.kind == "backend":
        return ()
    texts = [text for text in (wish.base, wish.candidate) if text != "reference"]
    wanted = Wanted(subjects=tuple(texts), cases=False, workloads=False)
    takers = {
        text
        for one in look(wish.build, wanted).named.subjects
        for text in one.typed
        if one.said.takes_backend
    }
    return (OURS,) if takers.issuperset(texts) else ()


def label_of(world: World, wish: Wish, text: str) -> str | None:
    """Return what ids call one of the two, where they name it at all."""
    if wish.kind == "build":
        return None
    named = world.named.backends if wish.kind == "backend" else world.named.subjects
    label = next((one.label for one in named if text in one.typed), text)
    return id_part(label)


def world_of(wish: Wish, text: str, selection: Selection) -> World:
    """Look at what is wanted, in the build that it is of."""
    wanted = wanted_by(selection)
    if wish.kind != "build":
        return look(wish.build, wanted)
    build = Path(text)
    return discover(
        Paths(root=find_root(build).resolve(), build=build.resolve()),
        shutil.which("valgrind"), wanted,
    )  # fmt: skip


def exact(wish: Wish, console: Console) -> Outcome:
    """Run both for what is exact; return the candidate's run, compared."""
    labels: list[str | None] = []
    outcomes: list[Outcome] = []
    over = over_what(wish)
    for what, text in (("base", wish.base), ("candidate", wish.candidate)):
        selection = exact_selection(wish, text, over)
        world = world_of(wish, text, selection)
        labels.append(label_of(world, wish, text))
        outcomes.append(carried_out(world, selection, console, f"{what} {text}"))
    before, after = outcomes
    was, now = labels
    names = {was: now} if was and now and was != now else {}
    place = shown(before.folder)
    run = compared(after.run, renamed(before.run, names), place, wish.gone)
    return Outcome(run, after.folder, None)


def pair_order(
    wish: Wish, rows: tuple[str, ...], seed: int
) -> tuple[World, Selection]:
    """Return what is asked for where rows are measured in pairs."""
    selection = Selection(
        profile="pairs", kinds=("bench",), arms=(wish.candidate, wish.base),
        versus=wish.kind, rows=rows, pairs=wish.pairs, objects=wish.objects,
        base_build=Path(wish.base).resolve() if wish.kind == "build" else None,
        seed=seed,
    )  # fmt: skip
    return world_of(wish, wish.candidate, selection), selection


def counted(wish: Wish, console: Console) -> tuple[Outcome | None, InstructionTable]:
    """Count instructions, where that can be done."""
    world, selection = pair_order(wish, wish.rows, wish.seed)
    selection = replace(selection, profile="counts", counting=True)
    missing = no_counting(world, selection)
    if missing is not None:
        return None, unavailable(missing, wish.candidate, wish.base)
    done = carried_out(world, selection, console, "instructions")
    table = done.run.instructions
    assert table is not None  # noqa: S101 - the plan counts
    return done, table


def in_several_orders(wish: Wish, console: Console) -> None:
    """Link the programs of both builds in several orders, where that can be done."""
    world, selection = pair_order(wish, wish.rows, wish.seed)
    areas = areas_of(chosen_rows(world, selection))
    try:
        for build in (wish.base, wish.candidate):
            linked_in_orders(Path(build).resolve(), areas)
    except PmmError as error:
        words = f"one link order only: {error}"
        console.print(words, markup=False, highlight=False, soft_wrap=True)


def timed(wish: Wish, console: Console) -> tuple[Outcome, SpeedTable | None]:
    """Judge the time by pairs; what looks worse is measured once more, alone."""
    if wish.kind == "build":
        in_several_orders(wish, console)
    first = carried_out(*pair_order(wish, wish.rows, wish.seed), console, "pairs")
    table = first.run.speed
    looks = suspects(table) if table is not None else []
    if table is None or not looks:
        return first, table
    rows = tuple(dict.fromkeys(row.benchmark for row in looks))
    what = f"measuring again what looks worse ({len(looks)} of {len(table.rows)} rows)"
    order = pair_order(wish, rows, wish.seed + 1)
    again = carried_out(*order, console, what).run.speed
    return first, confirmed(table, again) if again is not None else table


def name_of(text: str) -> str:
    """Return what sentences call one of the two: its name, where it has one."""
    return split_label(text)[0] or text


def with_line(problem: Problem, wish: Wish) -> Problem:
    """Add the line that measures the benchmark of a problem alone."""
    what, _, rest = problem.key.partition(" ")
    left_out = {"instructions": "--no-time", "pairs": "--no-instructions"}.get(what)
    if left_out is None or problem.reproduce is not None:
        return problem
    words = ["pmm", "compare", wish.base, wish.candidate, "--no-exact", left_out,
             "--row", rest.partition(" ")[0]]  # fmt: skip
    if wish.build is not None:
        words += ["--build", str(wish.build)]
    return msgspec.structs.replace(problem, reproduce=shell_line(words))


def with_pairs(run: Run, pairs: Run, table: SpeedTable | None, wish: Wish) -> Run:
    """Add what the pairs found to the candidate's run, and judge it again."""
    found = {one.key: one for one in run.verdict.problems if one.kind != "speed"}
    found |= {one.key: one for one in pairs.verdict.problems if one.kind != "speed"}
    every = list(found.values())
    if table is not None:
        every += speed_problems(table)
        every += slower_problems(table, name_of(wish.base))
        every += lost_problems(table, name_of(wish.base), wish.gone)
    every = [with_line(one, wish) for one in every]
    return with_verdict(msgspec.structs.replace(run, speed=table), every)


def with_counts(
    run: Run, counts: Run | None, table: InstructionTable, wish: Wish
) -> Run:
    """Add what was counted to the candidate's run, and judge it again."""
    found = {one.key: one for one in run.verdict.problems}
    found |= {one.key: one for one in counts.verdict.problems} if counts else {}
    base = name_of(wish.base)
    every = [*found.values(), *more_problems(table, base)]
    every += undecided_problems(table, base, wish.gone)
    every = [with_line(one, wish) for one in every]
    return with_verdict(msgspec.structs.replace(run, instructions=table), every)


def side_by_side(wish: Wish, console: Console) -> Outcome:
    """Measure both, and keep what came of it as the candidate's run.

    What cannot be compared is refused before anything runs.
    """
    if not (wish.exact or wish.instructions or wish.time):
        raise UsageError(
            "--no-exact, --no-instructions and --no-time leave nothing to compare"
        )
    if wish.time or wish.instructions:
        make_plan(*pair_order(wish, wish.rows, wish.seed))
    outcome = exact(wish, console) if wish.exact else None
    if wish.instructions:
        counts, numbers = counted(wish, console)
        outcome = outcome or counts
        if outcome is not None:
            more = counts.run if counts else None
            run = with_counts(outcome.run, more, numbers, wish)
            outcome = Outcome(run, outcome.folder, None)
    if wish.time:
        pairs, table = timed(wish, console)
        outcome = outcome or pairs
        run = with_pairs(outcome.run, pairs.run, table, wish)
        outcome = Outcome(run, outcome.folder, None)
    if outcome is None:
        raise PmmError(f"nothing was compared: {numbers.reason}")
    save_run(outcome.folder, outcome.run)
    write_atomically(outcome.folder / JUNIT, junit_bytes(outcome.run))
    return outcome
