# SPDX-License-Identifier: MIT
"""Run one of the suite's own scripts and read what it prints, line by line.

The script gets a session of its own, so that all it started ends with it,
also when the reader stops early or is interrupted.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pmm.base.processes import kill_session

WORDS_BYTES = 2000


@dataclass
class Script:
    """A command, and once its lines are read, how it ended."""

    argv: Sequence[str]
    working: Path
    environment: Mapping[str, str] | None = None
    code: int | None = field(default=None, init=False)
    words: str = field(default="", init=False)
    """The last that it wrote to stderr."""

    def lines(self) -> Iterator[str]:
        """Start it and yield each line; afterwards `code` and `words` are known."""
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(
                self.argv,
                cwd=self.working,
                env=dict(self.environment) if self.environment is not None else None,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            try:
                assert process.stdout is not None  # noqa: S101 - it was asked for
                for line in process.stdout:
                    yield line.rstrip("\n")
                self.code = process.wait()
            finally:
                kill_session(process.pid)
                process.wait()
                said.seek(0)
                self.words = last_words(said.read())


def last_words(said: bytes) -> str:
    """Return the end of what was written, in whole lines as far as possible."""
    text = said[-WORDS_BYTES:].decode(errors="replace")
    return text.strip()
