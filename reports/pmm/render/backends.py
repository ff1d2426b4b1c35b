# SPDX-License-Identifier: MIT
"""Which allocator is faster at what, and may it be ranked at all?"""

from __future__ import annotations

from typing import Any, NamedTuple

from pmm import words
from pmm.documents import BenchRow, Column, Run
from pmm.programs import BackendEntry
from pmm.render import charts, memory

BOUNDS = {"null", "bump"}
"""Backends that are bounds, not allocators: shown, never in a chart."""


BAD = {name for name, state in words.STATES.items() if state.tone == "bad"}
"""Classes that cost a backend its rank."""


class AreaRows(NamedTuple):
    """The benchmarks of one area."""

    name: str
    svg: str | None
    alt: str
    rows: list[BenchRow]


class Candidate(NamedTuple):
    """A backend, its conformance, and its memory."""

    entry: BackendEntry
    column: Column | None
    sound: bool | None
    peak_rss: float | None
    witness: str | None


def _chart(rows: list[BenchRow]) -> tuple[str | None, str]:
    points = [
        {
            "benchmark": row.name,
            "name": row.backend,
            "ratio": row.summary.ratio,
            "low": row.summary.ratio_low,
            "high": row.summary.ratio_high,
        }
        for row in rows
        if row.summary
        and row.summary.ratio
        and row.backend not in BOUNDS
        and row.subject == "reference"
    ]
    yardsticks = {
        r.summary.yardstick for r in rows if r.summary and r.summary.yardstick
    }
    names = list(dict.fromkeys(str(p["name"]) for p in points))[: len(charts.SERIES)]
    points = [p for p in points if p["name"] in names]
    if not points or len(names) < 2:
        return None, ""
    yardstick = sorted(yardsticks)[0]
    best = min(points, key=lambda p: float(p["ratio"] or 1))
    said = (
        f"Time of each benchmark relative to {yardstick}; the lowest ratio is "
        f"{best['ratio']:.2f} by {best['name']} in {best['benchmark']}."
    )
    return charts.ratios(points, names=names, yardstick=yardstick), said


def _areas(run: Run) -> list[AreaRows]:
    grouped: dict[str, list[BenchRow]] = {}
    for row in run.bench:
        grouped.setdefault(row.area, []).append(row)
    return [AreaRows(name, *_chart(rows), rows) for name, rows in grouped.items()]


def _peak_rss(run: Run, backend: str) -> float | None:
    """Resident peak of the list workload's list over this backend."""
    for result in run.work:
        document = result.document
        if (document.workload, document.subject, document.backend) == (
            "list_vs_generator", "reference", backend,
        ):  # fmt: skip
            for variant in document.variants:
                if variant.name.startswith("list"):
                    return memory.figure(variant, "peak_rss_bytes", "rss_peak_bytes")
    return None


def _witness(run: Run, backend: str) -> str | None:
    rows = [r for r in run.bench if r.backend == backend and r.witness_ok is not None]
    if not rows:
        return None
    proven = sum(bool(r.witness_ok) for r in rows)
    return f"{proven} of {len(rows)} figures"


def context(run: Run) -> dict[str, Any]:
    """Values of backends.html."""
    checks = {c.backend: c for c in run.columns if c.kind == "backend"}
    candidates = []
    for entry in run.backends:
        column = checks.get(entry.name)
        sound = None if column is None else not BAD.intersection(column.counts)
        candidates.append(
            Candidate(
                entry, column, sound,
                _peak_rss(run, entry.name), _witness(run, entry.name),
            )
        )  # fmt: skip
    return {"areas": _areas(run), "candidates": candidates, "bounds": BOUNDS}
