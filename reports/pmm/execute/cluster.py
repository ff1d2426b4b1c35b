# SPDX-License-Identifier: MIT
"""Runs a plan on a Dask cluster: each unit whole on one worker, one at a time there.

1. Workers that can serve have one thread and the resource `bench=1`; what they must
   have besides, programs and interpreters, is looked at before anything runs.
2. As many units are handed out as there are workers, and as many again: a plan of
   any length takes no more of the scheduler than that.
3. A unit that comes back is written to the journal before it counts as done. Where a
   worker dies, Dask gives its unit to another one; its first results never came.

A worker that joins later is handed units, too, and looks at itself before the first.
"""

from __future__ import annotations

import io
import itertools
import logging
import os
import queue
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from pmm.base.decoding import decode_json
from pmm.base.errors import PmmError, UsageError, no_room
from pmm.base.locks import Note
from pmm.base.signals import end_if_told
from pmm.documents.jobs import Job, JobResult
from pmm.documents.units import Unit
from pmm.execute.cluster_worker import asked_faults, run_unit
from pmm.execute.executor import Report, unstarted, utc_now
from pmm.execute.journal import Journal
from pmm.execute.unit import JOBS, RESULTS

SLOT = {"bench": 1}
CONNECT_S = 10
LOOK_S = 0.5
"""How often it is looked whether somebody wants the run to end."""
AHEAD = 2
"""Units handed out for each worker."""
HINT = "dask worker SCHEDULER --nthreads 1 --nworkers 1 --resources bench=1"
Made = Callable[[Sequence[Job]], Unit]


