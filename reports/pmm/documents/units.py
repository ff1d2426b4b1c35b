# SPDX-License-Identifier: MIT
"""A unit: jobs that one machine runs one after the other, and what they need there.

The arms of a pair make a unit, so that both meet the same machine; any other job is
one by itself.
"""

from __future__ import annotations

from pmm.documents.jobs import Job
from pmm.documents.programs import Strict


class Needed(Strict, frozen=True):
    """A file that a worker must have, as the one who plans has it."""

    path: str
    sha256: str | None
    """Null: any will do that can be run."""


class Unit(Strict, frozen=True):
    """What a worker is given."""

    jobs: tuple[Job, ...]
    folders: tuple[str, ...]
    """Names of the jobs' folders in the run."""
    working: str
    launcher: str | None
    needs: tuple[Needed, ...]
