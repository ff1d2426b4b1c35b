# SPDX-License-Identifier: MIT
"""Tells problems that have their cause in common as one.

1. Each problem gets a trait: what it is (a class, a job's status, a kind), on
   which part it was seen, what it says.
2. Where one thing (a case, a job) says the same in several places, the places
   are its footprint: one backend, or one runtime over all of its backends.
3. Problems with the same word and footprint make a group. What they say is told
   by pattern, numbers and addresses aside, the most frequent first.

A part that is broken fails in many cases over that part alone, and a runtime
that is broken over every part: so either gives one group a class, not one a case.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pmm.base.typed_names import is_path
from pmm.documents.instructions import InstructionTable
from pmm.documents.jobs import Job
from pmm.documents.results import CaseResult, Column
from pmm.documents.speed import SpeedTable
from pmm.documents.verdict import Absent, Change, Problem, ProblemGroup, Said, Verdict

RANKS = (
    "CRASH", "SANITIZER", "TIMEOUT", "OOM_UNSAFE", "LEAK", "FAIL", "wrong answer",
    "no witness", "XPASS", "HARNESS_ERROR", "NOT_RUN", "FAILED", "expectation",
    "worse", "gone", "no figure", "claim", "undecided", "WARN",
)  # fmt: skip
"""What a problem can be, worst first."""
KINDS = {
    "leak": "LEAK", "expectation": "expectation", "change": "worse", "gone": "gone",
    "claim": "claim", "speed": "undecided",
}  # fmt: skip
MOST_SAID = 4
SHOWN_GROUPS = 12
"""Groups that stand open; the others are folded below them."""
NUMBERS = re.compile(r"0x[0-9a-fA-F]+|\d[\d.,]*")
OTHER_NUMBERS = "or with other numbers"
Footprint = tuple[frozenset[str], str]
"""Subjects, and a backend where it is one."""
Symptom = tuple[str, str, str, str]
"""Word, signal or kind, thing, and what it says."""


@dataclass(frozen=True)
class View:
    """What a verdict looks up beside its problems."""

    cases: Mapping[str, CaseResult] = field(default_factory=dict)
    """By column and id, as a case's problem is keyed."""
    columns: Mapping[str, Column] = field(default_factory=dict)
    jobs: Mapping[str, Job] = field(default_factory=dict)
    changes: Mapping[str, Change] = field(default_factory=dict)
    gone: Mapping[str, Absent] = field(default_factory=dict)
    """By kind and name, as its problem is keyed."""
    notices: tuple[str, ...] = ()
    resume: str | None = None
    speed: SpeedTable | None = None
    instructions: InstructionTable | None = None


class Trait(NamedTuple):
    """What a problem may have in common with others."""

    word: str
    more: str
    """The signal of a crash, the kind of what is gone or worse."""
    what: str
    subject: str
    backend: str
    said: str
    pattern: str
    weight: float
    """How bad it is among its like."""


def rank(word: str) -> int:
    """Order words of problems, worst first."""
    return RANKS.index(word) if word in RANKS else len(RANKS)


def word_of(problem: Problem) -> str:
    """Return what a problem is: a class, a status, or its kind."""
    return problem.word or KINDS.get(problem.kind, problem.kind)


def blurred(text: str) -> str:
    """Take numbers and addresses out of a text."""
    return NUMBERS.sub("#", text)


def bare(spec: str | None) -> str:
    """Return the name in `name=/path/lib.so,prefix=x_`; of a path the file's."""
    if spec is None:
        return ""
    return spec.partition("=")[0].rpartition("/")[2] if is_path(spec) else spec


def backend_of(job: Job) -> str:
    """Return the name of a job's backend."""
    return job.backend_label or bare(job.backend)


def subject_of(job: Job) -> str:
    """Return the name of a job's subject; of an interpreter with its version."""
    if job.interpreter is None:
        return job.subject_label or bare(job.subject)
    if job.plain_python:
        return job.id.split("/")[1]
    known = [part for part in job.id.split("/") if part.startswith("cpython-")]
    return known[-1] if known else job.interpreter


