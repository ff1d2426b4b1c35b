# SPDX-License-Identifier: MIT
"""`pmm compare`: what changed from one stored run to another."""

from __future__ import annotations

from typing import Annotated

import typer

from pmm.base.errors import PmmError
from pmm.base.paths import shown
from pmm.cli.options import (
    BuildOption,
    GoneOption,
    JsonOption,
    OutOption,
    SummaryOption,
    guarded,
)
from pmm.cli.runs import answer, answer_console, finished_run
from pmm.cli.session import Outcome, write_report
from pmm.judge.run import compared
from pmm.store.baseline import policy_of

RUN_HELP = "An id, a folder, a run.json, or `latest`."


@guarded
def compare(
    base: Annotated[str, typer.Argument(metavar="BASE", help=RUN_HELP)],
    candidate: Annotated[
        str, typer.Argument(metavar="[CANDIDATE]", help=RUN_HELP)
    ] = "latest",
    gone: GoneOption = None,
    out: OutOption = None,
    summary: SummaryOption = None,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:
    """Compare two stored runs: the candidate is judged as if it had been run with
    BASE as its baseline.

    What both have is compared, exact figures without tolerance; what only the base
    has is a finding (--gone says what it costs). Neither needs a build: documents
    from other machines do. With --out, the candidate's report is written with the
    changes on it. A candidate that fails by itself fails here too.

    Example: pmm compare 20250101-120000-quick latest

    Example: pmm compare main/run.json pull-request/run.json --out changes
    """
    console = answer_console(as_json)
    policy = policy_of(gone) if gone is not None else "inconclusive"
    before, where = finished_run(base, build, console)
    run, folder = finished_run(candidate, build, console)
    run = compared(run, before, shown(where), policy)
    report = write_report(run, folder, out, console) if out is not None else None
    if out is not None and report is None:
        raise PmmError("there is no report")
    return answer(Outcome(run, folder, report), as_json, console, summary)


def register(app: typer.Typer) -> None:
    """Add the verb to the program."""
    app.command()(compare)
