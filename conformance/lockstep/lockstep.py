# SPDX-License-Identifier: MIT
"""Random programs on two runtimes in lockstep: what one shows and the other not.

    lockstep.py run build --right python3.13 --seconds 10
    lockstep.py run build --left reference --right reference,mode=incremental
    lockstep.py replay build FILE --right python3.12
    lockstep.py case build FILE --right ./pmm-lockstep

Programs are drawn from a seed: operations of the contract over twelve registers
(operations.inc), with finalizers and callbacks that change containers in the
middle of other operations. After each step all that a host can see is compared.
A difference is shrunk until no step can go, printed with what both sides showed,
and printed as a case in C. `known.toml` holds the differences that are explained.

exit code: 0 no difference that is not known; 1 the tool failed; 2 wrong usage;
3 a difference that nobody has explained.

Python 3.11, the standard library alone.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from case_in_c import print_case
from shrink import ddmin, first_difference
from sides import Player, Process, Side, SideError, find, trace

HERE = Path(__file__).resolve().parent
SCHEMA = 1


@dataclass
class Difference:
    """A program that shows something else on the right than on the left."""

    number: int
    steps: list[str]
    drawn_steps: int
    where: str
    left: str
    right: str
    known: str = ""


@dataclass
class Outcome:
    """What a run came to."""

    programs: int = 0
    operations: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    differences: list[Difference] = field(default_factory=list)

    def unexplained(self) -> list[Difference]:
        """Those that known.toml does not tell of."""
        return [d for d in self.differences if not d.known]


def known_reason(difference: Difference, right: str, table: list[dict[str, Any]]) -> str:
    """The entry of known.toml that explains a difference, or nothing."""
    steps = [*difference.steps, difference.where]
    for entry in table:
        of_this = any(fnmatchcase(right, glob) for glob in entry["right"])
        if of_this and all(
            sum(fnmatchcase(step, glob) for step in steps) >= entry["steps"].count(glob)
            for glob in entry["steps"]
        ):
            return str(entry["id"])
    return ""


def read_known(path: Path) -> list[dict[str, Any]]:
    """The explained differences."""
    with path.open("rb") as stream:
        return list(tomllib.load(stream).get("difference", []))


def cpu_seconds() -> float:
    """What this process has used, and each process that it waited for."""
    return sum(os.times()[:4])


class Pair:
    """Two sides, as programs are played on both."""

    def __init__(self, left: Side, right: Side) -> None:
        self.left = left
        self.right = right
        self.players = (Player(left), Player(right))

    def differ(self, steps: list[str]) -> bool:
        """Whether they show different things of a program."""
        return self.players[0].play(steps) != self.players[1].play(steps)

    def close(self) -> None:
        """End both processes."""
        for player in self.players:
            player.close()

    def explain(self, number: int, drawn: list[str], steps: list[str]) -> Difference:
        """Where the two part."""
        at, mine, theirs = first_difference(
            trace(self.left, steps), trace(self.right, steps)
        )
        where = steps[at] if at < len(steps) else "end of the program"
        return Difference(number, steps, len(drawn), where, mine, theirs)


def draw(side: Side, seed: int, number: int, length: int) -> list[str]:
    """The text of a program; one that kills the side is cut there."""
    words = ["draw", "--seed", str(seed), "--from", str(number), "--length", str(length)]
    process = Process(side, words)
    lines = []
    while (line := process.line()) is not None:
        lines.append(line)
    process.close()
    return lines


def stream(pair: Pair, options: argparse.Namespace, start: int) -> tuple[Process, Process]:
    """Both sides, drawing programs from `start` on."""
    words = ["run", "--seed", str(options.seed), "--from", str(start),
             "--length", str(options.length), "--programs", "0"]  # fmt: skip
    return Process(pair.left, words), Process(pair.right, words)


def shrink(pair: Pair, options: argparse.Namespace, number: int) -> Difference | None:
    """The difference that program `number` shows; None: not when run alone."""
    for side in (pair.left, pair.right):
        drawn = draw(side, options.seed, number, options.length)
        if drawn and pair.differ(drawn):
            return pair.explain(number, drawn, ddmin(drawn, pair.differ))
    return None


def over(outcome: Outcome, options: argparse.Namespace, started: float) -> bool:
    """Whether enough programs have run."""
    if options.programs and outcome.programs >= options.programs:
        return True
    return bool(options.seconds) and time.monotonic() - started >= options.seconds


def compare_until(
    both: tuple[Process, Process], options: argparse.Namespace, outcome: Outcome,
    started: float,
) -> bool:
    """Read both until a program differs; False: enough have run."""
    while not over(outcome, options, started):
        lines = [process.line() for process in both]
        outcome.programs += 1
        if lines[0] is None or lines[0] != lines[1]:
            for process, line in zip(both, lines, strict=True):
                refuse_usage(process, line)
            return True
        outcome.operations += int(lines[0].split()[2])
        show_progress(outcome, options, started)
    return False


def refuse_usage(process: Process, line: str | None) -> None:
    """A side that did not start is no difference."""
    if line is None:
        said = process.end()
        if said.startswith("exit code"):
            raise SideError(f"{process.side.name}: {said}")


def show_progress(outcome: Outcome, options: argparse.Namespace, started: float) -> None:
    """A line on a terminal, now and then, with the time that is left."""
    if outcome.programs % 1000 or not sys.stderr.isatty():
        return
    spent = time.monotonic() - started
    left = f", {options.seconds - spent:.0f} s left" if options.seconds else ""
    text = f"{outcome.operations:,} operations, {len(outcome.differences)} differences"
    print(f"\r{text}{left} ", end="", file=sys.stderr, flush=True)


def meet(pair: Pair, options: argparse.Namespace, outcome: Outcome, number: int) -> None:
    """Shrink a difference, hold it against the known ones, keep it."""
    difference = shrink(pair, options, number) or Difference(
        number, [], options.length, "not when the program runs alone", "", ""
    )
    difference.known = known_reason(difference, pair.right.name, read_known(options.known))
    outcome.differences.append(difference)
    outcome.operations += options.length


def run_pair(pair: Pair, options: argparse.Namespace) -> Outcome:
    """Run until enough programs have run or too many differ."""
    outcome = Outcome()
    started, used = time.monotonic(), cpu_seconds()
    both = stream(pair, options, options.start)
    try:
        while len(outcome.unexplained()) < options.most and compare_until(
            both, options, outcome, started
        ):
            meet(pair, options, outcome, options.start + outcome.programs - 1)
            if any(process.ended() for process in both):
                both = stream(pair, options, options.start + outcome.programs)
    finally:
        for process in both:
            process.close()
    pair.close()
    outcome.seconds = time.monotonic() - started
    outcome.cpu_seconds = cpu_seconds() - used
    return outcome


# ---- telling -----------------------------------------------------------------


def print_difference(difference: Difference, pair: Pair, options: argparse.Namespace) -> None:
    """The shrunk program, what both showed, and the case."""
    known = f" (known: {difference.known})" if difference.known else ""
    print(f"difference in program {difference.number} of seed {options.seed}{known}: "
          f"{difference.drawn_steps} steps shrunk to {len(difference.steps)}")  # fmt: skip
    for step in difference.steps:
        print(f"    {step}")
    print(f"  at `{difference.where}`")
    print(f"    {pair.left.name}: {difference.left}")
    print(f"    {pair.right.name}: {difference.right}")
    if difference.steps and not difference.known and not options.no_case:
        print(print_case(pair.left, pair.right, difference.steps,
                         f"seed_{options.seed}_{difference.number}"))  # fmt: skip


def document(outcome: Outcome, pair: Pair, options: argparse.Namespace) -> dict[str, Any]:
    """The run as JSON."""
    return {
        "schema": SCHEMA,
        "left": pair.left.name,
        "right": pair.right.name,
        "seed": options.seed,
        "length": options.length,
        "programs": outcome.programs,
        "operations": outcome.operations,
        "seconds": round(outcome.seconds, 3),
        "cpu_seconds": round(outcome.cpu_seconds, 3),
        "differences": [vars(d) for d in outcome.differences],
    }


def run_command(pair: Pair, options: argparse.Namespace) -> int:
    """`run`: draw, compare, shrink, tell."""
    outcome = run_pair(pair, options)
    for difference in outcome.differences:
        print_difference(difference, pair, options)
    rate = outcome.operations / max(outcome.cpu_seconds, 1e-9)
    open_ones = len(outcome.unexplained())
    print(f"{outcome.operations:,} operations in {outcome.programs:,} programs on each "
          f"side, {outcome.seconds:.1f} s, {outcome.cpu_seconds:.1f} of a core "
          f"({rate * 3600:.2g} a core-hour): "
          f"{len(outcome.differences)} differences, {open_ones} unexplained")  # fmt: skip
    if options.json:
        text = json.dumps(document(outcome, pair, options), indent=1)
        options.json.write_text(text + "\n", encoding="utf-8")
    return 3 if open_ones else 0


def read_program(path: Path) -> list[str]:
    """The steps of a file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SideError(f"{path}: {error}") from error
    return [s for line in lines if (s := line.strip()) and s[0] != "#" and s != "--"]


