# SPDX-License-Identifier: MIT
"""Which allocators a run asked, which may be ranked, and where each stands.

1. Asked are the backends of the plan's native jobs: the user's own first.
2. One is ranked when its check ran to the end without a failure, and when each
   benchmark over it kept its own checks and has its witness. Whatever is
   unknown, crashed or failed has no rank, and the reason is said.
3. Places go by the geometric mean of the medians over the benchmarks that all
   ranked ones ran, so that none gains by leaving one out.
4. In each row the fastest of the ranked is the best; one whose fastest
   repetition reaches the best's slowest is not told apart from it.

Pure: the same run gives the same standings, whatever it was stored with.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import geometric_mean
from typing import Literal, NamedTuple

from pmm.base.typed_names import by_number, is_own, is_path
from pmm.collect.conform import BAD
from pmm.documents.jobs import Job
from pmm.documents.programs import BackendEntry
from pmm.documents.results import BenchRow, BenchSummary, CaseResult
from pmm.documents.run import Run
from pmm.documents.standings import Standing, State
from pmm.judge.bench import YARDSTICK

MEASURING = ("bench", "replay", "pattern")
"""Kinds of jobs in which a crash is the allocator's."""
Key = tuple[str, str, str | None]
"""Benchmark, subject, mode: a row of the table."""
Mark = Literal["best", "tied", ""]


class Row(NamedTuple):
    """One benchmark over every allocator, by spec."""

    key: Key
    label: str
    figures: dict[str, BenchRow]
    marks: dict[str, Mark]


class Soundness(NamedTuple):
    """What an allocator's checks came to."""

    state: State
    why: str | None
    passed: int
    failed: tuple[str, ...]


def spec_of(run_jobs: dict[str, Job], row: BenchRow) -> str | None:
    """Return the backend of a figure as it was asked for."""
    job = run_jobs.get(row.job)
    return row.spec or (job.backend if job else None) or row.backend


def entry_of(run: Run, spec: str) -> BackendEntry | None:
    """Return what is known of a backend, None for one that nobody described."""
    for entry in run.backends:
        if (entry.spec or entry.name) == spec:
            return entry
    return None


