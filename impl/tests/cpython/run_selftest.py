# SPDX-License-Identifier: MIT
"""Run the extension's self-test in every CPython found.

    python3 run_selftest.py --module build/.../_pmm.abi3.so [--host SCRIPT]

1. Find interpreters: python3.10 and later on PATH, of pyenv and of the system.
2. Run each through conformance/cpython_host.py, which prints TAP.

Exit codes: 0 all passed, 77 no interpreter was found (a skip for Meson), 1
otherwise.  Two paths to one executable count once.
"""

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

HOST = Path(__file__).parents[3] / "conformance" / "cpython_host.py"
MINORS = range(10, 15)
SKIP = 77
TIMEOUT_S = 120
PLACES = (
    (Path.home() / ".pyenv", "versions/*/bin/python3.*"),
    (Path("/usr/bin"), "python3.*"),
)


def candidates() -> Iterator[Path]:
    """Files that look like an interpreter of a version we serve."""
    for minor in MINORS:
        found = shutil.which(f"python3.{minor}")
        if found:
            yield Path(found)
    for folder, pattern in PLACES:
        for path in sorted(folder.glob(pattern)):
            match = re.fullmatch(r"python3\.(\d+)", path.name)
            if match and int(match[1]) in MINORS:
                yield path


def executable(path: Path) -> Path | None:
    """The interpreter behind a path; None when it does not run."""
    try:
        answer = subprocess.run(
            [path, "-c", "import os, sys; print(os.path.realpath(sys.executable))"],
            capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return Path(answer.stdout.strip())


def interpreters() -> list[Path]:
    """Every interpreter once, in the order found."""
    found = [executable(path) for path in candidates()]
    return list(dict.fromkeys(path for path in found if path))


def passes(interpreter: Path, host: Path, module: Path) -> bool:
    """Run one self-test and show what it prints when it fails."""
    command = [str(interpreter), str(host), "--module", str(module), "selftest"]
    try:
        run = subprocess.run(command, capture_output=True, text=True,
                             timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        print(f"not ok - {interpreter}: no end in {TIMEOUT_S} s")
        return False
    good = run.returncode == 0 and "\nok " in run.stdout
    print(f"{'ok' if good else 'not ok'} - {interpreter}")
    if not good:
        print(f"exit code {run.returncode}\n{run.stdout}{run.stderr}")
    return good


def main() -> int:
    """Run it in all; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--module", type=Path, required=True)
    parser.add_argument("--host", type=Path, default=HOST)
    options = parser.parse_args()
    found = interpreters()
    if not found:
        print("no CPython 3.10 or later was found")
        return SKIP
    results = [passes(path, options.host, options.module) for path in found]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
