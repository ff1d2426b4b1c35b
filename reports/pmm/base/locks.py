# SPDX-License-Identifier: MIT
"""Locks that say who holds them: several runs may share a clone or a machine.

A hold is a file lock (flock), so it ends with its process, however that ends.
Who holds it stands in the file: process, command, since when.
"""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pmm.base.errors import PmmError, UsageError
from pmm.base.plain_text import shell_line

Note = Callable[[str], None]
FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


def signature() -> bytes:
    """Return what the file says of its holder."""
    program = shell_line(["pmm", *sys.argv[1:]])
    now = datetime.now(UTC)
    return f"process {os.getpid()} ({program}, since {now:%H:%M:%S} UTC)".encode()


def holder(fd: int) -> str:
    """Return who holds the lock, as the file says it."""
    said = os.pread(fd, 1000, 0).decode("utf-8", "replace")
    return said or "another process"


def taken(fd: int) -> bool:
    """Take the lock if it is free."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """Open a lock's file; raise PmmError when that is not possible."""
    try:
        fd = os.open(path, FLAGS, 0o600)
    except OSError as error:
        raise PmmError(f"cannot take the lock {path}: {error.strerror}") from error
    try:
        yield fd
    finally:
        os.close(fd)


def sign(fd: int) -> None:
    """Write into the file who holds it."""
    os.ftruncate(fd, 0)
    os.pwrite(fd, signature(), 0)


@contextmanager
def held_alone(path: Path, what: str) -> Iterator[None]:
    """Hold a lock; raise UsageError, with who has it, when it is not free."""
    with opened(path) as fd:
        if not taken(fd):
            raise UsageError(f"{what} is in use by {holder(fd)}")
        sign(fd)
        yield


@contextmanager
def held_in_turn(path: Path, what: str, note: Note) -> Iterator[None]:
    """Hold a lock; say who has it and wait when it is not free."""
    with opened(path) as fd:
        if not taken(fd):
            note(f"waiting to {what}: in use by {holder(fd)}")
            fcntl.flock(fd, fcntl.LOCK_EX)
        sign(fd)
        yield
