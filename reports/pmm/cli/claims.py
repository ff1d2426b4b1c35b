# SPDX-License-Identifier: MIT
"""`pmm claims`: the sentences of the tutorials, judged by a stored run."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pmm.base import errors, formatting
from pmm.base.paths import Paths, find_paths
from pmm.base.plain_text import PlainConsole
from pmm.cli.options import BuildOption, JsonOption, guarded
from pmm.documents.claims import DISAGREE, ClaimTable
from pmm.documents.run import Run
from pmm.judge.claims import (
    FILE,
    articles_of,
    evidence_against,
    judge_claims,
    read_claims,
)
from pmm.judge.soundness import sound_evidence
from pmm.store.runs import find_run, load_run

COLOURS = {"good": "green", "bad": "red", "warn": "yellow", "mute": "dim"}
LOG_WIDTH = 120
"""Columns where no terminal says how many it has."""


def table_of(run: Run, paths: Paths) -> ClaimTable:
    """Return the run's table; one from before there were claims is judged now."""
    if run.claims is not None:
        return run.claims
    file = read_claims(paths.root / FILE)
    results = {result.job: result for result in run.results}
    by = sound_evidence(
        run.plan, results, run.work, run.cases, run.columns, run.asked
    )
    return judge_claims(file, by.work, by.cases, by.columns)


def coloured(state: formatting.State) -> str:
    """Return a state as rich shows it."""
    return f"[{COLOURS[state.tone]}]{state.glyph} {state.word}[/]"


def exit_code(table: ClaimTable) -> int:
    """3 for a verdict the run does not support, 4 where nothing was measured."""
    states = Counter(one.state for one in table.claims)
    if any(states[name] for name in DISAGREE):
        return errors.FAILURE
    return errors.PASS if states["confirmed"] else errors.INCONCLUSIVE


def print_table(table: ClaimTable, console: Console) -> None:
    """Print each article's sentences, then what the run disagrees with."""
    for article, judged in articles_of(table):
        rows = Table(
            title=f"Article {article.number}: {escape(article.title)}",
            box=box.SIMPLE_HEAD, title_justify="left",
        )  # fmt: skip
        rows.add_column("claim", no_wrap=True)
        rows.add_column("it is", no_wrap=True)
        rows.add_column("in this run", no_wrap=True)
        rows.add_column("the article says (paraphrased)")
        for one in judged:
            rows.add_row(
                one.claim.id, coloured(formatting.TRUTHS[one.claim.verdict]),
                coloured(formatting.CLAIM_STATES[one.state]), escape(one.claim.text),
            )  # fmt: skip
        console.print(rows)
    for one in table.claims:
        if one.state in DISAGREE:
            state = coloured(formatting.CLAIM_STATES[one.state])
            said = escape(evidence_against(one))
            console.print(f"{one.claim.id} {state}: {said}", highlight=False)


def print_counts(table: ClaimTable, run: str, console: Console) -> None:
    """Print the sums, by verdict and by state."""
    verdicts = Counter(one.claim.verdict for one in table.claims)
    states = Counter(one.state for one in table.claims)
    said = [f"{n} {formatting.TRUTHS[name].word}" for name, n in verdicts.items()]
    console.print(f"stated: {', '.join(said)}", highlight=False)
    said = [f"{n} {formatting.CLAIM_STATES[name].word}" for name, n in states.items()]
    console.print(f"by run {escape(run)}: {', '.join(said)}", highlight=False)


@guarded
def claims(
    name: Annotated[
        str, typer.Argument(metavar="[RUN]", help="An id, a folder, or `latest`.")
    ] = "latest",
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:
    """Say which sentences of four tutorials are true, by a run's evidence.

    Exit code 3 when the run does not support a stated verdict, 4 when it
    measured none of them.

    Example: pmm claims 20250101-120000-quick --json
    """
    paths = find_paths(None, build)
    run = load_run(find_run(paths.runs, name).resolve())
    table = table_of(run, paths)
    if as_json:
        print(msgspec.json.encode(table, order="deterministic").decode())
        return exit_code(table)
    console = PlainConsole()
    if not console.is_terminal:
        console.width = LOG_WIDTH
    print_table(table, console)
    print_counts(table, run.id, console)
    return exit_code(table)
