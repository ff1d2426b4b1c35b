# SPDX-License-Identifier: MIT
"""From a job's JSONL to a column and its cases, believing nothing unchecked.

A document that is torn, of another subject, with a case twice, or at odds with
its own counts or with the exit code, makes the job a failed one; the cases that
were read stay, and the column is not complete.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pmm.base.errors import no_document
from pmm.base.last_words import clean, last_words
from pmm.base.paths import Paths, portable
from pmm.base.typed_names import fitting, id_part
from pmm.collect.asked import other_than_asked
from pmm.documents.jobs import Job, JobResult
from pmm.documents.programs import CaseClass, CaseLine, ConformLine, EndLine, HostLine
from pmm.documents.results import CaseResult, Column
from pmm.execute.executor import signal_name

BAD = frozenset(
    {"XPASS", "FAIL", "LEAK", "OOM_UNSAFE", "SANITIZER", "TIMEOUT", "CRASH"}
    | {"HARNESS_ERROR", "NOT_RUN"}
)
"""Classes that fail a run."""

NO_END = "its document has no end line"

FATES: dict[str, CaseClass] = {"crash": "CRASH", "timeout": "TIMEOUT"}


@dataclass(frozen=True)
class ConformOutput:
    """What one conformance job said, and what is wrong with it."""

    column: Column
    cases: tuple[CaseResult, ...]
    complaint: str | None


def read_lines(path: Path) -> tuple[list[ConformLine], str | None]:
    """Decode as many lines as are good; the complaint says why it ends there."""
    decoder: msgspec.json.Decoder[ConformLine] = msgspec.json.Decoder(ConformLine)
    lines: list[ConformLine] = []
    try:
        data = path.read_bytes()
    except OSError as error:
        return lines, no_document(error)
    for number, text in enumerate(data.split(b"\n"), 1):
        if not text.strip():
            continue
        try:
            lines.append(decoder.decode(text))
        except msgspec.MsgspecError as error:
            return lines, f"line {number} of its document is not valid: {error}"
    return lines, None


def contradiction(job: Job, lines: Sequence[ConformLine]) -> str | None:
    """Return what the document says against itself or against what was asked."""
    if not lines or not isinstance(lines[0], HostLine):
        return "its document does not start with a host line"
    cases = [line for line in lines if isinstance(line, CaseLine)]
    if len([line for line in lines if isinstance(line, HostLine)]) > 1:
        return "its document has two host lines"
    return host_lies(job, lines[0]) or bad_tally(lines, cases)


def bad_tally(lines: Sequence[ConformLine], cases: Sequence[CaseLine]) -> str | None:
    """Return what is wrong with the number of cases."""
    doubled = [name for name, n in Counter(c.id for c in cases).items() if n > 1]
    if doubled:
        return f"it reports {doubled[0]} twice"
    if not isinstance(lines[-1], EndLine):
        return NO_END
    claimed = {name: n for name, n in lines[-1].counts.items() if n}
    if claimed != dict(Counter(case.outcome for case in cases)):
        return "the totals at its end do not match its cases"
    return None if cases else "it ran no case"


def host_lies(job: Job, host: HostLine) -> str | None:
    """Return in what the host line differs from the job's order."""
    return other_than_asked(
        [
            ("subject", job.subject, host.subject),
            ("backend", job.backend, host.backend),
            ("mode", job.mode, host.mode),
            ("lane", job.lane, host.lane),
        ]
    )


def exit_code_lies(result: JobResult, cases: Sequence[CaseResult]) -> str | None:
    """Return how the exit code contradicts the cases, if it does."""
    if result.exit_code not in (0, 3):
        return None
    failed = any(case.reported in BAD for case in cases)
    if failed == (result.exit_code == 3):
        return None
    return f"exit code {result.exit_code} does not match the results of its cases"


def column_id(job: Job) -> str:
    """Return the column's id: the job's id without its kind."""
    kind, _, rest = job.id.partition("/")
    return rest if kind == "conform" else f"{kind}/{rest}"


