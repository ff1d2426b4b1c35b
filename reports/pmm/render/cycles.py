# SPDX-License-Identifier: MIT
"""`pmm cycles` for people: a page by itself, and a summary in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pmm.base.formatting import plural, size, times
from pmm.documents.cycles import CycleGroup, CycleReport
from pmm.judge.cycles import computed, findings, has_new, overhead, sentence
from pmm.render.figures import Figure, csv_of
from pmm.render.markdown import code, table, text
from pmm.render.standalone import Page, illustrated, made_by

PAGE = "cycles.html"
SHOWN = 20
DRAWN = 12
"""Shapes in the drawing; the table has all."""
PARTS = ("in the cycles", "held by them alone")
KIB = 1024


def owner_of(group: CycleGroup) -> str:
    """Say whose a group is."""
    words = {"yours": "yours", "stdlib": "the standard library",
             "unknown": "types in C only"}  # fmt: skip
    return words.get(group.owner, f"package {group.package}")


def explained(report: CycleReport) -> list[CycleGroup]:
    """Return the groups that nobody is accused of."""
    return [one for one in report.groups if one.explained is not None]


def drawing(found: Sequence[CycleGroup]) -> str:
    """Draw the bytes of each shape: of its cycles, and of what hangs on them."""
    from pmm.render import own_charts  # noqa: PLC0415 - charts take a second to load

    rows = [
        {"row": f"{number}. {one.kind}", "name": name, "place": place,
         "kib": size_bytes / KIB}
        for number, one in enumerate(found[:DRAWN], 1)
        for place, (name, size_bytes) in enumerate(
            zip(PARTS, (one.bytes, one.held_bytes), strict=True)
        )
    ]  # fmt: skip
    return own_charts.stacked_bars(rows, value="kib", title="KiB", names=PARTS)


def figure(report: CycleReport) -> Figure | None:
    """Return the drawing with the figures of every finding; None where none is."""
    found = findings(report.groups)
    if not found:
        return None
    heads = ("cycle", "way", "whose", "cycles", "objects", "bytes", "held_objects",
             "held_bytes")  # fmt: skip
    rows = ((one.kind, one.way, owner_of(one), one.cycles, one.objects, one.bytes,
             one.held_objects, one.held_bytes) for one in found)  # fmt: skip
    pythons = sorted({one.python for one in report.processes})
    return Figure(
        "cycles-bytes", f"Memory that only the collector could free: {report.program}",
        drawing(found), csv_of(heads, rows), f"Python {', '.join(pythons)}",
    )  # fmt: skip


def page(report: CycleReport) -> Page:
    """Return the page, which needs nothing else, and its figure to take away."""
    drawn = figure(report)
    return illustrated(
        PAGE, made_by("cycles", report.created), [drawn] if drawn else [],
        report=report, sentence=sentence(report), found=findings(report.groups),
        explained=explained(report), owner_of=owner_of, overhead=overhead(report),
        computed=computed(report), bad=has_new(report), drawn=drawn, most=DRAWN,
    )  # fmt: skip


def summary(report: CycleReport) -> str:
    """Return the report in Markdown, for a pull request."""
    return "\n".join(lines(report)) + "\n"


def lines(report: CycleReport) -> Iterator[str]:
    """Yield the lines of the summary."""
    found = findings(report.groups)
    good = not has_new(report) if report.baseline is not None else not found
    yield f"## {'✅' if good else '❌'} {text(sentence(report))}"
    yield ""
    yield text(report.program)
    yield ""
    if found:
        yield from table(
            ("cycle", "whose", "cycles", "objects", "bytes", "new"),
            (
                (one.kind, owner_of(one), one.cycles, one.objects + one.held_objects,
                 size(one.bytes + one.held_bytes), "new" if one.new else "")
                for one in found[:SHOWN]
            ),
        )  # fmt: skip
        yield ""
    for one in [one for one in found if one.new or report.baseline is None][:SHOWN]:
        yield f"- **{text(one.kind)}**: {text(one.advice)}"
        yield ""
        yield from (f"  {line}" for line in code(one.way, "text"))
        yield ""
    if len(found) > SHOWN:
        yield f"… and {plural(len(found) - SHOWN, 'shape')} more."
    ratio = overhead(report)
    if ratio is not None:
        yield f"The program took {text(times(ratio))} of its own time."
