# SPDX-License-Identifier: MIT
"""What a process said before it ended, cut to what says why.

1. Escape sequences and control characters go; empty lines go.
2. Of a sanitizer's report the first lines are kept, as its end is a table of
   bytes; of anything else the last lines.
3. What Google Benchmark says of the machine before it measures is nobody's last
   word.
4. What is kept is at most ten lines and a thousand characters.
"""

from __future__ import annotations

import re

from pmm.base.plain_text import CONTROL, ESCAPE_CODE

MOST_LINES = 10
MOST_CHARACTERS = 1000
MOST_OF_A_REASON = 240
"""Characters of a line that stands in a sentence."""

REPORTS = re.compile(
    r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error: |"
    r"== (?:Invalid (?:read|write|free)|Conditional jump|Use of uninitialised|"
    r"Process terminating)"
)
"""Where a sanitizer or valgrind starts to say what is wrong."""


BANNER = re.compile(
    r"\d{4}-\d\d-\d\dT\S+$|Running \S|Run on \(\d|CPU Caches:$|  L\d |Load Average: |"
    r"pmm_\w+: |\*\*\*WARNING\*\*\* "
)
"""How the lines begin that Google Benchmark prints first."""


def clean(text: str) -> str:
    """Drop what is no text: escape sequences, control characters, half pairs."""
    text = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n")
    return CONTROL.sub("", ESCAPE_CODE.sub("", text).replace("\r", "\n"))


def shorten(line: str, most: int) -> str:
    """Cut a line that is too long, visibly."""
    return line if len(line) <= most else line[: most - 1] + "…"


def last_words(text: str | None) -> str | None:
    """Return the lines that say why a process ended; None when it said nothing."""
    lines = [line.rstrip() for line in clean(text or "").split("\n")]
    lines = [line for line in lines if line and not BANNER.match(line)]
    start = next((n for n, line in enumerate(lines) if REPORTS.search(line)), None)
    if start is not None:
        kept = lines[start : start + MOST_LINES]
        return shorten("\n".join(kept), MOST_CHARACTERS)
    kept = lines[-MOST_LINES:]
    while len(kept) > 1 and len("\n".join(kept)) > MOST_CHARACTERS:
        kept = kept[1:]
    return shorten("\n".join(kept), MOST_CHARACTERS) or None


def telling_line(text: str | None) -> str | None:
    """Return the one line that says most: a report's first, else the last."""
    words = last_words(text)
    if words is None:
        return None
    lines = words.split("\n")
    line = lines[0] if REPORTS.search(lines[0]) else lines[-1]
    return shorten(line.strip(), MOST_OF_A_REASON)


def with_line(reason: str, text: str | None) -> str:
    """Return a reason that alone would say little, with the telling line."""
    line = telling_line(text)
    return reason if line is None or line in reason else f"{reason}: {line}"


def unless_told(words: str | None, detail: str) -> str | None:
    """Return the words; None when the detail says all of them."""
    if words is None or all(line.strip() in detail for line in words.split("\n")):
        return None
    return words
