# SPDX-License-Identifier: MIT
"""The parts of a grade: each runs what the suite has for it and counts.

Nothing is judged here a second time: the seeded faults are run_faults.py's,
the mutants run_mutants.py's, random programs lockstep.py's, repeats repeat.py's,
the misbehaving subjects run_fakes.py's and test_broken.py's, reported bugs
history.py's. A script that fails itself raises PmmError with its last words.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pmm.base.errors import PmmError
from pmm.base.paths import Paths
from pmm.base.plain_text import shell_line
from pmm.collect.tap import Tap, read_tap
from pmm.documents.grade import GradePart, PartName, PartState, Share, read_json
from pmm.execute.scripts import Script

Tell = Callable[[int, int], None]
"""Hears how much of how much is done."""
BAD_SHOWN = 50
GOAL = 0.95
"""Of what cannot be caught whole: reported bugs, mutants."""
ENDED_WELL = (0, 3)
"""Exit codes of a script that did its work."""


@dataclass(frozen=True)
class Wish:
    """How much of each part is wanted."""

    part: str = "1/1"
    sample: int | None = 100
    """Mutants; None: all."""
    seed: int = 1
    seconds: float = 10.0
    rights: tuple[str, ...] = ()
    repeats: int = 3
    jobs: int = 1


class Found:
    """What a part counted, before it becomes a GradePart."""

    def __init__(self, counted: str, goal: float = 1.0) -> None:
        self.counted = counted
        self.goal = goal
        self.good: Counter[str] = Counter()
        self.total: Counter[str] = Counter()
        self.failed: list[str] = []
        self.explained: list[str] = []
        self.detail = ""
        self.skipped = False

    def add(self, share: str, good: bool, failed: str = "") -> None:
        """Count one thing, good or not, to its share."""
        self.total[share] += 1
        self.good[share] += good
        if not good:
            self.failed.append(failed)

    def state(self) -> PartState:
        """Return good when the goal is reached."""
        if self.skipped:
            return "skipped"
        enough = self.good.total() >= self.goal * self.total.total()
        return "good" if enough else "bad"

    def shares(self) -> tuple[Share, ...]:
        """Return good and total by share."""
        return tuple(
            Share(name=name, good=self.good[name], total=self.total[name])
            for name in sorted(self.total)
        )


def area_of(name: str) -> str:
    """`GC` for the case, fault or requirement `gc.x`, `GC-004`."""
    return name.replace("-", ".").partition(".")[0].upper()


class Shop:
    """Where the scripts are, and how they are called."""

    def __init__(self, paths: Paths, wish: Wish) -> None:
        self.paths = paths
        self.wish = wish
        self.commands: list[list[str]] = []
        self.listed: Path | None = None

    def script(self, name: str, *words: str) -> Script:
        """Make a script's call, and keep it for the line that repeats it."""
        argv = ["python3", f"conformance/{name}", *words]
        self.commands.append(argv)
        environment = {k: v for k, v in os.environ.items() if k != "PMM_PART"}
        return Script([sys.executable, *argv[1:]], self.paths.root, environment)

    @property
    def build(self) -> str:
        """The build folder, as a script in the root is told of it."""
        if self.paths.build.is_relative_to(self.paths.root):
            return str(self.paths.build.relative_to(self.paths.root))
        return str(self.paths.build)

    def program(self, name: str) -> str:
        """Return a built program; raise PmmError when there is none."""
        path = self.paths.program(name)
        if path is None:
            raise PmmError(f"{name} is missing: run ninja -C {self.paths.build}")
        return str(path)

    def tap(self, tell: Tell, name: str, *words: str) -> Tap:
        """Run a script that prints TAP."""
        script = self.script(name, *words)
        tap = read_tap(script.lines(), tell)
        fault = tap.complaint()
        if fault or (script.code not in ENDED_WELL and not tap.bad):
            raise PmmError(f"{name}: {fault or 'it failed'}; {ending(script)}")
        return tap

    def json(self, name: str, *words: str) -> Any:
        """Run a script that writes a JSON document (--json FILE is added)."""
        with tempfile.TemporaryDirectory(prefix="pmm-grade-") as folder:
            file = Path(folder) / "said.json"
            script = self.script(name, *words)
            script.argv = [*script.argv, "--json", str(file)]
            for _ in script.lines():
                pass
            if script.code not in ENDED_WELL or not file.is_file():
                raise PmmError(f"{name}: {ending(script)}")
            return read_json(file.read_text(encoding="utf-8"))


