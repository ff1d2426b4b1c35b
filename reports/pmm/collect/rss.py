# SPDX-License-Identifier: MIT
"""What the tool of `pmm rss` wrote in an interpreter, read."""

from __future__ import annotations

import ast
from typing import Any

import msgspec

from pmm.base.errors import PmmError
from pmm.base.plain_text import shell_line
from pmm.documents.rss import PARTS, Census, EndState, Parts, RssProcess, Sample


def read_rss(text: str) -> RssProcess:
    """Read what one interpreter wrote: a Python literal."""
    try:
        said = ast.literal_eval(text)
        return process_of(said)
    except (ValueError, SyntaxError, KeyError, msgspec.ValidationError) as error:
        raise PmmError(f"the tool inside the program wrote nonsense: {error}") from None


def process_of(said: dict[str, Any]) -> RssProcess:
    """Turn the literal into a document."""
    return RssProcess(
        pid=said["pid"],
        command=shell_line(said["argv"]),
        python=said["python"],
        reason=said["reason"],
        elapsed_s=said["elapsed_s"],
        cpu_s=said["cpu_s"],
        tool_s=min(said["tool_s"], said["cpu_s"]),
        samples=tuple(sample_of(line) for line in said["samples"]),
        counts=msgspec.convert(said["counts"], tuple[Census, ...], strict=False),
        end=end_of(said["end"]) if said["end"] else None,
    )


def sample_of(line: list[Any]) -> Sample:
    """Read a sample: time, RSS, the parts, blocks, the collector's counts, modules."""
    at_s, rss, *rest = line
    parts, others = rest[: len(PARTS)], rest[len(PARTS) :]
    return Sample(
        at_s=at_s, rss=rss, parts=msgspec.convert(parts, Parts), blocks=others[0],
        waiting=msgspec.convert(others[1:4], tuple[int, int, int]), modules=others[4],
        mapped=others[5],
    )  # fmt: skip


def end_of(said: dict[str, Any]) -> EndState:
    """Read what the end gave back."""
    fields = {key: value for key, value in said.items() if key != "last"}
    return msgspec.convert(fields, EndState, strict=False)
