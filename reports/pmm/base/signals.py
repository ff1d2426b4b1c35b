# SPDX-License-Identifier: MIT
"""Ctrl-C, SIGTERM and SIGHUP end the program in one way, wherever it is.

The first one raises `Interruption`, which every verb ends on with its children
ended, a last line that says what is kept, and exit code 130. One that the caller
had set to be ignored (nohup, a job in the background of a script) stays so.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

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
        self.later = False
        """Whether `end_if_told` will raise, and not the handler."""

    def __call__(self, number: int, frame: object) -> None:
        """Take a signal."""
        now = time.monotonic()
        if now - self.heard >= QUIET_S:
            self.heard = now
            self.name = self.name or signal.Signals(number).name
            if not self.later:
                raise Interruption(signal.Signals(number).name)


INTERRUPTER = Interrupter()


def listen() -> None:
    """Take the signals that the caller did not have ignored.

    The end of a child is heard in any case: where it is ignored (`trap '' CHLD`,
    some agents of a CI) nobody could wait for one.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, INTERRUPTER)


@contextmanager
def heard_later() -> Iterator[None]:
    """Let a signal wait for `end_if_told`: Python swallows what is raised in a hook
    of fork, and says so.
    """
    INTERRUPTER.later = True
    try:
        yield
    finally:
        INTERRUPTER.later = False


def end_if_told() -> None:
    """Raise for a signal that had to wait, or that Python swallowed."""
    if INTERRUPTER.name is not None:
        raise Interruption(INTERRUPTER.name)


def refuse_more() -> None:
    """Ignore further ones: the program is ending. What somebody else's program
    does with its signals stays as it is.
    """
    for number in ENDING:
        if signal.getsignal(number) is INTERRUPTER:
            signal.signal(number, signal.SIG_IGN)
