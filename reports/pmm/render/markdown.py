# SPDX-License-Identifier: MIT
"""A run in Markdown, for a pull request or the summary of a pipeline's job.

1. The verdict, as a heading.
2. What is wrong, by cause: how often, the first one's words, a line that repeats it.
3. Against the baseline: how much changed, and the figures that did.
4. Two side by side: instructions and times that differ, and what could not be seen.
5. The allocators with their places, and the columns of cases.

The text is for GitHub and GitLab: names from outside are escaped, so that none of
them makes markup, a link or a mention.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from pmm.base.formatting import STATES, VERDICTS, number, plural
from pmm.base.plain_text import plain
from pmm.documents.instructions import InstructionTable
from pmm.documents.run import Run
from pmm.documents.speed import SpeedTable
from pmm.documents.standings import Standing
from pmm.documents.verdict import Change, Comparison, ProblemGroup
from pmm.judge.confirm import WORSE, least_seen
from pmm.judge.groups import groups_of, in_front
from pmm.judge.instructions import counted_in_words

SHOWN_CHANGES = 20
MARKUP = re.compile(r"([\\`*_\[\]#!|<>~@&$])")
SHOWN_ROWS = 8
"""Of a table in which nothing is to be read first; more of them are folded."""
WORST_FIRST = (*WORSE, "faster", "less", "undecided").index
GLYPHS = {"pass": "✅", "fail": "❌", "error": "❌"}


def text(words: object) -> str:
    """Escape what is no markup of ours, and keep it on one line."""
    return MARKUP.sub(r"\\\1", " ".join(plain(str(words)).split()))


def code(words: str, kind: str) -> Iterator[str]:
    """Quote lines as they are, behind a fence that none of them closes."""
    lines = plain(words).splitlines()
    longest = max((len(run) for run in re.findall("`+", words)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (fence + kind, *lines, fence)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Write a table; its first column is to the left, the others are figures."""
    yield "| " + " | ".join(head) + " |"
    yield "|---|" + "---:|" * (len(head) - 1)
    for row in rows:
        yield "| " + " | ".join(text(cell) for cell in row) + " |"


def problem(group: ProblemGroup, run: Run) -> Iterator[str]:
    """One cause."""
    first = run.verdict.problems[group.members[0]]
    yield f"- **{text(group.title)}**"
    said = [f"{one.count:,} × {one.text}" for one in group.said]
    for line in said if len(group.members) > 1 else [first.detail]:
        yield f"  {text(line)}  "
    for quoted, kind in ((first.words, "text"), (group.reproduce, "sh")):
        if quoted:
            yield ""
            yield from (f"  {line}" for line in code(quoted, kind))
    yield ""


def problems(run: Run) -> Iterator[str]:
    """What is wrong, each kind before any is repeated."""
    groups = [one for one in groups_of(run.verdict) if one.severity != "warning"]
    front = in_front(groups)
    if front:
        yield from ("### Problems", "")
    for place in front:
        yield from problem(groups[place], run)
    if len(groups) > len(front):
        yield from (f"… and {plural(len(groups) - len(front), 'group')} more.", "")


def folded(count: int, what: str, lines: Iterable[str]) -> Iterator[str]:
    """Hide a table that is long until it is asked for: what is wrong stands above."""
    if count <= SHOWN_ROWS:
        yield from lines
        return
    yield from (f"<details><summary>{count} {what}</summary>", "", *lines, "",
                "</details>")  # fmt: skip


def difference(change: Change) -> str:
    """How much more it is, in per cent."""
    before, after = change.before, change.after
    if isinstance(before, str | None) or isinstance(after, str | None) or not before:
        return ""
    return f"{100 * (after - before) / before:+.3g} %"


def figure(value: float | str | None) -> str:
    """Write one side of a change."""
    if isinstance(value, str):
        return value
    return "none" if value is None else number(value)


def changes(comparison: Comparison | None) -> Iterator[str]:
    """What is not as it was, worst first."""
    if comparison is None:
        return
    yield from (f"### Since {text(comparison.baseline)}", "")
    if not comparison.comparable:
        yield from (f"Not comparable: {text(one)}  " for one in comparison.reasons)
        yield ""
        return
    order = ("worse", "better", "changed", "unjudged")
    counts = [f"{comparison.counts[v]:,} {v}" for v in order if v in comparison.counts]
    gone = [one.name for one in comparison.gone if one.left_out is None]
    counts += [f"{comparison.unchanged:,} unchanged"]
    counts += [f"{len(gone):,} gone"] if gone else []
    yield from (", ".join(counts) + ".", "")
    judged = [one for one in comparison.changes if one.verdict in {"worse", "better"}]
    judged.sort(key=lambda one: order.index(one.verdict))
    if judged:
        yield from table(
            ("figure", "before", "after", "difference", "verdict"),
            (
                (c.label, figure(c.before), figure(c.after), difference(c), c.verdict)
                for c in judged[:SHOWN_CHANGES]
            ),
        )
        yield ""
    if len(judged) > SHOWN_CHANGES:
        yield from (f"… and {len(judged) - SHOWN_CHANGES:,} more.", "")


