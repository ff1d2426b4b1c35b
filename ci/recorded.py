# SPDX-License-Identifier: MIT
"""Run a command, keep its time in build-logs/times.tsv, end with its exit code.

usage: recorded.py SECONDS_BEFORE MARK NAME COMMAND [ARGUMENT...]

NAME is how ci/timing.sh knows the whole, of which SECONDS_BEFORE are over; MARK
is put behind the names of the steps (ci/times.sh). What
ends a process ends the command, which says its last words: signals that come to
this one alone are passed on, and Ctrl-C comes to both.
"""

import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

TIMES = Path(__file__).resolve().parent.parent / "build-logs" / "times.tsv"


def keep(name: str, step: str, seconds: float, code: int) -> None:
    """Add one line; a time that cannot be kept is no reason to fail."""
    date = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        with TIMES.open("a", encoding="utf-8") as file:
            file.write(f"{date}\t{name}\t{step}\t{seconds:.0f}\t{code}\n")
    except OSError as error:
        print(f"   no time is kept in {TIMES}: {error.strerror}")


class Passer:
    """Passes signals on to a command, also those that come before it is there."""

    def __init__(self) -> None:
        self.child: subprocess.Popen[bytes] | None = None
        self.early: list[int] = []
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.take)
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, lambda *_: None)

    def take(self, number: int, _frame: object) -> None:
        """Pass a signal on."""
        if self.child is None:
            self.early.append(number)
        else:
            self.child.send_signal(number)

    def attend(self, child: subprocess.Popen[bytes]) -> int:
        """Wait for the command; return its exit code, as a shell says it."""
        self.child = child
        for number in self.early:
            child.send_signal(number)
        code = child.wait()
        return code if code >= 0 else 128 - code


def main(arguments: list[str]) -> int:
    """Read the arguments, run, record."""
    before, mark, name, *command = arguments
    started = time.monotonic()
    passer = Passer()
    code = passer.attend(subprocess.Popen(command))
    took = time.monotonic() - started
    keep(name, f"run{mark}", took, code)
    keep(name, f"all{mark}", float(before) + took, code)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
