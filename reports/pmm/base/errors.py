# SPDX-License-Identifier: MIT
"""What can go wrong for the user, each with its exit code.

0 pass; 1 tool error, also when nothing was measured; 2 usage; 3 a failure or a
regression, confirmed; 4 inconclusive; 5 the runs do not compare; 130 interrupted.
"""

from __future__ import annotations

import errno
from pathlib import Path

NO_NAMES = frozenset({errno.ENAMETOOLONG, errno.ELOOP})
"""What the system says to a name that no file can have."""

PASS = 0
TOOL_ERROR = 1
USAGE = 2
FAILURE = 3
INCONCLUSIVE = 4
NOT_COMPARABLE = 5
INTERRUPTED = 130


class PmmError(Exception):
    """A sentence for the user; the tool could not do its work."""

    exit_code = TOOL_ERROR


class UsageError(PmmError):
    """The command line asks for something that is not there."""

    exit_code = USAGE


class FaultError(PmmError):
    """What is to be measured misbehaves so that nothing of it can be measured."""

    exit_code = FAILURE


class NotComparableError(PmmError):
    """Two runs, or the two halves of one, do not belong together."""

    exit_code = NOT_COMPARABLE


class InterruptedRunError(PmmError):
    """Ctrl-C, SIGTERM, SIGHUP: children are ended, the journal says what is done."""

    exit_code = INTERRUPTED


def no_room(error: OSError, path: object) -> PmmError:
    """One clear line for a full disk, a folder that may not be written, or a name
    that no file can have.
    """
    kind = UsageError if error.errno in NO_NAMES else PmmError
    if isinstance(error, FileExistsError | NotADirectoryError):
        return UsageError(f"cannot write {path}: {no_folder(Path(str(path)))}")
    return kind(f"cannot write {path}: {error.strerror or error}")


def no_folder(path: Path) -> str:
    """Say which part of a path is something else than a folder."""
    for part in (path, *path.parents):
        if part.is_symlink() and not part.exists():
            return f"{part} is a link that leads nowhere"
        if part.exists():
            return f"{part} is not a folder"
    return f"{path} is not a folder"


def no_document(error: OSError) -> str:
    """Say that a job left no document that can be read."""
    if isinstance(error, FileNotFoundError):
        return "it wrote no document"
    return f"its document cannot be read: {error.strerror or error}"
