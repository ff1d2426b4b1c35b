# SPDX-License-Identifier: MIT
"""Compile the extension for each CPython that the shared one does not load in.

usage: older_cpythons.py BUILD_DIRECTORY

The shared extension needs CPython 3.10 and its global lock; 3.8, 3.9 and
free-threaded builds, where they are found, get one of their own
(impl/hosts/cpython/build_cpython.py).  One that cannot be
compiled, as its headers are missing, is told of and left out of the report.
"""

import subprocess
import sys
from pathlib import Path

from pmm.base.paths import find_paths
from pmm.discover.cpythons import find_cpythons

SHARED = (3, 10)
SCRIPT = "impl/hosts/cpython/build_cpython.py"


def main() -> None:
    """Compile one after the other."""
    paths = find_paths(None, Path(sys.argv[1]))
    for one in find_cpythons(paths):
        if one.order[:2] >= SHARED and not one.free_threaded:
            continue
        command = [one.interpreter, paths.root / SCRIPT, "--build", paths.build]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = done.stderr.strip().splitlines()
            print(f"   no extension for {one.id}: {said[-1] if said else 'failed'}")


if __name__ == "__main__":
    main()
