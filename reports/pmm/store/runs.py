# SPDX-License-Identifier: MIT
"""Where a run and its report live on disk.

    build/runs/<id>/jobs.jsonl   the journal (`pmm.documents.journal`)
                    jobs/<job>/  what the job printed and wrote
                    run.json     folded from the two; can be made again
                    lock         held by the process that works on the run

Nothing that exists is written over, but run.json and reports.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from pmm.base.decoding import decode_json
from pmm.base.errors import NotComparableError, PmmError, UsageError, no_room
from pmm.base.locks import Note, taken
from pmm.documents.grade import Grade, decode_grade
from pmm.documents.journal import JOURNAL
from pmm.documents.programs import Foreign
from pmm.documents.run import (
    SCHEMA_NAME,
    SCHEMA_VERSION,
    Run,
    decode_run,
    encode_run,
)

RUN = "run.json"
GRADE = "grade.json"
"""What `pmm grade --run` keeps with a run."""
LOCK = "lock"
"""Held by the process that works on the run; says which one that is."""
RUN_START = b'{"schema":"pmm.run"'
LATEST = 5
"""Runs that are named where one is not found."""


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
    known = sorted(p.name for p in runs.iterdir()) if runs.is_dir() else []
    more = f" and {len(known) - LATEST} older ones" if len(known) > LATEST else ""
    hint = f"; available: {', '.join(known[-LATEST:])}{more}" if known else ""
    raise UsageError(f"no run '{name}'{hint}")


def load_run(place: Path) -> Run:
    """Read a run document, or the run.json of a folder.

    Raises UsageError for one that cannot be read or is damaged, and
    NotComparableError for one that another version of this program wrote.
    """
    path = place if place.is_file() else place / RUN
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    try:
        return decode_run(text)
    except msgspec.MsgspecError as error:
        other = of_another_version(text, str(error))
        kind = NotComparableError if other else UsageError
        raise kind(f"{path} is not a run that this version can read: {error}") from None


class Stamp(Foreign, frozen=True):
    """What tells one of our documents from others."""

    schema: str
    version: int


def of_another_version(text: bytes, complaint: str) -> bool:
    """Tell whether a document that cannot be read is one of ours all the same."""
    try:
        stamp = decode_json(text, Stamp)
    except msgspec.MsgspecError:
        return False
    other = stamp.version != SCHEMA_VERSION or "unknown field" in complaint
    return stamp.schema == SCHEMA_NAME and other


def load_grade(folder: Path) -> Grade | None:
    """Read the grade that is kept with a run; None where there is none."""
    path = folder / GRADE
    try:
        return decode_grade(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PmmError(f"cannot read {path}: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise PmmError(
            f"{path} is not a grade that this version can read: {error}; make it "
            f"again with `pmm grade --run {folder.name}`"
        ) from error


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
            raise UsageError(
                f"{out} contains something that is not a report and was not touched"
            )
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
