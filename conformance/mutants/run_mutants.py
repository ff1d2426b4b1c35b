# SPDX-License-Identifier: MIT
"""Change impl/ in one small place at a time, and see whether a case fails.

    run_mutants.py build --sample 300            drawn by --seed, over every file
    run_mutants.py build --sample 300 --part 1/4   a quarter of the same lot
    run_mutants.py build --files 'impl/gc/*'     all of some files
    run_mutants.py build --all                   all there are; hours
    run_mutants.py build --mutant impl/gc/mark.c:80:47 --show

1. All mutants are compiled into two programs, which ask the environment for the
   number of the one to be (operators.py says what is changed, schemata.py how).
2. Each case runs once on the sound program, and it is kept which places it reaches.
3. A mutant is killed by the first case that fails: the cases alone, without any
   assertion of the reference; those of pmm-conform on the reference over its pool,
   and those of pmm-backend-check over each allocator that is here (stages.py).

A survivor is a gap in the cases, or changes nothing that the contract can show:
survivors.toml has the reason, and counts it as explained. The score is what was
killed of those that are not explained.

exit code: 0 the score reaches --goal; 1 the tool failed; 2 wrong usage; 3 it does
not, or --times found a mutant that ended in two ways.

Python 3.11, and the packages tree-sitter and tree-sitter-c.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

try:
    from program import ROOT, Build, BuildError, Made, make
    from running import Reach, Verdict, fix_addresses, judge
    from schemata import Mutant
    from stages import STAGES, Stage
except ImportError as missing:
    raise SystemExit(
        f"run_mutants.py: {missing}; the packages are tree-sitter and tree-sitter-c: "
        "pip install tree-sitter tree-sitter-c"
    ) from None

HERE = Path(__file__).resolve().parent
KEPT = HERE / "survivors.toml"
USUAL = [stage.name for stage in STAGES if stage.usual]
"""A failing allocation at each point of each case takes ten times as long."""
FIELDS = {"file", "function", "at", "change", "reason"}


@dataclass(frozen=True)
class Reason:
    """Why a mutant may survive: what survivors.toml says of a change of a line."""

    file: str
    function: str
    at: str
    change: str
    reason: str


class KeptError(Exception):
    """survivors.toml says something that cannot be."""


def read_reasons(path: Path) -> list[Reason]:
    """The survivors with a reason."""
    with path.open("rb") as stream:
        entries = tomllib.load(stream).get("survivor", [])
    for number, entry in enumerate(entries, 1):
        if set(entry) != FIELDS:
            raise KeptError(f"{path.name}: entry {number} has not the keys {sorted(FIELDS)}")
    return [Reason(**entry) for entry in entries]


class Reasons:
    """Reasons by what they are of."""

    def __init__(self, reasons: list[Reason]) -> None:
        self.known = {(r.file, r.function, r.at, r.change): r.reason for r in reasons}
        self.lines: dict[str, list[str]] = {}

    def line(self, mutant: Mutant) -> str:
        """The line of the source, by which a reason finds it when others move."""
        if mutant.file not in self.lines:
            text = (ROOT / mutant.file).read_text(encoding="utf-8")
            self.lines[mutant.file] = text.splitlines()
        return self.lines[mutant.file][mutant.line - 1].strip()

    def of(self, mutant: Mutant) -> str:
        """The reason of a mutant, or nothing."""
        key = (mutant.file, mutant.function, self.line(mutant), mutant.said)
        return self.known.get(key, "")


# ---- which -------------------------------------------------------------------


def by_lot(mutants: list[Mutant], count: int, seed: int) -> list[Mutant]:
    """So many by lot: one of each file first, then any."""
    order = sorted(mutants, key=lambda m: m.number)
    random.Random(seed).shuffle(order)
    seen: set[str] = set()
    first = [m for m in order if not (m.file in seen or seen.add(m.file))]
    chosen = set(first[:count])
    rest = [m for m in order if m not in chosen]
    return sorted([*first, *rest][:count], key=lambda m: m.number)


def selected(made: Made, arguments: argparse.Namespace) -> list[Mutant]:
    """The mutants that are asked for."""
    mutants = made.mutants
    if arguments.mutant:
        return [m for m in mutants if any(
            fnmatchcase(m.name, f"{glob}*") for glob in arguments.mutant)]  # fmt: skip
    if arguments.sample:
        mutants = by_lot(mutants, arguments.sample, arguments.seed)
    number, parts = arguments.part
    return mutants[number - 1 :: parts]


# ---- telling -----------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """A verdict, and the reason where it is kept."""

    verdict: Verdict
    reason: str

    @property
    def state(self) -> str:
        """`killed`, `explained`, `survived`, or `not reached`."""
        if self.verdict.killer:
            return "killed"
        if self.reason:
            return "explained"
        return "survived" if self.verdict.reached_by else "not reached"

    def line(self, number: int) -> str:
        """A line of TAP."""
        mutant = self.verdict.mutant
        text = f"{number} - {mutant.name}: {mutant.said}"
        if self.state == "killed":
            return f"ok {text} ({self.verdict.killer})"
        if self.state == "explained":
            return f"ok {text} # SKIP {self.reason}"
        return f"not ok {text} ({self.state}; {self.verdict.reached_by} cases reach it)"

    def document(self) -> dict[str, Any]:
        """As JSON."""
        mutant = self.verdict.mutant
        return {
            "mutant": mutant.name, "function": mutant.function, "change": mutant.said,
            "state": self.state, "killer": self.verdict.killer, "reason": self.reason,
            "reached_by": self.verdict.reached_by,
        }  # fmt: skip


def show(mutants: list[Mutant], reasons: Reasons) -> int:
    """Print where the mutants are and what they change, as survivors.toml has it."""
    for m in mutants:
        print(f"# {m.name}\n[[survivor]]")
        for key, value in (("file", m.file), ("function", m.function),
                           ("at", reasons.line(m)), ("change", m.said),
                           ("reason", reasons.of(m))):  # fmt: skip
            print(f"{key} = {json.dumps(value)}")
        print()
    return 0


def tell(what: str, started: float) -> Any:
    """A line on a terminal, with the time that is left."""

    def told(done: int, total: int) -> None:
        if sys.stderr.isatty():
            left = (time.monotonic() - started) / done * (total - done)
            last = "\n" if done == total else ""
            print(f"\r{what}: {done} of {total}, {left:.0f} s left ", end=last,
                  file=sys.stderr, flush=True)  # fmt: skip

    return told


def verdicts(reaches: list[Reach], mutants: list[Mutant], jobs: int) -> Iterator[Verdict]:
    """What becomes of each mutant, in order."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda m: judge(reaches, m), mutants)


