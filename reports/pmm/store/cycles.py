# SPDX-License-Identifier: MIT
"""The file that knows a program's cycles, as `pmm cycles --update` writes it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pmm.base.decoding import decode_json
from pmm.base.errors import UsageError
from pmm.documents.cycles import CycleBaseline
from pmm.store.runs import write_atomically


def read_known(path: Path) -> CycleBaseline:
    """Read a baseline; refuse what is none."""
    try:
        return decode_json(path.read_bytes(), CycleBaseline)
    except FileNotFoundError:
        raise UsageError(f"there is no {path}: write it with --update") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise UsageError(f"{path} is no baseline of `pmm cycles`: {error}") from error


def write_known(path: Path, known: CycleBaseline) -> None:
    """Write a baseline, for people to read, too."""
    text = msgspec.json.format(msgspec.json.encode(known), indent=2)
    write_atomically(path, text + b"\n")
