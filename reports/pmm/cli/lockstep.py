# SPDX-License-Identifier: MIT
"""`pmm lockstep`: random programs on two runtimes, by conformance/lockstep."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from pmm.base.paths import Paths, find_paths
from pmm.cli.options import BuildOption, SeedOption, guarded, writable_file

SCRIPT = "conformance/lockstep/lockstep.py"

LeftOption = Annotated[
    str, typer.Option(help="The side that is right: reference, reference,mode=full …")
]
RightOption = Annotated[
    str,
    typer.Option(
        help="The other side: an interpreter, ./mine.so, reference,backend=libc …"
    ),
]
ProgramArgument = Annotated[
    Path, typer.Argument(help="A program, one step per line, as `run` prints it.")
]

lockstep = typer.Typer(
    help="Run random programs on two runtimes in lockstep and say where they differ.",
    no_args_is_help=True,
)


def play(paths: Paths, words: list[str]) -> int:
    """Run the script in the foreground; its exit codes are those of pmm."""
    script = paths.root / SCRIPT
    command = [sys.executable, str(script), words[0], str(paths.build), *words[1:]]
    return subprocess.run(command, check=False).returncode


@lockstep.command("run")
@guarded
def run(
    left: LeftOption = "reference",
    right: RightOption = "python3",
    seconds: Annotated[
        float, typer.Option(help="How long; 0: until --programs are done.")
    ] = 10.0,
    programs: Annotated[int, typer.Option(min=0, help="How many; 0: no limit.")] = 0,
    length: Annotated[int, typer.Option(min=1, help="Steps in each program.")] = 64,
    start: Annotated[int, typer.Option(min=0, help="The first program's number.")] = 0,
    most: Annotated[
        int, typer.Option(min=1, help="Stop after this many unexplained differences.")
    ] = 5,
    no_case: Annotated[
        bool, typer.Option("--no-case", help="Do not print the case in C.")
    ] = False,
    document: Annotated[
        Path | None,
        typer.Option(
            "--document", callback=writable_file, help="Write the outcome as JSON."
        ),
    ] = None,
    seed: SeedOption = 1,
    build: BuildOption = None,
) -> int:
    """Draw programs from a seed, run each on both sides, compare after every step.

    A difference is shrunk until no step can go, and printed as steps and as a case
    in C. Those that conformance/lockstep/known.toml explains do not count.

    Exit code 3 when a difference is not explained, 2 when a side cannot be run.

    Example: pmm lockstep run --right python3.13 --seconds 60
    """
    words = ["run", "--left", left, "--right", right, "--seconds", str(seconds)]
    words += ["--programs", str(programs), "--length", str(length)]
    words += ["--start", str(start), "--most", str(most), "--seed", str(seed)]
    words += ["--no-case"] if no_case else []
    words += ["--json", str(document)] if document is not None else []
    return play(find_paths(None, build), words)


@lockstep.command("replay")
@guarded
def replay(
    program: ProgramArgument,
    left: LeftOption = "reference",
    right: RightOption = "python3",
    build: BuildOption = None,
) -> int:
    """Play one program on both sides and print what is seen of each step.

    Exit code 3 when the sides part.

    Example: pmm lockstep replay program.txt --right python3.12
    """
    words = ["replay", str(program), "--left", left, "--right", right]
    return play(find_paths(None, build), words)


@lockstep.command("case")
@guarded
def case(
    program: ProgramArgument,
    left: LeftOption = "reference",
    right: RightOption = "python3",
    build: BuildOption = None,
) -> int:
    """Shrink a program on which the sides part, and print it as a case in C.

    Exit code 3 when the sides part, 0 when they agree.

    Example: pmm lockstep case program.txt --right ./pmm-lockstep
    """
    words = ["case", str(program), "--left", left, "--right", right]
    return play(find_paths(None, build), words)


def register(app: typer.Typer) -> None:
    """Add the verb to the program."""
    app.add_typer(lockstep, name="lockstep")
