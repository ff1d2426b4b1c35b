# SPDX-License-Identifier: MIT
"""What the makers of jobs share: a job, its command, and what it runs over."""

from __future__ import annotations

from collections.abc import Sequence

from pmm.base.errors import PmmError
from pmm.base.paths import shown
from pmm.discover.world import World
from pmm.documents.jobs import Job, JobKind
from pmm.plan.selection import Chosen, Selection


def command(world: World, name: str) -> str:
    """Return how a person would type a program that is known to be built."""
    path = world.paths.program(name)
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
    return tuple(name for name in chosen.backends if not world.is_bound(name))


def backend_option(backend: str | None) -> list[str]:
    """Return the arguments that name the backend."""
    return [] if backend is None else ["--backend", backend]
