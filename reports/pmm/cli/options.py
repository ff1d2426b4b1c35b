# SPDX-License-Identifier: MIT
"""What the verbs of the command line share: options, and the guard around them."""

from __future__ import annotations

import functools
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, ParamSpec

import typer

from pmm.base import errors
from pmm.base.errors import PmmError
from pmm.base.paths import find_paths
from pmm.base.plain_text import plain
from pmm.base.signals import Interruption, refuse_more
from pmm.discover.world import Wanted, World, discover

P = ParamSpec("P")


def complain(sentence: str) -> None:
    """Tell the user on stderr, in one line of plain text."""
    line = " ".join(plain(sentence).splitlines())
    print(f"pmm: {line}", file=sys.stderr)


BuildOption = Annotated[
    Path | None,
    typer.Option(
        "--build", help="The Meson build folder; default: the clone's build/."
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Answer in JSON on stdout, for machines.")
]
BackendOption = Annotated[
    list[str] | None,
    typer.Option(
        "--backend",
        "-b",
        help="An allocator: a name of `pmm backends`, a glob, ./plugin.so, "
        "name=./plugin.so, or name=/path/lib.so,prefix=my_ for any malloc-like "
        "library (may be repeated).",
    ),
]
SubjectOption = Annotated[
    list[str] | None,
    typer.Option(
        "--subject",
        "-s",
        help="A runtime: reference, cpython, cpython-3.11, the path of an "
        "interpreter, pypy3 or python:/path (the cases in plain Python, on any), "
        "./mine.so, or name= and one of these paths (may be repeated).",
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
    typer.Option(help="Pairs of processes; default: as many as a verdict needs."),
]
ObjectsOption = Annotated[
    int, typer.Option(help="Size of a comparison: 1000000, or 10000 to try it.")
]
CaseOption = Annotated[
    list[str] | None,
    typer.Option("--case", "-c", help="Only cases that match, e.g. 'gc.*' (repeat)."),
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
        "subject (repeat).",
    ),
]
AllocatorOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allocator",
        help="What a CPython allocates with (PYTHONMALLOC): malloc, pymalloc_debug …; "
        "`all` is every one it was built with (repeat).",
    ),
]
ProfileOption = Annotated[
    str,
    typer.Option(
        "--profile", "-p", help="How much: quick, standard, nightly or smoke."
    ),
]
NumbersOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        help="A file with the numbers of your own subject, as `pmm-conform --missing` "
        "writes it.",
    ),
]
SubjectProfileOption = Annotated[
    str | None,
    typer.Option(help="A file with the numbers of your own subject (./mine.so)."),
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
        help="What the baseline had and this run lacks, though the command line does "
        "not leave it out: warn (exit code 0), inconclusive (4, the default) or fail "
        "(3).",
    ),
]
OutOption = Annotated[
    Path | None, typer.Option(help="Folder of the HTML report to write.")
]
SummaryOption = Annotated[
    Path | None,
    typer.Option(
        help="Also write the verdict to this file in Markdown, for a pull request or "
        "a pipeline ($GITHUB_STEP_SUMMARY)."
    ),
]
SeedOption = Annotated[
    int,
    typer.Option(min=0, max=2**63 - 1, help="Seed of everything that is random."),
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
