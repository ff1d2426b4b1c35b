# SPDX-License-Identifier: MIT
"""Write down what the programs of the Python package were built with.

    freeze_facts.py SOURCES BUILD OUT

An installed runner has no build folder to ask (pmm/discover/build_facts.py) and
no clone: the compiler, its flags and the commit are told by the one that built it.
Standard library only.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pmm.discover.build_facts import build_facts


def commit_of(sources: Path) -> str | None:
    """Return the commit of a clone; None where the sources are none of their own."""
    if not (sources / ".git").exists():
        return None
    try:
        done = subprocess.run(
            ["git", "-c", f"safe.directory={sources}", "rev-parse", "HEAD"],
            cwd=sources, capture_output=True, text=True, check=False,
        )  # fmt: skip
    except OSError:
        return None
    return done.stdout.strip() or None


def main(sources: str, build: str, out: str) -> None:
    """Write the facts as JSON."""
    facts = asdict(build_facts(Path(build))) | {"commit": commit_of(Path(sources))}
    Path(out).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
