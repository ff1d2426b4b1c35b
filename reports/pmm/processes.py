# SPDX-License-Identifier: MIT
"""One child process: started alone, captured within bounds, ended whole.

1. A child gets a session of its own, so that everything it forks, also what
   moves to another process group, can be found by the session and killed.
2. It dies with the runner, even when that is killed with SIGKILL.
3. Its output goes through pipes into files that cannot grow without end.

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

CAPTURE_BYTES = 1 << 20
FILE_BYTES = 1 << 30
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
    peak_rss_bytes: int


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
    pidfd: int
    stdout: Capture
    stderr: Capture
    started_ns: int = field(default_factory=time.monotonic_ns)

    def wait(self) -> Ending:
        """Reap the child, drain its pipes, and end what it left behind.

        Raises OSError when the captured output cannot be written.
        """
        _, status, usage = os.wait4(self.process.pid, 0)
        elapsed = time.monotonic_ns() - self.started_ns
        code = os.waitstatus_to_exitcode(status)
        self.process.returncode = code
        kill_session(self.process.pid)
        os.close(self.pidfd)
        try:
            for capture in (self.stdout, self.stderr):
                capture.pump()
        finally:
            for capture in (self.stdout, self.stderr):
                capture.close()
        return Ending(
            exit_code=code if code >= 0 else None,
            signal=-code if code < 0 else None,
            elapsed_ns=elapsed,
            user_ns=int(usage.ru_utime * 1e9),
            system_ns=int(usage.ru_stime * 1e9),
            peak_rss_bytes=usage.ru_maxrss * 1024,
        )

    def end(self) -> None:
        """Kill everything of the child's session."""
        kill_session(self.process.pid)


def start(
    argv: Sequence[str],
    *,
    folder: Path,
    working: Path,
    environment: Mapping[str, str],
    cpus: Sequence[int],
) -> Child:
    """Start a child whose output goes to `folder`; raise OSError if it cannot."""
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=working,
        env=dict(environment),
        start_new_session=True,
        preexec_fn=prepare(cpus, os.getpid()),  # noqa: PLW1509 - we have one thread
    )
    assert process.stdout is not None  # noqa: S101 - both were asked for
    assert process.stderr is not None  # noqa: S101
    try:
        stdout = Capture(process.stdout, folder / "stdout")  # type: ignore[arg-type]
        stderr = Capture(process.stderr, folder / "stderr")  # type: ignore[arg-type]
    except OSError:
        kill_session(process.pid)
        process.wait()
        raise
    return Child(process, os.pidfd_open(process.pid), stdout, stderr)


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


def kill_session(session: int) -> None:
    """Kill the members until none is left: one may fork while we look."""
    for _ in range(100):
        members = session_members(session)
        if not members:
            return
        for pid in members:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.002)
