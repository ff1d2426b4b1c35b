# SPDX-License-Identifier: MIT
"""One child process: started alone, captured within bounds, ended whole.

1. A child gets a session of its own, so that everything it forks, also what
   moves to another process group, can be found by the session and killed.
2. It dies with the runner, even when that is killed with SIGKILL.
3. Its output goes through pipes into files that cannot grow without end.
4. A launcher stands between the two, where one is built (reports/launch.c): the
   system counts the peak of resident memory from the fork on, so a child that
   is forked from a large Python is as large as that. The launcher is small, and
   tells the program's own usage. Without it the peak is unknown, not wrong.

Invariant: after `end()` no process of the session is alive.
Linux only: sessions are read from /proc, waiting uses pidfds.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

KEPT_VARIABLES = ("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "LD_LIBRARY_PATH")
"""What a program that we start is given of our own environment."""
CAPTURE_BYTES = 1 << 20
FILE_BYTES = 1 << 30
ENDED_FIELDS = 6
"""Words of the launcher's last line."""
TAIL_BYTES = 4096
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


class Capture:
    """The bounded copy of one pipe: the first MiB in a file, the tail in memory."""

    def __init__(self, pipe: BinaryIO, path: Path, bound: int = CAPTURE_BYTES) -> None:
        self.pipe = pipe
        self.file = path.open("wb", buffering=0)
        self.left = bound
        self.dropped = 0
        self.tail = b""
        os.set_blocking(pipe.fileno(), False)

    def pump(self) -> bool:
        """Copy what is there; return False at the end of the stream.

        Raises OSError when the file cannot be written.
        """
        while True:
            try:
                chunk = os.read(self.pipe.fileno(), 1 << 16)
            except BlockingIOError:
                return True
            if not chunk:
                return False
            kept = chunk[: self.left]
            self.file.write(kept)
            self.left -= len(kept)
            self.dropped += len(chunk) - len(kept)
            self.tail = (self.tail + chunk)[-TAIL_BYTES:]

    def close(self) -> None:
        """Close both ends, with a note when something was dropped."""
        if self.dropped and not self.file.closed:
            self.file.write(b"\n[%d bytes more were dropped]\n" % self.dropped)
        self.file.close()
        self.pipe.close()


@dataclass(frozen=True)
class Ending:
    """How a child ended, and what it used."""

    exit_code: int | None
    signal: int | None
    elapsed_ns: int
    user_ns: int
    system_ns: int
    peak_rss_bytes: int | None
    """Most that the program, or one of the children it waited for, had resident;
    None where no launcher told."""


