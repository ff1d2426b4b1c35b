# SPDX-License-Identifier: MIT
"""Ctrl-C, SIGTERM and SIGHUP end the program in one way, wherever it is.

The first one raises `Interruption`, which every verb ends on with its children
ended, a last line that says what is kept, and exit code 130. One that the caller
had set to be ignored (nohup, a job in the background of a script) stays so.
"""

from __future__ import annotations

import signal

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption(BaseException):
    """Somebody wants the program to end; not an error that anything handles."""


def interrupt(number: int, frame: object) -> None:
    """Raise where the program is."""
    raise Interruption(signal.Signals(number).name)


def listen() -> None:
    """Take the signals that the caller did not have ignored."""
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, interrupt)


def refuse_more() -> None:
    """Ignore further ones: the program is ending."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
