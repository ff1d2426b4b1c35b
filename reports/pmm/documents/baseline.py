# SPDX-License-Identifier: MIT
"""What is known of a kept baseline without reading its run."""

from __future__ import annotations

from typing import Literal

import msgspec

from pmm.base.decoding import decode_json
from pmm.documents.programs import Strict


class Stamp(Strict, frozen=True):
    """One run that later ones are compared with."""

    schema: Literal["pmm.baseline"]
    version: Literal[1]
    name: str
    """What it is a baseline of, e.g. `main` or `allocator`."""
    run: str
    saved: str
    commit: str | None
    """Of the repository that it was saved in; null outside of one."""
    verdict: str
    sha256: str
    """Of its run.json."""
    size_bytes: int

    @property
    def folder(self) -> str:
        """Where it lies in its place: two runs of one id do not meet."""
        return f"{self.name}/{self.run}-{self.sha256[:8]}"


def encode_stamp(stamp: Stamp) -> bytes:
    """Return the stamp as JSON."""
    return msgspec.json.format(msgspec.json.encode(stamp), indent=1) + b"\n"


def decode_stamp(text: bytes) -> Stamp:
    """Read a stamp; raise `msgspec.MsgspecError` when it is none."""
    return decode_json(text, Stamp)
