# SPDX-License-Identifier: MIT
"""What a run says on the console: the verdict first, then what it rests on."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pmm.base.formatting import plural
from pmm.base.paths import pasted
from pmm.cli.bench_print import print_bench
from pmm.cli.counts_print import print_instructions
from pmm.cli.facts_print import print_facts
from pmm.cli.progress import spoken
from pmm.cli.rank_print import print_rank
from pmm.cli.session import Outcome
from pmm.cli.speed_print import print_speed
from pmm.documents.jobs import NOT_RUN
from pmm.documents.programs import CLASSES
from pmm.documents.run import Run
from pmm.documents.verdict import ProblemGroup
from pmm.judge.groups import groups_of, in_front

COLOURS = {"pass": "green", "fail": "red", "error": "red"}


def print_summary(outcome: Outcome, console: Console) -> None:
    """Print verdict, problems, matrix, benchmarks and what was skipped."""
    run = outcome.run
    colour = COLOURS.get(run.verdict.state, "yellow")
    console.print()
    if run.columns:
        console.print(cases_table(run))
    print_bench(run, console)
    print_rank(run, console)
    print_instructions(run.instructions, console)
    print_speed(run.speed, console)
    print_facts(run, console)
    for skipped in run.skipped:
        console.print(
            f"{'left out' if skipped.choice else 'skipped'} {skipped.what}: "
            f"{skipped.why} ({skipped.lost})",
            markup=False,
            soft_wrap=True,
        )
    print_problems(run, console)
    print_changes(run, console)
    for notice in run.verdict.notices:
        console.print(f"[yellow]![/] {escape(notice)}", highlight=False, soft_wrap=True)
    took = spoken(run.elapsed_ns / 1e9)
    console.print(
        f"[bold {colour}]{escape(run.verdict.sentence)}[/]",
        highlight=False,
        soft_wrap=True,
    )
    done = sum(result.status not in NOT_RUN for result in run.results)
    whole = "" if done == len(run.results) else f" of {len(run.results)}"
    console.print(f"{done}{whole} jobs in {took}", highlight=False)
    folder = f"run:    {pasted(outcome.folder)}"
    console.print(folder, markup=False, highlight=False, soft_wrap=True)
    if outcome.report is not None:
        path = pasted(outcome.report)
        console.print(f"report: {path}", markup=False, highlight=False, soft_wrap=True)


def cases_table(run: Run) -> Table:
    """Return the counts of cases by class, a row a column of the matrix."""
    used = [name for name in CLASSES if any(name in c.counts for c in run.columns)]
    table = Table(title="Cases", box=box.SIMPLE_HEAD, title_justify="left")
    table.add_column("subject", no_wrap=True)
    for name in used:
        table.add_column(name, justify="right")
    table.add_column("MUST kept", justify="right")
    table.add_column("of all", justify="right")
    for column in run.columns:
        kept = column.score
        scores = ("", "")
        if kept is not None:
            passed = kept.must_passed
            scores = (
                f"{passed}/{kept.must_applicable}", f"{passed}/{kept.must_total}",
            )  # fmt: skip
        table.add_row(
            escape(column.label),
            *(str(column.counts.get(name) or "·") for name in used),
            *scores,
        )
    return table


def print_problems(run: Run, console: Console) -> None:
    """Print what is wrong by cause, worst first, each with a line that repeats it."""
    groups = [one for one in groups_of(run.verdict) if one.severity != "warning"]
    front = in_front(groups)
    for place in front:
        print_group(groups[place], run, console)
    more = len(groups) - len(front)
    if more:
        console.print(f"… and {plural(more, 'group')} more: see the report")


def print_group(group: ProblemGroup, run: Run, console: Console) -> None:
    """Print one group: how many of what, what they say, the first one's command."""
    first = run.verdict.problems[group.members[0]]
    many = len(group.members) > 1
    where = "" if many or first.key in group.title else f" [dim]{escape(first.key)}[/]"
    console.print(f"[red]✗[/] {escape(group.title)}{where}", soft_wrap=True)
    lines = [f"{one.count:,} × {one.text}" for one in group.said] if many else []
    lines += [f"first: {first.key}: {first.detail}"] if many else [first.detail]
    lines += [f"| {line}" for line in (first.words or "").splitlines()]
    lines += [f"$ {group.reproduce}"] if group.reproduce else []
    for line in lines:
        console.print(f"    {line}", markup=False, highlight=False, soft_wrap=True)


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
    gone = [one for one in comparison.gone if one.left_out is None]
    unasked = len(comparison.gone) - len(gone)
    parts += [f"{len(gone):,} gone"] if gone else []
    parts += [f"{unasked:,} not requested this time"] if unasked else []
    parts += [f"{len(comparison.added):,} added"] if comparison.added else []
    console.print(f"since {comparison.baseline}: {', '.join(parts)}", markup=False)
    for note in comparison.notes:
        console.print(f"    {note}", markup=False, soft_wrap=True)
