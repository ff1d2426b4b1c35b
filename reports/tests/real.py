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


@functools.cache
def small(workload: str) -> tuple[str, ...]:
    """The options that give a workload the small size that it declares."""
    argv = (
        [str(PROGRAM), "--list", "--json", "-"]
        if PROGRAM.is_file()
        else [sys.executable, str(TWIN), "--list", "--json", "-"]
    )
    done = subprocess.run(argv, capture_output=True, check=True, timeout=60)
    listed = msgspec.json.decode(done.stdout)["workloads"]
    named = {one["name"]: one["small"] for one in listed}
    text = named.get(workload) or ""
    return tuple(part for item in text.split() for part in ("--set", item))


def twin(workload: str, *options: str) -> WorkResult:
    """A workload's Python twin on the interpreter of the tests."""
    return run(sys.executable, str(TWIN), workload, *options)


def native(workload: str, *options: str) -> WorkResult | None:
    """The workload on the reference; None when it is not built."""
    if not PROGRAM.is_file():
        return None
    return run(str(PROGRAM), workload, *options)
