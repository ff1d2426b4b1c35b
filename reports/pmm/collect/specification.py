# SPDX-License-Identifier: MIT
"""Reads the specification: requirements, and why some of them have no case."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

from pmm.base.decoding import read_toml
from pmm.base.errors import PmmError
from pmm.documents.results import Requirement


def read_caseless(path: Path) -> dict[str, str]:
    """Return why requirements have no case; nothing where no file says it."""
    if not path.is_file():
        return {}
    try:
        file = read_toml(path)
        kinds = {"uncovered": "", "shown_elsewhere": "shown elsewhere: "}
        return {
            need: intro + row["reason"]
            for kind, intro in kinds.items()
            for row in file.get(kind, ())
            for need in row["requirements"]
        }
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise PmmError(f"cannot read {path}: {error!r}") from error


ALLOCATORS = "ALLOC"
"""The area whose requirements allocators meet; all others are for subjects."""


def for_subjects(requirements: Iterable[Requirement]) -> list[Requirement]:
    """Return the requirements that a subject is asked about."""
    return [one for one in requirements if one.area != ALLOCATORS]


def read_requirements(path: Path) -> tuple[Requirement, ...]:
    """Read the specification; raise PmmError when it cannot be read."""
    caseless = read_caseless(path.with_name("uncovered.toml"))
    try:
        rows = read_toml(path)["requirement"]
        return tuple(
            Requirement(
                id=row["id"],
                area=row["area"],
                level=row["level"],
                title=row["title"],
                text=row["text"],
                kind=row.get("kind", "behaviour"),
                caseless=caseless.get(row["id"]),
            )
            for row in rows
        )
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise PmmError(f"cannot read {path}: {error!r}") from error
