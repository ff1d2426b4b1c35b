# SPDX-License-Identifier: MIT
"""Baselines that a pipeline keeps: where they lie, which one is meant, which go.

    PLACE/<name>/<run>-<hash>/run.json       the run
                              baseline.json  its stamp

A place is a folder, a folder of the user's cache, or a branch of a git repository
(baseline_branch.py). In each of them

1. `stamps` reads what is there, without the runs;
2. `chosen` takes the one that was saved at the nearest ancestor of what is to be
   compared, or else the newest;
3. `aged` names those that may go: the newest of a name never does.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import msgspec

from pmm.base.cache import cache_folder
from pmm.base.errors import PmmError, no_room
from pmm.documents.baseline import Stamp, decode_stamp, encode_stamp
from pmm.store.runs import RUN, write_atomically

STAMP = "baseline.json"
TIME = "%Y-%m-%dT%H:%M:%SZ"


class Place(Protocol):
    """Where baselines are kept."""

    def stamps(self) -> list[Stamp]:
        """Return what is there."""

    def run_file(self, stamp: Stamp) -> Path:
        """Return a file with the run of a baseline."""

    def change(self, put: Mapping[Stamp, bytes], drop: Sequence[Stamp]) -> None:
        """Add runs with their stamps, and remove others, in one step."""


def read_stamp(text: bytes, where: object) -> Stamp:
    """Read a stamp; raise PmmError for one that is damaged or not known."""
    try:
        return decode_stamp(text)
    except msgspec.MsgspecError as error:
        raise PmmError(
            f"{where} is not a baseline that this version can read: {error}; "
            "delete it"
        ) from error


@dataclass(frozen=True)
class FolderPlace:
    """A folder, perhaps one that a pipeline's cache brings and takes away."""

    folder: Path

    def stamps(self) -> list[Stamp]:
        """Return what is there."""
        found = sorted(self.folder.glob(f"*/*/{STAMP}"))
        try:
            return [read_stamp(path.read_bytes(), path) for path in found]
        except OSError as error:
            raise PmmError(f"cannot read {error.filename}: {error.strerror}") from error

    def run_file(self, stamp: Stamp) -> Path:
        """Return a file with the run of a baseline."""
        return self.folder / stamp.folder / RUN

    def change(self, put: Mapping[Stamp, bytes], drop: Sequence[Stamp]) -> None:
        """Write the runs, then their stamps, then remove what is to go."""
        try:
            for stamp, data in put.items():
                where = self.folder / stamp.folder
                where.mkdir(parents=True, exist_ok=True)
                write_atomically(where / RUN, data)
                write_atomically(where / STAMP, encode_stamp(stamp))
            for stamp in drop:
                (self.folder / stamp.folder / STAMP).unlink(missing_ok=True)
                shutil.rmtree(self.folder / stamp.folder)
        except OSError as error:
            raise no_room(error, self.folder) from error


def cached(name: str) -> FolderPlace:
    """Return the place of that name in the user's cache."""
    return FolderPlace(cache_folder() / "baselines" / name)


def age_days(stamp: Stamp, now: datetime) -> float:
    """Return how old a baseline is."""
    saved = datetime.strptime(stamp.saved, TIME).replace(tzinfo=UTC)
    return (now - saved).total_seconds() / 86_400


def newest_first(stamps: Iterable[Stamp]) -> list[Stamp]:
    """Order baselines by when they were saved."""
    return sorted(stamps, key=lambda one: (one.saved, one.run), reverse=True)


def chosen(
    stamps: Iterable[Stamp], name: str, ancestors: Mapping[str, int]
) -> Stamp | None:
    """Return the baseline to compare with; None where there is none of that name.

    `ancestors` tells how far each commit is from what is to be compared.
    """
    mine = newest_first(one for one in stamps if one.name == name)
    near = [one for one in mine if one.commit in ancestors]
    if near:
        return min(near, key=lambda one: ancestors[one.commit or ""])
    return mine[0] if mine else None


def aged(
    stamps: Iterable[Stamp], keep: int, days: float | None, now: datetime
) -> list[Stamp]:
    """Return those that may go: beyond the newest `keep` of a name, or too old."""
    by_name: dict[str, list[Stamp]] = {}
    for one in newest_first(stamps):
        by_name.setdefault(one.name, []).append(one)
    return [
        one
        for several in by_name.values()
        for at, one in enumerate(several)
        if at and (at >= keep or (days is not None and age_days(one, now) > days))
    ]
