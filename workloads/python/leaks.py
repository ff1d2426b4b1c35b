# SPDX-License-Identifier: MIT
"""Intentional leaks, each found, named and located; the clean twin has none.

Source of the shape: article 1 (memory leaks) and article 0 (files that
nobody closes).

lost_reference     a reference that no name holds: Py_IncRef without its
                   Py_DecRef, found as an object that outlives all names
uncollected_cycle  a cycle while the collector is off, found by saving what
                   the collector finds
unclosed_file      a file whose last name goes without close(), found by the
                   ResourceWarning that its death gives
clean              the same objects, given back

The site is the line that made the object, by tracemalloc.
"""

from __future__ import annotations

import ctypes
import gc
import os
import tracemalloc
import warnings
from typing import Any, Callable

from measure import Stage

SUMMARY = "a lost reference, an uncollected cycle, an unclosed file"
PARAMETERS = {"count": (10, 1, 100000, "leaks of the variant's kind")}


class Record:
    """What is lost: 1000 bytes with a name of its own.  Slots, as
    tracemalloc knows no site of an instance with a dictionary on 3.11."""

    __slots__ = ("payload", "other")

    def __init__(self) -> None:
        self.payload = bytes(1000)
        self.other: Record | None = None


def make_record() -> Record:
    return Record()


def make_pair() -> Record:
    first, second = Record(), Record()
    first.other, second.other = second, first
    return first


def open_file() -> Any:
    return open(os.devnull, "rb")


def lose_references(count: int) -> None:
    for _ in range(count):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(make_record()))


def lose_cycles(count: int) -> None:
    for _ in range(count):
        make_pair()


def lose_files(count: int) -> None:
    for _ in range(count):
        open_file()


def nothing_lost(count: int) -> None:
    for _ in range(count):
        make_record()
        make_pair().other = None
        open_file().close()


def site_of(thing: object) -> str:
    """Where the object was made, as workloads/python/<file>:<line>."""
    traceback = tracemalloc.get_object_traceback(thing)
    if traceback is None:
        return ""
    frame = traceback[0]
    return "workloads/python/%s:%d" % (os.path.basename(frame.filename),
                                       frame.lineno)


def add(findings: dict[Any, dict[str, Any]], kind: str, type_name: str,
        site: str, size: int) -> None:
    """Count one leak; those of one kind, type and site are one finding."""
    finding = findings.setdefault((kind, type_name, site), {
        "by": "runtime", "kind": kind, "type": type_name, "site": site,
        "count": 0, "bytes": 0})
    finding["count"] += 1
    finding["bytes"] += size


def tell_at_once(findings: dict[Any, dict[str, Any]]) -> None:
    """Count each file when its death warns of it, not afterwards.

    The warning keeps the file alive for a while, and CPython then names as its
    site the line where it died.  Only this hook is given the file before that.
    """
    def hear(warning: Any) -> None:
        name = type(warning.source).__name__
        add(findings, "file", name, site_of(warning.source), 0)

    warnings._showwarnmsg_impl = hear  # type: ignore[attr-defined]


def watch(work: Callable[[int], None], count: int) -> list[dict[str, Any]]:
    """Run `work` and report what it leaves behind."""
    findings: dict[Any, dict[str, Any]] = {}
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", ResourceWarning)
        tell_at_once(findings)
        work(count)
    for warning in heard:  # where the hook has another name
        site = site_of(warning.source)
        add(findings, "file", type(warning.source).__name__, site, 0)
    heard.clear()
    for record, kind in left_records():
        size = record.__sizeof__() + record.payload.__sizeof__()
        add(findings, kind, type(record).__name__, site_of(record), size)
    return list(findings.values())


def left_records() -> list[Any]:
    """Records that are still there, each with the kind of its leak."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.collect()
    gc.set_debug(0)
    cyclic = {id(o) for o in gc.garbage}
    left = [(o, "cycle" if id(o) in cyclic else "reference")
            for o in gc.get_objects() if isinstance(o, Record)]
    gc.garbage.clear()
    return left


EXPECTED = {
    "clean": (nothing_lost, None, 0),
    "lost_reference": (lose_references, "reference", 1),
    "uncollected_cycle": (lose_cycles, "cycle", 2),
    "unclosed_file": (lose_files, "file", 1),
}


def run(stage: Stage) -> None:
    work, kind, each = EXPECTED[stage.variant]
    count = stage.parameters["count"]
    stage.phase("build")
    gc.disable()
    if not stage.traced:
        tracemalloc.start()  # for the sites; the times here mean little
    findings = watch(work, count)
    if not stage.traced:
        tracemalloc.stop()
    gc.enable()
    stage.phase("release")
    stage.findings.extend(findings)
    found = [(f["kind"], f["count"], "leaks.py:" in f["site"])
             for f in findings]
    expected = [(kind, each * count, True)] if kind else []
    stage.verify(expected, found)
    stage.figure("objects_lost", sum(f["count"] for f in findings), "objects",
                 exact=True)


VARIANTS = dict.fromkeys(EXPECTED, run)
