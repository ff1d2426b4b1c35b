# SPDX-License-Identifier: MIT
"""Ctrl-C, SIGTERM and SIGHUP end the program in one way, wherever it is.

The first one raises `Interruption`, which every verb ends on with its children
ended, a last line that says what is kept, and exit code 130. One that the caller
had set to be ignored (nohup, a job in the background of a script) stays so.
"""

from __future__ import annotations

import signal
import time

QUIET_S = 2.0
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption(BaseException):
    """Somebody wants the program to end; not an error that anything handles."""


class Interrupter:
    """The handler: raises where the program is.

    What follows at once (a second Ctrl-C, SIGHUP behind SIGTERM) says the same
    and must not break into the cleaning up; what comes later is heard again.
    """

    def __init__(self) -> None:
        self.heard = -QUIET_S
        self.name: str | None = None
        """Of the first signal; None: there was none."""

    def __call__(self, number: int, frame: object) -> None:
        """Take a signal."""
        now = time.monotonic()
        if now - self.heard >= QUIET_S:
            self.heard = now
            self.name = self.name or signal.Signals(number).name
            raise Interruption(signal.Signals(number).name)


INTERRUPTER = Interrupter()


def listen() -> None:
    """Take the signals that the caller did not have ignored."""
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, INTERRUPTER)


def end_if_told() -> None:
    """Raise again what was raised where Python swallows it: in a hook of fork, in
    the end of an object.
    """
    if INTERRUPTER.name is not None:
        raise Interruption(INTERRUPTER.name)


def refuse_more() -> None:
    """Ignore further ones: the program is ending."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
