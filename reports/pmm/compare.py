# SPDX-License-Identifier: MIT
"""This run against an earlier one: what changed, and is it worse?

Compared exactly, with no tolerance: classes of cases, the runtime's counters,
the workloads' exact figures, the leak tallies, what became of jobs. A counter
that its case declares inexact is left out. Times are listed without a verdict,
and only on the same machine.

Runs do not compare when their columns differ (another set of subjects), or when
the earlier one is of another schema; a figure does not compare when its
parameters differ. What is left out is said in the notes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeVar

from pmm.conform_results import NOT_REACHED
from pmm.documents import (
    CaseResult,
    Change,
    ChangeKind,
    ChangeVerdict,
    Comparison,
    LeakTally,
    Run,
    Scalar,
)
from pmm.programs import CLASSES

COUNTERS = ("allocations", "requested_bytes", "peak_bytes", "collections")
GOOD = frozenset({"PASS", "XFAIL", "WAIVED"})
T = TypeVar("T")


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
    reasons = why_not(before, after)
    if reasons:
        return Comparison(
            baseline=before.id,
            path=path,
            comparable=False,
            reasons=reasons,
            notes=(),
            changes=(),
            unchanged=0,
            counts={},
        )
    changes: list[Change] = []
    unchanged = 0
    for part in (cases, counters, figures, leaks, jobs):
        found, same = part(before, after)
        changes += found
        unchanged += same
    if same_machine(before, after):
        changes += times(before, after)
    return Comparison(
        baseline=before.id,
        path=path,
        comparable=True,
        reasons=(),
        notes=notes(before, after),
        changes=tuple(changes),
        unchanged=unchanged,
        counts=dict(Counter(change.verdict for change in changes)),
    )


def why_not(before: Run, after: Run) -> tuple[str, ...]:
    """Return why the runs do not compare; nothing when they do."""
    was = {column.id for column in before.columns}
    now = {column.id for column in after.columns}
    reasons = []
    if was - now:
        reasons.append(f"only the baseline asked {', '.join(sorted(was - now))}")
    if now - was:
        reasons.append(f"the baseline did not ask {', '.join(sorted(now - was))}")
    if not (was & now or before.work or before.bench):
        reasons.append("the baseline holds nothing to compare with")
    return tuple(reasons)


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


def notes(before: Run, after: Run) -> tuple[str, ...]:
    """Return what limits the comparison without forbidding it."""
    out = []
    if not same_machine(before, after):
        what = ", ".join(differing(before, after)).replace("_", " ")
        out.append(f"another machine or build ({what}): times are not set side by side")
    if before.environment.seed != after.environment.seed:
        out.append("another seed: exact figures may differ for that alone")
    partial = [c.label for c in (*before.columns, *after.columns) if not c.complete]
    if partial:
        names = ", ".join(dict.fromkeys(partial))
        out.append(f"not all cases were run on {names}: only common ones compare")
    lost = {w.job for w in before.work} - {w.job for w in after.work}
    if lost:
        out.append(f"not run this time: {', '.join(sorted(lost))}")
    loose = inexact_counters(before, after)
    if loose:
        out.append(f"not compared, as their cases say inexact: {', '.join(loose)}")
    other = [job for job, pair in work_pairs(before, after).items() if not pair[2]]
    if other:
        out.append(f"other parameters, not compared: {', '.join(sorted(other))}")
    return tuple(out)


def pair(before: Mapping[str, T], after: Mapping[str, T]) -> Iterable[tuple[str, T, T]]:
    """Return what both have, in the later order."""
    return ((key, before[key], after[key]) for key in after if key in before)


def change(
    kind: ChangeKind,
    key: str,
    values: tuple[Scalar, Scalar],
    verdict: ChangeVerdict,
    unit: str | None = None,
) -> Change:
    """Make one difference."""
    return Change(
        kind=kind,
        key=key,
        label=key,
        before=values[0],
        after=values[1],
        unit=unit,
        verdict=verdict,
    )


def rank(outcome: str) -> int:
    """Order classes: good, warned, not applicable, bad by their order."""
    return 0 if outcome in GOOD else CLASSES.index(outcome)


def cases(before: Run, after: Run) -> tuple[list[Change], int]:
    """Compare classes; a case that a complete column lost is worse."""
    was = {f"{case.column} {case.id}": case for case in before.cases}
    now = {f"{case.column} {case.id}": case for case in after.cases}
    found, same = [], 0
    for key, old, new in pair(was, now):
        if old.outcome == new.outcome:
            same += 1
            continue
        if (new.message or "").startswith(NOT_REACHED):
            continue  # what became of its job says it once
        step = rank(new.outcome) - rank(old.outcome)
        verdict: ChangeVerdict = (
            "worse" if step > 0 else "better" if step else "changed"
        )
        found.append(change("case", key, (old.outcome, new.outcome), verdict))
    whole = {c.id for c in after.columns if c.complete}
    for key in was.keys() - now.keys():
        if was[key].column in whole:
            found.append(change("case", key, (was[key].outcome, None), "worse"))
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
            alike = (old.parameters, old.seed, old.subject_version) == (
                new.parameters,
                new.seed,
                new.subject_version,
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
        pairs = pair(exact_figures(before, old), exact_figures(after, new))
        for key, (value, unit), (value_now, _) in pairs:
            if value == value_now:
                same += 1
                continue
            verdict = amounts(value, value_now)
            found.append(change("counter", key, (value, value_now), verdict, unit))
    return found, same


def leaks(before: Run, after: Run) -> tuple[list[Change], int]:
    """Compare the tallies, and unplanned findings by what they say and where."""

    def rows(run: Run) -> dict[str, LeakTally]:
        return {
            f"leaks {t.variant} {t.subject} {t.backend or 'own'} {'+'.join(t.needs)}": t
            for t in run.leak_tally
        }

    found, same = [], 0
    for key, old, new in pair(rows(before), rows(after)):
        if old.right == new.right:
            same += 1
            continue
        words = ("wrong", "right")
        verdict: ChangeVerdict = "better" if new.right else "worse"
        found.append(change("leak", key, (words[old.right], words[new.right]), verdict))
    return found, same


def jobs(before: Run, after: Run) -> tuple[list[Change], int]:
    """Compare what became of jobs."""
    was = {result.job: result.status for result in before.results}
    now = {result.job: result.status for result in after.results}
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
