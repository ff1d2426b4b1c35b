# SPDX-License-Identifier: MIT
"""Seed each regression of the museum into the reference, and count its figure in
the sound build and in the faulty one.

    museum.py BUILD                    TAP: one line an exhibit
    museum.py BUILD --exhibit 'tup*'   only these
    museum.py BUILD --json             {"exhibits": [...]} instead

A regression is told apart when the sound figure is not above its bound and the
faulty one is.  No clock is read.  Exit codes: 0 all told apart; 1 the tool failed;
2 wrong usage; 3 one is not.  Needs a build folder, its compiler and Ninja; Python
3.11, the standard library alone.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "faults"))

from catalogue import Fault
from seeding import Build, BuildError

PROGRAM = "pmm-ledger"
PROGRAMS = {PROGRAM: "workloads/ledger/pmm-ledger"}
SECONDS = 60


class Regression(Fault):
    """A fault that is seeded into the program of the exhibits."""

    @property
    def program(self) -> str:
        """The program that counts its figure."""
        return PROGRAM


@dataclass(frozen=True)
class Exhibit:
    """One regression, as museum.toml has it."""

    id: str
    title: str
    issue: str
    versions: str
    story: str
    figure: str
    bound: int
    file: str
    old: str
    new: str

    @property
    def fault(self) -> Regression:
        """What is changed in the reference."""
        return Regression(self.id, self.title, self.file, self.old, self.new)


@dataclass(frozen=True)
class Told:
    """What the two builds counted; None: no figure, and `wrong` says why."""

    id: str
    sound: int | None
    faulty: int | None
    wrong: str
    apart: bool


def read_exhibits() -> list[Exhibit]:
    """The exhibits, in the order of the file."""
    with (HERE / "museum.toml").open("rb") as stream:
        return [Exhibit(**entry) for entry in tomllib.load(stream)["exhibit"]]


def count(program: Path, exhibit: Exhibit) -> int:
    """Run the exhibit's program; BuildError tells what it did instead."""
    command = [str(program), "--exhibit", exhibit.id]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"no end within {SECONDS} s") from error
    if done.returncode != 0:
        raise BuildError(f"code {done.returncode}: {done.stderr.strip()[-200:]}")
    return int(json.loads(done.stdout)["figure"])


def show(exhibit: Exhibit, build: Build) -> Told:
    """Count in the sound build, seed the fault, count again."""
    text, times = exhibit.fault.apply(ROOT)
    if times != 1:
        wrong = f"the text to change stands {times} times in {exhibit.file}"
        return Told(exhibit.id, None, None, wrong, apart=False)
    try:
        sound = count(build.folder / PROGRAMS[PROGRAM], exhibit)
    except BuildError as error:
        return Told(exhibit.id, None, None, f"the sound build: {error}", apart=False)
    with tempfile.TemporaryDirectory(prefix="pmm-museum-") as folder:
        program, said = build.seed(exhibit.fault, text, Path(folder), PROGRAM)
        if program is None:
            return Told(exhibit.id, sound, None, said.strip()[:400], apart=False)
        try:
            faulty = count(program, exhibit)
        except BuildError as error:
            return Told(exhibit.id, sound, None, str(error), apart=False)
    apart = sound <= exhibit.bound < faulty
    return Told(exhibit.id, sound, faulty, "", apart)


def shown(exhibits: list[Exhibit], build: Build, jobs: int) -> Iterator[Told]:
    """Each exhibit, in order."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda one: show(one, build), exhibits)


def print_tap(exhibits: list[Exhibit], told: Iterator[Told]) -> int:
    """One line an exhibit; returns how many are not told apart."""
    print(f"TAP version 13\n1..{len(exhibits)}", flush=True)
    failed = 0
    for number, (exhibit, one) in enumerate(zip(exhibits, told, strict=True), 1):
        word = "ok" if one.apart else "not ok"
        print(f"{word} {number} - {exhibit.id}: {one.sound} and {one.faulty}, bound "
              f"{exhibit.bound} ({exhibit.issue})", flush=True)  # fmt: skip
        failed += not one.apart
        if one.wrong:
            print("\n".join(f"# {line}" for line in one.wrong.splitlines()))
    return failed


def parse_arguments() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("build", type=Path, help="a build folder of this tree, built")
    add("--exhibit", action="append", metavar="GLOB", help="only these; repeatable")
    add("--jobs", type=int, default=os.cpu_count() or 1, metavar="N")
    add("--json", action="store_true", help="print a document")
    return parser.parse_args()


def main() -> int:
    """Choose, count, tell."""
    arguments = parse_arguments()
    globs = arguments.exhibit or ["*"]
    exhibits = [
        one for one in read_exhibits() if any(fnmatchcase(one.id, g) for g in globs)
    ]
    if not exhibits:
        print("museum.py: no exhibit has such a name", file=sys.stderr)
        return 2
    try:
        build = Build(arguments.build.resolve(), ROOT, SECONDS, PROGRAMS)
    except BuildError as error:
        print(f"museum.py: {error}", file=sys.stderr)
        return 1
    told = shown(exhibits, build, max(1, arguments.jobs))
    if arguments.json:
        rows = list(told)
        print(json.dumps({"exhibits": [asdict(one) for one in rows]}))
        return 3 if any(not one.apart for one in rows) else 0
    return 3 if print_tap(exhibits, told) else 0


if __name__ == "__main__":
    raise SystemExit(main())
