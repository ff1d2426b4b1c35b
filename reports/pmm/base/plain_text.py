# SPDX-License-Identifier: MIT
r"""Text that programs, plug-ins and file names brought, made safe to show.

Such text may hold anything. On a terminal an escape code moves the cursor or
renames the window, and a control of writing direction shows a line that is not
the one that is pasted. So every outlet (console, messages, pages, JUnit) passes
what it shows through `plain`, and every command line through `shell_line`.

    plain("\x1b[31mred\x1b[0m")  "red"         escape codes go
    plain("a\u202eb")             "a\\u202eb"   other controls show as escapes
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

ESCAPE_CODE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?"  # OSC, DCS … to their end
    r"|\x1b[ -/]*[0-~]"  # the short ones
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e"
    "\u2066-\u2069\ud800-\udfff]"
)
MARKS = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
    "\ufe20-\ufe2f]{8})[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff"
    "\u20d0-\u20ff\ufe20-\ufe2f]+"
)
"""Marks over and under one letter, more than any language needs."""
ISOLATE, END_ISOLATE = "\u2068", "\u2069"
RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
UNSAFE_WORD = re.compile(f"{CONTROL.pattern}|[\t\n]")


def visible(found: re.Match[str]) -> str:
    """Write a control character as an escape that people know."""
    number = ord(found[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def plain(text: str) -> str:
    """Drop escape codes; show other controls, tab and newline apart, as escapes.

    Of marks that are heaped on a letter, which hide the lines around, eight stay.
    """
    if text.isascii() and text.isprintable():
        return text
    text = ESCAPE_CODE.sub("", text.replace("\r\n", "\n"))
    return MARKS.sub(r"\1", CONTROL.sub(visible, text))


def say(text: str) -> None:
    """Print text that may hold a name of somebody else's."""
    print(plain(text))


def isolated(text: str) -> str:
    """Keep text that is written from the right apart from what stands beside it."""
    if text.isascii():
        return text
    if any(unicodedata.bidirectional(letter) in RIGHT_TO_LEFT for letter in text):
        return f"{ISOLATE}{text}{END_ISOLATE}"
    return text


def shell_word(word: str) -> str:
    """Quote a word for the shell, on one line, without a control in it.

    A word that holds controls takes the form $'…', which bash, zsh, ksh and
    busybox read.
    """
    if not UNSAFE_WORD.search(word):
        return shlex.quote(word)
    text = word.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{UNSAFE_WORD.sub(as_octal, text)}'"


def as_octal(found: re.Match[str]) -> str:
    """Write the bytes of a character as a shell's $'…' has them."""
    data = found[0].encode("utf-8", "surrogateescape")
    return "".join(f"\\{byte:03o}" for byte in data)


def shell_line(words: Iterable[str]) -> str:
    """Return a command line that can be pasted into a shell as it stands."""
    return " ".join(shell_word(word) for word in words)


class PlainConsole(Console):
    """A console on which only rich itself writes escape codes."""

    def render_str(self, text: str, **options: object) -> Text:
        """Make what is printed plain first."""
        return super().render_str(plain(text), **options)  # type: ignore[arg-type]
