# SPDX-License-Identifier: MIT
"""Forms in which other programs take a run: `--export FORM=FILE`.

The forms are

    sarif         GitHub's code scanning and others, at the lines of a file
    code-quality  GitLab's merge requests
    badge         a drawing (.svg), or what shields.io draws it from (.json)
    markdown      a pull request, or the summary of a pipeline's job
    junit         the tests of any CI server
    csv           every figure of the run, and each pair of a comparison
    perfetto      jobs, phases and memory over time, for ui.perfetto.dev
    pprof         what was lost, by stack, for `go tool pprof`
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from pmm.base.errors import UsageError
from pmm.base.typed_names import unknown
from pmm.documents.run import Run
from pmm.render.badge import badge_json, badge_svg
from pmm.render.code_quality import code_quality_bytes
from pmm.render.figures import csv_of
from pmm.render.markdown import summary
from pmm.render.pprof import pprof_bytes
from pmm.render.sarif import sarif_bytes
from pmm.render.trace_events import trace_bytes
from pmm.store.history import values_of
from pmm.store.junit import junit_bytes
from pmm.store.runs import write_atomically

AT = ",at="
PLACED = ("sarif", "code-quality")
"""Forms whose findings lie at a file."""
HEADS = ("figure", "unit", "exact", "value", "round", "base")


class Export(NamedTuple):
    """One file to write."""

    form: str
    file: Path
    at: str | None
    """The file to which findings belong."""


def rows(run: Run) -> Iterator[tuple[object, ...]]:
    """Return every figure, and the two of each pair."""
    for one in values_of(run):
        yield one.series, one.unit, one.exact, one.value, "", ""
    for row in run.speed.rows if run.speed is not None else ():
        for pair in row.samples:
            name = f"pairs {row.benchmark} {row.figure}"
            yield name, row.unit or "", False, pair.ours, pair.round, pair.theirs


def csv_bytes(run: Run) -> bytes:
    """Return the figures as a table; of a pair, `base` is the other one's."""
    return csv_of(HEADS, rows(run)).encode()


def badge_bytes(run: Run, export: Export) -> bytes:
    """Return the badge in the form that the file's name asks for."""
    return badge_json(run) if export.file.suffix == ".json" else badge_svg(run)


FORMS: dict[str, Callable[[Run, Export], bytes]] = {
    "sarif": lambda run, export: sarif_bytes(run, export.at),
    "code-quality": lambda run, export: code_quality_bytes(run, export.at),
    "badge": badge_bytes,
    "markdown": lambda run, _: summary(run).encode(),
    "junit": lambda run, _: junit_bytes(run),
    "csv": lambda run, _: csv_bytes(run),
    "perfetto": lambda run, _: trace_bytes(run),
    "pprof": lambda run, _: pprof_bytes(run),
}


def export_of(text: str) -> Export:
    """Read `FORM=FILE[,at=FILE]`; raise UsageError for anything else."""
    form, equals, rest = text.partition("=")
    if form not in FORMS:
        raise unknown("form of --export", form, list(FORMS))
    name, mark, at = rest.partition(AT)
    if not equals or not name or (mark and not at):
        raise UsageError(f"--export '{text}': the form is FORM=FILE")
    if mark and form not in PLACED:
        raise UsageError(f"--export '{text}': {form} has no place, leave {AT}… out")
    return Export(form, Path(name), at or None)


def write_exports(run: Run, exports: tuple[Export, ...]) -> None:
    """Write the files; raise PmmError for one that cannot be."""
    for export in exports:
        write_atomically(export.file, FORMS[export.form](run, export))
