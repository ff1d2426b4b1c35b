# SPDX-License-Identifier: MIT
"""Seed the catalogue's faults into the reference, one at a time, and run the
cases of the requirement that each one breaks (requirement DBG-008).

A fault is a change of a few lines of one source, as somebody writing a runtime
would make it; the files beside this one (AREA.toml) hold them.  For each:

1. the changed text is compiled into an object of its own, by the build's own
   command for that source: no file of the tree or of the build changes,
2. linked before the build's libraries, so that it stands for the sound object,
3. and the cases run that carry the requirements the fault names, in the lane,
   mode and over the backend it names.

It is caught when each named requirement has a case that does not pass and that
passes on the sound build.  Needs a build folder, its compiler and Ninja;
Python 3.11, the standard library alone.
"""

from __future__ import annotations

import argparse
import difflib
import os
import resource
import shlex
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from pathlib import Path

from catalogue import Catalogue, CatalogueError, Fault, Result, read
from seeding import Build, BuildError

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ADDRESS_SPACE_BYTES = 8 << 30
EXAMPLES = """\
statuses:
  caught            what is meant to happen
  missed            no case of a named requirement fails: write or mend it
  does not apply    the text to change is not there exactly once
  does not compile  the changed source is no C, or the compiler warns of it
  unsound           a case that should catch it fails on the sound build too

examples:
  run_faults.py build                        all of them, TAP on stdout
  run_faults.py build --fault 'lst.*'        one area
  run_faults.py build --fault lst.x --diff   what the fault changes
  run_faults.py build --uncovered            MUSTs that have no fault yet

exit code: 0 all caught; 1 the tool failed; 2 wrong usage; 3 one was not caught.
"""


class Clean:
    """What the sound build gets: the class of each case in each setting."""

    def __init__(self, build: Build, faults: list[Fault], catalogue: Catalogue) -> None:
        self.wanted: dict[tuple[str, ...], set[str]] = {}
        for fault in faults:
            cases = self.wanted.setdefault(fault.setting, set())
            cases.update(catalogue.cases_of(fault))
        self.build = build
        self.classes: dict[tuple[str, ...], dict[str, Result]] = {}

    def run(self, pool: ThreadPoolExecutor) -> None:
        """Run each setting once with all of its cases."""
        settings = sorted(self.wanted)
        results = pool.map(
            lambda s: self.build.run_clean(s, sorted(self.wanted[s])), settings
        )
        self.classes = dict(zip(settings, results, strict=True))

    def fails(self, fault: Fault, case: str) -> bool:
        """Whether the sound build does not pass `case` as the fault runs it."""
        result = self.classes[fault.setting].get(case)
        return result is None or result.name != "PASS"


class Judgement:
    """A fault, its status and what there is to say of it."""

    def __init__(self, fault: Fault, status: str, notes: list[str], by: str) -> None:
        self.fault = fault
        self.status = status
        self.notes = notes
        self.by = by


def judge(
    fault: Fault, results: dict[str, Result], clean: Clean, catalogue: Catalogue
) -> Judgement:
    """Whether each requirement that the fault names has a case that fails."""
    unsound = [c for c in results if clean.fails(fault, c)]
    if unsound:
        notes = [f"{c} does not pass on the sound build" for c in unsound]
        return Judgement(fault, "unsound", notes, "")
    notes = []
    by = ""
    for name, cases in catalogue.groups_of(fault).items():
        failed = [c for c in cases if c in results and results[c].catches]
        if failed:
            by = by or results[failed[0]].name
        else:
            said = ", ".join(f"{c} {results[c].name}" for c in cases if c in results)
            notes.append(f"{name} holds: {said or 'no case ran'}")
    return Judgement(fault, "missed" if notes else "caught", notes, by)


def try_fault(
    fault: Fault, build: Build, clean: Clean, catalogue: Catalogue
) -> Judgement:
    """Seed one fault, run its cases, judge."""
    text, count = fault.apply(ROOT)
    if count != 1:
        notes = [f"the text to change stands {count} times in {fault.file}"]
        return Judgement(fault, "does not apply", notes, "")
    with tempfile.TemporaryDirectory(prefix="pmm-fault-") as folder:
        program, said = build.seed(fault, text, Path(folder))
        if program is None:
            return Judgement(fault, "does not compile", said.splitlines()[:20], "")
        cases = sorted(catalogue.cases_of(fault))
        results = build.run(program, fault.setting, cases, Path(folder))
    return judge(fault, results, clean, catalogue)


def repeat_line(build: Path, fault: Fault, folder: Path) -> str:
    """The shell line that runs this fault again."""
    script = os.path.relpath(Path(__file__).resolve())
    words = ["python3", script, os.path.relpath(build), "--fault", fault.id]
    if folder != HERE:
        words += ["--catalogue", str(folder)]
    return shlex.join(words)


def show_progress(done: int, total: int, started: float) -> None:
    """A line on a terminal, with the time that is left."""
    if not sys.stderr.isatty():
        return
    left = (time.monotonic() - started) / done * (total - done)
    end = "\n" if done == total else ""
    print(f"\r{done} of {total} faults, {left:.0f} s left ", end=end, file=sys.stderr)


def print_judgement(number: int, judgement: Judgement, repeat: str) -> None:
    """One TAP line; what went wrong and how to see it again below it."""
    fault = judgement.fault
    caught = judgement.status == "caught"
    end = f" ({judgement.by})" if caught else f" [{judgement.status}]"
    print(f"{'ok' if caught else 'not ok'} {number} - {fault.id}: {fault.title}{end}")
    if not caught:
        for note in judgement.notes:
            print(f"# {note}")
        print(f"# repeat: {repeat}")
    sys.stdout.flush()


