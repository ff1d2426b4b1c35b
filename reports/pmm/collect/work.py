# SPDX-License-Identifier: MIT
"""A workload's document, believed as far as it is of what was asked for."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pmm.base.decoding import decode_json
from pmm.base.errors import no_document
from pmm.collect.asked import other_than_asked
from pmm.documents.jobs import Job, JobResult
from pmm.documents.programs import WorkDocument
from pmm.documents.results import WorkResult


def read_work(
    job: Job, result: JobResult, path: Path
) -> tuple[WorkResult | None, str | None]:
    """Read a workload's document; the complaint says why it is not believed."""
    try:
        document = decode_json(path.read_bytes(), WorkDocument)
    except OSError as error:
        return None, no_document(error)
    except msgspec.MsgspecError as error:
        return None, f"its document is not valid: {error}"
    named = {
        "subject": job.subject_label or document.subject,
        "backend": job.backend_label or document.backend,
    }
    work = WorkResult(
        job=job.id,
        interpreter=job.interpreter,
        document=msgspec.structs.replace(document, **named),
        command=result.command,
    )
    return work, work_lies(job, result, document)


def work_lies(job: Job, result: JobResult, document: WorkDocument) -> str | None:
    """Return what a work document says against its order or its exit code."""
    wrong = other_than_asked(
        [
            ("workload", job.workload, document.workload),
            ("subject", job.subject, document.subject),
            ("backend", job.backend, document.backend),
        ]
    )
    if wrong is not None:
        return wrong
    if document.verified and not all(
        variant.verified or variant.unsupported for variant in document.variants
    ):
        return "it claims to be verified, but a variant is not"
    if result.exit_code == 0 and not document.verified and document.error is None:
        return "exit code 0, but the answer is not verified"
    return None if document.variants or document.error else "it measured nothing"
