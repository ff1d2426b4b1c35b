# SPDX-License-Identifier: MIT
"""What the command line of a run asked for."""

from __future__ import annotations

from typing import Literal

from pmm.documents.jobs import JobKind
from pmm.documents.programs import Strict

GonePolicy = Literal["warn", "inconclusive", "fail"]
GONE_POLICIES: tuple[GonePolicy, ...] = ("warn", "inconclusive", "fail")
"""What it costs to lack something that the baseline had: exit code 0, 4 or 3."""


class Asked(Strict, frozen=True):
    """What the command line of a run asked for; an empty field leaves nothing out."""

    profile: str
    kinds: tuple[JobKind, ...] = ()
    backends: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    benches: tuple[str, ...] = ()
    lanes: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    allocators: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
