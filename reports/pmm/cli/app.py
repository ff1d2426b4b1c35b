# SPDX-License-Identifier: MIT
"""The program `pmm`: its verbs under one roof, and how it ends.

A mistake of the user's is one sentence and an exit code, never a traceback.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from pmm.base import errors
from pmm.base.signals import Interruption, listen, refuse_more
from pmm.base.streams import lost_output, settle_streams
from pmm.cli import (
    compare,
    fetch,
    grade,
    lockstep,
    patterns,
    show,
    traces,
    verbs,
)
from pmm.cli.options import complain

EPILOG = """[bold]Exit codes[/bold]

0 pass · 1 tool error, also when nothing was measured · 2 usage ·
3 a failure or a regression · 4 inconclusive: nothing applied, or something that
the baseline had is gone (see --gone) · 5 the runs have nothing in common ·
130 interrupted

[bold]Examples[/bold]

pmm run --profile quick

pmm run --baseline latest --out build/report

pmm compare main/run.json pull-request/run.json

pmm conform --subject reference --backend mimalloc --case 'gc.*'

pmm work list_vs_generator --backend pool --set items=100000

pmm trace replay xml_feed --backend pool --backend mimalloc

pmm pattern sawtooth drift

pmm bench --subject reference --subject cpython-3.11
"""

app = typer.Typer(
    name="pmm",
    help="Checks and measures Python-style memory management: any runtime "
    "(subject) over any allocator (backend).",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode="rich",
    add_completion=False,
    pretty_exceptions_enable=False,
)
verbs.register(app)
compare.register(app)
show.register(app)
fetch.register(app)
traces.register(app)
patterns.register(app)
grade.register(app)
lockstep.register(app)


def refuse_undecodable() -> None:
    """Refuse words that are no text: a run could not write them down."""
    try:
        here = str(Path.cwd())
    except OSError as error:
        complain(f"the folder that you stand in: {error.strerror}; go to another one")
        sys.exit(errors.USAGE)
    for word in (*sys.argv, here):
        if any("\ud800" <= letter <= "\udfff" for letter in word):
            complain(f"a name is not UTF-8, give it another one: {word}")
            sys.exit(errors.USAGE)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program; output that was lost is an error unless a verdict is worse."""
    settle_streams()
    listen()
    code: int | str | None = errors.PASS
    try:
        refuse_undecodable()
        app(args=list(arguments) if arguments is not None else None)
    except SystemExit as end:
        code = end.code
    except Interruption as end:
        refuse_more()
        complain(f"interrupted by {end}")
        code = errors.INTERRUPTED
    lost = lost_output()
    if lost is not None:
        complain(f"the output is not complete: {lost.strerror}")
    sys.exit(code or (errors.TOOL_ERROR if lost else errors.PASS))
