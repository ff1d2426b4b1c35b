# SPDX-License-Identifier: MIT
"""The report as one file, and pictures of its pages."""

from __future__ import annotations

import re
import struct

import pytest

from pmm.base.errors import UsageError
from pmm.cli import screenshots
from pmm.render.single import link, part
from pmm.render.site import bar, single_file

MOST_BYTES = 3_000_000


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("#a", "#index--a"),
        ("memory.html", "#page-memory"),
        ("memory.html#x", "#memory--x"),
        ("https://example.org/#y", "https://example.org/#y"),
        ("run.json", None),
        ("figures/a.svg", None),
        ("speed.html", None),
    ],
)
def test_links_lead_inside_the_file_or_nowhere(target, place):
    assert link(target, "index", ("index", "memory")) == place


def test_a_page_keeps_its_places_apart():
    text = (
        '<main id="main"><p class="found" hidden></p>\n<h2 id="a">A</h2>'
        '<input id="show-all"><a href="run.json" download>data</a></main>'
    )
    assert part(text, "index", ("index",)) == (
        '<h2 id="index--a">A</h2><input id="show-all"><a download>data</a>'
    )


def test_one_file_has_all_pages_and_asks_for_nothing(browser, run, tmp_path):
    text = single_file(run)
    assert len(text.encode()) < MOST_BYTES
    names = re.findall(r'\sid="([^"]+)"', text)
    assert len(names) == len(set(names)), "every place is there once"
    targets = set(re.findall(r'\shref="#([^"]*)"', text))
    assert {f"page-{name}" for name in bar(run)} <= targets
    assert targets - set(names) == set()
    path = tmp_path / "report.html"
    path.write_text(text, encoding="utf-8")
    page = browser.new_context(offline=True).new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(path.as_uri() + "#page-memory")
    assert page.locator("#page-memory").is_visible()
    assert said == []


def test_a_picture_is_taken_of_a_page(browser, report, tmp_path):
    (shot,) = screenshots.small_shots(["run", "index"])
    screenshots.take_one(browser, report, tmp_path, shot)
    data = (tmp_path / "index.png").read_bytes()
    width, height = struct.unpack(">II", data[16:24])
    assert (width, height) == (728, 455)


def test_every_page_is_taken_in_both_themes_at_three_widths():
    shots = list(screenshots.every_shot(["index", "run"]))
    assert len(shots) == len({one.file for one in shots}) == 12


def test_without_a_browser_pictures_say_what_is_missing(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(UsageError, match="apt install chromium"):
        screenshots.browser_path()
