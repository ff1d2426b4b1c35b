# SPDX-License-Identifier: MIT
"""Which cases reach a mutant, and which of them it fails.

1. Each case runs once on the sound program, which notes the places it reaches.
   A case that does not pass there is not asked.
2. A mutant is given to the cases that reach it, those first that do most of their
   work in the mutant's file, and the first that fails ends it.

A few cases take as long as all others together. They are asked of a mutant only
where fewer than ENOUGH others reach it.

The same mutant comes to the same end each time: addresses are not randomised, a
loop without end is stopped by its processor time, and what waits for ever by a
time that no sound case needs.
"""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from program import CHECK, Made
from schemata import Mutant
from stages import PLAIN, Stage

LEAST_S = 2
"""Processor time that each process has; ten times what its case takes is added."""
FIRST_RUN_S = 60
ADDRESS_KIB = 6 << 20
ENOUGH = 100
STEPS = (4, 40)
"""Cases of the first calls; the last call has all others."""
RESULT = re.compile(r"(ok|not ok) \d+ - (\S+)(.*)")
NO_RANDOM_ADDRESSES = 0x0040000


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant."""

    mutant: Mutant
    killer: str
    """The case that failed, and where; nothing: it survived."""
    reached_by: int
    """How many cases reach it, over all stages."""


def fix_addresses() -> None:
    """Let what we start have the same addresses each time."""
    ctypes.CDLL(None).personality(NO_RANDOM_ADDRESSES)


def command(made: Made, stage: Stage, cases: Iterable[str], limit_s: int) -> list[str]:
    """The call of the program, within its limits; what waits has longer."""
    limits = f'ulimit -c 0 -t {limit_s} -v {ADDRESS_KIB}; exec "$@"'
    words = ["sh", "-c", limits, "sh", *stage.argv(made)]
    words += ["--timeout", str(15 + 4 * limit_s)]
    for case in cases:
        words += ["--case", case]
    return words


def first_failure(
    made: Made, stage: Stage, cases: list[str], number: int, limit_s: int,
    reached: Path | None = None,
) -> tuple[str, float]:
    """The first case that fails with a mutant, or nothing; and the time it took.

    A program that does not tell of every case has failed as well.
    """
    variables = {"PMM_MUTANT": str(number)}
    if reached is not None:
        variables["PMM_REACHED"] = str(reached)
    process = subprocess.Popen(
        command(made, stage, cases, limit_s), env={**os.environ, **variables}, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        start_new_session=True, errors="replace",
    )  # fmt: skip
    assert process.stdout is not None
    told, failed = read_results(made, process.stdout)
    if failed:
        end(process)
        return failed, 0.0
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    code = process.returncode = os.waitstatus_to_exitcode(status)
    if told != len(cases) or code not in (0, 3):
        failed = f"no report (exit code {code})"
    return failed, usage.ru_utime + usage.ru_stime


def read_results(made: Made, lines: Iterable[str]) -> tuple[int, str]:
    """How many cases were told of, until one failed, and which."""
    told, last = 0, ""
    for line in lines:
        result = RESULT.match(line)
        if result:
            told, last = told + 1, result[2]
            if result[1] == "not ok":
                return told, last
        elif line.startswith("# WARN:") and last in made.soft:
            return told, last
    return told, ""


def end(process: subprocess.Popen[str]) -> None:
    """Stop the program; its children die with it."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    assert process.stdout is not None
    process.stdout.close()
    process.wait()