@dataclass(frozen=True)
class Ranking:
    """The allocators of one run, and what they measured."""

    run: Run

    @cached_property
    def jobs(self) -> dict[str, Job]:
        """The plan by job id."""
        return {job.id: job for job in self.run.plan}

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """The specs that were asked: the user's, then those that ship."""
        native = [
            j.backend for j in self.run.plan
            if j.backend and not j.interpreter
            and (j.place is None or j.place.role == "asked")
        ]  # fmt: skip
        measured = [spec_of(self.jobs, row) for row in self.run.bench]
        found = list(dict.fromkeys(s for s in [*native, *measured] if s))
        shipped = [entry.name for entry in self.run.backends if entry.spec is None]
        known = {name: place for place, name in enumerate(shipped)}
        return tuple(
            sorted(found, key=lambda s: -1 if is_path(s) else known.get(s, len(known)))
        )

    @cached_property
    def labels(self) -> dict[str, str]:
        """What each is called: the name that it declares, told apart."""
        names = {spec: self.declared(spec) for spec in self.asked}
        taken = {name for spec, name in names.items() if not is_path(spec)}
        out: dict[str, str] = {}
        for spec, name in names.items():
            label, number = name, 2
            while label in out.values() or (is_path(spec) and label in taken):
                label, number = f"{name} #{number}", number + 1
            out[spec] = label
        return out

    def declared(self, spec: str) -> str:
        """Return the name that a backend bears."""
        entry = entry_of(self.run, spec)
        if entry is not None:
            return "".join(c if c.isprintable() else "?" for c in entry.name)
        return spec.partition("=")[0].rpartition("/")[2] if is_path(spec) else spec

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The benchmarks in order: area, name, size."""
        found: dict[Key, dict[str, BenchRow]] = {}
        for row in self.run.bench:
            spec = spec_of(self.jobs, row)
            if spec is not None:
                found.setdefault((row.name, row.subject, row.mode), {})[spec] = row
        several = len({key[1:] for key in found}) > 1
        return tuple(
            Row(key, label(key, several), found[key], self.marks(found[key]))
            for key in sorted(found, key=lambda k: (by_number(k[0]), k[1], k[2] or ""))
        )

    def marks(self, figures: dict[str, BenchRow]) -> dict[str, Mark]:
        """Mark the fastest of the ranked, and those not told apart from it."""
        ranked = {
            spec: row.summary
            for spec, row in figures.items()
            if row.summary is not None and self.soundness[spec].state == "ranked"
        }
        if len(ranked) < 2:
            return {}
        best = min(ranked, key=lambda spec: ranked[spec].median_ns)
        reach = ranked[best].max_ns
        tied: dict[str, Mark] = {
            spec: "tied" for spec, one in ranked.items() if one.min_ns <= reach
        }
        return {**tied, best: "best"}

    @cached_property
    def soundness(self) -> dict[str, Soundness]:
        """What the checks of each came to."""
        return {spec: self.judge(spec) for spec in self.asked}

    def judge(self, spec: str) -> Soundness:
        """Say whether one may be ranked, and why not."""
        checks = [
            job for job in self.run.plan
            if job.kind == "backend-check" and job.backend == spec
        ]  # fmt: skip
        ids = {job.id for job in checks}
        cases = [case for case in self.run.cases if case.job in ids]
        passed = sum(case.reported == "PASS" for case in cases)
        failed = tuple(case.id for case in cases if case.reported in BAD)
        if self.is_bound(spec):
            why: str | None = "a bound, not an allocator to rank"
            return Soundness("bound", why, passed, failed)
        why = self.fault(spec, cases, ids)
        if why is not None:
            return Soundness("unsound", why, passed, failed)
        why = self.doubt(ids, passed)
        state: State = "ranked" if why is None else "unchecked"
        return Soundness(state, why, passed, failed)

    def is_bound(self, spec: str) -> bool:
        """Tell whether a backend is a bound, by its own word."""
        entry = entry_of(self.run, spec)
        return entry is not None and entry.is_bound

    def fault(
        self, spec: str, cases: Sequence[CaseResult], checks: set[str]
    ) -> str | None:
        """Return what is wrong with an allocator; None when nothing is known."""
        entry = entry_of(self.run, spec)
        if entry is not None and not entry.available and entry.reason:
            return entry.reason
        failed = [case.id for case in cases if case.reported in BAD]
        if failed:
            more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
            return f"fails {failed[0]}{more}"
        for result in self.run.results:
            job = self.jobs.get(result.job)
            mine = job is not None and job.backend == spec and not job.interpreter
            measures = result.job in checks or (
                job is not None and job.kind in MEASURING
            )
            if mine and measures and result.status in ("crash", "timeout"):
                return f"{result.job}: {result.reason}"
        for row in self.run.bench:
            if spec_of(self.jobs, row) == spec:
                if row.error is not None:
                    return f"fails {row.name}: {row.error}"
                if row.witness_ok is False:
                    return f"no witness: {row.witness_object or 'unknown file'} served"
        return None

    def doubt(self, checks: set[str], passed: int) -> str | None:
        """Return why a check says nothing; None when it ran to its end."""
        ended = [one for one in self.run.results if one.job in checks]
        if not ended:
            return "not checked"
        bad = next((one for one in ended if one.status != "ok"), None)
        if bad is not None:
            return f"not checked: {bad.reason or bad.status}"
        return None if passed else "not checked: no case applied"

    @cached_property
    def ranked(self) -> tuple[str, ...]:
        """The specs that are ranked and measured something."""
        measured = {spec for row in self.rows for spec in row.figures}
        return tuple(
            spec for spec in self.asked
            if spec in measured and self.soundness[spec].state == "ranked"
        )  # fmt: skip

    def shared(self, rows: Iterable[Row]) -> list[Row]:
        """Return the rows that all ranked ones have a figure in."""
        return [
            row for row in rows
            if all(positive(row.figures.get(spec)) for spec in self.ranked)
        ]  # fmt: skip

    def places(self, rows: Iterable[Row]) -> dict[str, int]:
        """Return the places of the ranked over some rows, 1 the fastest."""
        common = self.shared(rows)
        if not common or len(self.ranked) < 2:
            return {}
        means = {
            spec: geometric_mean(median(row.figures[spec]) for row in common)
            for spec in self.ranked
        }
        order = sorted(means, key=means.__getitem__)
        return {spec: place for place, spec in enumerate(order, 1)}

    def mean(self, spec: str, rows: Iterable[Row]) -> tuple[float, float, float] | None:
        """Return a ranked one's mean ratio over the shared rows, and its bounds."""
        if spec not in self.ranked:
            return None
        found = [ratios(row.figures[spec]) for row in self.shared(rows)]
        whole = [one for one in found if one is not None]
        if not whole or len(whole) < len(found):
            return None
        middle, low, high = (geometric_mean(part) for part in zip(*whole, strict=True))
        return middle, low, high

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The specs as tables show them: the user's, the ranked by place, the rest."""
        places = self.places(self.rows)
        states = ("ranked", "unsound", "unchecked", "bound")

        def key(spec: str) -> tuple[bool, int, int]:
            state = states.index(self.soundness[spec].state)
            return not is_own(spec), state, places.get(spec, len(places))

        return tuple(sorted(self.asked, key=key))

    @cached_property
    def standings(self) -> tuple[Standing, ...]:
        """All of it, for the document."""
        places = self.places(self.rows)
        return tuple(self.standing(spec, places.get(spec)) for spec in self.columns)

    def standing(self, spec: str, place: int | None) -> Standing:
        """Gather what was found of one allocator."""
        sound = self.soundness[spec]
        figures = [r.figures[spec] for r in self.rows if spec in r.figures]
        marks = [row.marks.get(spec, "") for row in self.rows]
        shared = len(self.shared(self.rows)) if spec in self.ranked else 0
        middle, low, high = self.mean(spec, self.rows) or (None, None, None)
        return Standing(
            spec=spec, label=self.labels[spec], state=sound.state, why=sound.why,
            passed=sound.passed, failed=sound.failed,
            figures=sum(row.summary is not None for row in figures),
            witnessed=sum(
                row.witness_ok is True for row in figures if row.summary is not None
            ),
            place=place, shared=shared, mean=middle, mean_low=low, mean_high=high,
            best=marks.count("best"), tied=marks.count("tied"),
        )  # fmt: skip


