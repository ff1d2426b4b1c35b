# SPDX-License-Identifier: MIT
"""What the tool of `pmm cycles` wrote in an interpreter, read."""

from __future__ import annotations

import ast

import msgspec

from pmm.base.errors import PmmError
from pmm.base.plain_text import shell_line
from pmm.documents.cycles import CycleProcess, FoundProcess


def read_process(text: str) -> FoundProcess:
    """Read what one interpreter wrote: a Python literal."""
    try:
        return msgspec.convert(ast.literal_eval(text), FoundProcess, strict=False)
    except (ValueError, SyntaxError, msgspec.ValidationError) as error:
        raise PmmError(f"the tool inside the program wrote nonsense: {error}") from None


def process_of(found: FoundProcess) -> CycleProcess:
    """Return what a report keeps of a process."""
    return CycleProcess(
        pid=found.pid,
        command=shell_line(found.argv),
        python=found.python,
        reason=found.reason,
        cycles=sum(one.cycles for one in found.groups),
        cpu_s=found.cpu_s,
        tool_s=min(found.tool_s, found.cpu_s),
        imports=found.imports,
        troubles=found.troubles,
    )
