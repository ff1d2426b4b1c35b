# SPDX-License-Identifier: MIT
"""What a run says on the console: the verdict first, then what it rests on."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pmm.bench_print import print_bench
from pmm.documents import Run
from pmm.places import shown
from pmm.programs import CLASSES
from pmm.progress import spoken
from pmm.session import Outcome
from pmm.speed_print import print_speed

SHOWN_PROBLEMS = 12
COLOURS = {"pass": "green", "fail": "red", "error": "red"}


def print_summary(outcome: Outcome, console: Console) -> None:
    """Print verdict, problems, matrix, benchmarks and what was skipped."""
    run = outcome.run
    colour = COLOURS.get(run.verdict.state, "yellow")
    console.print()
    if run.columns:
        console.print(cases_table(run))
    print_bench(run, console)
    print_speed(run.speed, console)
    for skipped in run.skipped:
        console.print(
            f"skipped {skipped.what}: {skipped.why} ({skipped.lost})",
            markup=False,
            soft_wrap=True,
        )
    print_problems(run, console)
    print_changes(run, console)
    took = spoken(run.elapsed_ns / 1e9)
    console.print(
        f"[bold {colour}]{escape(run.verdict.sentence)}[/]",
        highlight=False,
        soft_wrap=True,
    )
    console.print(f"{len(run.results)} jobs in {took}", highlight=False)
    folder = f"run:    {shown(outcome.folder)}"
    console.print(folder, markup=False, highlight=False, soft_wrap=True)
    if outcome.report is not None:
        path = shown(outcome.report)
        console.print(f"report: {path}", markup=False, highlight=False, soft_wrap=True)


def cases_table(run: Run) -> Table:
    """Return the counts of cases by class, a row a column of the matrix."""
    used = [name for name in CLASSES if any(name in c.counts for c in run.columns)]
    table = Table(title="Cases", box=box.SIMPLE_HEAD, title_justify="left")
    table.add_column("subject", no_wrap=True)
    for name in used:
        table.add_column(name, justify="right")
    table.add_column("MUST kept", justify="right")
    for column in run.columns:
        kept = column.score
        score = f"{kept.must_passed}/{kept.must_applicable}" if kept else ""
        table.add_row(
            escape(column.label),
            *(str(column.counts.get(name) or "·") for name in used),
            score,
        )
    return table


def print_problems(run: Run, console: Console) -> None:
    """Print the worst problems, each with the line that repeats it."""
    problems = [one for one in run.verdict.problems if one.severity != "warning"]
    for one in problems[:SHOWN_PROBLEMS]:
        where = "" if one.key in one.title else f" [dim]{escape(one.key)}[/]"
        console.print(f"[red]✗[/] {escape(one.title)}{where}", soft_wrap=True)
        console.print(
            f"    {one.detail}", markup=False, highlight=False, soft_wrap=True
        )
        for line in one.words.split("\n") if one.words else ():
            text = f"    | {line}"
            console.print(text, markup=False, highlight=False, soft_wrap=True)
        if one.reproduce:
            text = f"    $ {one.reproduce}"
            console.print(text, markup=False, highlight=False, soft_wrap=True)
    if len(problems) > SHOWN_PROBLEMS:
        console.print(f"… and {len(problems) - SHOWN_PROBLEMS} more: see the report")


def print_changes(run: Run, console: Console) -> None:
    """Print how many things changed since the baseline."""
    if run.baseline is None:
        return
    comparison = run.baseline
    if not comparison.comparable:
        for reason in comparison.reasons:
            console.print(f"not comparable: {reason}", markup=False, soft_wrap=True)
        return
    parts = [f"{n} {verdict}" for verdict, n in sorted(comparison.counts.items())]
    parts.append(f"{comparison.unchanged} unchanged")
    console.print(f"since {comparison.baseline}: {', '.join(parts)}", markup=False)
