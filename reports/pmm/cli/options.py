# SPDX-License-Identifier: MIT
"""What the verbs of the command line share: options, and the guard around them."""

from __future__ import annotations

import functools
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, ParamSpec

import typer

from pmm.base import errors
from pmm.base.errors import PmmError, UsageError
from pmm.base.paths import find_paths
from pmm.base.plain_text import plain
from pmm.base.signals import Interruption, refuse_more
from pmm.discover.world import Wanted, World, discover

P = ParamSpec("P")


def complain(sentence: str) -> None:
    """Tell the user on stderr, in one line of plain text."""
    line = " ".join(plain(sentence).splitlines())
    print(f"pmm: {line}", file=sys.stderr)


def writable_file(path: Path | None) -> Path | None:
    """Return the file that an option names, its folder made; raise UsageError where
    it cannot be written: at once, not when all is measured.
    """
    if path is None:
        return None
    try:
        if path.is_dir():
            raise UsageError(f"cannot write {path}: it is a folder, name a file")
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"cannot write {path}: the folder may not be written to")
    return path


BuildOption = Annotated[
    Path | None,
    typer.Option(
        "--build",
        help="The Meson build folder; default: what is installed with this program, "
        "or the clone's build/.",
    ),
]
JsonOption = Annotated[
    bool,
    typer.Option("--json", help="Print the answer as JSON, for other programs."),
]
PythonsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--python", help="An interpreter (repeat); default: all that are found."
    ),
]
"""Interpreters of a laboratory of the collector."""
DocumentOption = Annotated[
    Path | None,
    typer.Option(
        "--out", callback=writable_file,
        help="The document to write; else in build/gc/.",
    ),
]  # fmt: skip
"""Where a laboratory of the collector keeps what it measured."""
PagedOption = Annotated[
    Path | None,
    typer.Option(
        "--out", callback=writable_file,
        help="The document, its page beside it; else build/gc/.",
    ),
]  # fmt: skip
LimitOption = Annotated[
    float,
    typer.Option("--limit", min=0.1, max=86400, help="Seconds for one process."),
]
BackendOption = Annotated[
    list[str] | None,
    typer.Option(
        "--backend",
        "-b",
        help="An allocator: a name of `pmm backends`, a glob, ./plugin.so, "
        "name=./plugin.so, or name=/path/lib.so,prefix=my_ for any malloc-like "
        "library, with ,env=NAME=VALUE at the end if it reads one (repeatable).",
    ),
]
SubjectOption = Annotated[
    list[str] | None,
    typer.Option(
        "--subject",
        "-s",
        help="A runtime: reference, cpython, cpython-3.11, the path of an "
        "interpreter, pypy3 or python:/path (the cases in plain Python, on any), "
        "./mine.so, or name= and one of these paths (repeatable).",
    ),
]
ArmOption = Annotated[
    list[str] | None,
    typer.Option(
        "--subject",
        "-s",
        help="Compare two runtimes: reference, cpython-3.11, /path/of/python3, "
        "./mine.so, or name= and one of these paths (give it twice; the first is "
        "judged against the second).",
    ),
]
PairsOption = Annotated[
    int | None,
    typer.Option(help="Number of process pairs; default: as many as a verdict needs."),
]
ObjectsOption = Annotated[
    int,
    typer.Option(help="Objects in a comparison: 1000000, or 10000 to try it out."),
]
CaseOption = Annotated[
    list[str] | None,
    typer.Option("--case", "-c", help="Only matching cases, e.g. 'gc.*' (repeatable)."),
]
LaneOption = Annotated[
    list[str] | None,
    typer.Option(
        "--lane", help="plain, oom-once, oom-persist, gc-stress, shuffle or debug."
    ),
]
ModeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--mode",
        help="A collector mode, e.g. generational or full; `all` is every mode of the "
        "subject (repeatable).",
    ),
]
AllocatorOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allocator",
        help="What a CPython allocates with (PYTHONMALLOC): malloc, pymalloc_debug …; "
        "`all` is every one it was built with (repeatable).",
    ),
]
ProfileOption = Annotated[
    str,
    typer.Option(
        "--profile", "-p", help="How much to run: quick, standard, nightly or smoke."
    ),
]
NumbersOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        help="A profile file: layout numbers of your own subject, as --missing "
        "writes it.",
    ),
]
MissingOption = Annotated[
    str | None,
    typer.Option(
        help="Write a profile to fill in: the numbers and features that your subject "
        "lacks, and how many cases each would unlock.",
    ),
]
SubjectProfileOption = Annotated[
    str | None,
    typer.Option(help="A profile file: layout numbers of your own subject."),
]
ExpectOption = Annotated[
    str | None,
    typer.Option(help="A file with the expected failures of your own subject."),
]
BaselineOption = Annotated[
    str | None,
    typer.Option(help="Compare with this earlier run: an id, a folder, or `latest`."),
]
GoneOption = Annotated[
    str | None,
    typer.Option(
        help="What to do about results that the baseline has and this run lacks, "
        "unless the command line leaves them out: warn (exit code 0), inconclusive "
        "(4, the default) or fail (3).",
    ),
]
OutOption = Annotated[
    Path | None, typer.Option(help="Folder to write the HTML report to.")
]
SummaryOption = Annotated[
    Path | None,
    typer.Option(
        callback=writable_file,
        help="Also write the verdict to this file in Markdown, for a pull request or "
        "a pipeline ($GITHUB_STEP_SUMMARY).",
    ),
]
ExportOption = Annotated[
    list[str] | None,
    typer.Option(
        "--export",
        metavar="FORM=FILE",
        help="Also write the result in this form: sarif, code-quality (each may end "
        "with ,at=FILE, the file of yours at which findings are shown), badge, "
        "markdown, junit, csv, perfetto or pprof (repeatable).",
    ),
]
ClusterOption = Annotated[
    str | None,
    typer.Option(
        metavar="SCHEDULER",
        help="Run the jobs on the workers of this Dask scheduler: its address, or the "
        "file that it wrote (ci/CLUSTER.md).",
    ),
]
SeedOption = Annotated[
    int,
    typer.Option(min=0, max=2**63 - 1, help="Seed of all random choices."),
]


def guarded(verb: Callable[P, int | None]) -> Callable[P, None]:
    """Turn errors into a sentence and an exit code."""

    @functools.wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = verb(*args, **kwargs) or errors.PASS
        except PmmError as error:
            complain(str(error))
            code = error.exit_code
        except Interruption as end:
            refuse_more()
            complain(f"interrupted by {end} before anything was measured")
            code = errors.INTERRUPTED
        raise typer.Exit(code)

    return run


def look(build: Path | None, wanted: Wanted | None = None) -> World:
    """Find the clone, its build, and what there is to run: of it what is wanted."""
    return discover(find_paths(None, build), shutil.which("valgrind"), wanted)