def counted(table: InstructionTable | None) -> Iterator[str]:
    """The instructions of two, where they differ."""
    if table is None:
        return
    said = counted_in_words(table)
    yield from ("### Instructions", "", text(f"{said[:1].upper()}{said[1:]}."), "")
    moved = [row for row in table.rows if row.verdict in ("more", "less")]
    if moved:
        yield from table_of_two(
            ("benchmark", "base", "candidate", "ratio", "verdict"),
            (
                (row.title, number(row.theirs), number(row.ours),
                 f"{row.ratio:.4f}", row.verdict)
                for row in moved
            ),
        )  # fmt: skip


def timed(found: SpeedTable | None) -> Iterator[str]:
    """The times of two, where they differ, and what would have been seen."""
    if found is None or not found.rows:
        return
    yield from ("### Time, in pairs", "", text(f"{timed_in_words(found)}."), "")
    moved = [row for row in found.rows if row.verdict != "undecided"]
    if moved:
        moved.sort(key=lambda row: row.verdict not in WORSE)
        titles = [row.title for row in found.rows]
        yield from table_of_two(
            ("benchmark", "ratio", "95 % interval", "verdict"),
            (
                (row.title if titles.count(row.title) == 1
                 else f"{row.title} ({row.arm})",
                 f"{row.ratio:.3f}", f"{row.low:.3f} to {row.high:.3f}", row.verdict)
                for row in moved
            ),
        )  # fmt: skip


def timed_in_words(found: SpeedTable) -> str:
    """Say how many rows differ, or why none is decided, and what could be seen."""
    counts = Counter(row.verdict for row in found.rows)
    said = f"{plural(len(found.rows), 'row')}: " + ", ".join(
        f"{counts[verdict]} {verdict}" for verdict in sorted(counts, key=WORST_FIRST)
    )
    if found.reason:
        said = f"Nothing is decided: {found.reason}"
    seen = least_seen(found.rows)
    if seen is not None:
        said += f". A change of {seen:.1%} would have been seen in half of the rows"
    return said


def table_of_two(
    head: Sequence[str], rows: Iterable[Sequence[object]]
) -> Iterator[str]:
    """Write a table of what differs, cut off where it gets long."""
    found = list(rows)
    yield from table(head, found[:SHOWN_CHANGES])
    yield ""
    if len(found) > SHOWN_CHANGES:
        yield from (f"… and {len(found) - SHOWN_CHANGES:,} more.", "")


def place(one: Standing) -> str:
    """Where an allocator stands, or why nowhere."""
    return str(one.place) if one.place is not None else (one.why or "no rank")


def allocators(standings: Sequence[Standing]) -> Iterator[str]:
    """Each allocator that was asked, the fastest first."""
    if not standings:
        return
    yield from ("### Allocators", "")
    ranked = sorted(standings, key=lambda one: (one.place is None, one.place or 0))
    yield from table(
        ("allocator", "place", "time over libc's", "fastest in", "check"),
        (
            (
                one.label, place(one), mean(one),
                f"{one.best} of {one.shared}" if one.shared else "",
                f"{one.passed} passed, {len(one.failed)} failed",
            )
            for one in ranked
        ),
    )  # fmt: skip
    yield ""


def mean(one: Standing) -> str:
    """The mean ratio, and between which ones the repetitions let it be."""
    if one.mean is None or one.mean_low is None or one.mean_high is None:
        return ""
    return f"{one.mean:.2f} ({one.mean_low:.2f}–{one.mean_high:.2f})"


def columns(run: Run) -> Iterator[str]:
    """The columns of cases, in numbers."""
    if not run.columns:
        return
    yield from ("### Cases", "")
    yield from folded(len(run.columns), "columns", table(
        ("subject", "PASS", "wrong", "MUST kept"),
        (
            (
                column.label, column.counts.get("PASS", 0),
                sum(n for c, n in column.counts.items() if STATES[c].tone == "bad"),
                f"{column.score.must_passed}/{column.score.must_applicable}"
                if column.score else "",
            )
            for column in run.columns
        ),
    ))  # fmt: skip
    yield ""


def beside(run: Run) -> str:
    """Say with what a run was measured side by side, where it was."""
    if run.instructions is not None and run.instructions.against:
        return f" beside {text(run.instructions.against)}"
    arms = run.speed.arms if run.speed is not None else ()
    return next((f" beside {text(a.id)}" for a in arms if a.role == "theirs"), "")


def summary(run: Run) -> str:
    """The run in Markdown."""
    verdict = run.verdict
    glyph = GLYPHS.get(verdict.state, "⚠️")
    lines = [
        f"## {glyph} pmm: {VERDICTS[verdict.state].word}{beside(run)}", "",
        text(verdict.sentence), "",
        *problems(run), *changes(run.baseline), *counted(run.instructions),
        *timed(run.speed), *allocators(run.standings),
        *columns(run),
        *(f"> {text(notice)}" for notice in verdict.notices),
        "", f"`{plain(run.id)}` on {text(run.environment.cpu or 'unknown processor')}",
    ]  # fmt: skip
    return "\n".join(lines).rstrip() + "\n"


def github_lines(run: Run) -> Iterator[str]:
    """Lines that GitHub shows at a pull request, one for each cause."""
    for group in groups_of(run.verdict):
        first = run.verdict.problems[group.members[0]]
        level = "warning" if group.severity == "warning" else "error"
        title = plain(group.title).replace(",", ";").replace("::", ": :")
        yield f"::{level} title={escaped(title)}::{escaped(plain(first.detail))}"


def escaped(words: str) -> str:
    """Write what would end a line of GitHub's commands as it wants it."""
    return words.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
