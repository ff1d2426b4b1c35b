# SPDX-License-Identifier: MIT
"""The earlier run that this one is compared with, read before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec

from pmm.base.errors import NotComparableError, UsageError
from pmm.base.paths import shown
from pmm.base.typed_names import unknown
from pmm.documents.asked import GONE_POLICIES, Asked, GonePolicy
from pmm.documents.run import Run, decode_run
from pmm.plan.selection import KINDS, Selection
from pmm.store.runs import RUN, find_run, of_another_version


class Baseline(NamedTuple):
    """A stored run and where it lies."""

    run: Run
    folder: Path


def read_baseline(runs: Path, name: str | None) -> Baseline | None:
    """Find and read a baseline, so that a wrong one costs no run.

    Raises UsageError for one that is missing, unfinished or damaged, and
    NotComparableError for one that another version of this program wrote.
    """
    if name is None:
        return None
    folder = find_run(runs, name).resolve()
    path = folder / RUN
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"the baseline {shown(folder)} has no {RUN}; if it was interrupted: "
            f"pmm report {shown(folder)}"
        ) from error
    try:
        return Baseline(decode_run(text), folder)
    except msgspec.MsgspecError as error:
        if of_another_version(text, str(error)):
            raise NotComparableError(
                f"the baseline {shown(path)} was written by another version of pmm: "
                f"{error}"
            ) from error
        raise UsageError(f"the baseline {shown(path)} is damaged: {error}") from error


def policy_of(word: str) -> GonePolicy:
    """Return what `--gone` says; raise UsageError for another word."""
    for policy in GONE_POLICIES:
        if word == policy:
            return policy
    raise unknown("answer to --gone", word, GONE_POLICIES)


def asked_of(selection: Selection) -> Asked:
    """Keep what a command line asked for; all kinds of jobs leave none out."""
    return Asked(
        profile=selection.profile,
        kinds=() if selection.kinds == KINDS else selection.kinds,
        backends=selection.backends,
        subjects=selection.subjects,
        cases=selection.cases,
        workloads=selection.workloads,
        benches=selection.benches,
        lanes=selection.lanes,
        modes=selection.modes,
        allocators=selection.allocators,
        settings=selection.settings,
        variants=selection.variants,
    )
