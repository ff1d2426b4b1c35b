# SPDX-License-Identifier: MIT
"""A run whose jobs are done by the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pmm.base.paths import LAUNCHER, Paths
from pmm.cli.progress import Display
from pmm.discover.environment import hash_of
from pmm.documents.jobs import Job
from pmm.documents.journal import Header
from pmm.documents.units import Needed, Unit
from pmm.execute.cluster import ClusterExecutor, connected
from pmm.execute.journal import Journal
from pmm.plan.units import units_of


def needed(programs: Iterable[Path], header: Header) -> tuple[Needed, ...]:
    """Return what a worker must have: our programs as they are here, interpreters."""
    ours = sorted({one.resolve() for one in programs})
    hosts = sorted({job.interpreter for job in header.plan if job.interpreter})
    return (
        *(Needed(path=str(one), sha256=hash_of(str(one))) for one in ours),
        *(Needed(path=str(Path(one).absolute()), sha256=None) for one in hosts),
    )


@contextmanager
def reached(scheduler: str | None) -> Iterator[Any]:
    """Connect to a scheduler before anything runs; None where none is named."""
    if scheduler is None:
        yield None
        return
    client = connected(scheduler)
    try:
        yield client
    finally:
        client.close()


def on_cluster(
    client: Any,
    header: Header,
    folders: Mapping[str, Path],
    needs: tuple[Needed, ...],
    display: Display,
    journal: Journal,
    rest: Sequence[Job],
) -> None:
    """Run the jobs that are left on the workers of a cluster."""
    paths = Paths(root=Path(header.root), build=Path(header.build))
    launcher = paths.program(LAUNCHER)

    def make(jobs: Sequence[Job]) -> Unit:
        return Unit(
            jobs=tuple(jobs), folders=tuple(folders[job.id].name for job in jobs),
            working=header.working, needs=needs,
            launcher=str(launcher.resolve()) if launcher else None,
        )  # fmt: skip

    run = next(iter(folders.values())).parents[1]
    ClusterExecutor(client, journal, run, display, display.note).run(
        units_of(rest), make
    )
