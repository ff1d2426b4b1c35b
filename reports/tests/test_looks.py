# SPDX-License-Identifier: MIT
"""Every page of runs that were made, in each theme and width: axe, widths, keyboard.

One run is right and has nearly all pages; one has an allocator that loses bytes, over
which lists crash. Both are small. It takes minutes (most of them axe's, on contrast);
test_render.py looks at each page once, in one look.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from compiled import SOURCES, compiled, need_build, pmm
from looks import LOOKS, stops, violations
from pages import watched

pytestmark = pytest.mark.long
LISTS = (
    "run", "--profile", "quick", "--only", "conform", "--only", "work", "--case",
    "lst.*", "--workload", "list_vs_generator", "--workload", "sparse", "--subject",
    "reference", "--backend", "libc", "--backend",
)  # fmt: skip
RUNS = {"right": (0, ("run", "--profile", "smoke")), "wrong": (3, LISTS)}
"""The exit code and the command."""


@pytest.fixture(scope="module", params=RUNS)
def made(request, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a real run."""
    need_build()
    code, words = RUNS[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    if code:
        lossy = compiled(SOURCES / "lossy.c", folder / "lossy.so")
        words = (*words, f"lossy={lossy},prefix=lossy_")
    done = pmm(*words, "--out", folder / "report")
    assert done.returncode == code, done.stdout
    return folder / "report"


def test_no_page_has_a_violation_or_is_too_wide(window, made):
    found: dict[tuple[str, str, int], object] = {}
    for path in sorted(made.glob("*.html")):
        seen = watched(window, path)
        for theme, width in LOOKS:
            rules = violations(seen.page, theme, width)
            wide = seen.page.evaluate("document.documentElement.scrollWidth")
            if rules or wide > width:
                found[path.stem, theme, width] = rules, wide
        assert seen.said == []
        seen.page.close()
    assert found == {}


def test_the_keyboard_goes_through_every_page(window, made):
    for path in sorted(made.glob("*.html")):
        seen = watched(window, path)
        reached, there = stops(seen.page)
        assert reached == there, path.name
        seen.page.close()
