# SPDX-License-Identifier: MIT
"""Names that are long, turn the writing round or run, on every page."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import msgspec
import pytest
from pages import SHOWN, opened, unfold, watched

from pmm.documents.run import Run
from pmm.render.site import is_web_address, render

LONG = "x" * 300
RIGHT_TO_LEFT = "\u05e9\u05dc\u05d5\u05dd \u202egpj.exe"
CONTROLS = "\x1b[31mred\x1b]0;title\x07\x9b1m\x00"
MARKS = "a" + "\u0301" * 60
NAMES = (LONG, RIGHT_TO_LEFT, CONTROLS, MARKS)
TOLD = {
    "label", "message", "title", "reason", "summary", "version", "build", "detail",
    "why", "what", "lost", "remedy", "stderr_tail", "sentence", "note", "error",
    "function", "variant", "column_label", "text",
}  # fmt: skip
"""Fields of a document that a program, a plug-in or a user fills."""
SMALLEST_LETTERS = """
  Math.min(99, ...[...document.querySelectorAll('.chart svg text')].map(
    (text) => parseFloat(getComputedStyle(text).fontSize)
      * text.ownerSVGElement.getScreenCTM().a))
"""
"""Pixels of the smallest letters in drawings, as they are shown."""
ADDRESSES = itertools.cycle(
    ("javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,<script>alert(1)",
     " javascript:alert(1)", "file:///etc/passwd", "https://example.org/a")
)  # fmt: skip


def harmed(value: object, names: itertools.cycle[str], key: str = "") -> object:
    """Put hostile text into a document."""
    if isinstance(value, dict):
        return {k: harmed(v, names, k) for k, v in value.items()}
    if isinstance(value, list):
        return [harmed(one, names, key) for one in value]
    if key == "link":
        return next(ADDRESSES)
    if isinstance(value, str) and key in TOLD:
        return f"{value} {next(names)}"
    return value


@pytest.fixture(scope="module")
def hostile(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's report, with every name hostile."""
    names = itertools.cycle(NAMES)
    document = harmed(msgspec.json.decode(msgspec.json.encode(run)), names)
    bad = msgspec.convert(document, Run)
    cases = tuple(
        msgspec.structs.replace(case, expectation="why", link=next(ADDRESSES))
        for case in bad.cases
    )
    bad = msgspec.structs.replace(bad, cases=cases)
    return render(bad, tmp_path_factory.mktemp("hostile") / "out").parent


@pytest.mark.sampled
@pytest.mark.parametrize("name", SHOWN)
def test_no_page_is_wider_than_its_window_and_nothing_runs(window, hostile, name):
    seen = watched(window, hostile / f"{name}.html")
    page = seen.page
    unfold(page)
    for width in (320, 800, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(SMALLEST_LETTERS) >= 11
    schemes = page.evaluate(
        "[...document.querySelectorAll('a[href]')].map(a => new URL(a.href).protocol)"
    )
    assert set(schemes) <= {"file:", "https:"}
    assert seen.said == []
    page.close()


@pytest.mark.parametrize("name", SHOWN)
def test_no_control_is_in_a_page_and_turned_text_is_isolated(hostile, name):
    text = (hostile / f"{name}.html").read_text(encoding="utf-8")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    for found in re.finditer("[^\u2068\u2069]\u05e9\u05dc\u05d5\u05dd[^\u2069]*", text):
        start = text.rfind("\u2068", 0, found.start() + 2)
        end = text.rfind("\u2069", 0, found.start() + 2)
        assert start > end, text[found.start() - 80 : found.end()]


def test_what_a_hostile_page_wants_to_run_is_refused(browser, hostile, tmp_path):
    """The policy stands behind the templates: a hole in one runs nothing."""
    text = (hostile / "index.html").read_text(encoding="utf-8")
    holes = (
        "<script>document.title = 'ran'</script>"
        "<img src=x onerror=\"document.title = 'ran'\">"
        "<a id=hole href=\"javascript:document.title='ran'\">x</a>"
    )
    (tmp_path / "page.html").write_text(text.replace("<main", f"{holes}<main", 1))
    page = browser.new_context().new_page()
    page.goto((tmp_path / "page.html").as_uri())
    page.locator("#hole").click()
    page.wait_for_timeout(100)
    assert page.title() != "ran"
    assert page.locator("[data-theme-button]").is_visible()  # our own script ran


def test_a_command_is_copied_as_it_was_written(browser, hostile, run):
    page = opened(browser, hostile, "run")
    assert page.locator(".command").first.inner_text() == run.command


@pytest.mark.parametrize(
    ("address", "web"),
    [
        ("https://bugs.python.org/issue1", True),
        ("http://a.b/c?d=e#f", True),
        ("HTTPS://A.B", True),
        ("javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("data:text/html,x", False),
        ("vbscript:x", False),
        ("file:///etc/passwd", False),
        ("//evil.example", False),
        ("https:evil", False),
        ("http://[bad", False),
        ("", False),
        (None, False),
    ],
)
def test_only_addresses_of_the_web_are_links(address, web):
    assert is_web_address(address) is web
