# SPDX-License-Identifier: MIT
"""Asking a program what it is: started once, bounded in time and in output.

What is asked may be anybody's: it may hang, flood, crash, or leave children
behind. The one that asks gets an answer or a sentence, and no process is left.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pmm.base.errors import PmmError
from pmm.base.processes import KEPT_VARIABLES, kill_session
from pmm.base.signals import end_if_told, heard_later

PROBE_SECONDS = 20
FILE_BYTES = 1 << 24
"""What an answer may have at most; the longest, of all cases, has half a MiB."""
WORDS = 300
"""Characters of a program's last words that stand in a sentence."""


class NoAnswerError(PmmError):
    """What was asked did not end in time."""


@dataclass(frozen=True)
class Answer:
    """What a program said, and how it ended."""

    returncode: int
    """Negative: the signal that ended it."""
    stdout: str
    stderr: str

    @property
    def last_words(self) -> str:
        """The last line that it wrote for people, as one line of plain text."""
        for text in (self.stderr, self.stdout):
            lines = [line.strip() for line in text.splitlines() if line.strip()]
            if lines:
                shown = "".join(c if c.isprintable() else "?" for c in lines[-1])
                return shown if len(shown) <= WORDS else f"{shown[:WORDS]}…"
        return ""

    @property
    def ending(self) -> str:
        """How it ended: `SIGSEGV`, or `exit code 3`."""
        if self.returncode >= 0:
            return f"exit code {self.returncode}"
        try:
            return signal.Signals(-self.returncode).name
        except ValueError:
            return f"signal {-self.returncode}"


def asking_environment() -> dict[str, str]:
    """Return what a job would get: an answer under other settings is another's."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8"}


def bounded() -> None:
    """Limit a child, between fork and exec."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    free = hard == resource.RLIM_INFINITY
    resource.setrlimit(
        resource.RLIMIT_FSIZE, (FILE_BYTES if free else min(FILE_BYTES, hard), hard)
    )


def is_full(file: BinaryIO) -> bool:
    """Tell whether what was written into a file may lack its end."""
    size = os.fstat(file.fileno()).st_size
    most = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    limited = most != resource.RLIM_INFINITY and size >= most
    return size > 0 and (limited or os.fstatvfs(file.fileno()).f_bavail == 0)


def text_of(file: BinaryIO) -> str:
    """Return what was written into a file."""
    file.seek(0)
    return file.read(FILE_BYTES).decode("utf-8", "replace")


def ask(
    argv: Sequence[str | Path], working: Path, seconds: float = PROBE_SECONDS
) -> Answer:
    """Run a probe; raise PmmError when it cannot start, or NoAnswerError."""
    name = str(argv[0])
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            with heard_later():
                child = subprocess.Popen(
                    [str(part) for part in argv], cwd=working,
                    env=asking_environment(), stdin=subprocess.DEVNULL, stdout=out,
                    stderr=err, start_new_session=True,
                    preexec_fn=bounded,  # noqa: PLW1509 - we have one thread
                )  # fmt: skip
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise PmmError(f"cannot ask {name}: {reason}") from error
        try:
            end_if_told()
            code = child.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise NoAnswerError(
                f"cannot ask {name}: no answer within {seconds:g} s"
            ) from error
        finally:
            kill_session(child.pid)
            child.wait()
        if is_full(out) or is_full(err):
            raise PmmError(
                f"cannot ask {name}: no room for its answer in "
                f"{tempfile.gettempdir()}: make room there, set TMPDIR, or raise "
                "the limit of file sizes (ulimit -f)"
            )
        return Answer(code, text_of(out), text_of(err))
