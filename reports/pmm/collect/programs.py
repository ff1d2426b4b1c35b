# SPDX-License-Identifier: MIT
"""Who serves a whole program, as the loader says it, or the hooks that are set.

With `LD_DEBUG=bindings` glibc's loader prints which file each name is bound to:

    binding file /usr/bin/python3.11 [0] to /lib/libx.so.2 [0]: normal symbol `malloc'

Where a backend serves Python's own allocators, `libpmm-serve.so` says so at the end.
"""

from __future__ import annotations

import re
from pathlib import Path

from pmm.documents.jobs import Job
from pmm.documents.rank import WITNESS

BINDING = re.compile(
    r"binding file (\S+) \[\d+\] to (\S+) \[\d+\]: normal symbol `malloc'"
)
HOOKED = re.compile(r"^pmm-serve: objects are served by (.+)$", re.MULTILINE)
INTERPRETERS = ("python", "libpython")
"""How the files begin that hold an interpreter."""


def read_program(served: dict[str, str], job: Job, stderr: Path) -> None:
    """Keep who serves malloc, where the loader says it."""
    place = job.place
    if place is None or place.caller is None or place.row != WITNESS:
        return
    try:
        text = stderr.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for found in BINDING.finditer(text):
        # A name whose address an interpreter takes is bound to itself, besides.
        if is_interpreter(found[1]) and not is_interpreter(found[2]):
            served[place.caller.setting] = str(Path(found[2]).resolve())

    hooked = HOOKED.search(text)
    if hooked is not None:
        served[place.caller.setting] = hooked[1]


def is_interpreter(path: str) -> bool:
    """Tell by its name whether a file holds an interpreter."""
    return Path(path).name.startswith(INTERPRETERS)