def label(key: Key, several: bool) -> str:
    """Name a row; with its subject and mode where there is more than one."""
    name, subject, mode = key
    return f"{name} on {subject} {mode or ''}".rstrip() if several else name


def positive(row: BenchRow | None) -> BenchSummary | None:
    """Return a figure that a mean can take in."""
    summary = row.summary if row is not None else None
    return summary if summary is not None and summary.median_ns > 0 else None


def median(row: BenchRow) -> float:
    """Return a figure's median; the caller knows that there is one."""
    summary = positive(row)
    return summary.median_ns if summary is not None else float("nan")


def ratios(row: BenchRow) -> tuple[float, float, float] | None:
    """Return a figure's ratio to the yardstick and its bounds."""
    one = row.summary
    if one is None or not (one.ratio and one.ratio_low and one.ratio_high):
        return None
    return one.ratio, one.ratio_low, one.ratio_high


def yardstick_of(run: Run) -> str | None:
    """Return what the ratios of a run are to."""
    found = {r.summary.yardstick for r in run.bench if r.summary}
    return YARDSTICK if YARDSTICK in found else None


def ordinal(place: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th."""
    ends = {1: "st", 2: "nd", 3: "rd"}
    end = "th" if place % 100 in (11, 12, 13) else ends.get(place % 10, "th")
    return f"{place}{end}"
