# SPDX-License-Identifier: MIT
"""Run a command, keep its time in build-logs/times.tsv, end with its exit code.

usage: recorded.py SECONDS_BEFORE NAME COMMAND [ARGUMENT...]

NAME is how ci/timing.sh knows the whole, of which SECONDS_BEFORE are over. What
ends a process ends the command, which says its last words: signals that come to
this one alone are passed on, and Ctrl-C comes to both.
"""

import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

TIMES = Path("build-logs/times.tsv")


def keep(name: str, step: str, seconds: float, code: int) -> None:
    """Add one line; a time that cannot be kept is no reason to fail."""
    date = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        with TIMES.open("a", encoding="utf-8") as file:
            file.write(f"{date}\t{name}\t{step}\t{seconds:.0f}\t{code}\n")
    except OSError as error:
        print(f"   no time is kept in {TIMES}: {error.strerror}")


def run(command: list[str]) -> int:
    """Run the command; return its exit code, as a shell says it."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda *_: None)
    with subprocess.Popen(command) as child:
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda got, _: child.send_signal(got))
        code = child.wait()
    return code if code >= 0 else 128 - code


def main(arguments: list[str]) -> int:
    """Read the arguments, run, record."""
    before, name, *command = arguments
    started = time.monotonic()
    code = run(command)
    took = time.monotonic() - started
    keep(name, "run", took, code)
    keep(name, "all", float(before) + took, code)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
