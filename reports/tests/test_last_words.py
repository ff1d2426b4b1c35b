# SPDX-License-Identifier: MIT
"""What is kept of what a process printed before it ended."""

from __future__ import annotations

import pytest

from pmm.base.last_words import (
    MOST_CHARACTERS,
    MOST_LINES,
    last_words,
    telling_line,
    unless_told,
    with_line,
)

REPORT = "==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x60"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, None),
        ("", None),
        (" \n\t\n\x1b[0m\x07\n", None),
        ("a\n\n  b\n", "a\n  b"),
        ("\x1b[1;31mred\x1b[0m\r\n\x1b]0;title\x07done", "red\ndone"),
        ("half \ud83d pair \u202eturned", "half ? pair turned"),
        ("half a line\rand over it", "half a line\nand over it"),
    ],
)
def test_only_text_is_kept(text, words):
    assert last_words(text) == words


def test_the_last_lines_are_kept_and_few():
    words = last_words("\n".join(f"line {n}" for n in range(100))) or ""
    assert words.splitlines() == [f"line {n}" for n in range(90, 100)]
    assert len(last_words("x" * 5000) or "") == MOST_CHARACTERS
    assert len((last_words(("y" * 300 + "\n") * 20) or "").splitlines()) == 3


def test_what_a_benchmark_says_of_the_machine_is_left_out():
    banner = (
        "2026-01-02T03:04:05+00:00\nRunning ./pmm-bench-alloc\nRun on (2 X 2450 MHz "
        "CPU s)\nCPU Caches:\n  L1 Data 32 KiB (x1)\nLoad Average: 7.7, 4.8, 3.5\n"
        "pmm_witness_ok: true\n***WARNING*** Library was built as DEBUG.\n"
    )
    assert last_words(banner) is None
    assert last_words(f"{banner}myalloc: no room\n") == "myalloc: no room"


def test_a_report_of_a_sanitizer_is_kept_from_its_start():
    text = f"noise\n{REPORT}\n" + "\n".join(f"#{n} f" for n in range(50))
    words = (last_words(text) or "").splitlines()
    assert words[:2] == [REPORT, "#0 f"]
    assert len(words) == MOST_LINES
    assert telling_line(text) == REPORT


def test_a_reason_gets_the_line_that_says_most():
    assert with_line("exit code 1", "first\nlast\n") == "exit code 1: last"
    assert with_line("exit code 1", "") == "exit code 1"
    assert unless_told("last", "exit code 1: last") is None
    assert unless_told("first\nlast", "exit code 1: last") == "first\nlast"
