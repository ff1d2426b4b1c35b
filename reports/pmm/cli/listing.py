# SPDX-License-Identifier: MIT
"""What `pmm list` prints: names, one a line, or as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from pmm.base.plain_text import say
from pmm.discover.world import Wanted, World, subject_entries
from pmm.plan.plan import make_plan
from pmm.plan.selection import PROFILES, Selection, wanted_by

LISTS = (
    "cases", "workloads", "benchmarks", "backends", "subjects", "runs", "profiles",
    "jobs",
)  # fmt: skip


def wanted_for(what: str, profile: str) -> Wanted:
    """Return what has to be known for a list."""
    if what == "jobs":
        return wanted_by(Selection(profile=profile))
    return Wanted(
        every_cpython=what in ("all", "subjects", "workloads"),
        cases=what == "cases",
        workloads=what in ("all", "workloads"),
        every_fetched=what in ("all", "backends"),
    )


def runs_of(world: World) -> list[str]:
    """Return the ids of the runs that are kept, oldest first."""
    folder = world.paths.runs
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if not path.is_symlink())


def rows_of(world: World, what: str, profile: str) -> dict[str, Sequence[str]]:
    """Return the asked lists; `all` leaves out the long ones."""
    if what == "jobs":
        plan = make_plan(world, Selection(profile=profile))
        return {"jobs": [job.id for job in plan.jobs]}
    every: dict[str, Sequence[str]] = {
        "cases": world.cases,
        "workloads": [one.name for one in world.every_workload],
        "benchmarks": world.benches,
        "backends": [entry.name for entry in world.every_backend],
        "subjects": [entry.name for entry in subject_entries(world)],
        "runs": runs_of(world),
        "profiles": PROFILES,
    }
    if what == "all":
        return {name: rows for name, rows in every.items() if name != "cases"}
    return {what: every[what]}


def print_rows(rows: Mapping[str, Sequence[str]], as_json: bool) -> None:
    """Print the lists, with headings when there are several."""
    if as_json:
        print(msgspec.json.encode(rows).decode())
        return
    for name, names in rows.items():
        if len(rows) > 1:
            say(f"{name}: {', '.join(names) or 'none'}")
        else:
            say("\n".join(names) or "none")
