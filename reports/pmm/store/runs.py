# SPDX-License-Identifier: MIT
"""Where a run lives on disk, and the journal that is its truth.

    build/runs/<id>/jobs.jsonl   line 1: what was planned and where (Header);
                                 then one line for each finished job (JobResult)
                    jobs/<job>/  what the job printed and wrote
                    run.json     folded from the two; can be made again

A line is appended with one write and flushed to the disk before the next job
counts as done. Only the last line may be torn (a crash in the middle of a
write): it is forgiven when read and cut off before the next append. Nothing
that exists is written over.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from pmm.base.errors import PmmError, UsageError, no_room
from pmm.base.locks import Note, taken
from pmm.base.typed_names import slug
from pmm.documents.jobs import Environment, Job, JobResult
from pmm.documents.programs import BackendEntry, Strict
from pmm.documents.run import Run, Skipped, SubjectEntry, decode_run, encode_run
from pmm.documents.verdict import Asked, GonePolicy

JOURNAL = "jobs.jsonl"
RUN = "run.json"
LOCK = "lock"
"""Held by the process that works on the run; says which one that is."""
RUN_START = b'{"schema":"pmm.run"'


class Header(Strict, frozen=True):
    """Everything about a run that is settled before its first job."""

    schema: Literal["pmm.journal"]
    version: Literal[1]
    id: str
    created: str
    command: str
    profile: str
    working: str
    """The folder the run was started in, which its commands are relative to."""
    root: str
    build: str
    filtered: bool
    """True when only a selection of the cases was asked for."""
    environment: Environment
    plan: tuple[Job, ...]
    skipped: tuple[Skipped, ...]
    backends: tuple[BackendEntry, ...]
    subjects: tuple[SubjectEntry, ...]
    asked: Asked | None = None
    """What the command line asked for."""
    baseline: str | None = None
    """Folder of the run that this one is compared with."""
    gone: GonePolicy = "inconclusive"
    """What it costs to lack something that the baseline had."""


def job_folder(run: Path, job: Job, plan: tuple[Job, ...]) -> Path:
    """Return the job's folder; the number keeps ids that look alike apart."""
    return run / "jobs" / f"{plan.index(job):03d}-{slug(job.id)}"


class Journal:
    """The append-only file of one run."""

    def __init__(self, path: Path) -> None:
        """Open for appending; raise PmmError when that is not possible."""
        self.path = path
        try:
            self.fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        except OSError as error:
            raise no_room(error, path) from error

    def append(self, line: msgspec.Struct) -> None:
        """Add one line and flush it to the disk; raise PmmError if it cannot."""
        try:
            data = msgspec.json.encode(line) + b"\n"
        except UnicodeEncodeError as error:
            raise PmmError(
                f"cannot write {self.path}: {error.object!r} is not UTF-8"
            ) from error
        size = os.fstat(self.fd).st_size
        try:
            written = os.write(self.fd, data)
            while written < len(data):
                written += os.write(self.fd, data[written:])
            os.fsync(self.fd)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self.fd, size)
            raise no_room(error, self.path) from error

    def close(self) -> None:
        """Close the file."""
        os.close(self.fd)


def read_journal(run: Path) -> tuple[Header, list[JobResult]]:
    """Read header and finished jobs; a torn last line is left out.

    Raises PmmError when the journal is missing or damaged elsewhere.
    """
    path = run / JOURNAL
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"no run in {run}: {error.strerror}") from error
    lines = data.split(b"\n")[:-1]
    if not lines:
        raise PmmError(f"{path} is empty: the run was stopped before its first job")
    try:
        header = msgspec.json.decode(lines[0], type=Header)
        decoder = msgspec.json.Decoder(JobResult)
        results = [decoder.decode(line) for line in lines[1:]]
    except msgspec.MsgspecError as error:
        raise PmmError(f"{path} is damaged: {error}") from error
    return header, check_results(path, header, results)


def check_results(
    path: Path, header: Header, results: list[JobResult]
) -> list[JobResult]:
    """Refuse results of unknown jobs and second results of known ones."""
    planned = {job.id for job in header.plan}
    seen: set[str] = set()
    for result in results:
        if result.job not in planned or result.job in seen:
            raise PmmError(f"{path} is damaged: unexpected result of {result.job}")
        seen.add(result.job)
    return results


def mend_journal(run: Path) -> None:
    """Cut a torn last line off, so that the next append starts a line."""
    path = run / JOURNAL
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole != len(data):
        os.truncate(path, whole)


def make_run_folder(runs: Path, name: str) -> Path:
    """Make a folder for a new run; never one that exists."""
    for number in range(1, 1000):
        folder = runs / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise no_room(error, folder) from error
        return folder
    raise PmmError(f"{runs} is full of runs named {name}")


def write_atomically(path: Path, data: bytes) -> None:
    """Write a whole file or nothing; raise PmmError when there is no room."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise no_room(error, path) from error


def save_run(folder: Path, run: Run) -> Path:
    """Write run.json and point `latest` at the run, unless it was interrupted."""
    path = folder / RUN
    write_atomically(path, encode_run(run))
    if run.verdict.state == "interrupted":
        return path
    latest = folder.parent / "latest"
    fresh = folder.parent / f".latest-{os.getpid()}"
    with contextlib.suppress(OSError):
        fresh.symlink_to(folder.name)
        fresh.replace(latest)
    return path


def find_run(runs: Path, name: str | Path) -> Path:
    """Return the folder of a run named by id, by folder, or by its run.json."""
    given = Path(name)
    for candidate in (given, given.parent, runs / str(name)):
        named = candidate is given.parent and given.name in {RUN, JOURNAL}
        if candidate is given.parent and not named:
            continue
        if any((candidate / part).is_file() for part in (RUN, JOURNAL)):
            return candidate
    known = [p.name for p in runs.iterdir()] if runs.is_dir() else []
    hint = f"; there are: {', '.join(sorted(known))}" if known else ""
    raise UsageError(f"no run '{name}'{hint}")


def load_run(folder: Path) -> Run:
    """Read a stored run.json; raise PmmError when it is not one of ours."""
    path = folder / RUN
    try:
        return decode_run(path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise PmmError(f"{path} is not a run this version reads: {error}") from error


@contextmanager
def sole_writer(out: Path, note: Note) -> Iterator[None]:
    """Let one process at a time write reports into the folder that holds `out`.

    The folder itself is locked, so that no file stays behind. Where a file
    system has no locks, the report is written without.
    """
    parent = out.absolute().parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise no_room(error, out) from error
    try:
        with contextlib.suppress(OSError):
            if not taken(fd):
                note(f"waiting for another run, which writes a report in {parent}")
                fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def claim_report_folder(out: Path) -> None:
    """Make the report's folder; refuse one that holds something else."""
    try:
        if out.exists() and not out.is_dir():
            raise UsageError(f"{out} is not a folder")
        foreign = out.is_dir() and any(out.iterdir()) and not is_report(out)
        if foreign:
            raise UsageError(f"{out} holds something that is not a report: not touched")
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise no_room(error, out) from error


def is_report(folder: Path) -> bool:
    """Tell whether what is in a folder is an earlier report: it holds its run."""
    try:
        with (folder / RUN).open("rb") as file:
            return file.read(len(RUN_START)) == RUN_START
    except OSError:
        return False
