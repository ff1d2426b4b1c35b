# SPDX-License-Identifier: MIT
"""Run pmm-work and its Python twins, and check the documents they write."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TWINS = ROOT / "workloads" / "python" / "run.py"
PROGRAM = os.environ.get("PMM_WORK", "")
TIMEOUT_S = 240

FIELDS = {
    "schema", "type", "workload", "form", "subject", "subject_version",
    "backend", "mode", "attach", "parameters", "seed", "verified", "checksum",
    "variants", "claims", "findings", "witness", "error", "notes",
}
VARIANT_FIELDS = {"name", "verified", "checksum", "elapsed_ns", "phases",
                  "figures", "series"}
COLUMNS = ["t_ns", "live_bytes", "rss_bytes", "descriptors"]

Document = dict[str, Any]
Done = subprocess.CompletedProcess[str]


def run(command: list[str], cwd: Path | None = None) -> Done:
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd,
                          timeout=TIMEOUT_S, check=False)


def program(*arguments: str) -> Done:
    """pmm-work with these arguments."""
    return run([PROGRAM, *arguments])


def twin(*arguments: str) -> Done:
    """The Python twin with these arguments, in this interpreter."""
    return run([sys.executable, str(TWINS), *arguments])


def refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def document(done: Done) -> Document:
    """The document on stdout; it must be strict JSON of the right shape."""
    value: Document = json.loads(done.stdout, parse_constant=refuse)
    check_shape(value)
    return value


def check_shape(value: Document) -> None:
    missing = set(value) ^ FIELDS
    assert missing <= {"failures"}, missing
    assert (value["schema"], value["type"]) == (1, "work")
    for variant in value["variants"]:
        check_variant(variant)
    for claim in value["claims"]:
        assert claim["verdict"] in {"true", "caveat", "false"}, claim
        assert claim["article"] in {0, 1, 2, 3}, claim


def check_variant(variant: Document) -> None:
    extra = set(variant) - VARIANT_FIELDS
    assert extra <= {"unsupported"}, extra
    series = variant["series"]
    assert series["columns"] == COLUMNS
    rows = series["rows"]
    assert len(rows) <= 2000
    times = [row[0] for row in rows]
    assert times == sorted(times), "the clock went back"
    ends = [0]
    for phase in variant["phases"]:
        assert ends[-1] <= phase["start_ns"] <= phase["end_ns"], phase
        ends.append(phase["end_ns"])
    assert variant["elapsed_ns"] == ends[-1]
    names = [figure["name"] for figure in variant["figures"]]
    assert len(names) == len(set(names)), "a figure stands there twice"
    if rows:
        peak = figures(variant)["rss_peak_bytes"]
        assert peak >= max(row[2] for row in rows), "a sample above the peak"


def variants(value: Document) -> dict[str, Document]:
    return {variant["name"]: variant for variant in value["variants"]}


def figures(variant: Document) -> dict[str, Any]:
    return {figure["name"]: figure["value"] for figure in variant["figures"]}