def replay_command(pair: Pair, options: argparse.Namespace) -> int:
    """`replay`: play a program on both; 3 when they differ."""
    steps = read_program(options.file)
    left, right = trace(pair.left, steps), trace(pair.right, steps)
    print("\n".join(left))
    if left == right:
        print(f"{pair.left.name} and {pair.right.name} agree")
        return 0
    at, mine, theirs = first_difference(left, right)
    where = steps[at] if at < len(steps) else "end of the program"
    print(f"they part at `{where}`: {pair.left.name} {mine}, {pair.right.name} {theirs}")
    return 3


def case_command(pair: Pair, options: argparse.Namespace) -> int:
    """`case`: shrink a program that differs, print it as a case."""
    steps = read_program(options.file)
    if not pair.differ(steps):
        print(f"{pair.left.name} and {pair.right.name} agree on it", file=sys.stderr)
        return 0
    print(print_case(pair.left, pair.right, ddmin(steps, pair.differ), "from_a_file"))
    return 3


# ---- the command line --------------------------------------------------------


def parse() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=("run", "replay", "case"))
    parser.add_argument("build", type=Path, help="a build folder of this tree, built")
    parser.add_argument("file", type=Path, nargs="?", help="a program (replay, case)")
    add = parser.add_argument
    add("--left", default="reference", help="the side that is right; default: reference")
    add("--right", default="python3", help="the other; default: python3")
    add("--seed", type=int, default=1)
    add("--start", type=int, default=0, metavar="N", help="the first program")
    add("--length", type=int, default=64, metavar="STEPS", help="of a program")
    add("--programs", type=int, default=0, metavar="N")
    add("--seconds", type=float, default=0, help="10 when --programs is not given")
    add("--most", type=int, default=5, metavar="N", help="stop after N that nobody has explained")
    add("--known", type=Path, default=HERE / "known.toml", metavar="FILE")
    add("--no-case", action="store_true", help="print no case in C")
    add("--json", type=Path, metavar="FILE", help="write the outcome")
    options = parser.parse_args()
    if (options.command == "run") == (options.file is not None):
        parser.error("replay and case take a file, run takes none")
    if not options.programs and not options.seconds:
        options.seconds = 10.0
    return options


def main() -> int:
    """Find both sides and do it."""
    options = parse()
    commands = {"run": run_command, "replay": replay_command, "case": case_command}
    try:
        build = options.build.resolve()
        pair = Pair(find(options.left, build), find(options.right, build))
        try:
            return commands[options.command](pair, options)
        finally:
            pair.close()
    except SideError as error:
        print(f"lockstep.py: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    raise SystemExit(main())
