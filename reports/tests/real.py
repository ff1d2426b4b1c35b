# SPDX-License-Identifier: MIT
"""Real work documents: a workload is run, as the runner runs it."""

from __future__ import annotations

import functools
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from pmm.documents.programs import WorkDocument
from pmm.documents.results import WorkResult

ROOT = Path(__file__).resolve().parents[2]
TWIN = ROOT / "workloads" / "python" / "run.py"
PROGRAM = ROOT / "build" / "workloads" / "pmm-work"


@functools.cache
def run(*argv: str) -> WorkResult:
    """Start a program and read the document that it writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "document.json"
        subprocess.run(
            [*argv, "--json", path], capture_output=True, check=True, timeout=120
        )
        document = msgspec.json.decode(path.read_bytes(), type=WorkDocument)
    return WorkResult(
        job=f"work/{document.workload}/{document.subject}",
        interpreter=None,
        document=document,
        command=" ".join(argv),
    )


def twin(workload: str, *options: str) -> WorkResult:
    """A workload's Python twin on the interpreter of the tests."""
    return run(sys.executable, str(TWIN), workload, *options)


def native(workload: str, *options: str) -> WorkResult | None:
    """The workload on the reference; None when it is not built."""
    if not PROGRAM.is_file():
        return None
    return run(str(PROGRAM), workload, *options)