def ending(script: Script) -> str:
    """Say how a script that failed ended."""
    last = (script.words.splitlines() or ["it said nothing"])[-1]
    return f"exit code {script.code}: {last}"


# ---- the parts ---------------------------------------------------------------


def faults(shop: Shop, tell: Tell, _: Sequence[GradePart]) -> Found:
    """Each seeded fault fails a case of the requirement that it breaks."""
    words = ["--part", shop.wish.part, "--jobs", str(shop.wish.jobs)]
    tap = shop.tap(tell, "faults/run_faults.py", shop.build, *words)
    found = Found("seeded faults caught")
    for name in tap.good:
        found.add(area_of(name), True)
    for name in tap.bad:
        found.add(area_of(name), False, name)
    if shop.wish.part != "1/1":
        found.detail = f"part {shop.wish.part} of the faults"
    return found


def history(shop: Shop, tell: Tell, before: Sequence[GradePart]) -> Found:
    """Of the reported bugs that the contract can show, those a case catches."""
    missed = missed_faults(before)
    found = Found("reported bugs caught", GOAL)
    states: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="pmm-grade-") as folder:
        listing = Path(folder) / "cases.json"
        listing.write_text(listed(shop), encoding="utf-8")
        bugs = shop.json("history.py", "list", "--list", str(listing))["bugs"]
    shop.commands[-1][-1] = f"{shop.build}/conformance/cases.json"
    for bug in bugs:
        state = "missing" if bug["fault"] in missed else bug["state"]
        states[state] += 1
        if state != "out of reach":
            caught = state in ("proved", "read")
            share = area_of((bug["requirements"] or ["none"])[0])
            found.add(share, caught, f"{bug['issue']}: {bug['essence']}")
    tell(len(bugs), len(bugs))
    found.detail = (
        f"{states['proved']} by a seeded fault, {states['read']} by reading; "
        f"{states['out of reach']} more are out of the contract's reach"
    )
    return found


def missed_faults(parts: Sequence[GradePart]) -> set[str]:
    """The seeded faults that were tried before and not caught."""
    return {
        line.partition(":")[0]
        for part in parts
        if part.name == "faults"
        for line in part.failed
    }


def listed(shop: Shop) -> str:
    """What the cases are, as the build wrote it."""
    path = shop.paths.build / "conformance" / "cases.json"
    if not path.is_file():
        raise PmmError(f"{path} is missing: run ninja -C {shop.paths.build}")
    return path.read_text(encoding="utf-8")


def lockstep(shop: Shop, tell: Tell, _: Sequence[GradePart]) -> Found:
    """Random programs show the same on the reference and on the others."""
    found = Found("programs without an unexplained difference")
    rates, absent = [], []
    rights = shop.wish.rights or ("reference,mode=incremental", "python3")
    for number, right in enumerate(rights):
        words = ["run", shop.build, "--right", right, "--seed", str(shop.wish.seed)]
        words += ["--seconds", f"{shop.wish.seconds:g}"]
        try:
            said = shop.json("lockstep/lockstep.py", *words)
        except PmmError as error:
            absent.append(f"{right}: {error}")
            continue
        count_programs(found, said)
        hourly = said["operations"] / max(said["seconds"], 1e-9) * 3600
        rates.append(f"{said['right']} {hourly:.2g} operations an hour")
        tell(number + 1, len(rights))
    found.detail = "; ".join([*rates, *absent])
    found.skipped = not rates
    return found


def count_programs(found: Found, said: Any) -> None:
    """Count the programs of a pair, and name each difference nobody explained."""
    right = said["right"]
    found.total[right] += said["programs"]
    found.good[right] += said["programs"]
    for one in said["differences"]:
        if not one["known"]:
            found.good[right] -= 1
            steps = "; ".join(one["steps"])
            found.failed.append(f"{right}: program {one['number']}: {steps}")