def case_trait(case: CaseResult, view: View) -> Trait:
    """Return the trait of a cell of the matrix."""
    job, column = view.jobs.get(case.job), view.columns.get(case.column)
    subject = subject_of(job) if job else column.subject if column else ""
    backend = backend_of(job) if job else (column.backend if column else "") or ""
    said = case.message or case.expectation or case.title
    if case.words and case.words not in said:
        said = f"{said}: {case.words.strip().splitlines()[-1]}"
    return Trait(
        word=case.outcome, more=case.signal or "", what=case.id,
        subject=subject, backend=backend, said=said,
        pattern=blurred(f"{case.phase} {said}"), weight=0.0,
    )  # fmt: skip


def change_trait(change: Change, view: View) -> Trait:
    """Return the trait of a change for the worse."""
    before, after = change.before, change.after
    place, _, what = change.key.partition(" ")
    job = view.jobs.get(place) or view.jobs.get(f"conform/{place}")
    kind: str = change.kind
    metric = kind
    if kind == "counter":
        what, _, metric = what.rpartition(" ")
        kind = FIGURE if job is not None and job.kind == "work" else kind
    said, weight = f"{before or '–'} → {after or '–'}", 0.0
    if isinstance(before, int | float) and isinstance(after, int | float):
        said = f"{metric} {after - before:+,}"
        weight = (after - before) / before if before else after
    return Trait(
        word="worse", more=kind, what=what or place,
        subject=subject_of(job) if job else "",
        backend=backend_of(job) if job else "", said=said, pattern=said,
        weight=weight,
    )  # fmt: skip


def trait(problem: Problem, view: View) -> Trait:
    """Return the trait of any problem."""
    case = view.cases.get(problem.key) if problem.kind == "case" else None
    if case is not None:
        return case_trait(case, view)
    change = view.changes.get(problem.key) if problem.kind == "change" else None
    if change is not None:
        return change_trait(change, view)
    job = view.jobs.get(problem.key) or view.jobs.get(problem.key.rpartition(" ")[0])
    gone = view.gone.get(problem.key) if problem.kind == "gone" else None
    said = gone.name if gone is not None else problem.detail
    if problem.kind == "leak":
        said = problem.title
    return Trait(
        word=word_of(problem), more=gone.kind if gone else "", what=problem.key,
        subject=subject_of(job) if job else "",
        backend=backend_of(job) if job else "",
        said=said, pattern=blurred(said), weight=0.0,
    )  # fmt: skip


def symptom(one: Trait) -> Symptom:
    """Return what is the same where one cause shows in one thing."""
    return one.word, one.more, one.what, one.pattern


def footprints(traits: Iterable[Trait]) -> dict[Symptom, Footprint]:
    """Return where each thing shows the same: subjects, and a backend if it is one."""
    places: dict[Symptom, set[tuple[str, str]]] = {}
    for one in traits:
        key = symptom(one)
        places.setdefault(key, set()).add((one.subject, one.backend))
    return {
        key: (
            frozenset(subject for subject, _ in found),
            "*" if len({backend for _, backend in found}) > 1 else min(found)[1],
        )
        for key, found in places.items()
    }


def where(traits: Sequence[Trait]) -> str:
    """Say on what the members of a group were seen."""
    subjects = sorted({one.subject for one in traits} - {""})
    backends = sorted({one.backend for one in traits} - {""})
    said = ""
    if subjects:
        said = (
            f" on {subjects[0] if len(subjects) == 1 else f'{len(subjects)} subjects'}"
        )
    if backends:
        name = backends[0] if len(backends) == 1 else f"{len(backends)} backends"
        said += f" over {name}"
    return said


FIGURE = "exact figure"
THINGS = {"case": "case", "change": "case", "job": "job", "work": "job"}


class Member(NamedTuple):
    """A problem, its place among the verdict's, and its trait."""

    at: int
    problem: Problem
    trait: Trait


