# SPDX-License-Identifier: MIT
"""The document of a replay or of a pattern, believed as far as it is the job's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from pmm.base.decoding import decode_json
from pmm.base.errors import no_document
from pmm.collect.asked import other_than_asked
from pmm.documents.jobs import Job, JobResult
from pmm.documents.replays import PatternDocument, ReplayDocument


@dataclass(frozen=True)
class Measured:
    """What one process of a replay or a pattern said."""

    job: Job
    command: str
    document: ReplayDocument | PatternDocument


def read_measured(
    job: Job, result: JobResult, path: Path
) -> tuple[Measured | None, str | None]:
    """Read the document; the complaint says why it is not believed."""
    document: ReplayDocument | PatternDocument
    try:
        text = path.read_bytes()
        if job.kind == "replay":
            document = decode_json(text, ReplayDocument)
        else:
            document = decode_json(text, PatternDocument)
    except OSError as error:
        return None, no_document(error)
    except msgspec.MsgspecError as error:
        return None, f"its document is not valid: {error}"
    wrong = lies(job, result, document)
    return (None if wrong else Measured(job, result.command, document)), wrong


def lies(
    job: Job, result: JobResult, document: ReplayDocument | PatternDocument
) -> str | None:
    """Return what a document says against its order or its exit code."""
    wrong = other_than_asked([("backend", job.backend, document.backend)])
    if wrong is not None:
        return wrong
    if job.place is not None and document.aged != job.place.aged:
        return f"it says aged {document.aged}, and was asked for {job.place.aged}"
    if isinstance(document, ReplayDocument):
        empty = document.time is None and document.memory is None
    else:
        empty = document.figures is None and document.unsupported is None
    if empty and document.error is None:
        return "it measured nothing"
    if result.exit_code == 0 and document.error is not None:
        return f"exit code 0, and its document says: {document.error}"
    return None
