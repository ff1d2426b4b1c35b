# SPDX-License-Identifier: MIT
"""Show that random programs find seeded faults, and that what they print fails.

    seeded.py build --fault 'lst.*' --seconds 5
    seeded.py build --sample 10

Each fault of conformance/faults is linked into pmm-lockstep, which runs beside
the sound reference until they differ. The difference is shrunk, its case is
compiled into pmm-conform, and must pass on the sound build and fail with the
fault. Not every fault can be found so: programs call no allocation that fails, no
file and no sparse matrix, and see neither sizes nor figures of the pool.

exit code: 0 as many found as --at-least says; 1 the tool failed; 2 wrong usage;
3 fewer, or a printed case that does not tell the two apart.

Python 3.11, the standard library alone.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "faults"))

from case_in_c import NO_CASE, print_case
from catalogue import CatalogueError, Fault, read
from lockstep import Difference, Pair, run_pair
from seeding import Build, BuildError
from sides import Side, SideError, find

CASE_AS = Fault("case", "a printed case", "conformance/cases/ref.c", "", "")
"""A printed case is compiled as one of the suite is."""
NAME = "lockstep.found"


@dataclass
class Found:
    """What became of one fault."""

    fault: Fault
    status: str
    operations: int = 0
    difference: Difference | None = None


def case_class(build: Build, objects: list[Path], folder: Path) -> str:
    """How the printed case ends in pmm-conform with these objects."""
    program, said = build.link("pmm-conform", objects, folder)
    if program is None:
        return f"does not link: {said[:300]}"
    setting = ("pmm-conform", "pool", "plain", "")
    return build.run(program, setting, [NAME], folder)[NAME].name


def check_case(build: Build, pair: Pair, steps: list[str], folder: Path) -> str:
    """Nothing, or how the case of a difference does not tell the two apart."""
    text = print_case(pair.left, pair.right, steps, "found")
    if text == NO_CASE:
        return ""
    text += f'\n#include "{HERE}/words.c"\n'
    text = text.replace('"words.h"', f'"{HERE}/words.h"')
    case = folder / "case.o"
    code, said = build.compile(CASE_AS, text, case)
    if code != 0 or "warning:" in said:
        return f"the printed case does not compile: {said[:500]}"
    sound = case_class(build, [case], folder)
    faulty = case_class(build, [case, folder / "faulty.o"], folder)
    if sound == "UNSUPPORTED":
        return ""  # nothing that a case has a word for
    if sound != "PASS" or faulty == "PASS":
        return f"the printed case is {sound} when sound, {faulty} with the fault"
    return ""


def try_fault(fault: Fault, build: Build, options: argparse.Namespace) -> Found:
    """Seed one fault and run until it shows."""
    with tempfile.TemporaryDirectory(prefix="pmm-lockstep-") as name:
        folder = Path(name)
        text, _ = fault.apply(ROOT)
        program, said = build.seed(fault, text, folder, "pmm-lockstep")
        if program is None:
            return Found(fault, f"not built: {said[:200]}")
        left = find("reference", build.folder)
        pair = Pair(left, Side(fault.id, (str(program),)))
        try:
            outcome = run_pair(pair, options)
            if not outcome.differences:
                return Found(fault, "not seen", outcome.operations)
            first = outcome.differences[0]
            wrong = check_case(build, pair, first.steps, folder) if first.steps else ""
            return Found(fault, wrong or "found", outcome.operations, first)
        finally:
            pair.close()


def print_found(found: Found) -> None:
    """A line a fault, and the program below it."""
    shrunk = f", shrunk to {len(found.difference.steps)}" if found.difference else ""
    print(f"{found.fault.id}: {found.status} after {found.operations:,} operations{shrunk}")
    for step in found.difference.steps if found.difference else []:
        print(f"    {step}")
    sys.stdout.flush()


def run(faults: list[Fault], build: Build, options: argparse.Namespace) -> int:
    """Try all; 3 when too few are found or a case tells nothing."""
    statuses = []
    lengths = []
    for fault in faults:
        found = try_fault(fault, build, options)
        print_found(found)
        statuses.append(found.status)
        if found.difference is not None:
            lengths.append(len(found.difference.steps))
    seen = statuses.count("found")
    wrong = [s for s in statuses if s not in ("found", "not seen")]
    median = sorted(lengths)[len(lengths) // 2] if lengths else 0
    print(f"{seen} of {len(faults)} faults found, median of {median} steps; "
          f"{len(wrong)} went wrong")  # fmt: skip
    return 3 if wrong or seen < options.at_least else 0


def parse() -> argparse.Namespace:
    """Command line; the fields that run_pair reads stand beside its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("build", type=Path, help="a build folder of this tree, built")
    add("--fault", action="append", metavar="GLOB", help="only these; repeatable")
    add("--sample", type=int, default=0, metavar="N", help="only N, evenly spread")
    add("--seconds", type=float, default=3.0, help="for each")
    add("--at-least", type=int, default=1, metavar="N", help="so many must be found")
    add("--seed", type=int, default=1)
    add("--length", type=int, default=64, metavar="STEPS")
    parser.set_defaults(start=0, programs=0, most=1, known=HERE / "known.toml")
    return parser.parse_args()


def main() -> int:
    """Read the catalogue, choose, run."""
    options = parse()
    try:
        build = Build(options.build.resolve(), ROOT, 20)
        faults = read(HERE.parent / "faults", build.cases(), ROOT).faults
        globs = options.fault or ["*"]
        chosen = [f for f in faults if any(fnmatchcase(f.id, g) for g in globs)]
        if options.sample and options.sample < len(chosen):
            wanted = options.sample
            chosen = [chosen[i * len(chosen) // wanted] for i in range(wanted)]
        if not chosen:
            print("seeded.py: no fault has such a name", file=sys.stderr)
            return 2
        return run(chosen, build, options)
    except (BuildError, CatalogueError, SideError, subprocess.SubprocessError) as error:
        print(f"seeded.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
