# SPDX-License-Identifier: MIT
"""SIZ-006: the report prints the sizes of a, b and a + b, and judges the article."""

from __future__ import annotations

import html
import re
from pathlib import Path

import msgspec
import pytest
from real import native, twin
from sample import build_sample

from pmm.documents.results import WorkResult
from pmm.documents.run import Run
from pmm.judge.list_sizes import PRINTED, VARIANT, measured_sizes
from pmm.render.site import render

MILLION = 1_000_000


@pytest.fixture(scope="module")
def measured() -> list[WorkResult]:
    """The example on this interpreter and, where it is built, on the reference."""
    found = [twin("articles", "--variant", VARIANT), native("list_concat")]
    return [result for result in found if result is not None]


def run_of(work: list[WorkResult]) -> Run:
    return msgspec.structs.replace(build_sample(), work=tuple(work))


def page_of(work: list[WorkResult], folder: Path) -> str:
    """The text of the claims page, blanks made one."""
    path = render(run_of(work), folder / "out").parent / "claims.html"
    text = re.sub(r"<style>.*?</style>|<script>.*?</script>|<[^>]+>", " ",
                  path.read_text(encoding="utf-8"), flags=re.DOTALL)  # fmt: skip
    return re.sub(r"\s+", " ", html.unescape(text))


def changed(result: WorkResult, **figures: int) -> WorkResult:
    """The same document with other figures."""
    (variant,) = result.document.variants
    rows = tuple(
        msgspec.structs.replace(f, value=figures.get(f.name, f.value))
        for f in variant.figures
    )
    variant = msgspec.structs.replace(variant, figures=rows)
    document = msgspec.structs.replace(result.document, variants=(variant,))
    return msgspec.structs.replace(result, document=document)


def test_sizes_of_a_b_and_a_plus_b_stand_beside_computed_expectations(
    measured, tmp_path
):
    page = page_of(measured, tmp_path)
    for result, sizes in measured_sizes(measured):
        assert result.document.subject_version in page
        assert sizes.agrees
        assert sizes.saved == sizes.head
        for one in sizes.lists:
            computed = sizes.head + sizes.pointer * one.items
            assert one.measured == computed
            assert (
                f"{computed:,} = {sizes.head} + {sizes.pointer} × {one.items:,}"
            ) in page
    assert len(measured_sizes(measured)) == len(measured)
    assert "mismatch" not in page


def test_the_articles_figures_are_marked_false(measured, tmp_path):
    page = page_of(measured, tmp_path)
    said = " ".join(f"{PRINTED[name]:,} ✗ false" for name in "abc")
    more = "c takes more memory than the sum of a and b ✗ false"
    assert f"Article 1 prints – {said} {more}" in page
    for _, sizes in measured_sizes(measured):
        assert [one.measured for one in sizes.lists] != list(PRINTED.values())
        assert sizes.c.measured < sizes.a.measured + sizes.b.measured


@pytest.mark.parametrize("figure", ["a_bytes", "b_bytes", "c_bytes"])
def test_a_size_that_deviates_is_a_mismatch(measured, tmp_path, figure):
    (_, sizes), *_ = measured_sizes(measured)
    other = sizes.lists["abc".index(figure[0])].measured + 64
    page = page_of([changed(measured[0], **{figure: other}), *measured[1:]], tmp_path)
    assert f"{other:,} ✗ mismatch computed {other - 64:,}" in page
    assert f"✗ mismatch 1 row of {len(measured)} reports a size that differs" in page
    assert "not one list head" in page


def test_a_length_that_deviates_is_a_mismatch(measured):
    ((_, sizes),) = measured_sizes([changed(measured[0], c_items=MILLION)])
    assert not sizes.agrees


def test_an_article_that_were_right_would_be_marked_true(measured, tmp_path):
    told = {f"{name}_bytes": value for name, value in PRINTED.items()}
    page = page_of([changed(measured[0], **told)], tmp_path)
    said = " ".join(f"{value:,} ✓ true" for value in PRINTED.values())
    assert f"Article 1 prints – {said}" in page


def test_other_lengths_say_nothing_of_the_articles_figures(tmp_path):
    result = native("list_concat", "--set", "items=10")
    if result is None:
        pytest.skip("nothing is built in build/")
    page = page_of([result], tmp_path)
    assert "136 = 56 + 8 × 10" in page
    assert "Article 1 prints" not in page
