# SPDX-License-Identifier: MIT
"""Any Python: how it is started, what it says of itself, and how it ended.

1. A path is a program, or the folder of the `pyodide` package, which node starts.
2. It is asked once who it is, by the harness itself: what answers can run cases.
   One that hangs, crashes or says something else is at fault, with a sentence.
3. A process has a session of its own, a limit of time and one of output; nothing
   of it is left when it is done with.

Python 3.11, the standard library alone.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

HERE = Path(__file__).resolve().parent
HARNESS = HERE / "harness.py"
LAUNCHER = HERE / "pyodide.mjs"
OUTPUT_BYTES = 1 << 20
"""What a process may print; more of it ends the process."""
WORDS = 300
START_SECONDS = 30
NUMBER = re.compile(r"\d+(\.\d+)*")


class CannotStartError(Exception):
    """A path that nothing can be started from; the text says why."""


@dataclass(frozen=True)
class Ending:
    """How a process ended, and what it printed."""

    seconds: float | None = None
    """The limit that it did not keep."""
    signal: int | None = None
    code: int = 0
    out: str = ""
    err: str = ""

    @property
    def words(self) -> str | None:
        """The last line that it wrote, in plain characters."""
        for text in (self.err, self.out):
            lines = [line.strip() for line in text.splitlines() if line.strip()]
            lines = [line for line in lines if not line.startswith('{"case"')]
            if lines:
                plain = "".join(c if c.isprintable() else "?" for c in lines[-1])
                return plain if len(plain) <= WORDS else f"{plain[:WORDS]}…"
        return None

    @property
    def sentence(self) -> str:
        """How it ended, in words."""
        if self.seconds is not None:
            said = f"no end within {self.seconds:g} s"
        elif self.signal is not None:
            said = f"ended by {signal_name(self.signal)}"
        else:
            said = f"ended with code {self.code}"
        return f"{said}: {self.words}" if self.words else said

    def documents(self) -> list[dict[str, Any]]:
        """Return the lines that are JSON objects."""
        found = []
        for text in self.out.splitlines():
            try:
                one = json.loads(text) if text.startswith("{") else None
            except ValueError:
                continue
            if isinstance(one, dict):
                found.append(one)
        return found


def signal_name(number: int) -> str:
    """Return `SIGSEGV` for 11."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def bounded() -> None:
    """Limit a child, between fork and exec."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def end_session(pid: int) -> None:
    """End what is left of a session."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except OSError:
        return


def text_of(file: BinaryIO) -> str:
    """Return what was printed, its beginning and its end where it is long."""
    file.seek(0)
    data = file.read(OUTPUT_BYTES)
    size = os.fstat(file.fileno()).st_size
    if size > 2 * OUTPUT_BYTES:
        file.seek(size - OUTPUT_BYTES)
    return (data + b"\n" * (size > OUTPUT_BYTES) + file.read(OUTPUT_BYTES)).decode(
        "utf-8", "replace"
    )


def run(argv: Sequence[str], seconds: float) -> Ending:
    """Run a process to its end; raise CannotStartError when there is none."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            child = subprocess.Popen(
                list(argv), stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                start_new_session=True, preexec_fn=bounded,  # noqa: PLW1509
            )  # fmt: skip
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise CannotStartError(f"{argv[0]} does not start: {why}") from error
        late = None
        try:
            code = child.wait(seconds)
        except subprocess.TimeoutExpired:
            late, code = seconds, 0
        finally:
            end_session(child.pid)
            child.wait()
        return Ending(
            seconds=late, signal=-code if code < 0 else None, code=max(code, 0),
            out=text_of(out), err=text_of(err),
        )  # fmt: skip


# ------------------------------------------------------------------ interpreters


@dataclass(frozen=True)
class Interpreter:
    """A Python, and what it is."""

    path: str
    command: tuple[str, ...]
    """How it is started, without the options of its implementation."""
    implementation: str = "other"
    family: str = "other"
    version: str = ""
    build: str = ""
    options: tuple[str, ...] = ()
    together: bool = False
    lacks: dict[str, str] = field(default_factory=dict)
    fault: Ending | None = None
    """How the question who it is ended, where that was no answer."""

    @property
    def argv(self) -> list[str]:
        """The start of the command line of a case."""
        lacks = ["--lacks", ",".join(sorted(self.lacks))] if self.lacks else []
        return [*self.command, *self.options, str(HARNESS), *lacks]

    @property
    def wrong(self) -> str | None:
        """What is wrong with it, in one line."""
        if self.fault is None:
            return None
        return f"it does not report what it is: {self.fault.sentence}"


def command_of(path: str) -> tuple[str, ...]:
    """Return how a path is started; raise CannotStartError when it cannot be."""
    if Path(path).is_dir():
        if not (Path(path) / "pyodide.mjs").is_file():
            raise CannotStartError(f"{path} is a folder, and not that of pyodide")
        node = shutil.which("node")
        if node is None:
            raise CannotStartError(f"{path} needs node, which is not on the PATH")
        return (node, str(LAUNCHER), path)
    found = path if "/" in path else shutil.which(path)
    if found is None or not Path(found).is_file():
        raise CannotStartError(f"there is no program {path}")
    return (found,)


def profile_of(name: str) -> dict[str, Any]:
    """Return what is known of an implementation beforehand."""
    known = tomllib.loads((HERE / "profiles.toml").read_text(encoding="utf-8"))
    found: dict[str, Any] = known.get(name) or {**known["other"], "family": name}
    return found


def introduced(path: str, seconds: float = START_SECONDS) -> Interpreter:
    """Ask a Python who it is; raise CannotStartError when it does not start."""
    command = command_of(path)
    ending = run([*command, str(HARNESS), "--who"], seconds)
    said = [one for one in ending.documents() if isinstance(one.get("who"), str)]
    ended = ending.seconds is None and ending.signal is None and ending.code == 0
    if not ended or len(said) != 1:
        return Interpreter(path, command, fault=ending)
    name, version = said[0]["who"], str(said[0].get("version", ""))
    fitting = re.fullmatch(r"[a-z][a-z0-9_]{0,20}", name)
    if not fitting or not NUMBER.fullmatch(version):
        return Interpreter(path, command, fault=ending)
    known = profile_of(name)
    return Interpreter(
        path, command, implementation=name, family=known["family"], version=version,
        build=f"{name} {version}, Python {said[0].get('python')}",
        options=tuple(known.get("options", ())), together=known.get("together", False),
        lacks=known.get("lacks", {}),
    )  # fmt: skip
