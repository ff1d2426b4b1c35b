# SPDX-License-Identifier: MIT
"""What a worker of a cluster does: look whether it can, and run a unit.

A worker runs units in processes of their own: it has threads, and a job is forked.
Both functions are called by name, so the worker's Python has to have pmm.
"""

from __future__ import annotations

import hashlib
import io
import os
import socket
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import msgspec

from pmm.base.decoding import decode_json
from pmm.documents.jobs import JobResult
from pmm.documents.units import Needed, Unit
from pmm.execute.unit import JOBS, RESULTS, UNIT


class UnfitError(Exception):
    """This worker cannot run what it was given; the words say why."""


@lru_cache(maxsize=1024)
def hash_at(path: str, _: float) -> str:
    """Return the hash of a file as it was at a time."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def fault_of(need: Needed) -> str | None:
    """Return why a file is not what is needed; None when it is."""
    path = Path(need.path)
    if not path.is_file():
        return f"has no {need.path}"
    if need.sha256 is None:
        return None if os.access(path, os.X_OK) else f"cannot run {need.path}"
    if hash_at(need.path, path.stat().st_mtime) != need.sha256:
        return f"has another {need.path}"
    return None


def faults(needs: Sequence[Needed], working: str) -> list[str]:
    """Return what this worker lacks."""
    found = [fault for need in needs if (fault := fault_of(need)) is not None]
    if not Path(working).is_dir():
        found.append(f"has no folder {working}")
    return found


def asked_faults(data: bytes) -> list[str]:
    """Return what this worker lacks of a unit's needs."""
    unit = decode_json(data, Unit)
    return faults(unit.needs, unit.working)


def run_unit(data: bytes) -> bytes:
    """Run a unit; return its results and its folders as a tar archive."""
    unit = decode_json(data, Unit)
    lacking = faults(unit.needs, unit.working)
    if lacking:
        raise UnfitError(f"{socket.gethostname()} {lacking[0]}")
    with tempfile.TemporaryDirectory(prefix="pmm-unit-") as name:
        folder = Path(name)
        (folder / UNIT).write_bytes(data)
        done = subprocess.run(
            [sys.executable, "-m", "pmm.execute.unit", name, str(os.getpid())],
            stdin=subprocess.DEVNULL, capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            words = done.stderr.decode(errors="replace").strip() or "it ended"
            raise UnfitError(f"{socket.gethostname()}: {words[-300:]}")
        with_host(folder / RESULTS)
        return packed(folder)


def with_host(results: Path) -> None:
    """Add to each result which machine it is of."""
    host = socket.gethostname()
    lines = results.read_bytes().splitlines()
    found = [decode_json(line, JobResult) for line in lines]
    results.write_bytes(b"".join(
        msgspec.json.encode(msgspec.structs.replace(one, host=host)) + b"\n"
        for one in found
    ))  # fmt: skip


def packed(folder: Path) -> bytes:
    """Return what a unit left, as one archive."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as archive:
        for name in (RESULTS, JOBS):
            if (folder / name).exists():
                archive.add(folder / name, arcname=name)
    return out.getvalue()