def run_once(
    reaches: list[Reach], mutants: list[Mutant], reasons: Reasons, jobs: int
) -> list[Told]:
    """Try all and print TAP."""
    print(f"TAP version 13\n1..{len(mutants)}", flush=True)
    progress = tell("mutants", time.monotonic())
    found = []
    for number, verdict in enumerate(verdicts(reaches, mutants, jobs), 1):
        one = Told(verdict, reasons.of(verdict.mutant))
        found.append(one)
        print(one.line(number), flush=True)
        progress(number, len(mutants))
    return found


def score(found: list[Told]) -> float:
    """What was killed of those that are not explained."""
    states = Counter(one.state for one in found)
    asked = len(found) - states["explained"]
    return states["killed"] / asked if asked else 1.0


def print_sums(found: list[Told], made: Made, started: float) -> None:
    """Print how many of what, by folder and in all."""
    by_folder: dict[str, Counter[str]] = {}
    for one in found:
        folder = one.verdict.mutant.file.rpartition("/")[0]
        by_folder.setdefault(folder, Counter())[one.state] += 1
    for folder, states in sorted(by_folder.items()):
        sums = ", ".join(f"{n} {state}" for state, n in states.most_common())
        print(f"# {folder}: {sums}")
    states = Counter(one.state for one in found)
    sums = ", ".join(f"{n} {state}" for state, n in states.most_common())
    spent = time.monotonic() - started
    print(f"# {len(found)} of {len(made.mutants)} mutants in {spent:.0f} s: {sums}; "
          f"score {100 * score(found):.1f} %")  # fmt: skip


def differing(runs: list[list[Told]]) -> list[str]:
    """The mutants that ended in two ways."""
    return [
        one[0].verdict.mutant.name
        for one in zip(*runs, strict=True)
        if len({told.state for told in one}) > 1
    ]