class Reach:
    """Which places each case reaches in a stage, a byte a place, and its time."""

    def __init__(self, made: Made, stage: Stage, cases: list[str]) -> None:
        self.made = made
        self.stage = stage
        self.cases = cases
        self.folder = made.folder / stage.name
        self.rows: list[bytes] = []
        self.seconds: dict[str, float] = {}
        self.order: dict[str, list[int]] = {}

    def find(self, jobs: int, tell: Callable[[int, int], None]) -> None:
        """Run every case once, unless what it reaches is kept."""
        self.folder.mkdir(exist_ok=True)
        with ThreadPoolExecutor(jobs) as pool:
            rows = zip(self.cases, pool.map(self.row, self.cases), strict=True)
            for done, (case, (row, seconds)) in enumerate(rows, 1):
                self.rows.append(row)
                self.seconds[case] = seconds
                tell(done, len(self.cases))

    def row(self, case: str) -> tuple[bytes, float]:
        """The places of one case, none when it does not pass; and its time."""
        kept = self.folder / case
        if not kept.is_file():
            path = self.folder / f".{case}"
            path.write_bytes(bytes(self.made.places))
            failed, seconds = first_failure(self.made, self.stage, [case], 0, FIRST_RUN_S, path)
            row = bytes(self.made.places) if failed else path.read_bytes()
            path.write_bytes(b"%.3f\n" % seconds + zlib.compress(row, 1))
            path.replace(kept)
        seconds_text, _, packed = kept.read_bytes().partition(b"\n")
        return zlib.decompress(packed), float(seconds_text)

    def ranking(self, file: str) -> list[int]:
        """The cases by how much of their work is in a file."""
        if file not in self.order:
            numbers = [m.number for m in self.made.mutants if m.file == file]
            low, high = min(numbers), max(numbers) + 1
            shares = [row.count(1, low, high) / (row.count(1) + 100) for row in self.rows]
            everything = range(len(self.cases))
            self.order[file] = sorted(everything, key=lambda n: -shares[n])
        return self.order[file]

    def of(self, mutant: Mutant) -> tuple[list[str], list[str]]:
        """The quick and the slow cases that reach a mutant, the best first."""
        found: dict[bool, list[str]] = {True: [], False: []}
        for n in self.ranking(mutant.file):
            if self.rows[n][mutant.number]:
                case = self.cases[n]
                found[self.seconds[case] <= self.stage.quick_s].append(case)
        return found[True], found[False]

    def limit(self, cases: list[str]) -> int:
        """The processor time of a process that runs one of some cases."""
        slowest = 0.0 if not self.stage.usual else max(self.seconds[c] for c in cases)
        return LEAST_S + round(10 * slowest)


def batches(cases: list[str]) -> Iterator[list[str]]:
    """The cases in the order in which they are given to the program."""
    at = 0
    for step in (*STEPS, len(cases)):
        if cases[at : at + step]:
            yield cases[at : at + step]
        at += step


def asked(reach: Reach, mutant: Mutant, seen: set[str]) -> Iterator[list[str]]:
    """What is asked of a mutant in a stage, in the order of asking.

    Cases that reached it in an earlier stage are left out: another mode or a
    failing allocation matters where it makes a case come by. Of what collects the
    first ENOUGH are asked in every mode, and each allocator is asked anew.
    """
    again = mutant.file.startswith("impl/gc/") and reach.stage.usual
    again = again or reach.stage.program == CHECK
    quick, slow = reach.of(mutant)
    for cases in (quick, slow if len(quick) < ENOUGH else []):
        fresh = [c for n, c in enumerate(cases)
                 if c not in seen or (again and n < ENOUGH)]  # fmt: skip
        seen.update(cases)
        yield from batches(fresh)


def judge(reaches: list[Reach], mutant: Mutant) -> Verdict:
    """Try a mutant until a case fails."""
    seen: set[str] = set()
    for reach in reaches:
        for batch in asked(reach, mutant, seen):
            made, stage, limit_s = reach.made, reach.stage, reach.limit(batch)
            failed, _ = first_failure(made, stage, batch, mutant.number, limit_s)
            if failed:
                where = "" if stage == PLAIN else f" in {stage.name}"
                return Verdict(mutant, failed + where, len(seen))
    return Verdict(mutant, "", len(seen))
