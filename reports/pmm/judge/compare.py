# SPDX-License-Identifier: MIT
"""This run against an earlier one: what changed, and is it worse?

1. Interpreters of the same series are the same column (counterparts.py).
2. What both runs have is compared exactly, with no tolerance: classes of cases,
   the runtime's counters, the workloads' exact figures, what leaked, what became
   of jobs. A counter that its case declares inexact is left out. Times are listed
   without a verdict, and only on the same machine.
3. What only the earlier run has is listed by kind (gone.py), and what only the
   later one has by name.

Runs compare when they have a job in common. A figure does not compare when its
parameters differ: that is said in the notes. A figure of another patch version
of an interpreter is shown, and neither better nor worse.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from pmm.documents.jobs import NOT_RUN
from pmm.documents.programs import CLASSES
from pmm.documents.results import CaseResult
from pmm.documents.run import Run
from pmm.documents.verdict import Change, ChangeVerdict, Comparison
from pmm.judge.changes import change, pair
from pmm.judge.compare_leaks import leaks
from pmm.judge.counterparts import counterparts, interpreters, renamed
from pmm.judge.gone import find_added, find_gone

COUNTERS = ("allocations", "requested_bytes", "peak_bytes", "collections")
GOOD = frozenset({"PASS", "XFAIL", "WAIVED"})


def not_comparable(baseline: str, path: str, reason: str) -> Comparison:
    """Make the comparison that says why there is none."""
    return Comparison(
        baseline=baseline,
        path=path,
        comparable=False,
        reasons=(reason,),
        notes=(),
        changes=(),
        unchanged=0,
        counts={},
    )


def compare_runs(before: Run, after: Run, path: str) -> Comparison:
    """Compare two runs; `path` is where the earlier one was found."""
    names = counterparts(interpreters(before), interpreters(after))
    before = renamed(before, names)
    reason = why_not(before, after)
    if reason is not None:
        return not_comparable(before.id, path, reason)
    changes: list[Change] = []
    unchanged = 0
    for part in (cases, counters, figures, leaks, jobs):
        found, same = part(before, after)
        changes += found
        unchanged += same
    if same_machine(before, after):
        changes += times(before, after)
    changes = with_commands(changes, after)
    return Comparison(
        baseline=before.id,
        path=path,
        comparable=True,
        reasons=(),
        notes=notes(before, after, names),
        changes=tuple(changes),
        unchanged=unchanged,
        counts=dict(Counter(change.verdict for change in changes)),
        gone=find_gone(before, after),
        added=find_added(before, after),
    )


def with_commands(changes: Sequence[Change], after: Run) -> list[Change]:
    """Add to each change the shell line of its case or job."""
    commands = {f"{case.column} {case.id}": case.reproduce for case in after.cases}
    commands |= {result.job: result.command for result in after.results}

    def command(key: str) -> str | None:
        while key and key not in commands:
            key = key.rpartition(" ")[0]
        return commands.get(key)

    return [
        one
        if one.reproduce
        else msgspec.structs.replace(one, reproduce=command(one.key))
        for one in changes
    ]


def why_not(before: Run, after: Run) -> str | None:
    """Return why the runs do not compare; None when they have a job in common."""
    was = {result.job for result in before.results if result.status not in NOT_RUN}
    if not was:
        return "the baseline contains nothing to compare with"
    if was & {result.job for result in after.results}:
        return None
    return f"no job in common: this run has {some(after)}, the baseline {some(before)}"


def some(run: Run, most: int = 3) -> str:
    """Name the first jobs of a run."""
    names = [job.id for job in run.plan]
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


MACHINE = ("host", "cpu", "cpu_count", "kernel", "libc")
BUILD = ("compiler", "flags", "build_type", "build_options")


def differing(before: Run, after: Run) -> list[str]:
    """Return what keeps times of the two from standing side by side.

    Programs that are the same to the byte are the same build; else all of it has
    to be known and alike.
    """
    was, now = before.environment, after.environment
    keys = MACHINE if was.binaries == now.binaries else MACHINE + BUILD
    known = was.binaries == now.binaries or was.compiler is not None
    out = [key for key in keys if getattr(was, key) != getattr(now, key)]
    return [*out, *([] if known or "compiler" in out else ["compiler (unknown)"])]


def same_machine(before: Run, after: Run) -> bool:
    """Tell whether times of the two may stand side by side."""
    return not differing(before, after)


def notes(before: Run, after: Run, names: Mapping[str, str]) -> tuple[str, ...]:
    """Return what limits the comparison without forbidding it."""
    out = [f"{new} is compared with the baseline's {old}" for old, new in names.items()]
    if before.verdict.state == "interrupted":
        out.append("the baseline was interrupted: only what it finished is compared")
    if not same_machine(before, after):
        what = ", ".join(differing(before, after)).replace("_", " ")
        out.append(f"another machine or build ({what}): times are not compared")
    if before.environment.seed != after.environment.seed:
        out.append("another seed: exact figures may differ because of it")
    partial = [c.label for c in (*before.columns, *after.columns) if not c.complete]
    if partial:
        columns = ", ".join(dict.fromkeys(partial))
        out.append(
            f"not all cases were run on {columns}: only common ones are compared"
        )
    loose = inexact_counters(before, after)
    if loose:
        out.append(f"not compared, as their cases say inexact: {', '.join(loose)}")
    other = [job for job, pair in work_pairs(before, after).items() if not pair[2]]
    if other:
        out.append(f"other parameters, not compared: {', '.join(sorted(other))}")
    return tuple(out)


def rank(outcome: str) -> int:
    """Order classes: good, warned, not applicable, bad by their order."""
    return 0 if outcome in GOOD else CLASSES.index(outcome)


def cases(before: Run, after: Run) -> tuple[list[Change], int]:
    """Compare classes; one that is there for the first time may be bad."""
    was = {f"{case.column} {case.id}": case for case in before.cases}
    now = {f"{case.column} {case.id}": case for case in after.cases}
    found, same = [], 0
    for key, old, new in pair(was, now):
        if old.outcome == new.outcome:
            same += 1
            continue
        if new.unreached:
            continue  # what became of its job says it once
        step = rank(new.outcome) - rank(old.outcome)
        verdict: ChangeVerdict = (
            "worse" if step > 0 else "better" if step else "changed"
        )
        found.append(change("case", key, (old.outcome, new.outcome), verdict))
    complete_before = {c.id for c in before.columns if c.complete}
    for key in now.keys() - was.keys():
        if now[key].column in complete_before:
            bad = rank(now[key].outcome) > rank("UNSUPPORTED")
            verdict = "worse" if bad else "changed"
            found.append(change("case", key, (None, now[key].outcome), verdict))
    return sorted(found, key=lambda c: (-rank(str(c.after or "FAIL")), c.key)), same


def amounts(before: int | float, after: int | float) -> ChangeVerdict:
    """Judge an exact count: less is better."""
    return "worse" if after > before else "better"


def counting_pairs(
    before: Run, after: Run
) -> Iterable[tuple[str, CaseResult, CaseResult]]:
    """Return the cases that passed both times, in columns that count exactly.

    A subject with an allocator of its own shares it with the rest of its process
    (an interpreter with its caches), so its counters are no more than figures.
    """
    exact = {column.id for column in after.columns if column.attach != "own"}

    def passed(all_cases: Iterable[CaseResult]) -> dict[str, CaseResult]:
        return {
            f"{c.column} {c.id}": c
            for c in all_cases
            if c.outcome == "PASS" and c.column in exact
        }

    return pair(passed(before.cases), passed(after.cases))


def inexact(old: CaseResult, new: CaseResult) -> frozenset[str]:
    """Return the counters that the case declares inexact, in either run."""
    return frozenset(old.inexact or ()) | frozenset(new.inexact or ())


def inexact_counters(before: Run, after: Run) -> tuple[str, ...]:
    """Name the counters that are left out, each case once."""
    found: dict[str, set[str]] = {}
    for _, old, new in counting_pairs(before, after):
        found.setdefault(new.id, set()).update(inexact(old, new))
    return tuple(
        f"{case} ({', '.join(sorted(names))})"
        for case, names in sorted(found.items())
        if names
    )


def counters(before: Run, after: Run) -> tuple[list[Change], int]:
    """Compare the counters of cases that passed both times, where they are exact."""
    found, same = [], 0
    for key, old, new in counting_pairs(before, after):
        loose = inexact(old, new)
        for name in COUNTERS:
            if name in loose:
                continue
            was = getattr(old.counters, name, None)
            now = getattr(new.counters, name, None)
            if was is None or now is None:
                continue
            if was == now:
                same += 1
                continue
            unit = "bytes" if name.endswith("_bytes") else "count"
            where = f"{key} {name}"
            found.append(change("counter", where, (was, now), amounts(was, now), unit))
    return found, same


def work_pairs(before: Run, after: Run) -> dict[str, tuple[int, int, bool]]:
    """Return index before, index after, and whether the parameters are the same."""
    was = {work.job: index for index, work in enumerate(before.work)}
    out = {}
    for index, work in enumerate(after.work):
        if work.job in was:
            old = before.work[was[work.job]].document
            new = work.document
            alike = (old.parameters, old.seed) == (new.parameters, new.seed)
            alike &= work.interpreter is not None or (
                old.subject_version == new.subject_version
            )
            out[work.job] = (was[work.job], index, alike)
    return out


def exact_figures(run: Run, index: int) -> dict[str, tuple[int | float, str]]:
    """Return a work document's exact figures as (value, unit)."""
    work = run.work[index]
    return {
        f"{work.job} {variant.name} {figure.name}": (figure.value, figure.unit)
        for variant in work.document.variants
        for figure in variant.figures
        if figure.exact and figure.value is not None
    }


