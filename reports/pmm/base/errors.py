# SPDX-License-Identifier: MIT
"""What can go wrong for the user, each with its exit code.

0 pass; 1 tool error, also when nothing was measured; 2 usage; 3 a failure or a
regression, confirmed; 4 inconclusive; 5 the runs do not compare; 130 interrupted.
"""

from __future__ import annotations

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


class NotComparableError(PmmError):
    """Two runs, or the two halves of one, do not belong together."""

    exit_code = NOT_COMPARABLE


class InterruptedRunError(PmmError):
    """Ctrl-C, SIGTERM, SIGHUP: children are ended, the journal says what is done."""

    exit_code = INTERRUPTED


def no_room(error: OSError, path: object) -> PmmError:
    """One clear line for a full disk or a folder that may not be written."""
    return PmmError(f"cannot write {path}: {error.strerror or error}")


def no_document(error: OSError) -> str:
    """Say that a job left no document that can be read."""
    if isinstance(error, FileNotFoundError):
        return "it wrote no document"
    return f"its document cannot be read: {error.strerror or error}"
