# SPDX-License-Identifier: MIT
"""The figures that a process prints on its last line, or why it has none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from pmm.base.decoding import any_json
from pmm.base.errors import PmmError
from pmm.base.last_words import shorten
from pmm.discover.asking import Answer, ask

Figures = TypeVar("Figures", bound=msgspec.Struct)


class MisbehavedError(PmmError):
    """A process that crashed, hung, miscounted, or printed something else."""


class CannotError(PmmError):
    """Why nothing can be measured in a process."""


def read_figures(answer: Answer, kind: type[Figures]) -> Figures:
    """Read the last line that a process printed; raise for what is no figures."""
    if answer.returncode != 0:
        said = f": {shorten(answer.last_words, 160)}" if answer.last_words else ""
        raise MisbehavedError(f"it ended with {answer.ending}{said}")
    line = (answer.stdout.strip().splitlines() or [""])[-1]
    try:
        found = any_json(line)
        if isinstance(found, dict) and "cannot" in found:
            raise CannotError(str(found["cannot"]))
        return msgspec.convert(found, kind)
    except msgspec.MsgspecError as error:
        said = f" but '{shorten(line, 80)}'" if line else ""
        raise MisbehavedError(f"it printed no figures{said} ({error})") from error


def figures_of(
    argv: Sequence[str], seconds: float, kind: type[Figures]
) -> Figures | str:
    """Run a process; return a sentence where nothing can be measured in it.

    Raises MisbehavedError for one that misbehaves.
    """
    try:
        return read_figures(ask(list(argv), Path.cwd(), seconds), kind)
    except CannotError as reason:
        return str(reason)
