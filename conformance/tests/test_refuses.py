# SPDX-License-Identifier: MIT
"""DOM-015: "Selecting an unknown allocator name fails at start with a message
and exit code != 0."

An operation that names an allocator does not exist, so no case can show it:
the programs are started as a user starts them.  TAP on stdout.

Usage: test_refuses.py PMM_CONFORM PMM_BACKEND_CHECK
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

# Options, and a word that the message must have beside the wrong name.
REFUSED = [
    (["--backend", "bogus"], "bogus", "pool"),
    (["--backend", "pol"], "pol", "pool"),
    (["--backend", ""], "backend", "pool"),
    (["--backend", "/no/such/library.so"], "/no/such/library.so", ""),
]


def starts(tool: str, options: list[str]) -> tuple[int, str, str, bool]:
    """Exit code, what it said, what it printed, whether it wrote results."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "result.jsonl")
        done = subprocess.run(
            [tool, *options, "--jsonl", str(path)],
            capture_output=True, text=True, timeout=60, check=False,
        )
        ran = path.exists() and '"case"' in path.read_text()
    return done.returncode, done.stderr, done.stdout, ran


def main() -> int:
    failed = 0
    number = 0
    for tool in sys.argv[1:]:
        for options, name, nearest in REFUSED:
            code, said, printed, ran = starts(tool, options)
            good = (code in (1, 2) and name in said and nearest in said
                    and "ok 1" not in printed and not ran)
            number += 1
            failed += not good
            print(f"{'ok' if good else 'not ok'} {number} - "
                  f"{Path(tool).name} {' '.join(options)}: exit {code}, "
                  f"{said.strip()!r}")
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
