# SPDX-License-Identifier: MIT
"""The journal of a run, which is its truth: a header, then a line a finished job.

A line is appended with one write and flushed to the disk before the next job
counts as done. Only the last line may be torn (a crash in the middle of a
write): it is forgiven when read and cut off before the next append.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

from pmm.base.decoding import decode_json
from pmm.base.errors import PmmError, UsageError, no_room
from pmm.documents.jobs import JobResult
from pmm.documents.journal import JOURNAL, Header


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
        header = decode_json(lines[0], Header)
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
