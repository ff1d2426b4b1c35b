# SPDX-License-Identifier: MIT
"""Each broken allocator fails a case of the requirement that it breaks.

The table (broken/broken.toml) says which.  Variants without a fault pass every
case, so a failure is the fault's.

Usage: test_broken.py PMM_BACKEND_CHECK LIBRARY TABLE [--part 1|2|3] [NAME...]
With PMM_PART=I/N in the environment only one of the three parts runs, the one that
I decides; the others are skipped.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

SOUND = ("sound", "sound_headed")
BAD = {"FAIL", "CRASH", "TIMEOUT", "WARN", "HARNESS_ERROR", "SANITIZER"}
PARTS = 3

Case = dict[str, Any]


def run(tool: str, library: str, name: str, *options: str) -> list[Case]:
    """The results of the cases that `options` select, over one variant."""
    spec = f"{name}={library},prefix={name}_like_,free_sized={name}_like_free_sized"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "result.jsonl")
        subprocess.run(
            [tool, "--backend", spec, "--jsonl", str(path), *options],
            capture_output=True, timeout=250, check=False,
        )
        text = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = [json.loads(line) for line in text.splitlines()]
    return [line for line in lines if line["type"] == "case"]


def said(cases: list[Case]) -> str:
    """Classes and messages of cases that did not pass."""
    found = [c for c in cases if c["class"] not in ("PASS", "UNSUPPORTED")]
    return "; ".join(f"{c['id']} {c['class']}: {c['message']}" for c in found)


def is_caught(requirement: str, cases: list[Case]) -> bool:
    """Whether a case of the requirement went wrong, and only such cases ran."""
    return bool(cases) and all(requirement in c["requirements"] for c in cases) and any(
        c["class"] in BAD for c in cases
    )


def unsupported_here(cases: list[Case]) -> bool:
    """Whether none of the cases could be asked on this machine."""
    return bool(cases) and all(c["class"] == "UNSUPPORTED" for c in cases)


def left_out(part: int | None) -> bool:
    """Whether PMM_PART=I/N leaves this part to another run."""
    number, _, parts = os.environ.get("PMM_PART", "1/1").partition("/")
    if part is None or parts == "1":
        return False
    return (int(number) - 1) % PARTS + 1 != part


def main() -> int:
    """One TAP line an allocator."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool")
    parser.add_argument("library")
    parser.add_argument("table", type=Path)
    parser.add_argument("--part", type=int)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    if left_out(arguments.part):
        print(f"1..0 # SKIP not in part {os.environ['PMM_PART']}")
        return 0
    with arguments.table.open("rb") as stream:
        table = tomllib.load(stream)["broken"]
    chosen = [
        one for i, one in enumerate(table)
        if arguments.part in (None, i % PARTS + 1)
        and (not arguments.names or one["name"] in arguments.names)
    ]  # fmt: skip
    sound = SOUND[arguments.part - 1 : arguments.part] if arguments.part else SOUND
    sound = () if arguments.names else sound
    print(f"1..{len(chosen) + len(sound)}")
    failed = 0
    for name in sound:
        cases = run(arguments.tool, arguments.library, name)
        good = len(cases) > 40 and not said(cases)
        failed += not good
        print(f"{'ok' if good else 'not ok'} - {name} passes: {said(cases)}", flush=True)
    for one in chosen:
        name, requirement = one["name"], one["requirement"]
        cases = run(
            arguments.tool, arguments.library, name, "--requirement", requirement
        )
        skipped = " # SKIP not asked on this machine" * unsupported_here(cases)
        good = bool(skipped) or is_caught(requirement, cases)
        failed += not good
        print(
            f"{'ok' if good else 'not ok'} - {name}: {requirement}"
            f"{skipped or ' ' + said(cases)[:200]}", flush=True,
        )  # fmt: skip
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