# ---- the program -------------------------------------------------------------


def part(text: str) -> tuple[int, int]:
    """Read `I/N`."""
    number, slash, parts = text.partition("/")
    if not (slash and number.isdecimal() and parts.isdecimal()):
        raise argparse.ArgumentTypeError(f"'{text}' is no I/N, such as 1/40")
    if not 1 <= int(number) <= int(parts):
        raise argparse.ArgumentTypeError(f"'{text}': I goes from 1 to N")
    return int(number), int(parts)


def count(text: str) -> int:
    """Read a number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 1 on")
    return int(text)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    lanes = [stage.name for stage in STAGES]
    add("build", type=Path, help="a build folder of this tree, built")
    add("--sample", type=count, metavar="N", help="so many by lot, over every file")
    add("--all", action="store_true", help="all there are")
    add("--mutant", action="append", metavar="GLOB", help="FILE:LINE[:COLUMN] of some")
    add("--files", action="append", metavar="GLOB", help="build mutants of these alone")
    add("--part", type=part, default=(1, 1), metavar="I/N", help="every Nth, from I on")
    add("--seed", type=int, default=1, help="of the lot; default: 1")
    add("--stage", action="append", choices=lanes, help="default: all but failing allocations")
    add("--case", action="append", metavar="GLOB", help="only these cases")
    add("--times", type=count, default=1, metavar="N", help="try each N times")
    add("--goal", type=float, default=0.95, metavar="SHARE", help="default: 0.95")
    add("--jobs", type=count, default=os.cpu_count() or 1, metavar="N")
    add("--json", type=Path, metavar="FILE", help="write the outcome, too")
    add("--show", action="store_true", help="print the mutants, run nothing")
    add("--prepare", action="store_true", help="compile and see what is reached alone")
    arguments = parser.parse_args()
    if not (arguments.sample or arguments.all or arguments.mutant or arguments.files
            or arguments.prepare or arguments.part != (1, 1)):  # fmt: skip
        parser.error("say how many: --sample N, --part I/N, --files, --mutant or --all")
    return arguments


def cases_of(build: Build, stage: Stage, globs: list[str]) -> list[str]:
    """The cases that a stage runs."""
    names = [c["id"] for c in build.cases(stage.program)]
    return [n for n in names if any(fnmatchcase(n, glob) for glob in globs)]


def reached(made: Made, build: Build, arguments: argparse.Namespace) -> list[Reach]:
    """What the cases reach in each stage."""
    found = []
    for stage in STAGES:
        if stage.name not in (arguments.stage or USUAL):
            continue
        why = stage.absent(made)
        if why:
            print(f"# left out: {stage.name}: {why}")
            continue
        reach = Reach(made, stage, cases_of(build, stage, arguments.case or ["*"]))
        reach.find(arguments.jobs, tell(f"cases in {stage.name}", time.monotonic()))
        found.append(reach)
    return found


def run(arguments: argparse.Namespace) -> int:
    """Make the program, choose, try, tell."""
    started = time.monotonic()
    build = Build(arguments.build.resolve(), ROOT, 60)
    reasons = Reasons(read_reasons(KEPT))
    made = make(build, arguments.jobs, arguments.files)
    mutants = selected(made, arguments)
    if not mutants:
        print("run_mutants.py: no mutant is there", file=sys.stderr)
        return 2
    if arguments.show:
        return show(mutants, reasons)
    fix_addresses()
    reaches = reached(made, build, arguments)
    if arguments.prepare:
        return 0
    runs = [run_once(reaches, mutants, reasons, arguments.jobs)
            for _ in range(arguments.times)]  # fmt: skip
    print_sums(runs[0], made, started)
    unsteady = differing(runs)
    for name in unsteady:
        print(f"# ended in two ways: {name}")
    if arguments.json:
        document = {"mutants": [one.document() for one in runs[0]]}
        text = json.dumps(document, indent=1) + "\n"
        arguments.json.write_text(text, encoding="utf-8")
    return 3 if unsteady or score(runs[0]) < arguments.goal else 0


def main() -> int:
    """Exit code 1 for what is not the suite's fault."""
    try:
        return run(parse())
    except (BuildError, KeptError, OSError) as error:
        print(f"run_mutants.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