class Reports:
    """What the launcher says of its program, through a pipe of its own."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()

    def await_start(self, program: str) -> None:
        """Wait until the program runs; raise OSError when it cannot be started."""
        said = b""
        while not said.endswith(b"\n") and (byte := os.read(self.reader, 1)):
            said += byte
        if said.startswith(b"cannot "):
            number = int(said.split()[1])
            os.close(self.reader)
            raise OSError(number, os.strerror(number), program)

    def ending(self) -> Ending | None:
        """Return how the program ended; None when the launcher was killed first."""
        with os.fdopen(self.reader, "rb") as pipe:
            fields = pipe.read().split()
        if len(fields) != ENDED_FIELDS or fields[0] != b"ended":
            return None
        status, elapsed, user, system, peak_kib = map(int, fields[1:])
        return Ending(
            **code_or_signal(status),
            elapsed_ns=elapsed,
            user_ns=user,
            system_ns=system,
            peak_rss_bytes=peak_kib * 1024,
        )


def code_or_signal(status: int) -> dict[str, int | None]:
    """Return an exit code or a signal of a wait status, the other as None."""
    code = os.waitstatus_to_exitcode(status)
    return {
        "exit_code": code if code >= 0 else None,
        "signal": -code if code < 0 else None,
    }


def prepare(cpus: Sequence[int], parent: int) -> Callable[[], None]:
    """Make the function that the child runs between fork and exec."""

    def in_child() -> None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(127)
        os.sched_setaffinity(0, cpus)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        bound = FILE_BYTES if hard == resource.RLIM_INFINITY else min(FILE_BYTES, hard)
        resource.setrlimit(resource.RLIMIT_FSIZE, (bound, hard))

    return in_child


@dataclass
class Child:
    """A running child; `start()` makes one."""

    process: subprocess.Popen[bytes]
    """The launcher, or the program itself where there is none."""
    pidfd: int
    stdout: Capture
    stderr: Capture
    reports: Reports | None
    started_ns: int = field(default_factory=time.monotonic_ns)

    def wait(self) -> Ending:
        """Reap the child, drain its pipes, and end what it left behind.

        Raises OSError when the captured output cannot be written.
        """
        _, status, usage = os.wait4(self.process.pid, 0)
        elapsed = time.monotonic_ns() - self.started_ns
        self.process.returncode = os.waitstatus_to_exitcode(status)
        kill_session(self.process.pid)
        os.close(self.pidfd)
        told = self.reports.ending() if self.reports is not None else None
        try:
            for capture in (self.stdout, self.stderr):
                capture.pump()
        finally:
            for capture in (self.stdout, self.stderr):
                capture.close()
        return told or Ending(
            **code_or_signal(status),
            elapsed_ns=elapsed,
            user_ns=int(usage.ru_utime * 1e9),
            system_ns=int(usage.ru_stime * 1e9),
            peak_rss_bytes=None,
        )

    def end(self) -> None:
        """Kill everything of the child's session; a launcher ends by itself then."""
        if self.reports is None:
            kill_session(self.process.pid)
            return
        kill_session(self.process.pid, but=self.process.pid)
        os.kill(self.process.pid, signal.SIGCONT)


def start(
    argv: Sequence[str],
    *,
    folder: Path,
    working: Path,
    environment: Mapping[str, str],
    cpus: Sequence[int],
    launcher: Path | None = None,
) -> Child:
    """Start a child whose output goes to `folder`; raise OSError if it cannot."""
    reports = Reports() if launcher is not None else None
    try:
        process = subprocess.Popen(
            [*(map(str, (launcher, reports.writer)) if reports else ()), *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=working,
            env=dict(environment),
            start_new_session=True,
            pass_fds=(reports.writer,) if reports else (),
            preexec_fn=prepare(cpus, os.getpid()),  # noqa: PLW1509 - one thread
        )
    finally:
        if reports is not None:
            os.close(reports.writer)
    assert process.stdout is not None  # noqa: S101 - both were asked for
    assert process.stderr is not None  # noqa: S101
    try:
        if reports is not None:
            reports.await_start(argv[0])
        stdout = Capture(process.stdout, folder / "stdout")  # type: ignore[arg-type]
        stderr = Capture(process.stderr, folder / "stderr")  # type: ignore[arg-type]
    except OSError:
        kill_session(process.pid)
        process.wait()
        raise
    return Child(process, os.pidfd_open(process.pid), stdout, stderr, reports)


def session_members(session: int) -> list[int]:
    """Return the living processes of a session."""
    members = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_bytes()
        except OSError:
            continue
        # The name may hold blanks and brackets: fields start after the last ')'.
        fields = stat[stat.rindex(b")") + 2 :].split()
        if int(fields[3]) == session and fields[0] not in (b"Z", b"X"):
            members.append(int(entry.name))
    return members


def kill_all(members: Callable[[], list[int]]) -> None:
    """Kill who is one, until nobody is left: one may fork while we look."""
    for _ in range(100):
        found = members()
        if not found:
            return
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.002)


def kill_session(session: int, but: int | None = None) -> None:
    """Kill the members, but one."""
    kill_all(lambda: [pid for pid in session_members(session) if pid != but])


def kill_marked(mark: str) -> None:
    """Kill who was started with this in its environment: also who left its session."""
    kill_all(lambda: marked(mark.encode()))


def marked(mark: bytes) -> list[int]:
    """Return the living processes that were started with this in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            environment = (entry / "environ").read_bytes()
        except OSError:  # it is gone, or somebody else's
            continue
        if mark in environment.split(b"\0"):  # of a dead process it is empty
            found.append(int(entry.name))
    return found
