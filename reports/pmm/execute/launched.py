# SPDX-License-Identifier: MIT
"""A program of the user's, run as it is, with a tool in each of its interpreters.

1. The program inherits our streams, folder and environment; it runs in our process
   group, so that the terminal's signals reach it as they would without us.
2. PYTHONPATH leads to `inside/start/sitecustomize.py`, which loads the tool.
3. What the tool writes goes to a folder of ours that is removed in the end.
4. SIGTERM, SIGHUP and, unless the terminal sent it to both, SIGINT are passed on.
5. Every second whoever asked is told how far it is.

Invariant: when `run_with` returns, the program has ended and nothing is left.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from pmm.base.errors import PmmError, UsageError

INSIDE = Path(__file__).resolve().parents[1] / "inside"
GRACE_S = 5.0
"""What a program has to end by itself, once it is told to."""
TELL_S = 1.0
REFUSED = "are not looked into"
"""What the tool says of a Python that it is not made for."""
PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Launched:
    """How a program ended, and what the tool wrote in it."""

    exit_code: int | None
    signal: str | None
    ended_by_us: bool
    elapsed_ns: int
    found: tuple[str, ...]
    """A document of each interpreter."""
    troubles: tuple[str, ...]
    """Why the tool did not run in one."""

    @property
    def shell_code(self) -> int:
        """The exit code that a shell would show."""
        if self.ended_by_us:
            return 0
        if self.signal is not None:
            return 128 + signal.Signals[self.signal].value
        return self.exit_code or 0


@dataclass(frozen=True)
class Running:
    """How far a program is."""

    seconds: float
    rss: int
    """Resident bytes of the process that we started."""
    interpreters: int
    """That the tool runs in, or ran."""


Tell = Callable[[Running], None]


def check_command(command: Sequence[str]) -> None:
    """Refuse what cannot be started, in a sentence that says what to do."""
    if not command:
        raise UsageError("which program? write it behind --")
    word = command[0]
    if shutil.which(word) is not None:
        return
    path = Path(word)
    if path.is_file():
        hint = f": write `python3 {word}`" if path.suffix == ".py" else ""
        raise UsageError(f"{word} is not executable{hint}")
    raise UsageError(f"there is no program {word}")


def environment_for(
    tool: str, out: Path, extra: Mapping[str, str], seconds: float | None
) -> dict[str, str]:
    """Return our environment with the tool in it."""
    start = str(INSIDE / "start")
    before = os.environ.get("PYTHONPATH")
    made = dict(os.environ)
    made.update(extra)
    made["PYTHONPATH"] = f"{start}{os.pathsep}{before}" if before else start
    made["PMM_INSIDE"] = str(INSIDE / tool / f"pmm_{tool}")
    made["PMM_INSIDE_OUT"] = str(out)
    if seconds is not None:
        made["PMM_INSIDE_FOR"] = str(seconds)
    return made


def from_terminal() -> bool:
    """Tell whether the terminal sends its signals to us, and so to the program."""
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


@contextmanager
def passing_on(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """Pass signals on to the program while it runs; they do not end us."""

    def handle(number: int, _: FrameType | None) -> None:
        if number == signal.SIGINT and from_terminal():
            return
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(number)

    kept = [number for number in PASSED_ON
            if signal.getsignal(number) is not signal.SIG_IGN]  # fmt: skip
    before = {number: signal.signal(number, handle) for number in kept}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def resident(pid: int) -> int:
    """Return the resident bytes of a process; 0 when it is gone."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def interpreters(out: Path) -> int:
    """Return in how many interpreters the tool began."""
    return sum(one.suffix == ".found" for one in out.iterdir())


def await_end(
    child: subprocess.Popen[bytes], seconds: float | None, out: Path, tell: Tell | None
) -> bool:
    """Wait for the program; after its time, end it. Return whether we did."""
    began = time.monotonic()
    end = None if seconds is None else began + seconds + 1  # the tool writes in it
    while end is None or time.monotonic() < end:
        left = None if end is None else max(0.0, end - time.monotonic())
        if tell is not None:
            left = TELL_S if left is None else min(TELL_S, left)
        try:
            child.wait(left)
        except subprocess.TimeoutExpired:
            if tell is not None:
                spent = time.monotonic() - began
                tell(Running(spent, resident(child.pid), interpreters(out)))
        else:
            return False
    child.terminate()
    try:
        child.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    return True


def run_with(
    tool: str,
    command: Sequence[str],
    seconds: float | None = None,
    extra: Mapping[str, str] | None = None,
    tell: Tell | None = None,
) -> Launched:
    """Run a program with a tool inside; return how it ended and what was written.

    `tell` is called every second while it runs.
    """
    check_command(command)
    with tempfile.TemporaryDirectory(prefix="pmm-") as folder:
        out = Path(folder)
        environment = environment_for(tool, out, extra or {}, seconds)
        began = time.monotonic_ns()
        try:
            child = subprocess.Popen(list(command), env=environment)
        except OSError as error:
            raise UsageError(f"{command[0]} cannot be run: {error.strerror}") from error
        with passing_on(child):
            ours = await_end(child, seconds, out, tell)
        elapsed = time.monotonic_ns() - began
        found = tuple(read(one) for one in sorted(out.glob("*.found")))
        troubles = tuple(read(one) for one in sorted(out.glob("*.trouble")))
    code = child.returncode
    return Launched(
        exit_code=code if code >= 0 else None,
        signal=signal.Signals(-code).name if code < 0 else None,
        ended_by_us=ours,
        elapsed_ns=elapsed,
        found=found,
        troubles=troubles,
    )


def read(path: Path) -> str:
    """Read what the tool wrote."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise PmmError(f"cannot read {path}: {error.strerror}") from error


def none_looked_into(command: Sequence[str], done: Launched) -> PmmError:
    """Say why no interpreter told anything."""
    if done.troubles:
        kind = UsageError if REFUSED in done.troubles[0] else PmmError
        return kind(f"the tool did not run in the program: {done.troubles[0]}")
    return UsageError(
        f"no Python that can be looked into ran in `{command[0]}`: it is no Python "
        "program, or runs with -I, -E or -S, or a Python older than 3.8"
    )
