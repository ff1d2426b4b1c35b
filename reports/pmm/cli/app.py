# SPDX-License-Identifier: MIT
"""The program `pmm`: its verbs under one roof, and how it ends.

A mistake of the user's is one sentence and an exit code, never a traceback.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from pmm.base import errors
from pmm.base.last_words import MOST_OF_A_REASON, shorten
from pmm.base.signals import Interruption, listen, refuse_more
from pmm.base.streams import lost_output, settle_streams
from pmm.cli import (
    baseline,
    check_extension,
    compare,
    cycles,
    fetch,
    gc,
    grade,
    history,
    lockstep,
    merge,
    museum,
    patterns,
    rank,
    rss,
    selftest,
    show,
    traces,
    verbs,
)
from pmm.cli.options import complain

EPILOG = """[bold]Exit codes[/bold]

0 pass · 1 tool error, also when nothing was measured · 2 usage ·
3 a failure or a regression · 4 inconclusive: nothing was applicable, or something that
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

pmm rank --backend ./mine.so

pmm gc --python python3.11 --python python3.13

pmm bench --subject reference --subject cpython-3.11

pmm cycles -- python3 program.py

pmm rss --for 60 -- python3 server.py

pmm check-extension mymod:Ring --python python3.12
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
cycles.register(app)
rss.register(app)
show.register(app)
fetch.register(app)
traces.register(app)
patterns.register(app)
rank.register(app)
grade.register(app)
lockstep.register(app)
check_extension.register(app)
gc.register(app)
museum.register(app)
baseline.register(app)
history.register(app)
merge.register(app)
selftest.register(app)


def refuse_undecodable() -> None:
    """Refuse words that are no text: a run could not write them down."""
    try:
        here = str(Path.cwd())
    except OSError as error:
        complain(f"the current folder: {error.strerror}; change to another one")
        sys.exit(errors.USAGE)
    for word in (*sys.argv, here):
        if any("\ud800" <= letter <= "\udfff" for letter in word):
            complain(f"a name is not valid UTF-8, rename it: {word}")
            sys.exit(errors.USAGE)


UNUSABLE = errors.NO_NAMES | {errno.EACCES, errno.EPERM}
"""What the system says to a name that is no file's, or a file of somebody else's."""


def answered(error: OSError) -> int:
    """Tell of a file that no part of the program looks after; return the exit code."""
    name = shorten(str(error.filename), MOST_OF_A_REASON)
    what = f"cannot use {name}: " if error.filename else ""
    complain(f"{what}{error.strerror or error}")
    return errors.USAGE if error.errno in UNUSABLE else errors.TOOL_ERROR


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
    except errors.PmmError as error:
        complain(str(error))
        code = error.exit_code
    except OSError as error:
        code = answered(error)
    lost = lost_output()
    if lost is not None:
        complain(f"the output could not be written completely: {lost.strerror}")
    sys.exit(code or (errors.TOOL_ERROR if lost else errors.PASS))
