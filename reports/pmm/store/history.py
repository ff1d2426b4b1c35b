# SPDX-License-Identifier: MIT
"""The history of many runs: a SQLite file, made of run.json files, never the truth.

    run     one stored run: id, when, commit, the kind of machine it was made on
    series  one figure that runs have in common: its name, its unit, whether exact
    point   the value of a series in a run

The file can be deleted and made again at any time (`pmm history add`). A run that
is added twice is there once. Series of different kinds of machines are kept apart,
and only exact figures go over machines.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median

from pmm.base.errors import PmmError
from pmm.documents.history import Entry, Listed, Point, Series, Value
from pmm.documents.jobs import Environment
from pmm.documents.run import Run

FILE = "history.sqlite"
VERSION = 1
COUNTERS = ("allocations", "requested_bytes", "peak_bytes", "collections")
TABLES = """
create table run (
  id integer primary key, name text not null, machine text not null,
  created text not null, commit_id text, verdict text, unique (name, machine));
create table series (
  id integer primary key, name text not null unique, unit text, exact integer not null);
create table point (
  series integer not null references series, run integer not null references run,
  value real not null, primary key (series, run)) without rowid;
"""


def machine_of(environment: Environment) -> str:
    """Return the kind of machine and build that times may be set side by side on."""
    parts = (
        environment.cpu, f"{environment.cpu_count} cores", environment.system,
        environment.compiler, environment.flags,
    )  # fmt: skip
    return ", ".join(part or "unknown" for part in parts)


def values_of(run: Run) -> Iterator[Value]:
    """Return the figures of a run that have a history."""
    own = {column.id for column in run.columns if column.attach == "own"}
    for case in run.cases:
        if case.counters is None or case.outcome != "PASS" or case.column in own:
            continue
        for name in set(COUNTERS) - set(case.inexact or ()):
            value = getattr(case.counters, name, None)
            if value is not None:
                unit = "bytes" if name.endswith("_bytes") else "count"
                yield Value(f"{case.column} {case.id} {name}", unit, True, value)
    for work in run.work:
        for variant in work.document.variants:
            for figure in variant.figures:
                if figure.value is not None:
                    name = f"{work.job} {variant.name} {figure.name}"
                    yield Value(name, figure.unit, figure.exact, figure.value)
    for row in run.bench:
        if row.repetitions and row.error is None:
            time = median(one.cpu_ns for one in row.repetitions)
            yield Value(f"{row.job} {row.name}", "ns", False, time)


def entry_of(run: Run) -> Entry:
    """Return what the history keeps of a run."""
    return Entry(
        name=run.id,
        machine=machine_of(run.environment),
        created=run.created,
        commit=run.environment.commit,
        verdict=run.verdict.state,
        values=tuple(values_of(run)),
    )


@contextmanager
def opened(path: Path, make: bool = True) -> Iterator[sqlite3.Connection]:
    """Open a history; make one where there is none and one is wanted."""
    if not make and not path.is_file():
        raise PmmError(f"there is no history in {path}: pmm history add")
    try:
        with closing(sqlite3.connect(path)) as base:
            (version,) = base.execute("pragma user_version").fetchone()
            if version == 0:
                base.executescript(TABLES)
                base.execute(f"pragma user_version = {VERSION}")
            elif version != VERSION:
                raise PmmError(
                    f"{path} is of another version of pmm: delete it, and make it anew "
                    "with pmm history add"
                )
            with base:
                yield base
    except sqlite3.Error as error:
        raise PmmError(
            f"the history {path} cannot be used: {error}; it can be deleted, and made "
            "anew with pmm history add"
        ) from error


def add(base: sqlite3.Connection, entries: Iterable[Entry]) -> int:
    """Add runs; return how many were not there."""
    fresh = 0
    for one in entries:
        row = (one.name, one.machine, one.created, one.commit, one.verdict)
        made = base.execute(
            "insert or ignore into run (name, machine, created, commit_id, verdict) "
            "values (?, ?, ?, ?, ?)", row,
        )  # fmt: skip
        fresh += made.rowcount
        if made.rowcount:
            add_values(base, made.lastrowid, one.values)
    return fresh


def add_values(
    base: sqlite3.Connection, run: int | None, values: Iterable[Value]
) -> None:
    """Add the figures of one run."""
    values = tuple(values)
    base.executemany(
        "insert or ignore into series (name, unit, exact) values (?, ?, ?)",
        ((one.series, one.unit, one.exact) for one in values),
    )
    base.executemany(
        "insert or ignore into point (series, run, value) "
        "select id, ?, ? from series where name = ?",
        ((run, one.value, one.series) for one in values),
    )


def listed(base: sqlite3.Connection, glob: str = "*") -> list[Listed]:
    """Return the series whose names match, without their points.

    One walk over the points, which lie by series: a million take a second.
    """
    rows = base.execute(
        "select name, unit, exact, runs, least, most from series join ("
        " select series, count(*) as runs, min(value) as least, max(value) as most"
        " from point group by series) on series = series.id "
        "where name glob ? order by name",
        (glob,),
    )
    return [
        Listed(name, unit, bool(exact), runs, least, most)
        for name, unit, exact, runs, least, most in rows
    ]


def all_series(base: sqlite3.Connection, glob: str = "*") -> Iterator[Series]:
    """Return the series whose names match, each by kind of machine."""
    rows = base.execute(
        "select series.name, unit, exact, machine, run.name, created, commit_id, value "
        "from point join series on series.id = series join run on run.id = run "
        "where series.name glob ? order by series.name, machine, created, run.id",
        (glob,),
    )
    key: tuple[str, str, bool, str] | None = None
    points: list[Point] = []
    for name, unit, exact, machine, run, created, commit, value in rows:
        this = (name, unit, bool(exact), machine)
        if key is not None and this != key:
            yield Series(*key, tuple(points))
            points = []
        key = this
        points.append(Point(run, created, commit, value))
    if key is not None:
        yield Series(*key, tuple(points))
