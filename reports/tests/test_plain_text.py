# SPDX-License-Identifier: MIT
"""What programs and names bring cannot reach a terminal, and can be pasted."""

from __future__ import annotations

import subprocess

import pytest
from conftest import Project
from hypothesis import given, settings
from hypothesis import strategies as st

from pmm.base.plain_text import isolated, plain, shell_line
from pmm.base.typed_names import slug

ESCAPES = "\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b]8;;http://a\x1b\\link \x1b(B\x9b2J"
WORDS = [
    "plain", "", "a b", "it's", '"', "$HOME", "`id`", "$(id)", "a\nb", "\t", "-x",
    "back\\slash", "\u05e9\u05dc\u05d5\u05dd", "\u202egpj.exe", "\x1b[31m'\\", "é", "!",
]  # fmt: skip


def test_escape_codes_go_and_other_controls_show():
    assert plain(ESCAPES) == "red link "
    assert plain("a\u202eb\x00\x07\x7f\u2066") == "a\\u202eb\\x00\\x07\\x7f\\u2066"
    assert plain("line\r\nline\tend\n") == "line\nline\tend\n"
    assert plain("Grüße 漢字 \u05e9") == "Grüße 漢字 \u05e9"
    assert plain("a" + "\u0301" * 60) == "a" + "\u0301" * 8


@given(st.text())
@settings(max_examples=200, deadline=None)
def test_nothing_that_a_terminal_obeys_is_left(text):
    assert not any(c < " " and c not in "\n\t" for c in plain(text))
    assert not set(plain(text)) & set("\x7f\x9b\u202a\u202b\u202c\u202d\u202e\u2066")
    assert plain(plain(text)) == plain(text)


def test_turned_text_is_isolated_and_other_text_left_alone():
    assert isolated("abc é") == "abc é"
    assert isolated("a \u05e9") == "\u2068a \u05e9\u2069"


def test_a_shell_gives_every_word_back():
    line = shell_line(["printf", "%s\\0", *WORDS])
    assert plain(line) == line
    assert "\n" not in line
    done = subprocess.run(["bash", "-c", line], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == WORDS


@pytest.mark.parametrize("name", ["x" * 300, "é" * 300, "\u05e9" * 300, "../" * 99])
def test_a_file_name_is_bounded(name):
    assert 0 < len(slug(name).encode()) <= 120


def test_no_verb_lets_a_control_through(project: Project):
    project.configure(backends=["pool", f"{ESCAPES}\u202e" + "y" * 300])
    for words in (("run", "-p", "quick", "--only", "conform"), ("backends",)):
        done = project.pmm(*words)
        assert "Traceback" not in done.stderr
        assert "y" * 300 in done.stdout
        assert not set(done.stdout + done.stderr) & set("\x1b\x07\x9b\u202e")
    done = project.pmm("run", "--only", f"{ESCAPES}\u202e")
    assert done.returncode == 2
    assert not set(done.stderr) & set("\x1b\x07\x9b\u202e")
