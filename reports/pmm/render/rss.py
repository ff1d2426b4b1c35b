# SPDX-License-Identifier: MIT
"""`pmm rss` for people: a page by itself, a summary in Markdown, the series as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from pmm.base.formatting import State, size, times
from pmm.documents.rss import PARTS, WORDS, RssProcess, RssReport, Sample
from pmm.judge.rss import overhead
from pmm.render.figures import Figure, csv_of
from pmm.render.markdown import table, text
from pmm.render.standalone import Page, illustrated, made_by

PAGE = "rss.html"
MIB = 1 << 20
DRAWN = 240
"""Samples that a drawing shows; the data has all."""
VERDICTS = {
    "leak": State("✗", "a leak", "bad"),
    "cycles": State("✗", "cycles", "bad"),
    "retention": State("!", "retention", "warn"),
    "flat": State("✓", "flat", "good"),
    "unknown": State("?", "no verdict", "mute"),
}


def rows_of(process: RssProcess) -> list[dict[str, Any]]:
    """Return the parts of each sample for a drawing."""
    step = len(process.samples) // DRAWN + 1
    last = len(process.samples) - 1
    chosen = {*range(0, last, step), process.samples.index(highest(process)), last}
    kept = [process.samples[at] for at in sorted(chosen)]
    return [
        {"t_s": one.at_s, "name": WORDS[name], "place": place,
         "mib": getattr(one.parts, name) / MIB}
        for one in kept for place, name in enumerate(PARTS)
        if name in drawn(process)
    ]  # fmt: skip


def drawn(process: RssProcess) -> list[str]:
    """Return the parts that ever have something."""
    return [
        name for name in PARTS
        if any(getattr(one.parts, name) for one in process.samples)
    ]  # fmt: skip


def highest(process: RssProcess) -> Sample:
    """Return the sample with most memory, the first of them."""
    return max(process.samples, key=lambda one: one.rss)


def figures(process: RssProcess) -> list[tuple[str, int, int, int, int]]:
    """Return each part at the start, at the peak, at its most and at the end."""
    first, last = process.samples[0].parts, process.samples[-1].parts
    top = highest(process).parts
    return [
        (WORDS[name], getattr(first, name), getattr(top, name),
         max(getattr(one.parts, name) for one in process.samples), getattr(last, name))
        for name in PARTS
    ]  # fmt: skip


def drawing(process: RssProcess) -> str:
    """Draw the parts over time."""
    from pmm.render import areas  # noqa: PLC0415 - charts take a second to load

    names = [WORDS[name] for name in drawn(process)]
    top = highest(process)
    peak = {"t_s": top.at_s, "mib": top.rss / MIB, "label": f"peak: {size(top.rss)}"}
    return areas.stacked(
        rows_of(process), y="mib", y_title="MiB", names=names, peak=peak,
        places={WORDS[name]: place for place, name in enumerate(PARTS)},
    )  # fmt: skip


def figure(report: RssReport) -> Figure:
    """Return the drawing of the largest process, with all of its samples."""
    main = report.processes[0]
    heads = ("at_s", "rss", *PARTS)
    rows = ((one.at_s, one.rss, *(getattr(one.parts, name) for name in PARTS))
            for one in main.samples)  # fmt: skip
    return Figure(
        "rss-parts", f"Resident memory by part over time: {main.command}",
        drawing(main), csv_of(heads, rows), f"Python {main.python}",
    )  # fmt: skip


def page(report: RssReport) -> Page:
    """Return the page, which needs nothing else, and its figure to take away."""
    main = report.processes[0]
    top = highest(main)
    largest = max(PARTS, key=lambda name: getattr(top.parts, name))
    drawn = figure(report)
    return illustrated(
        PAGE, made_by("rss", report.created), [drawn], report=report, main=main,
        verdicts=VERDICTS, drawn=drawn, figures=figures(main),
        overhead=overhead(main), peak=top, largest=WORDS[largest],
    )  # fmt: skip


def row_of(process: RssProcess, one: Sample) -> list[object]:
    """Return a sample as a row."""
    parts = [getattr(one.parts, name) for name in PARTS]
    return [process.pid, f"{one.at_s:.3f}", one.rss, *parts, one.blocks, *one.waiting,
            one.modules, one.mapped]  # fmt: skip


def series(report: RssReport) -> str:
    """Return all samples as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["pid", "at_s", "rss", *PARTS, "blocks",
                     "waiting_0", "waiting_1", "waiting_2", "modules",
                     "mapped"])  # fmt: skip
    for process in report.processes:
        writer.writerows(row_of(process, one) for one in process.samples)
    return out.getvalue()


def summary(report: RssReport) -> str:
    """Return the report in Markdown, for a pull request."""
    return "\n".join(lines(report)) + "\n"


def lines(report: RssReport) -> Iterator[str]:
    """Yield the lines of the summary."""
    main = report.processes[0]
    yield f"## {VERDICTS[main.verdict].glyph} {text(main.sentence)}"
    yield ""
    yield text(report.program)
    yield ""
    for one in main.evidence:
        yield f"- {text(one)}"
    if main.remedy:
        yield f"- **What gives it back:** {text(main.remedy)}"
    yield ""
    yield from table(
        ("part", "start", "at the peak", "most", "end"),
        ((name, *map(size, sizes)) for name, *sizes in figures(main)),
    )
    ratio = overhead(main)
    if ratio is not None:
        yield ""
        yield f"Measuring took at most {text(times(ratio))} of the program's own time."
