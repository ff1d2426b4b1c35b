# SPDX-License-Identifier: MIT
"""The examples against the installed headers alone; TAP on stdout.

1. `meson install` puts the headers and the file for pkg-config into an empty
   folder; nothing else of the project is there.
2. Each example is compiled with what pkg-config says, and no other flag of the
   project, as C11 with all warnings as errors.
3. The suite runs on each subject: nothing fails, and something passes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

LEAST = {"subject": 3, "embedder": 25}
"""Cases that must pass at least."""
STRICT = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter"]


def install(build: str, root: Path) -> list[str]:
    """The flags that pkg-config gives for what was installed below `root`."""
    subprocess.run(
        ["meson", "install", "-C", build, "--no-rebuild", "--destdir", str(root),
         "--tags", "devel"],
        check=True,
        capture_output=True,
    )
    folder = next(root.rglob("pmm.pc")).parent
    environment = {**os.environ, "PKG_CONFIG_PATH": str(folder)}
    done = subprocess.run(
        ["pkg-config", "--cflags", "pmm"],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    return done.stdout.split()


def compile_alone(sources: Path, name: str, flags: list[str], out: Path) -> str:
    """Compile a copy of an example; "" or what the compiler says."""
    for path in sources.glob(f"{name}*.[ch]"):
        shutil.copy(path, out)
    compiler = os.environ.get("CC", "cc").split()
    command = [*compiler, *STRICT, "-shared", "-fPIC", *flags]
    command += ["-o", str(out / f"{name}.so"), str(out / f"{name}.c")]
    done = subprocess.run(command, cwd=out, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr


def counts(program: str, subject: Path, profile: Path) -> dict[str, int]:
    """How many cases came to which class."""
    lines = subject.with_suffix(".jsonl")
    command = [program, "--subject", str(subject), "--jsonl", str(lines)]
    if profile.exists():
        command += ["--profile", str(profile)]
    subprocess.run(command, capture_output=True, check=False)
    documents: list[dict[str, Any]] = [
        json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()
    ]
    found: dict[str, int] = documents[-1]["counts"]
    return {name: number for name, number in found.items() if number > 0}


def judged(program: str, sources: Path, name: str, flags: list[str], out: Path) -> str:
    """What is wrong with one example."""
    wrong = compile_alone(sources, name, flags, out)
    if wrong or name not in LEAST:
        return wrong
    found = counts(program, out / f"{name}.so", sources / f"{name}.toml")
    print(f"# {name}: {found}")
    if set(found) - {"PASS", "WARN", "UNSUPPORTED", "WAIVED"}:
        return f"classes {found}"
    return "" if found.get("PASS", 0) >= LEAST[name] else f"only {found}"


def main(build: str, sources: str, program: str) -> int:
    """One TAP line an example."""
    print("1..3")
    with tempfile.TemporaryDirectory() as folder:
        flags = install(build, Path(folder) / "root")
        out = Path(folder) / "mine"
        out.mkdir()
        program = str(Path(program).resolve())
        for number, name in enumerate((*LEAST, "backend"), 1):
            wrong = judged(program, Path(sources), name, flags, out)
            print(f"{'not ok' if wrong else 'ok'} {number} - {name}")
            for line in wrong.splitlines():
                print(f"# {line}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
