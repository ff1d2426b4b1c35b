# SPDX-License-Identifier: MIT
"""Each tool and library: is it there, what is lost without it, how to get it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.util import find_spec

from pmm.discover.world import World
from pmm.documents.programs import Strict

TOOLS = (
    ("gcc", "nothing can be built", "apt install gcc g++"),
    ("meson", "nothing can be built", "apt install meson"),
    ("ninja", "nothing can be built", "apt install ninja-build"),
    ("clang", "the tests do not build with a second compiler", "apt install clang"),
    ("valgrind", "leaks are found by the runtime's accounting only",
     "apt install valgrind"),
    ("lcov", "no coverage page", "apt install lcov"),
    ("git", "runs do not record their commit", "apt install git"),
)  # fmt: skip


class Check(Strict, frozen=True):
    """One line of `pmm doctor`."""

    name: str
    found: bool
    detail: str
    lost: str | None
    remedy: str | None


def check(name: str, detail: str | None, lost: str, remedy: str | None) -> Check:
    """Make a line; without a detail the thing is missing."""
    if detail is not None:
        return Check(name=name, found=True, detail=detail, lost=None, remedy=None)
    return Check(name=name, found=False, detail="missing", lost=lost, remedy=remedy)


def diagnose(world: World) -> Iterator[Check]:
    """Look at everything that a complete run wants."""
    for name, lost, remedy in TOOLS:
        yield check(name, shutil.which(name), lost, remedy)
    gone = dict(world.missing)
    for name in ("pmm-conform", "pmm-backend-check", "pmm-work"):
        path = world.paths.program(name)
        yield check(name, str(path) if path else None, gone.get(name, ""),
                    f"ninja -C {world.paths.build}")  # fmt: skip
    names = ", ".join(world.benches) or None
    yield check("pmm-bench-*", names, "no benchmark figures",
                "apt install libbenchmark-dev, then build again")  # fmt: skip
    for entry in world.every_backend:
        line = check(
            f"backend {entry.name}",
            f"{entry.version or ''} {entry.object or 'built in'}".strip()
            if entry.available
            else None,
            "no results with it",
            f"apt install {entry.package}" if entry.package else None,
        )
        yield line if entry.available else missing_because(line, entry.reason)
    for one in world.cpythons:
        line = check(one.id, one.interpreter if one.hosts else None,
                     "its column of the matrix", None)  # fmt: skip
        yield line if one.hosts else missing_because(line, one.reason)
    for named in world.named.subjects:
        fault = named.said.fault
        line = check(f"subject {named.label}", None if fault else named.spec,
                     "nothing it does is checked", None)  # fmt: skip
        yield missing_because(line, fault) if fault else line
    for stranger in world.strangers:
        line = check(stranger.path, None, "a column of the matrix", None)
        yield missing_because(line, stranger.reason)
    if world.all_cpythons and not world.cpythons:
        yield check("CPython", None, "no column to compare with",
                    "apt install python3-dev, or pmm fetch python3.14")  # fmt: skip
    yield check("report", "pmm.render" if find_spec("pmm.render") else None,
                "no HTML report", "pip install .")  # fmt: skip


def missing_because(line: Check, reason: str | None) -> Check:
    """Say why something is missing instead of only that it is."""
    return Check(
        name=line.name,
        found=False,
        detail=reason or "missing",
        lost=line.lost,
        remedy=line.remedy,
    )
