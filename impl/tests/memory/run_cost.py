# SPDX-License-Identifier: MIT
"""Show that tracing costs no instruction while it is off.

usage: run_cost.py PROGRAM

Runs the job of cost_trace.c under callgrind: in a process that never traced,
in one that did before, and while tracing.  The first two counts must agree;
the third must be larger, or nothing was counted.  TAP on stdout.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def instructions(program: str, mode: str, folder: Path) -> int:
    """Instructions of the job in that mode."""
    out = folder / mode
    subprocess.run(
        [
            "valgrind",
            "--quiet",
            "--tool=callgrind",
            "--toggle-collect=pmm_counted_job",
            f"--callgrind-out-file={out}",
            program,
            mode,
        ],
        check=True,
    )
    found = re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.MULTILINE)
    return int(found.group(1)) if found else 0


def main() -> int:
    """Three runs, two comparisons."""
    if shutil.which("valgrind") is None:
        print("1..0 # SKIP valgrind is missing")
        return 0
    with tempfile.TemporaryDirectory() as name:
        never, after, during = (
            instructions(sys.argv[1], mode, Path(name))
            for mode in ("never", "after", "during")
        )
    same = never == after > 0
    more = during > never
    print("1..2")
    print(f"{'ok' if same else 'not ok'} 1 - {never} instructions, {after} after a trace")
    print(f"{'ok' if more else 'not ok'} 2 - {during} while tracing")
    return 0 if same and more else 1


if __name__ == "__main__":
    sys.exit(main())
