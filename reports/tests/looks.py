# SPDX-License-Identifier: MIT
"""How a page looks to axe: in both themes, at three widths."""

from __future__ import annotations

from itertools import product

from axe_playwright_python.sync_playwright import Axe
from pages import unfold
from playwright.sync_api import Page

THEMES = ("light", "dark")
WIDTHS = (320, 768, 1280)
LOOKS = tuple(product(THEMES, WIDTHS))
DRAWINGS = {"exclude": [[".chart svg"]]}
"""Each is one picture with a label; what is inside is hidden from readers."""
QUICKLY = {"resultTypes": ["violations"], "selectors": False, "iframes": False}
"""Neither what is right nor where it stands is told: that takes most of the time."""


def violations(
    page: Page, theme: str, width: int, most: int = 10_000
) -> dict[str, list[str]]:
    """What axe finds on a page that is open, by rule, with the first so many of its
    folds open.
    """
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    unfold(page, most)
    found = Axe().run(page, DRAWINGS, QUICKLY).response["violations"]
    return {
        one["id"]: [node["html"][:120] for node in one["nodes"]][:3] for one in found
    }


FOCUSABLE = "a[href], button, input, summary, [tabindex='0']"


def stops(page: Page) -> tuple[int, int]:
    """How many stops the keyboard makes until it is out of the page, and how many
    there are; a group of radio buttons is one.
    """
    there: int = page.evaluate(f"""
      [...document.querySelectorAll("{FOCUSABLE}")].filter(
        (one) => one.checkVisibility() && !(one.type === "radio" && !one.checked)
      ).length
    """)
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0); 0")
    reached = 0
    for _ in range(there + 10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        reached += 1
    return reached, there
