# SPDX-License-Identifier: MIT
"""What the verbs for one's own program or extension share: options and files."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.console import Console

from pmm.base.formatting import duration, plural, size
from pmm.base.paths import shown
from pmm.base.plain_text import plain, shell_line
from pmm.cli.options import writable_file
from pmm.cli.runs import make_folder
from pmm.execute.launched import Running, Tell, check_command
from pmm.render.standalone import Page
from pmm.store.runs import write_atomically

PAGE = "index.html"
CommandArgument = Annotated[
    list[str],
    typer.Argument(metavar="-- COMMAND", help="The program, behind --."),
]
ForOption = Annotated[
    float | None,
    typer.Option("--for", min=0.1, help="End the program after so many seconds."),
]
OutFolder = Annotated[
    Path | None, typer.Option(help="Folder of the HTML page to write.")
]
SummaryFile = Annotated[
    Path | None,
    typer.Option(
        "--summary", callback=writable_file, help="Write Markdown, for a pull request."
    ),
]
JsonAnswer = Annotated[
    bool,
    typer.Option(
        "--json", help="Print the document on stdout, one line behind the program's."
    ),
]
DocumentOption = Annotated[
    Path | None,
    typer.Option(
        "--document", callback=writable_file, help="Write the document to this file."
    ),
]


KEEP_TITLE, BRING_BACK = "\x1b[22;2t", "\x1b[23;2t"
DUMB = "dumb"
"""The terminal that knows no sequences, by the name that TERM has."""
SHOWN_COMMAND = 60


@contextmanager
def progress(
    verb: str, command: Sequence[str], stream: TextIO | None = None
) -> Iterator[Tell | None]:
    """Tell on a terminal how far the program is: a line before it, then the title.

    The lines behind it are the program's, and nothing of ours comes between them.
    Elsewhere nothing is told. Raises UsageError for what cannot be started.
    """
    check_command(command)
    err = sys.stderr if stream is None else stream
    if not err.isatty():
        yield None
        return

    has_title = os.environ.get("TERM", DUMB) != DUMB

    def title(running: Running) -> None:
        line = (
            f"pmm {verb}: {duration(running.seconds * 1e9)}, {size(running.rss)}, "
            f"{plural(running.interpreters, 'interpreter')}"
        )
        err.write(f"\x1b]2;{line}\x07")
        err.flush()

    words = plain(shell_line(command))
    shown_words = words if len(words) <= SHOWN_COMMAND else words[:SHOWN_COMMAND] + "…"
    err.write(f"pmm {verb}: {shown_words} runs; the report follows when it ends")
    if not has_title:
        err.write("\n")
        err.flush()
        yield None
        return
    err.write(f", and the title says how far it is\n{KEEP_TITLE}")
    err.flush()
    try:
        yield title
    finally:
        err.write(BRING_BACK)
        err.flush()


def keep(files: Mapping[Path | None, bytes]) -> None:
    """Write each file that was asked for; raise PmmError where there is no room."""
    for path, data in files.items():
        if path is not None:
            write_atomically(path, data)


def keep_figures(folder: Path, page: Page) -> None:
    """Write a page's figures beside it."""
    for name, data in page.figures.items():
        make_folder((folder / name).parent)
        write_atomically(folder / name, data)


def keep_page(
    folder: Path, page: Page, console: Console, beside: Mapping[str, bytes] = {}
) -> None:
    """Write a page, and what lies beside it, into a folder, and say where it is."""
    make_folder(folder)
    keep({folder / name: data for name, data in beside.items()})
    keep_figures(folder, page)
    keep({folder / PAGE: page.text.encode()})
    line = f"page: {shown(folder / PAGE)}"
    console.print(line, markup=False, highlight=False, soft_wrap=True)
