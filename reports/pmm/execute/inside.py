# SPDX-License-Identifier: MIT
"""One process of somebody's interpreter that does one job of a check.

    PYTHON -I -X faulthandler pmm/inside/extension/main.py DESCRIPTOR JOB

It tells lines of JSON on the descriptor. Whatever the extension does (crash, hang,
exit, flood its streams, leave threads or processes behind) is an `Attempt`; no
process of its session is left, and none that left the session.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from pmm.base.decoding import any_json
from pmm.base.errors import PmmError
from pmm.base.last_words import last_words
from pmm.base.processes import kill_marked, kill_session

MAIN = Path(__file__).resolve().parents[1] / "inside" / "extension" / "main.py"
FRAME = b"frame "
MOST_TOLD = 32 << 20
WORDS_BYTES = 1 << 16
RUNNING: set[int] = set()
"""Processes that were started and not yet waited for."""
BOUNDED = """import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
exec(compile(open(sys.argv[1]).read(), sys.argv[1], "exec"))
"""
"""Runs a script that may lose memory without taking the machine's."""
STARTING: dict[str, Any] = {
    "doing": "starting the interpreter", "code": [], "skip": None,
}  # fmt: skip


@dataclass(frozen=True)
class Host:
    """The interpreter, and what it is told of the world."""

    python: str
    folder: Path
    """Where the processes run: what they write goes there."""
    paths: tuple[str, ...]
    library: str | None
    seconds: float


@dataclass
class Attempt:
    """What one process told, and how it ended."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    """Of a crash, the innermost first."""
    code: int = 0
    """Its exit code; negative: the signal."""
    late: bool = False
    words: str = ""
    elapsed_ns: int = 0

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the lines of a kind."""
        return [line for line in self.lines if line.get("type") == kind]

    @property
    def ended(self) -> bool:
        """Whether it did all that it was to do, and ended as it should."""
        return bool(self.of("end")) and self.code == 0 and not self.late

    @property
    def phase(self) -> dict[str, Any]:
        """What it did last."""
        phases = self.of("phase")
        return phases[-1] if phases else STARTING

    @property
    def signal(self) -> str | None:
        """The signal that ended it."""
        if self.code >= 0:
            return None
        try:
            return signal.Signals(-self.code).name
        except ValueError:
            return f"signal {-self.code}"


def end_running() -> None:
    """End every process that runs: who waits for one goes on."""
    for pid in tuple(RUNNING):
        kill_session(pid)


def environment(folder: Path, mark: str) -> Mapping[str, str]:
    """Return the user's environment; temporary files go to the folder.

    The mark, `NAME=VALUE`, is by what the process is found, and what it starts.
    """
    name, _, value = mark.partition("=")
    return {**os.environ, "TMPDIR": str(folder), name: value}


def new_mark() -> str:
    """Return a mark that nobody else has."""
    return f"PMM_JOB={os.urandom(8).hex()}"


def end_all(session: int, mark: str) -> None:
    """End every process of a job."""
    kill_session(session)
    kill_marked(mark)


def run_job(host: Host, job: Mapping[str, Any]) -> Attempt:
    """Run one job in a process of its own; raise PmmError if it cannot start."""
    document = {
        "module": None, "file": None, "skip": [], "maker": None, **job,
        "paths": list(host.paths), "library": host.library,
        "key": os.urandom(8).hex(),
    }  # fmt: skip
    argv = [host.python, "-I", "-X", "faulthandler", str(MAIN)]
    return watch(argv, document, host)


def watch(argv: Sequence[str], document: Mapping[str, Any], host: Host) -> Attempt:
    """Start the process, read what it tells, and end all that it left."""
    reader, writer = os.pipe()
    mark = new_mark()
    began = time.monotonic_ns()
    with tempfile.TemporaryFile() as said:
        try:
            child = subprocess.Popen(
                [*argv, str(writer), msgspec.json.encode(document).decode()],
                cwd=host.folder, env=environment(host.folder, mark),
                stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                pass_fds=(writer,), start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            os.close(reader)
            raise PmmError(f"cannot start {host.python}: {error.strerror}") from error
        finally:
            os.close(writer)
        attempt = Attempt()
        RUNNING.add(child.pid)
        try:
            told = read_until_end(child, reader, host.seconds, attempt)
        finally:
            os.close(reader)
            end_all(child.pid, mark)
            attempt.code = child.wait()
            RUNNING.discard(child.pid)
        attempt.elapsed_ns = time.monotonic_ns() - began
        size = said.seek(0, os.SEEK_END)
        said.seek(max(0, size - WORDS_BYTES))
        attempt.words = last_words(said.read().decode("utf-8", "replace")) or ""
    take_lines(told, str(document["key"]), attempt)
    return attempt


def read_until_end(
    child: subprocess.Popen[bytes], reader: int, seconds: float, attempt: Attempt
) -> bytes:
    """Read until the process ended, or is late."""
    os.set_blocking(reader, False)
    told = bytearray()
    deadline = time.monotonic() + seconds
    pidfd = os.pidfd_open(child.pid)
    with selectors.DefaultSelector() as selector:
        selector.register(reader, selectors.EVENT_READ)
        selector.register(pidfd, selectors.EVENT_READ)
        try:
            while (left := deadline - time.monotonic()) > 0:
                keys = {key.fd for key, _ in selector.select(left)}
                if reader in keys and not pump(reader, told):
                    selector.unregister(reader)
                if pidfd in keys:
                    break
            else:
                attempt.late = True
        finally:
            os.close(pidfd)
    pump(reader, told)
    return bytes(told)


def pump(reader: int, told: bytearray) -> bool:
    """Read what is there; return False at the end of the stream."""
    while True:
        try:
            chunk = os.read(reader, 1 << 16)
        except BlockingIOError:
            return True
        if not chunk:
            return False
        if len(told) < MOST_TOLD:
            told += chunk


def take_lines(told: bytes, key: str, attempt: Attempt) -> None:
    """Read the lines; what is none of ours, as it has not the key, is left out."""
    for line in told.splitlines():
        if line.startswith(FRAME):
            attempt.frames.append(line[len(FRAME) :].decode("utf-8", "replace"))
            continue
        try:
            found = any_json(line)
        except msgspec.DecodeError:
            continue
        if isinstance(found, dict) and found.get("key") == key:
            attempt.lines.append(found)


def run_script(host: Host, text: str, seconds: float) -> tuple[bool, str]:
    """Run a plain script; return whether it says that all is well, and its words."""
    path = host.folder / f"reproduce-{os.urandom(6).hex()}.py"
    path.write_text(text, encoding="utf-8")
    mark = new_mark()
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            [host.python, "-I", "-c", BOUNDED, str(path)], cwd=host.folder,
            env=environment(host.folder, mark), stdin=subprocess.DEVNULL, stdout=said,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            code = child.wait(seconds)
        except subprocess.TimeoutExpired:
            code = -signal.SIGALRM
        finally:
            end_all(child.pid, mark)
            child.wait()
            path.unlink(missing_ok=True)
        said.seek(0)
        words = said.read(WORDS_BYTES).decode("utf-8", "replace").strip()
    return code == 0 and words.splitlines()[-1:] == ["True"], words
