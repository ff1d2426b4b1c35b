# SPDX-License-Identifier: MIT
"""The sample's report, opened in a real browser."""

from __future__ import annotations

import functools
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from sample import build_sample

from pmm.documents.run import Run
from pmm.render import site
from pmm.render.figures import FOLDER, KINDS
from pmm.render.site import render

SHOWN = tuple(site.bar(build_sample()))
"""The pages for which the sample has something to show."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def run() -> Run:
    return build_sample()


@pytest.fixture(scope="session")
def report(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    return render(run, folder / "out").parent


@pytest.fixture(scope="session")
def browser():
    path = next((p for name in BROWSERS if (p := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield chromium
        chromium.close()


@contextmanager
def only(*names: str) -> Iterator[None]:
    """Let a report have some of its pages alone, which takes far less time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site, "PAGES", {name: site.PAGES[name] for name in names})
        yield


def page_text(run: Run, name: str) -> str:
    """One page of a run; its bar leads to no other."""
    with only(name):
        ((_, text, _),) = site.page_texts(run, lcov=False, pictures=False)
    return text


class Seen(NamedTuple):
    """A page that was loaded once; what is asked of it leaves it as it is."""

    name: str
    page: Page
    text: str
    """What its main part says, what is folded or far below, too."""
    asked: list[str]
    """Addresses that it asked for."""
    said: list[str]
    """Errors, complaints, and whatever ran that should not."""


@pytest.fixture(scope="session")
def window(browser: Browser) -> Iterator[BrowserContext]:
    """A window for all pages that are only looked at."""
    context = browser.new_context(offline=True)
    yield context
    context.close()


def watched(window: BrowserContext, path: Path) -> Seen:
    """Load a page, and note what it does meanwhile."""
    page = window.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append("a hostile name ran"))
    page.goto(path.as_uri())
    text = page.locator("main").text_content() or ""
    return Seen(path.stem, page, text, asked, said)


def taken_away(path: Path) -> list[str]:
    """The figures that a page offers, each of which lies beside it in every form."""
    text = path.read_text(encoding="utf-8")
    found = re.findall(rf'href="({FOLDER}/[^"]+)"', text)
    assert all((path.parent / one).stat().st_size > 0 for one in found)
    names = {one.rpartition(".")[0] for one in found}
    assert sorted(found) == sorted(f"{n}.{kind}" for n in names for kind in KINDS)
    for name in names:
        assert f'id="figure-{name.rpartition("/")[2]}"' in text
    return sorted(name.rpartition("/")[2] for name in names)


def unfold(page: Page, most: int = 10_000) -> None:
    """Open what is folded: all of it, or the first so many."""
    page.evaluate(
        f"[...document.querySelectorAll('details')].slice(0, {most})"
        ".forEach(d => d.open = true)"
    )


def opened(browser: Browser, report: Path, name: str, **options: object) -> Page:
    """Load a page anew: with options in a window of its own, else in the one that is
    there for it, which takes a fraction of the time.
    """
    if options:
        page = browser.new_context(**options).new_page()
    else:
        page = common(browser)
        page.goto("about:blank")
    page.goto((report / f"{name}.html").as_uri())
    return page


@functools.cache
def common(browser: Browser) -> Page:
    """The one page that tests load anew."""
    return browser.new_context().new_page()
