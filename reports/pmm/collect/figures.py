# SPDX-License-Identifier: MIT
"""Measure the figures of collectors: every arm once, then every arm once more.

1. A round runs each benchmark program once in each arm, in a fresh process; every
   second round runs backwards. Pauses, of which the worst counts, are taken four
   times a round in the reference.
2. Another round begins only if it will end in the time that there is.
3. Who crashes or fails a check has a fault and is not asked again.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from pmm.base.decoding import any_json
from pmm.base.errors import PmmError
from pmm.base.last_words import shorten
from pmm.discover.asking import ask
from pmm.documents.figures import FigureCell, FigureRow

BETWEEN = (
    "full_live", "full_shuffled", "full_rooted", "garbage_pairs", "garbage_instances",
    "build_on", "build_off",
)  # fmt: skip
TIMES_A_ROUND = 4
"""Processes of pauses, in the reference."""
SECONDS = 120.0
"""For one process."""

Note = Callable[[str], None]
Sample = dict[str, dict[str, Any]]
"""Counters of each benchmark of one process, by its name without the size."""


class Work(NamedTuple):
    """What one process measures."""

    area: str
    mode: str | None = None
    """Of the reference; None: its default, or an interpreter's own."""
    what: str = ""
    """Google Benchmark's filter, without the size."""


@dataclass
class Course:
    """An arm, and what came of it."""

    id: str
    start: Callable[[Work], list[str]]
    is_reference: bool
    fault: str | None = None
    samples: dict[Work, list[Sample]] = field(default_factory=dict)


class RowSpec(NamedTuple):
    """A row before it is measured."""

    title: str
    benchmark: str
    figure: str
    work: Work
    """In the reference; an interpreter has no mode."""
    goal: float | None = None
    over: str | None = None
    """Divided by another benchmark of the same process."""
    per: float | None = None
    """Divided by that."""
    worst: bool = False
    unit: str | None = "ns"
    against: Work | None = None
    """Divided by the median of the same figure of another work."""


GC, LISTS, HEAPS = Work("gc"), Work("list", what="^list/drop"), Work("heap")
GENERATIONAL, INCREMENTAL = Work("pause", "generational"), Work("pause", "incremental")
PROPORTIONAL = Work("gc", "proportional", "^gc/build")
AREAS = {"gc": (GC, PROPORTIONAL), "list": (LISTS,), "heap": (HEAPS,),
         "pause": (GENERATIONAL, INCREMENTAL)}  # fmt: skip


def fixed_rows(objects: int) -> list[RowSpec]:
    """Return the rows that are there with any snapshots."""
    ns, step = "per_object_ns", "longest_step_ns"
    return [
        RowSpec("full collection, live lists in order", "gc/full_live", ns, GC, 6),
        RowSpec("full collection, random edges, the host holds all",
                "gc/full_shuffled", ns, GC, 12),
        RowSpec("full collection, random edges, one list holds all", "gc/full_rooted",
                ns, GC, 15),
        RowSpec("garbage cycles of two lists", "gc/garbage_pairs", ns, GC, 25),
        RowSpec("garbage cycles of two instances", "gc/garbage_instances", ns, GC, 22),
        RowSpec("building, collector on : off", "gc/build_on", ns, GC,
                over="gc/build_off", unit=None),
        RowSpec("the same, proportional", "gc/build_on", ns, PROPORTIONAL, 1.3,
                over="gc/build_off", unit=None),
        RowSpec("longest step, cyclic churn, generational", "pause/churn", step,
                GENERATIONAL, 10e6, worst=True),
        RowSpec("longest step, cyclic churn, incremental", "pause/churn", step,
                INCREMENTAL, 1e6, worst=True),
        RowSpec("most garbage waiting, of what lives, generational", "pause/churn",
                "most_garbage", GENERATIONAL, per=objects, worst=True, unit=None),
        RowSpec("most garbage waiting, of what lives, incremental", "pause/churn",
                "most_garbage", INCREMENTAL, 0.25, per=objects, worst=True, unit=None),
        RowSpec("peak memory, incremental : generational", "pause/churn",
                "rss_growth_bytes", INCREMENTAL, 1.05, unit=None,
                against=GENERATIONAL),
        RowSpec("dropping a large list of ints", "list/drop", ns, LISTS, 2.5),
        RowSpec("dropping a large list of 2-tuples", "list/drop_tuples", ns, LISTS, 7),
        RowSpec("dropping a large list of lists", "list/drop_lists", ns, LISTS, 6),
    ]  # fmt: skip