def flakes(shop: Shop, tell: Tell, _: Sequence[GradePart]) -> Found:
    """The plain lane, repeated: a case ends alike and counts alike each time."""
    words = [shop.build, "--part", "conform", "--backend", "pool", "--mode",
             "generational", "--times", str(shop.wish.repeats)]  # fmt: skip
    said = shop.json("repeat.py", *words)
    found = Found("cases that ended alike each time")
    for task in said["tasks"]:
        differing = {key.partition(" ")[0]: key for key in task["differing"]}
        for case in dict.fromkeys(key.partition(" ")[0] for key in task["keys"]):
            key = differing.get(case, "")
            found.add(area_of(case), not key, f"{key}: {task['differing'].get(key)}")
    found.detail = f"{said['times']} repeats of the plain lane over the pool"
    tell(1, 1)
    return found


def fakes(shop: Shop, tell: Tell, _: Sequence[GradePart]) -> Found:
    """Each misbehaving subject or allocator gets the class that it must get."""
    found = Found("misbehaving subjects and allocators told")
    tool = shop.program("pmm-backend-check")
    folder = shop.paths.root / "conformance" / "backends"
    library = str(Path(tool).parent / "broken" / "broken.so")
    table = str(folder / "broken" / "broken.toml")
    calls = {
        "subjects": ("fakes/run_fakes.py", shop.program("pmm-conform")),
        "allocators": ("backends/tests/test_broken.py", tool, library, table),
    }
    for share, (name, *words) in calls.items():
        tap = shop.tap(tell, name, *words)
        for _one in tap.good:
            found.add(share, True)
        for one in tap.bad:
            found.add(share, False, f"{share}: {one}")
    return found


def mutants(shop: Shop, tell: Tell, _: Sequence[GradePart]) -> Found:
    """Small changes of impl/, one at a time: a case fails, or a reason is kept."""
    found = Found("mutants killed or explained", GOAL)
    if find_spec("tree_sitter_c") is None:
        found.skipped = True
        found.detail = "missing: pip install tree-sitter tree-sitter-c"
        return found
    wish = shop.wish
    words = [shop.build, "--seed", str(wish.seed), "--jobs", str(wish.jobs)]
    words += ["--all"] if wish.sample is None else ["--sample", str(wish.sample)]
    tap = shop.tap(tell, "mutants/run_mutants.py", *words)
    for line in tap.good:
        name, skip, reason = line.partition(" # SKIP ")
        found.add(folder_of(name), True)
        if skip:
            found.explained.append(f"{name}: {reason}")
    for name in tap.bad:
        found.add(folder_of(name), False, name)
    excused = len(found.explained)
    found.detail = f"{len(tap.good) - excused} killed, {excused} explained"
    return found


def folder_of(name: str) -> str:
    """`impl/gc` for the mutant `impl/gc/mark.c:120:7 ...`."""
    return name.partition(":")[0].rpartition("/")[0]


TRIED: dict[PartName, Callable[[Shop, Tell, Sequence[GradePart]], Found]] = {
    "faults": faults,
    "history": history,
    "mutants": mutants,
    "lockstep": lockstep,
    "flakes": flakes,
    "fakes": fakes,
}


def try_part(
    name: PartName, paths: Paths, wish: Wish, tell: Tell, before: Sequence[GradePart]
) -> GradePart:
    """Try one part; raises PmmError when a script of the suite fails itself."""
    shop = Shop(paths, wish)
    started = time.monotonic_ns()
    found = TRIED[name](shop, tell, before)
    return GradePart(
        name=name,
        state=found.state(),
        good=found.good.total(),
        total=found.total.total(),
        goal=found.goal,
        counted=found.counted,
        detail=found.detail,
        command=commands_of(shop.commands),
        elapsed_ns=time.monotonic_ns() - started,
        shares=found.shares(),
        failed=tuple(found.failed[:BAD_SHOWN]),
        explained=tuple(found.explained),
    )


def commands_of(commands: Iterable[Sequence[str]]) -> str | None:
    """The shell line that repeats them; scripts take paths from the root."""
    return " && ".join(shell_line(one) for one in commands) or None
