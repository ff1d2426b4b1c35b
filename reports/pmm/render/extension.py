# SPDX-License-Identifier: MIT
"""`pmm check-extension` for people: a page by itself, and a summary in Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pmm.base.formatting import STATES, State
from pmm.documents.extension import CHECKS, ExtensionRun, Finding, TypeResult
from pmm.judge.extension import failing, sentence
from pmm.render.figures import Figure, csv_of
from pmm.render.markdown import code, table, text
from pmm.render.standalone import Page, illustrated, made_by

PAGE = "extension.html"
DRAWN = 40
"""Types in the drawing; the table has all."""
NOT_RUN = "not run"


class Told(NamedTuple):
    """A finding with where it belongs."""

    kind: TypeResult
    check: str
    finding: Finding


class Row(NamedTuple):
    """A type and the state of each check; None: it was not run."""

    kind: TypeResult
    states: list[State | None]


def checks_of(run: ExtensionRun) -> list[str]:
    """Return the checks that any type had, in order."""
    had = {check.name for kind in run.types for check in kind.checks}
    return [name for name in CHECKS if name in had]


def rows(run: ExtensionRun) -> list[Row]:
    """Return a row a type that was made."""
    names = checks_of(run)
    made = []
    for kind in run.types:
        found = {check.name: STATES[check.outcome] for check in kind.checks}
        if kind.call is not None or kind.findings:
            made.append(Row(kind, [found.get(name) for name in names]))
    return made


def unmade(run: ExtensionRun) -> list[tuple[str, str]]:
    """Return the types of which nothing could be made, and why."""
    return [
        (kind.name, kind.checks[0].reason or "")
        for kind in run.types
        if kind.call is None and not kind.findings
    ]


def told(run: ExtensionRun) -> list[Told]:
    """Return the findings in the order of the rows."""
    return [Told(kind, check.name, one) for kind, check, one in run.findings]


def notes(run: ExtensionRun) -> list[tuple[str, str, str]]:
    """Return what explains: type, check, text."""
    return [
        (kind.name, check.name, note)
        for kind in run.types
        for check in kind.checks
        for note in check.notes
    ]


def drawing(names: list[str], found: list[Row]) -> str:
    """Draw what became of each check of each type."""
    from pmm.render import own_charts  # noqa: PLC0415 - charts take a second to load

    cells = [
        {"name": row.kind.name, "column": name, "glyph": state.glyph,
         "tone": state.tone}
        for row in found
        for name, state in zip(names, row.states, strict=True)
        if state is not None
    ]  # fmt: skip
    return own_charts.matrix(
        cells, names=[row.kind.name for row in found], columns=names
    )


def figure(run: ExtensionRun) -> Figure | None:
    """Return the matrix of types and checks; None where no type was made."""
    names, found = checks_of(run), rows(run)
    if not found:
        return None
    numbers = (
        (row.kind.name, *(one.word if one else NOT_RUN for one in row.states))
        for row in found
    )
    return Figure(
        "extension-checks", f"Types of {run.target}, and what became of each check",
        drawing(names, found[:DRAWN]), csv_of(("type", *names), numbers),
        f"CPython {run.python}",
    )  # fmt: skip


def page(run: ExtensionRun) -> Page:
    """Return the page, which needs nothing else, and its figure to take away."""
    drawn = figure(run)
    return illustrated(
        PAGE, made_by("check-extension", run.created), [drawn] if drawn else [],
        run=run, sentence=sentence(run), fails=bool(failing(run)),
        checks=[(name, CHECKS[name]) for name in checks_of(run)], rows=rows(run),
        unmade=unmade(run), told=told(run), notes=notes(run), drawn=drawn, most=DRAWN,
    )  # fmt: skip


def summary(run: ExtensionRun) -> str:
    """Return the run in Markdown, for a pull request."""
    return "\n".join(lines(run)) + "\n"


def lines(run: ExtensionRun) -> Iterator[str]:
    """Yield the lines of the summary."""
    glyph = "❌" if failing(run) or run.problems else "✅"
    yield f"## {glyph} {text(sentence(run))}"
    yield ""
    yield text(f"CPython {run.python}; {run.command}")
    yield ""
    names = checks_of(run)
    yield from table(
        ["type", *names],
        [
            [row.kind.name, *(one.glyph if one else "" for one in row.states)]
            for row in rows(run)
        ],
    )
    for kind, check, one in told(run):
        yield ""
        yield f"- **{text(f'{kind.name}, {check}')}**: {text(one.message)}"
        if one.function:
            yield f"  in {text(one.function)}"
        yield ""
        yield from code(one.script, "python")
    for problem in run.problems:
        yield f"- {text(problem)}"