def heap_rows(courses: Sequence[Course]) -> list[RowSpec]:
    """Return a row for each snapshot that was collected."""
    names = dict.fromkeys(
        name for one in courses for work, samples in one.samples.items()
        if work.area == "heap" for sample in samples for name in sample
    )  # fmt: skip
    return [
        RowSpec(f"full collection, {name}", name, "per_object_ns", HEAPS)
        for name in names
    ]


# ------------------------------------------------------------------------- running


def filtered(work: Work, objects: int) -> str:
    """Return the filter of one process."""
    return f"--benchmark_filter={work.what or '^'}.*/{objects}(/|$)"


def sample_of(document: bytes) -> Sample:
    """Read a document of Google Benchmark; raise PmmError for a failed check."""
    found: Sample = {}
    try:
        entries = any_json(document)["benchmarks"]
        for entry in entries:
            if entry.get("error_occurred"):
                raise PmmError(f"{entry['name']}: {entry['error_message']}")
            found["/".join(entry["name"].split("/")[:2])] = entry
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        raise PmmError(f"it wrote no figures ({error})") from error
    return found


def once(course: Course, work: Work, objects: int) -> Sample:
    """Run one process; raise PmmError for one that misbehaves."""
    with tempfile.TemporaryDirectory(prefix="pmm-") as folder:
        out = Path(folder) / "figures.json"
        argv = [*course.start(work), filtered(work, objects), f"--benchmark_out={out}",
                "--benchmark_out_format=json"]  # fmt: skip
        answer = ask(argv, Path.cwd(), SECONDS)
        if answer.returncode != 0:
            said = f": {shorten(answer.last_words, 160)}" if answer.last_words else ""
            raise PmmError(f"it ended with {answer.ending}{said}")
        return sample_of(out.read_bytes() if out.is_file() else b"")


def works_of(course: Course, areas: Sequence[str]) -> list[Work]:
    """Return what an arm measures in one round."""
    wanted = [work for area in areas for work in AREAS[area]]
    if not course.is_reference:
        return list(dict.fromkeys(
            work._replace(mode=None) for work in wanted if work != PROPORTIONAL
        ))  # fmt: skip
    return [work for work in wanted
            for _ in range(TIMES_A_ROUND if work.area == "pause" else 1)]  # fmt: skip


def run_round(
    courses: Sequence[Course], areas: Sequence[str], objects: int, backwards: bool
) -> None:
    """Run every arm once, area by area."""
    for area in areas[::-1] if backwards else areas:
        for one in courses[::-1] if backwards else courses:
            for work in works_of(one, [area]):
                if one.fault is not None:
                    break
                try:
                    found = once(one, work, objects)
                except PmmError as error:
                    one.fault = f"{work.area}: {error}"
                    break
                one.samples.setdefault(work, []).append(found)


def run_all(
    courses: Sequence[Course], areas: Sequence[str], objects: int, seconds: float,
    most: int, note: Note,
) -> int:  # fmt: skip
    """Run rounds while there is time for another; return how many."""
    began = time.monotonic()
    longest = 0.0
    rounds = 0
    while rounds < most and time.monotonic() - began + longest <= seconds:
        note(f"round {rounds + 1}")
        start = time.monotonic()
        run_round(courses, areas, objects, backwards=rounds % 2 == 1)
        longest = max(longest, time.monotonic() - start)
        rounds += 1
    return rounds


# ------------------------------------------------------------------------ the rows


def value_of(spec: RowSpec, sample: Sample) -> float | None:
    """Return a row's value in one process."""
    found = sample.get(spec.benchmark, {}).get(spec.figure)
    below = spec.per
    if spec.over is not None:
        below = sample.get(spec.over, {}).get(spec.figure)
    if found is None or (spec.over is not None and not below):
        return None
    return float(found) / (below or 1.0)


def values_of(spec: RowSpec, course: Course) -> tuple[float, ...]:
    """Return a row's values in an arm."""
    mine = spec.work if course.is_reference else spec.work._replace(mode=None)
    samples = course.samples.get(mine, [])
    found = [v for one in samples if (v := value_of(spec, one)) is not None]
    if spec.against is None:
        return tuple(found)
    other = course.samples.get(spec.against, [])
    below = [v for one in other if (v := value_of(spec, one)) is not None]
    if not below:
        return ()
    middle = sorted(below)[len(below) // 2]
    return tuple(value / middle for value in found)


def rows_of(courses: Sequence[Course], objects: int) -> tuple[FigureRow, ...]:
    """Return the rows of which anything was measured."""
    rows = []
    for spec in [*fixed_rows(objects), *heap_rows(courses)]:
        cells = tuple(FigureCell(one.id, values_of(spec, one)) for one in courses)
        if any(cell.values for cell in cells):
            rows.append(FigureRow(spec.title, spec.unit, spec.goal, spec.worst, cells))
    return tuple(rows)