def connected(scheduler: str) -> Any:
    """Connect to a scheduler: an address, or the file that it wrote."""
    try:
        from distributed import Client  # noqa: PLC0415 - few runs need it
    except ImportError as error:
        raise UsageError(
            f"--cluster needs Dask ({error}): pip install 'pmm[cluster]'"
        ) from error
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    where = {"scheduler_file": scheduler} if Path(scheduler).is_file() else {
        "address": scheduler}  # fmt: skip
    try:
        return Client(**where, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        words = str(error).partition("\n")[0]
        raise UsageError(
            f"no scheduler at {scheduler}: {words}; start one with dask scheduler"
        ) from error


def slots(client: Any) -> dict[str, str]:
    """Return the workers that serve, by address, with what messages call them.

    Raises UsageError where there is none, or where one would measure beside others.
    """
    found: dict[str, str] = {}
    for address, one in client.scheduler_info(n_workers=-1)["workers"].items():
        name = f"worker {one['name']} on {one['host']}"
        slot = one["resources"].get("bench", 0)
        if slot == 0:
            continue
        if slot != 1 or one["nthreads"] != 1:
            raise UsageError(
                f"{name} takes {one['nthreads']} tasks and {slot:g} measurements at a "
                f"time, and must take one: {HINT}"
            )
        found[address] = name
    if not found:
        raise UsageError(f"no worker has a slot to measure: {HINT}")
    return found


def check_workers(client: Any, names: Mapping[str, str], unit: bytes) -> None:
    """Raise UsageError for a worker that lacks what the plan needs."""
    try:
        told = client.run(asked_faults, unit, workers=list(names), on_error="return")
    except OSError as error:
        raise PmmError(f"the cluster was lost: {error}") from error
    for address, answer in told.items():
        if isinstance(answer, BaseException):
            raise UsageError(f"{names[address]} does not have this pmm: {answer}")
        if answer:
            more = f", and {len(answer) - 1} more" if len(answer) > 1 else ""
            raise UsageError(f"{names[address]} {answer[0]}{more}")


class ClusterExecutor:
    """Runs units on a cluster, into a journal."""

    def __init__(
        self, client: Any, journal: Journal, folder: Path, report: Report, note: Note
    ) -> None:
        """Take a connected client, and the run's folder."""
        self.client = client
        self.journal = journal
        self.folder = folder
        self.report = report
        self.note = note
        self.back: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.out: dict[str, Sequence[Job]] = {}
        """What is handed out, by the key of its future."""
        self.futures: dict[str, Any] = {}

    def run(self, units: Sequence[Sequence[Job]], make: Made) -> None:
        """Run them all; raise PmmError where a worker cannot, or none is left."""
        names = slots(self.client)
        if units:
            whole = make([job for unit in units for job in unit])
            only_needs = msgspec.structs.replace(whole, jobs=(), folders=())
            check_workers(self.client, names, msgspec.json.encode(only_needs))
        self.note(f"{len(units)} units for {len(names)} workers")
        waiting = iter(units)
        try:
            self.hand_out(waiting, AHEAD * len(names), make)
            while self.out:
                back = self.next_back()
                self.take(back)
                self.hand_out(waiting, len(back), make)
        finally:
            self.client.cancel(list(self.futures.values()))

    def hand_out(
        self, waiting: Iterator[Sequence[Job]], number: int, make: Made
    ) -> None:
        """Hand out the next units, as far as some are left."""
        units = list(itertools.islice(waiting, number))
        if not units:
            return
        data = [msgspec.json.encode(make(jobs)) for jobs in units]
        made = self.client.map(run_unit, data, resources=SLOT, pure=False)
        for jobs, future in zip(units, made, strict=True):
            for job in jobs:
                self.report(job, None)
            self.out[future.key] = jobs
            self.futures[future.key] = future
            future.add_done_callback(self.back.put)

    def next_back(self) -> list[Any]:
        """Wait for units that came back; raise when the run is to end."""
        while True:
            end_if_told()
            try:
                found = [self.back.get(timeout=LOOK_S)]
            except queue.Empty:
                if self.client.status not in ("running", "connecting"):
                    raise PmmError("the scheduler is gone") from None
                continue
            while not self.back.empty():
                found.append(self.back.get())
            return found

    def take(self, back: Sequence[Any]) -> None:
        """Keep what units brought, or what became of them; all in one request."""
        whole = [one for one in back if one.status == "finished"]
        for future, data in zip(whole, self.client.gather(whole), strict=True):
            jobs = self.out[future.key]
            for result in unpack(data, self.folder):
                self.keep(jobs, result)
        for future in back:
            jobs = self.out.pop(future.key)
            del self.futures[future.key]
            if future not in whole:
                self.failed(future, jobs)

    def failed(self, future: Any, jobs: Sequence[Job]) -> None:
        """Write down a unit whose workers died; raise PmmError for any other end."""
        error = future.exception()
        if type(error).__name__ != "KilledWorker":
            raise PmmError(f"a worker could not go on: {error}") from error
        self.lost(jobs)

    def lost(self, jobs: Sequence[Job]) -> None:
        """Write down a unit with which one worker after the other died."""
        for job in jobs:
            reason = "each worker that ran it died"
            result = unstarted(job, utc_now(), reason)
            self.keep(jobs, msgspec.structs.replace(result, status="crash"))

    def keep(self, jobs: Sequence[Job], result: JobResult) -> None:
        """Write a result down, then tell of it."""
        job = next(one for one in jobs if one.id == result.job)
        self.journal.append(result)
        self.report(job, result)


def unpack(data: bytes, folder: Path) -> list[JobResult]:
    """Put a unit's folders into the run's; return its results.

    Nothing is written beside the folders of jobs, whatever the archive says.
    """
    results: list[JobResult] = []
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file is None:
                continue
            parts = Path(member.name).parts
            if member.name == RESULTS:
                lines = file.read().splitlines()
                results = [decode_json(one, JobResult) for one in lines]
            elif len(parts) == 3 and parts[0] == JOBS and ".." not in parts:
                written(folder / Path(*parts), file.read())
    return results


def written(path: Path, data: bytes) -> None:
    """Write a file of a job; raise PmmError where there is no room."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise no_room(error, path) from error