def amount(members: Sequence[Member], view: View) -> str:
    """Say what the members of a group are: one case in lanes, or many."""
    thing = THINGS.get(members[0].problem.kind)
    things = {one.trait.what for one in members}
    if thing is None:
        return ""
    if members[0].trait.more == FIGURE:
        thing = "variant"
    columns = [view.columns.get(one.problem.column or "") for one in members]
    lanes = list(dict.fromkeys(column.lane for column in columns if column))
    more = f" in {len(lanes)} lanes ({', '.join(lanes)})" if len(lanes) > 1 else ""
    what = things.pop() if len(things) == 1 else f"{len(things):,} {thing}s"
    return f": {what}{more}"


def title(members: Sequence[Member], view: View) -> str:
    """Name a group: how many, of what, where."""
    first = members[0]
    place = where([one.trait for one in members])
    if len(members) == 1:
        return first.problem.title
    what = f"{first.trait.word} {first.trait.more}".strip()
    if first.problem.kind == "change":
        what = f"{first.trait.more} worse"
    if first.problem.kind == "gone":
        what = f"gone: {first.trait.more}"
    return f"{len(members):,} × {what}{place}{amount(members, view)}"


def with_words(counts: Counter[str]) -> Counter[str]:
    """Count what ended without a word to what ended likewise and said why."""
    out: Counter[str] = Counter()
    for pattern, count in counts.items():
        longer = [other for other in counts if other.startswith(f"{pattern}: ")]
        out[longer[0] if len(longer) == 1 else pattern] += count
    return out


def said_by(members: Sequence[Member]) -> tuple[Said, ...]:
    """Return what the members say, the most frequent pattern first."""
    counts = with_words(Counter(one.trait.pattern for one in members))
    texts: dict[str, list[str]] = {}
    for one in members:
        texts.setdefault(one.trait.pattern, []).append(one.trait.said)
    often = counts.most_common(MOST_SAID)
    return tuple(Said(text=said_alike(texts[key]), count=n) for key, n in often)


def said_alike(texts: Sequence[str]) -> str:
    """Return the first of some texts that have a pattern in common, and whether it is
    all of them.
    """
    alike = all(text == texts[0] for text in texts)
    return texts[0] if alike else f"{texts[0]} ({OTHER_NUMBERS})"


def group_problems(problems: Sequence[Problem], view: View) -> tuple[ProblemGroup, ...]:
    """Group problems, worst first; inside a group the gravest leads."""
    traits = [trait(one, view) for one in problems]
    prints = footprints(traits)
    found: dict[tuple[object, ...], list[Member]] = {}
    for index, (one, its) in enumerate(zip(problems, traits, strict=True)):
        place = prints[symptom(its)]
        key = (one.severity, one.kind, its.word, its.more, place)
        found.setdefault(key, []).append(Member(index, one, its))
    return tuple(make_group(members, view) for members in found.values())


def make_group(members: list[Member], view: View) -> ProblemGroup:
    """Tell some problems as one."""
    members.sort(key=lambda one: -one.trait.weight)
    commands = [one.problem.reproduce for one in members if one.problem.reproduce]
    return ProblemGroup(
        word=members[0].trait.word,
        severity=members[0].problem.severity,
        title=title(members, view),
        said=said_by(members),
        members=tuple(one.at for one in members),
        reproduce=commands[0] if commands else None,
    )


def in_front(groups: Sequence[ProblemGroup]) -> tuple[int, ...]:
    """Return the places of the groups that stand open: one of each kind at least."""
    kinds: dict[tuple[str, str], int] = {}
    for index, group in enumerate(groups):
        kinds.setdefault((group.severity, group.word), index)
    chosen = set(kinds.values())
    for index in range(len(groups)):
        if len(chosen) < SHOWN_GROUPS:
            chosen.add(index)
    return tuple(sorted(chosen))


def groups_of(verdict: Verdict) -> tuple[ProblemGroup, ...]:
    """Return a verdict's groups; of a run from before there were any, one a problem."""
    return verdict.groups or group_problems(verdict.problems, View())
