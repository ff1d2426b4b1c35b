# SPDX-License-Identifier: MIT
"""Pictures of a report's pages, taken in a real browser.

`pmm report --screenshots FOLDER` takes the first screen of every page in both themes
at three widths; with --small only those that README.md shows, at half a screen's
size. The browser sees the report from disk and asks for nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pmm.base.errors import UsageError

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
THEMES = ("light", "dark")
WIDTHS = (1280, 768, 320)
HEIGHT = 900
IN_README = {"index": "", "memory": "#list_vs_generator", "film": "#cycle", "facts": ""}
"""Pages whose pictures README.md shows, each from a place on."""


class Shot(NamedTuple):
    """One picture: of what, how, and in which file."""

    page: str
    theme: str
    width: int
    height: int
    scale: float
    file: str
    place: str = ""


def every_shot(pages: list[str]) -> Iterator[Shot]:
    """All pages, in both themes, at three widths."""
    for page, theme, width in product(pages, THEMES, WIDTHS):
        yield Shot(page, theme, width, HEIGHT, 1, f"{page}-{theme}-{width}.png")


def small_shots(pages: list[str]) -> Iterator[Shot]:
    """Those of README.md, small."""
    for page in pages:
        if page in IN_README:
            yield Shot(page, "light", 1120, 700, 0.65, f"{page}.png", IN_README[page])


def browser_path() -> str:
    """Return where Chromium is."""
    path = next((p for name in BROWSERS if (p := shutil.which(name))), None)
    if path is None:
        raise UsageError("pictures need Chromium: apt install chromium")
    return path


def take(report: Path, folder: Path, small: bool) -> int:
    """Take the pictures of the report in a folder; return how many."""
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - slow to load
    except ImportError:
        raise UsageError("pictures need playwright: pip install playwright") from None
    path = browser_path()
    pages = sorted(one.stem for one in report.glob("*.html"))
    shots = list(small_shots(pages) if small else every_shot(pages))
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        for shot in shots:
            take_one(browser, report, folder, shot)
        browser.close()
    return len(shots)


def take_one(browser: Browser, report: Path, folder: Path, shot: Shot) -> None:
    """Take one picture, of the first screen."""
    context = browser.new_context(
        offline=True,
        reduced_motion="reduce",
        color_scheme="dark" if shot.theme == "dark" else "light",
        viewport={"width": shot.width, "height": shot.height},
        device_scale_factor=shot.scale,
    )
    page = context.new_page()
    page.goto((report / f"{shot.page}.html").resolve().as_uri() + shot.place)
    page.screenshot(path=folder / shot.file)
    context.close()