def figures(before: Run, after: Run) -> tuple[list[Change], int]:
    """Compare verification and exact figures of workloads."""
    found: list[Change] = []
    same = 0
    for job, (old, new, alike) in work_pairs(before, after).items():
        was, now = before.work[old].document.verified, after.work[new].document.verified
        if was != now:
            verdict: ChangeVerdict = "better" if now else "worse"
            words = ("not verified", "verified")
            found.append(change("work", job, (words[was], words[now]), verdict))
        if not alike:
            continue
        versions = {one.document.subject_version for one in (
            before.work[old], after.work[new]
        )}  # fmt: skip
        pairs = pair(exact_figures(before, old), exact_figures(after, new))
        for key, (value, unit), (value_now, _) in pairs:
            if value == value_now:
                same += 1
                continue
            verdict = "changed" if len(versions) > 1 else amounts(value, value_now)
            found.append(change("counter", key, (value, value_now), verdict, unit))
    return found, same


def jobs(before: Run, after: Run) -> tuple[list[Change], int]:
    """Compare what became of jobs that both runs came to."""

    def came_to(run: Run) -> dict[str, str]:
        return {one.job: one.status for one in run.results if one.status not in NOT_RUN}

    was, now = came_to(before), came_to(after)
    found, same = [], 0
    for key, old, new in pair(was, now):
        if old == new:
            same += 1
            continue
        verdict: ChangeVerdict = "better" if new == "ok" else "changed"
        if old == "ok":
            verdict = "worse"
        found.append(change("job", key, (old, new), verdict))
    return found, same


def times(before: Run, after: Run) -> list[Change]:
    """List benchmark medians that differ; nobody judges them here."""

    def medians(run: Run) -> dict[str, float]:
        return {
            f"{row.name} {row.subject} {row.backend or 'own'}": row.summary.median_ns
            for row in run.bench
            if row.summary is not None
        }

    return [
        change("time", key, (old, new), "unjudged", "ns")
        for key, old, new in pair(medians(before), medians(after))
        if old != new
    ]
