# SPDX-License-Identifier: MIT
"""Whole programs of a ranking, in per cent of the interpreter's own allocator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pmm.base.formatting import DASH, duration, plural, size
from pmm.documents.rank import RankCell, RankPrograms
from pmm.documents.run import Run
from pmm.render.rank_figures import labels_of, percent_of


def per_cent(one: RankCell, first: bool) -> str:
    """Write a cell: how much more or less time than the interpreter's own."""
    if one.why is not None:
        return "failed"
    if one.ratio is None or one.middle is None:
        return DASH
    if first:
        return duration(one.middle)
    found = f"{100 * (one.ratio - 1):+.1f} %"
    if one.low is None or one.high is None:
        return found
    return f"{found} ({100 * (one.low - 1):+.1f} to {100 * (one.high - 1):+.1f})"


def program_rows(found: RankPrograms) -> list[tuple[str, list[str]]]:
    """Return the rows of the table of times, the mean last."""
    order = [one.name for one in found.settings]
    lines = [(row.name, row.cells) for row in found.rows]
    lines += [("mean", found.mean.cells)] if found.mean is not None else []
    out = []
    for name, cells in lines:
        by_name = {one.spec: one for one in cells}
        out.append((name, [
            per_cent(by_name[key], key == order[0]) if key in by_name else DASH
            for key in order
        ]))  # fmt: skip
    return out


def program_words(run: Run) -> Iterator[str]:
    """Explain the figures: what they are, the noise, who is not there."""
    found = run.rank.programs if run.rank is not None else None
    if found is None:
        return
    labels = labels_of(run)
    own = found.settings[0].name
    yield (
        f"Processor time of whole programs under {found.python}: of {own} itself, the "
        "others in per cent more or less, in brackets the exact 95 % interval over "
        f"{plural(len(found.rows[0].cells[0].values), 'round')}."
    )
    mean = found.mean
    if mean is not None and mean.again is not None:
        yield (
            f"Noise floor: {own} against itself is "
            f"{per_cent(mean.again, first=False)}; a mean within "
            f"{percent_of(mean.floor)} says nothing."
        )
    for one in found.settings:
        if one.why is not None:
            yield f"{one.name} has no figures: {one.why}."
    for row in found.rows:
        for cell in row.cells:
            known = next(s.why for s in found.settings if s.name == cell.spec)
            if cell.why is not None and known is None:
                yield f"FAILED: {cell.spec} in {row.name}: {cell.why}."
    for spec, why in found.absent:
        yield f"Not offered: {labels.get(spec, spec)}: {why}."


def page_values(run: Run) -> dict[str, Any] | None:
    """Values of the page's section; None where no program ran."""
    found = run.rank.programs if run.rank is not None else None
    if found is None:
        return None
    return {
        "words": list(program_words(run)),
        "heads": [one.name for one in found.settings],
        "times": program_rows(found),
        "memory": [
            (row.name, [size(row.peak_rss_bytes.get(one.name))
                        for one in found.settings])
            for row in found.rows
        ],
        "settings": [
            (one.name, f"{' '.join(one.variables) or 'as it is'}; malloc is served by "
             f"{one.served_by or 'an unknown file'}")
            for one in found.settings
        ],
    }  # fmt: skip
