# SPDX-License-Identifier: MIT
"""The jobs that measure what each CPython's memory manager is made of."""

from __future__ import annotations

from collections.abc import Iterator

from pmm.base.paths import shown
from pmm.discover.world import World
from pmm.documents.facts import FACTS
from pmm.documents.jobs import Job
from pmm.plan.parts import make_job
from pmm.plan.selection import Chosen, Selection


def facts_jobs(world: World, selection: Selection, chosen: Chosen) -> Iterator[Job]:
    """One process a CPython: of those named, else of all that there are, as each
    takes half a second.
    """
    if not world.paths.facts_script.is_file():
        return
    for one in chosen.cpythons if selection.subjects else world.cpythons:
        yield make_job(
            FACTS, one.id, [one.interpreter, shown(world.paths.facts_script)],
            output_argv=("--json", "{dir}/document.json"), subject="cpython",
            interpreter=one.interpreter,
        )  # fmt: skip
