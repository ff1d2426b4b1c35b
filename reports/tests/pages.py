# SPDX-License-Identifier: MIT
"""The sample's report, opened in a real browser."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from sample import build_sample

from pmm.documents.run import Run
from pmm.render.site import render

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


def opened(browser: Browser, report: Path, name: str, **options: object) -> Page:
    page = browser.new_context(**options).new_page()
    page.goto((report / f"{name}.html").as_uri())
    return page
