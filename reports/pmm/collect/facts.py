# SPDX-License-Identifier: MIT
"""A CPython's facts and films, believed as far as they are of what was asked."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pmm.base.decoding import decode_json
from pmm.base.errors import no_document
from pmm.collect.asked import other_than_asked
from pmm.documents.facts import FactsDocument, FactSheet
from pmm.documents.jobs import Job, JobResult


def read_facts(
    job: Job, result: JobResult, path: Path
) -> tuple[FactSheet | None, str | None]:
    """Read a document of facts; the complaint says why it is not believed."""
    try:
        document = decode_json(path.read_bytes(), FactsDocument)
    except OSError as error:
        return None, no_document(error)
    except msgspec.MsgspecError as error:
        return None, f"its document is not valid: {error}"
    if not document.facts or not document.films:
        return None, "it measured nothing"
    sheet = FactSheet(
        job=job.id,
        interpreter=job.interpreter,
        document=document,
        command=result.command,
    )
    return sheet, other_than_asked([("subject", job.subject, document.subject)])
