# SPDX-License-Identifier: MIT
"""Which name of an earlier run stands for which of this one.

An interpreter is known by its minor version and the marks of its build: an
image that brings 3.11.3 for 3.11.2 has the same column. Of several with the
same minor version the ones whose names are equal belong together, and the
others in the order of their versions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from pmm.base.typed_names import by_number
from pmm.documents.run import Run

INTERPRETER = re.compile(
    r"(cpython-\d+\.\d+)\.\d+[0-9a-z.+]*((?:-debug|-free_threaded)*)(?:-\d+)?"
)
replace = msgspec.structs.replace


def series(name: str) -> str | None:
    """Return `cpython-3.11-debug` for `cpython-3.11.2-debug`; None for others."""
    found = INTERPRETER.fullmatch(name)
    return found.group(1) + found.group(2) if found else None


def interpreters(run: Run) -> set[str]:
    """Return the names of the interpreters in a run's jobs and columns."""
    ids = [*(job.id for job in run.plan), *(column.id for column in run.columns)]
    return {part for one in ids for part in one.split("/") if series(part)}


def counterparts(before: Iterable[str], after: Iterable[str]) -> dict[str, str]:
    """Return earlier name: later name, where the two differ."""
    was, now = ({name for name in names if series(name)} for names in (before, after))
    lines: dict[str | None, list[str]] = {}
    for name in sorted(now - was, key=by_number):
        lines.setdefault(series(name), []).append(name)
    out = {}
    for name in sorted(was - now, key=by_number):
        if waiting := lines.get(series(name)):
            out[name] = waiting.pop(0)
    return out


def translated(path: str, names: Mapping[str, str]) -> str:
    """Put later names into an id."""
    return "/".join(names.get(part, part) for part in path.split("/"))


def renamed(run: Run, names: Mapping[str, str]) -> Run:
    """Return an earlier run with the names that its interpreters bear later."""
    if not names:
        return run

    def later(path: str) -> str:
        return translated(path, names)

    return replace(
        run,
        plan=tuple(replace(one, id=later(one.id)) for one in run.plan),
        results=tuple(replace(one, job=later(one.job)) for one in run.results),
        columns=tuple(replace(one, id=later(one.id)) for one in run.columns),
        cases=tuple(
            replace(one, job=later(one.job), column=later(one.column))
            for one in run.cases
        ),
        work=tuple(replace(one, job=later(one.job)) for one in run.work),
        bench=tuple(replace(one, job=later(one.job)) for one in run.bench),
        leaks=tuple(replace(one, job=later(one.job)) for one in run.leaks),
        leak_tally=tuple(
            replace(one, subject=later(one.subject)) for one in run.leak_tally
        ),
    )