def make_column(job: Job, host: HostLine | None, complete: bool) -> Column:
    """Make the column of a job; counts and score are the judge's."""
    labels = {
        id_part(name): name for name in (job.subject_label, job.backend_label) if name
    }
    if job.interpreter is not None and job.backend is not None:
        labels[job.backend] = f"PYTHONMALLOC={job.backend}"
    parts = [labels.get(part, part) for part in column_id(job).split("/")]
    version = host.subject_version if host else None
    named = fitting(version or "") and (version or "") not in parts[0]
    if job.kind == "conform" and named:
        parts[0] = f"{parts[0]} {version}"
    if job.lane in (None, "plain"):
        parts = [part for part in parts if part != "plain"]
    return Column(
        id=column_id(job),
        label=" ".join(part for part in parts if part != "own"),
        kind="backend" if job.kind == "backend-check" else "subject",
        subject=(host.subject if host else None) or job.subject or "",
        subject_version=(host.subject_version if host else None) or "",
        build=(host.build if host else None) or "",
        profile=host.profile if host else None,
        backend=job.backend_label or (host.backend if host else job.backend),
        mode=host.mode if host else job.mode,
        lane=host.lane if host else job.lane or "plain",
        attach=host.attach if host else "",
        features=host.features if host else (),
        complete=complete,
        counts={},
        score=None,
    )


def make_case(job: Job, column: str, line: CaseLine, paths: Paths) -> CaseResult:
    """Make the result of one case line, not yet judged."""
    return CaseResult(
        job=job.id,
        column=column,
        id=line.id,
        title=line.title,
        requirements=line.requirements,
        level=line.level,
        outcome=line.outcome,
        reported=line.outcome,
        expectation=None,
        link=None,
        message=clean(line.message) if line.message else None,
        feature=line.feature,
        signal=signal_name(line.signal) if line.signal else None,
        phase=line.phase,
        point=line.point,
        points=line.points,
        file=paths.source(line.file) if line.file else None,
        line=line.line,
        elapsed_ns=line.elapsed_ns,
        counters=line.counters,
        inexact=line.inexact,
        reproduce=portable(line.reproduce, paths.root),
        words=last_words(line.words),
    )


def collect_conform(
    job: Job, result: JobResult, document: Path, paths: Paths
) -> ConformOutput:
    """Read the document of a conformance or backend-check job."""
    lines, complaint = read_lines(document)
    if complaint is None:
        complaint = contradiction(job, lines)
    host = lines[0] if lines and isinstance(lines[0], HostLine) else None
    name = column_id(job)
    by_id = {line.id: line for line in lines if isinstance(line, CaseLine)}
    cases = tuple(make_case(job, name, line, paths) for line in by_id.values())
    if complaint is None:
        complaint = exit_code_lies(result, cases)
    complete = complaint is None and result.status == "ok"
    return ConformOutput(make_column(job, host, complete), cases, complaint)


def fill_gaps(
    output: ConformOutput, job: Job, result: JobResult, known: Sequence[CaseResult]
) -> tuple[CaseResult, ...]:
    """Add cells for the cases that a broken-off job did not reach.

    The first of them stands where the job ended and gets the job's fate, CRASH
    or TIMEOUT; the rest were not run.
    """
    reached = {case.id for case in output.cases}
    missing = [case for case in known if case.id not in reached]
    filled = [unreached(case, output.column.id, job, result) for case in missing]
    fate = FATES.get(result.status)
    if filled and fate is not None:
        filled[0] = msgspec.structs.replace(
            filled[0],
            outcome=fate,
            reported=fate,
            unreached=False,
            message=f"the job stopped here: {result.reason}",
            signal=result.signal,
            words=last_words(result.stderr_tail),
        )
    return (*output.cases, *filled)


def unreached(case: CaseResult, column: str, job: Job, result: JobResult) -> CaseResult:
    """Make the cell of a case that its job did not reach, after a column's that did."""
    return msgspec.structs.replace(
        case,
        job=job.id,
        column=column,
        outcome="NOT_RUN",
        reported="NOT_RUN",
        expectation=None,
        link=None,
        message=f"not reached: {result.reason}",
        unreached=True,
        feature=None,
        signal=None,
        phase=None,
        point=None,
        points=None,
        elapsed_ns=None,
        counters=None,
        reproduce=result.command,
        words=None,
    )
