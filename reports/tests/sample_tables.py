# SPDX-License-Identifier: MIT
"""What the made-up run knows beside its samples: coverage, grade, subjects."""

from __future__ import annotations

from sample_jobs import BACKENDS, CPYTHONS

from pmm.documents.coverage import Coverage, CoverageFile, CoverageGap
from pmm.documents.grade import Grade, GradePart, Share
from pmm.documents.programs import (
    BackendEntry,
)
from pmm.documents.results import (
    SubjectEntry,
)
from pmm.documents.verdict import Change, Comparison


def coverage() -> Coverage:
    """Two files, one of them poor."""
    rows = (
        ("impl/types/list.c", 300, 296, 30, 30, 120, 101),
        ("impl/gc/collect.c", 400, 260, 41, 30, 180, 90),
    )
    names = tuple(CoverageFile.__struct_fields__)
    files = tuple(CoverageFile(**dict(zip(names, row, strict=True))) for row in rows)
    sums = {name: sum(getattr(file, name) for file in files) for name in names[1:]}
    gaps = (
        CoverageGap(
            path=files[0].path, function="grow", lines=(40, 40, 52), why="it is <odd>"
        ),
        CoverageGap(path=files[1].path, function="mark", lines=(7,), why=None),
    )
    return Coverage(files=files, gaps=gaps, html="coverage/html", **sums)


def grade() -> Grade:
    """Parts that came out well, badly, and not at all."""
    fields = {"goal": 1.0, "detail": "", "command": "python3 <x>", "elapsed_ns": 10**9}
    parts = (
        GradePart(
            name="faults", state="bad", good=3, total=4, counted="seeded faults caught",
            shares=(Share(name="GC", good=2, total=3),
                    Share(name="LST", good=1, total=1)),
            failed=("gc.x: a <fault>",), **fields,
        ),
        GradePart(
            name="mutants", state="good", good=98, total=100, counted="mutants killed",
            shares=(Share(name="impl/gc", good=98, total=100),),
            explained=("impl/gc/mark.c:8:3 constant: 8 -> <9>: it is only <quick>",),
            **{**fields, "goal": 0.95},
        ),
        GradePart(
            name="lockstep", state="skipped", good=0, total=0, counted="programs",
            **{**fields, "detail": "no <interpreter>"},
        ),
    )  # fmt: skip
    return Grade(
        schema="pmm.grade", version=1, created="2025-01-01T00:00:00Z",
        elapsed_ns=10**10, commit="0123456789abcdef",
        command="pmm grade --run latest", parts=parts,
    )  # fmt: skip


def comparison() -> Comparison:
    """Something better, something worse, a time that is only shown."""
    rows = (
        ("case", "reference/pool lst.lst_004", "PASS", "FAIL", None, "worse"),
        ("case", "cpython/3.13.0 gc.gc_003", "FAIL", "PASS", None, "better"),
        ("counter", "list_vs_generator/list peak_bytes", 41943040, 41943104, "bytes",
         "worse"),
        ("time", "alloc/pair/48 pool", 11.2, 11.4, "ns", "unjudged"),
    )  # fmt: skip
    changes = tuple(
        Change(
            kind=kind,  # type: ignore[arg-type]
            key=key,
            label=key,
            before=before,
            after=after,
            unit=unit,
            verdict=verdict,  # type: ignore[arg-type]
        )
        for kind, key, before, after, unit, verdict in rows
    )
    return Comparison(
        baseline="20241231-120000-quick",
        path="build/runs/20241231-120000-quick",
        comparable=True,
        reasons=(),
        notes=("another machine: times are not compared",),
        changes=changes,
        unchanged=411,
        counts={"better": 1, "worse": 2, "unjudged": 1},
    )


def subjects() -> tuple[SubjectEntry, ...]:
    """The reference and the CPythons, one of them not usable."""
    rows = [("reference", "builtin", "0.1.0", None, True, None)]
    rows += [
        ("cpython", "cpython", version, f"/usr/bin/python{version[:4]}", True, None)
        for version in CPYTHONS
    ]
    rows.append(
        ("cpython", "cpython", "3.7.16", "/usr/bin/python3.7", False, "older than 3.8")
    )
    return tuple(
        SubjectEntry(
            name=name,
            kind=kind,  # type: ignore[arg-type]
            version=version,
            build=None,
            available=available,
            reason=reason,
            interpreter=interpreter,
            optimised=None,
            features=(),
        )
        for name, kind, version, interpreter, available, reason in rows
    )


def backends() -> tuple[BackendEntry, ...]:
    """Five that are there and one that is not."""
    rows = [(name, True, None) for name in BACKENDS]
    rows.append(("snmalloc", False, "libsnmallocshim.so: not found"))
    return tuple(
        BackendEntry(
            name=name,
            version="2.0.9" if available else None,
            summary=f"The {name} allocator",
            available=available,
            reason=reason,
            capabilities=("usable_size", "aligned") if available else (),
            object=None,
        )
        for name, available, reason in rows
    )
