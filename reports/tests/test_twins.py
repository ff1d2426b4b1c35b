# SPDX-License-Identifier: MIT
"""The terminal, the summary in Markdown, the document and the page say the same."""

from __future__ import annotations

import html
import io
from pathlib import Path

import msgspec
import pytest
from pages import page_text
from rich.console import Console
from sample import build_sample

from pmm.cli.session import Outcome, machine_answer
from pmm.cli.summary import print_summary
from pmm.documents.run import Run
from pmm.judge.groups import group_problems, in_front
from pmm.judge.run import view_of
from pmm.render import index, markdown


@pytest.fixture(scope="module")
def grouped() -> Run:
    """The sample, its problems grouped as a run's are."""
    run = build_sample()
    groups = group_problems(run.verdict.problems, view_of(run))
    verdict = msgspec.structs.replace(run.verdict, groups=groups)
    return msgspec.structs.replace(run, verdict=verdict)


def told(run: Run) -> dict[str, str]:
    """The run as each of its readers gets it, markup taken away."""
    console = Console(file=io.StringIO(), width=200)
    print_summary(Outcome(run, Path("folder"), None), console)
    return {
        "terminal": console.file.getvalue(),
        "markdown": markdown.summary(run).replace("\\", ""),
        "page": html.unescape(page_text(run, "index")),
    }


def test_all_name_the_same_groups_in_the_same_order(grouped):
    groups = grouped.verdict.groups
    assert len(groups) > 3
    titles = [groups[place].title for place in in_front(groups)]
    texts = told(grouped)
    for name, text in texts.items():
        flat = " ".join(text.split())
        assert grouped.verdict.sentence in flat, name
        at = [flat.find(" ".join(title.split())) for title in titles]
        assert -1 not in at, (name, titles[at.index(-1)])
        assert at == sorted(at), name


def test_each_group_stands_with_its_command(grouped):
    groups = grouped.verdict.groups
    commands = [groups[place].reproduce for place in in_front(groups)]
    for name, text in told(grouped).items():
        for command in filter(None, commands):
            assert command in text, (name, command)


def test_the_machine_gets_the_same_groups(grouped):
    answer = msgspec.json.decode(machine_answer(Outcome(grouped, Path("f"), None)))
    verdict = answer["verdict"]
    assert [one["title"] for one in verdict["groups"]] == [
        one.title for one in grouped.verdict.groups
    ]
    members = [at for one in verdict["groups"] for at in one["members"]]
    assert sorted(members) == list(range(len(verdict["problems"])))
    assert index.context(grouped)["groups"] == grouped.verdict.groups
