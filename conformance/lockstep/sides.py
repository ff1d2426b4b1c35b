# SPDX-License-Identifier: MIT
"""The two sides of a comparison: each a process of its own over one subject.

What a user types names a side::

    reference                 the build's own, over its pool
    reference,backend=libc,mode=full
    ./mine.so                 a subject's shared object
    python3.13, /usr/bin/python3   an interpreter, with the build's extension
    ./pmm-lockstep            another build of the program (a seeded fault)

Python 3.11, the standard library alone.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "conformance/lockstep/pmm-lockstep"
EXTENSION = "impl/hosts/cpython"
SILENCE_S = 20.0


class SideError(Exception):
    """A side that cannot be run; the text says what to do."""


@dataclass(frozen=True)
class Side:
    """A subject, and the command that runs programs on it."""

    name: str
    command: tuple[str, ...]


ASK = """
import platform, sys
mark = "t" if "t" in sys.abiflags else ""
print("%d%d%s" % (*sys.version_info[:2], mark), platform.python_version())
"""


def interpreter(path: str, build: Path) -> Side:
    """Random programs inside an interpreter."""
    said = subprocess.run([path, "-c", ASK], capture_output=True, text=True, check=False)
    tag, _, version = said.stdout.strip().partition(" ")
    if said.returncode != 0 or not tag.rstrip("t").isdigit():
        raise SideError(f"{path} does not start as an interpreter of Python")
    names = [f"_pmm.cpython-{tag}.so", *(["_pmm.abi3.so"] if tag.isdigit() else [])]
    modules = [build / EXTENSION / name for name in names]
    module = next((m for m in modules if m.is_file()), None)
    if module is None:
        raise SideError(f"{build} has no extension for {path}: build it, see "
                        "impl/hosts/cpython/build_cpython.py")  # fmt: skip
    host = str(ROOT / "conformance" / "cpython_host.py")
    words = (path, "-B", host, "--module", str(module), "lockstep")
    return Side(f"cpython-{version}", words)


def find(text: str, build: Path) -> Side:
    """The side that `text` names."""
    word, *options = text.split(",")
    program = build / PROGRAM
    if not program.is_file():
        raise SideError(f"{program} is missing: run ninja -C {build}")
    extra = [part for option in options for part in option_words(option)]
    base = Path(word).name
    if base.startswith(("python", "cpython")):
        path = shutil.which(word)
        if path is None:
            raise SideError(f"there is no interpreter {word}")
        return interpreter(path, build)
    if base.startswith("pmm-lockstep"):
        if not Path(word).is_file():
            raise SideError(f"there is no program {word}")
        return Side(text, (str(Path(word).resolve()), *extra))
    return Side(text, (str(program), "--subject", word, *extra))


def option_words(option: str) -> list[str]:
    """`backend=libc` as the program wants it."""
    name, _, value = option.partition("=")
    if name not in ("backend", "mode") or not value:
        raise SideError(f"{option!r} is neither backend=NAME nor mode=NAME")
    return ["--" + name, value]


class Process:
    """One process of a side, of which lines are read."""

    def __init__(self, side: Side, words: list[str]) -> None:
        self.side = side
        self.child = subprocess.Popen(
            [side.command[0], *side.command[1:], *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=os.environ | {"PMM_CPYTHON_ACCOUNT": "none"},
        )  # fmt: skip
        self.buffer = b""

    def send(self, text: str) -> None:
        """Write to its stdin; a dead one is noticed when it is read."""
        assert self.child.stdin is not None
        try:
            self.child.stdin.write(text.encode())
            self.child.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass

    def line(self) -> str | None:
        """The next line; None when it ended or says nothing for too long."""
        assert self.child.stdout is not None
        fd = self.child.stdout.fileno()
        while b"\n" not in self.buffer:
            if not select.select([fd], [], [], SILENCE_S)[0]:
                self.child.kill()
                self.child.wait()
                return None
            more = os.read(fd, 1 << 16)
            if not more:
                return None
            self.buffer += more
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.decode()

    def end(self) -> str:
        """How it ended: `ended`, `usage: ...`, `crash SIGABRT`, `hang`."""
        try:
            code = self.child.wait(timeout=SILENCE_S)
        except subprocess.TimeoutExpired:
            self.child.kill()
            code = self.child.wait()
        assert self.child.stderr is not None
        said = self.child.stderr.read().decode(errors="replace").strip()
        if code == -signal.SIGKILL:
            return "hang"
        if code < 0:
            return f"crash {signal.Signals(-code).name}"
        return "ended" if code == 0 else f"exit code {code}: {said[-300:]}"

    def ended(self) -> bool:
        """Whether it runs no longer."""
        return self.child.poll() is not None

    def close(self) -> None:
        """Let it go, whatever it does."""
        for stream in (self.child.stdin, self.child.stdout, self.child.stderr):
            assert stream is not None
            try:
                stream.close()
            except BrokenPipeError:
                pass
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()


class Player:
    """Plays programs on one side, again after each crash."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.process: Process | None = None

    def play(self, lines: list[str]) -> str:
        """The digest of a program, or how the process ended."""
        if self.process is None:
            self.process = Process(self.side, ["replay", "-"])
        self.process.send("\n".join([*lines, "--", ""]))
        line = self.process.line()
        if line is not None and line.startswith("digest "):
            return line
        said = self.process.end()
        self.close()
        if said.startswith("exit code"):
            raise SideError(f"{self.side.name}: {said}")
        return said

    def close(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.close()
            self.process = None


def trace(side: Side, lines: list[str]) -> list[str]:
    """What is observed of each step, a line a step; the last may be a death."""
    process = Process(side, ["replay", "--trace", "-"])
    process.send("\n".join([*lines, "--", ""]))
    said = []
    for _ in range(len(lines) + 2):
        line = process.line()
        if line is None:
            said.append(f"{len(said)} -> {process.end()}")
            break
        said.append(line)
    process.close()
    return said