def selected(catalogue: Catalogue, arguments: argparse.Namespace) -> list[Fault]:
    """The faults asked for: by name, then one part of them."""
    globs = arguments.fault or ["*"]
    chosen = [
        f for f in catalogue.faults if any(fnmatchcase(f.id, glob) for glob in globs)
    ]
    number, parts = arguments.part
    return chosen[number - 1 :: parts]


def judgements(
    faults: list[Fault], build: Build, catalogue: Catalogue, jobs: int
) -> Iterator[Judgement]:
    """Each fault's judgement, in the order of `faults`."""
    clean = Clean(build, faults, catalogue)
    with ThreadPoolExecutor(jobs) as pool:
        clean.run(pool)
        yield from pool.map(lambda f: try_fault(f, build, clean, catalogue), faults)


def run(faults: list[Fault], build: Build, catalogue: Catalogue, jobs: int) -> int:
    """Run all, print TAP and the sums; 3 when one is not caught."""
    started = time.monotonic()
    print(f"TAP version 13\n1..{len(faults)}", flush=True)
    statuses: Counter[str] = Counter()
    classes: Counter[str] = Counter()
    for number, judgement in enumerate(judgements(faults, build, catalogue, jobs), 1):
        repeat = repeat_line(build.folder, judgement.fault, catalogue.folder)
        print_judgement(number, judgement, repeat)
        show_progress(number, len(faults), started)
        statuses[judgement.status] += 1
        if judgement.by:
            classes[judgement.by] += 1
    spent = time.monotonic() - started
    sums = ", ".join(f"{n} {status}" for status, n in statuses.most_common())
    ways = ", ".join(f"{n} {name}" for name, n in classes.most_common())
    print(f"# {len(faults)} faults in {spent:.0f} s: {sums}; by {ways or 'none'}")
    print(f"# {catalogue.coverage_text()}")
    return 0 if statuses["caught"] == len(faults) else 3


def print_diffs(faults: list[Fault]) -> int:
    """What each fault changes, as a patch; 3 when the source lacks the text of one."""
    stale = []
    for fault in faults:
        sound = (ROOT / fault.file).read_text(encoding="utf-8")
        changed, count = fault.apply(ROOT)
        if count != 1:
            stale.append(fault)
            continue
        print(f"{fault.id}: {fault.title}; breaks {' '.join(fault.named)}")
        lines = difflib.unified_diff(
            sound.splitlines(), changed.splitlines(), fault.file, fault.id, lineterm=""
        )
        print("\n".join(lines), end="\n\n")
    for fault in stale:
        print(f"{fault.id} does not apply: its text is not once in {fault.file}")
    return 3 if stale else 0


def print_uncovered(catalogue: Catalogue) -> int:
    """The MUSTs with a case that no fault breaks; 0 even if there are some."""
    for requirement in catalogue.without_fault():
        cases = " ".join(catalogue.cases_by_requirement[requirement["id"]])
        print(f"{requirement['id']}  {requirement['title']}  ({cases})")
    print(catalogue.coverage_text())
    return 0


def limit_memory(build: Build) -> None:
    """A fault may allocate without end: let it fail, not the machine."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not build.sanitized:
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        limit = ADDRESS_SPACE_BYTES
        if hard != resource.RLIM_INFINITY:
            limit = min(limit, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def part(text: str) -> tuple[int, int]:
    """Read `I/N`."""
    number, slash, parts = text.partition("/")
    if not (slash and number.isdecimal() and parts.isdecimal()):
        raise argparse.ArgumentTypeError(f"'{text}' is no I/N, such as 1/4")
    if not 1 <= int(number) <= int(parts):
        raise argparse.ArgumentTypeError(f"'{text}': I goes from 1 to N")
    return int(number), int(parts)


def parse_arguments() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("build", type=Path, help="a build folder of this tree, built")
    add("--fault", action="append", metavar="GLOB", help="only these; repeatable")
    add(
        "--part", type=part, default=os.environ.get("PMM_PART", "1/1"), metavar="I/N",
        help="only every Nth, from the Ith on (default: PMM_PART, else all)",
    )  # fmt: skip
    add("--jobs", type=int, default=os.cpu_count() or 1, metavar="N")
    add("--timeout", type=int, default=20, metavar="SECONDS", help="for one case")
    add("--catalogue", type=Path, default=HERE, metavar="FOLDER", help="of .toml files")
    add("--diff", action="store_true",
        help="print what changes, and what does not apply; run nothing")  # fmt: skip
    add("--uncovered", action="store_true", help="print MUSTs without a fault")
    return parser.parse_args()


def main() -> int:
    """Read the catalogue, choose, run."""
    arguments = parse_arguments()
    try:
        build = Build(arguments.build.resolve(), ROOT, arguments.timeout)
        catalogue = read(arguments.catalogue.resolve(), build.cases(), ROOT)
        if arguments.uncovered:
            return print_uncovered(catalogue)
        faults = selected(catalogue, arguments)
        if not faults:
            print("run_faults.py: no fault has such a name", file=sys.stderr)
            return 2
        if arguments.diff:
            return print_diffs(faults)
        limit_memory(build)
        return run(faults, build, catalogue, max(1, arguments.jobs))
    except (BuildError, CatalogueError) as error:
        print(f"run_faults.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
