# SPDX-License-Identifier: MIT
"""Print how long the commands took, as multiples of the yardstick.

usage: ci/timing.sh [--steps] [--run]

Machines differ by a factor of two, so a limit in seconds holds on one of them
only. The yardstick is `ci/test.sh gcc` in a fresh clone, which takes 130 s on the
machine that the limits are stated for; a command keeps its limit when its time
divided by the yardstick's is within the limit divided by 130 s. The limits are for
fresh clones, too, save that of the quick profile, which is for a clone that has
been built.

  (nothing)  read the newest times that ci/run.sh and ci/test.sh kept in
             build-logs/times.tsv
  --steps    also the steps of each command
  --run      first run the commands, each in a fresh clone of the last commit
             and the quick profile once more in its own: forty minutes

Exit code 0 when every time that is known is within its limit, 3 when one is not,
1 when none is known or there is no yardstick, 2 for wrong usage.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

TIMES = Path("build-logs/times.tsv")
YARDSTICK = "ci/test.sh gcc"
YARDSTICK_S = 130
LIMITS_S = {
    "ci/run.sh": 600,
    "ci/run.sh --profile quick": 120,
    "ci/test.sh": 900,
}
"""What a command may take on the machine on which the yardstick takes 130 s."""
BUILT_BEFORE = "ci/run.sh --profile quick"
"""The command whose limit is for a clone that has been built."""


@dataclass(frozen=True)
class Taken:
    """The newest time of one step of one command."""

    date: str
    seconds: int
    code: int


Times = dict[tuple[str, str], Taken]


def read_times(path: Path) -> Times:
    """The newest time of each step that ended well, by command and step.

    A line that is torn, as by a full disk, is passed over.
    """
    found: Times = {}
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    for line in lines:
        parts = line.split("\t")
        if len(parts) != 5 or not (parts[3].isdigit() and parts[4].isdigit()):
            continue
        date, command, step, seconds, code = parts
        taken = Taken(date, int(seconds), int(code))
        if taken.code == 0:
            found[command, step] = taken
    return found


def yardstick(times: Times) -> Taken | None:
    """The time of the yardstick: alone, or as a step of all tests."""
    steps = [
        times[key]
        for key in ((YARDSTICK, "gcc"), ("ci/test.sh", "gcc"))
        if key in times and times[key].seconds > 0
    ]
    return max(steps, key=lambda taken: taken.date) if steps else None


def whole(command: str, times: Times) -> Taken | None:
    """The time of a whole command, in the kind of clone that its limit is for."""
    step = "all again" if command == BUILT_BEFORE else "all"
    return times.get((command, step))


def row(command: str, taken: Taken | None, mark: Taken) -> tuple[str, bool]:
    """One line of the table, and whether the limit is kept."""
    allowed = LIMITS_S[command] / YARDSTICK_S
    if taken is None:
        return f"{command:28} {'unknown':>8} {'':>7} {allowed:6.2f} x", True
    ratio = taken.seconds / mark.seconds
    kept = ratio <= allowed
    text = f"{command:28} {taken.seconds:6} s {ratio:5.2f} x {allowed:6.2f} x"
    return f"{text}  {'within' if kept else 'TOO LONG'}  ({taken.date})", kept


def step_lines(command: str, times: Times, mark: Taken) -> list[str]:
    """The steps of one command, in the order in which they were first kept."""
    return [
        f"    {step:24} {taken.seconds:6} s {taken.seconds / mark.seconds:5.2f} x"
        for (name, step), taken in times.items()
        if name == command and not step.startswith("all")
    ]


def report(times: Times, steps: bool) -> int:
    """Print the table; return the exit code."""
    mark = yardstick(times)
    if mark is None:
        print(f"no time of the yardstick is known: run {YARDSTICK}", file=sys.stderr)
        return 1
    print(f"{YARDSTICK:28} {mark.seconds:6} s  1.00 x (the yardstick, {mark.date})")
    print(f"{'command':28} {'time':>8} {'ratio':>7} {'limit':>8}")
    good = True
    for command in LIMITS_S:
        text, kept = row(command, whole(command, times), mark)
        print(text)
        if steps:
            print("\n".join(step_lines(command, times, mark)))
        good = good and kept
    known = any(whole(command, times) for command in LIMITS_S)
    return (0 if good else 3) if known else 1


def run_all() -> None:
    """Run each command in a fresh clone; a command that fails keeps no time."""
    for command in (YARDSTICK, *LIMITS_S):
        with tempfile.TemporaryDirectory() as folder:
            clone = Path(folder) / "clone"
            subprocess.run(["git", "clone", "-q", Path.cwd(), clone], check=True)
            for _ in range(2 if command == BUILT_BEFORE else 1):
                print(f"== {command}", flush=True)
                subprocess.run(command.split(), cwd=clone, check=False)
            if (clone / TIMES).is_file():
                TIMES.parent.mkdir(exist_ok=True)
                with TIMES.open("a", encoding="utf-8") as file:
                    file.write((clone / TIMES).read_text(encoding="utf-8"))


def main(arguments: list[str]) -> int:
    """Read the options, run if asked, print."""
    if "--help" in arguments or "-h" in arguments:
        print(__doc__)
        return 0
    unknown = set(arguments) - {"--steps", "--run"}
    if unknown:
        print(f"ci/timing.sh: what is {unknown.pop()}? see --help", file=sys.stderr)
        return 2
    if "--run" in arguments:
        run_all()
    return report(read_times(TIMES), "--steps" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
