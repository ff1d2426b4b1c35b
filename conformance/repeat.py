# SPDX-License-Identifier: MIT
"""Show that what gates at equality is equal: repeat it where memory lies
elsewhere, and say what differs.

`pmm run --baseline` compares classes and counters of cases, exact figures of
workloads and classes of allocator checks without tolerance, so two runs of one
build have to agree on them.  Here each is repeated in processes of their own

1. with randomised addresses, as a machine gives them anyway,
2. with none of it, and in the old layout (setarch -R, -L, where they may),
3. with another environment, so that stacks begin elsewhere,
4. with a C library that maps, keeps and fills blocks in other ways.

A counter that its case declares inexact (INEXACT in case.h) may differ; a
declaration that none of the repeats needed is named, as it hides a counter.

Needs a build folder; Python 3.11, the standard library alone.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TWINS = HERE.parent / "workloads" / "python" / "run.py"
PROGRAMS = {
    "conform": "conformance/pmm-conform",
    "work": "workloads/pmm-work",
    "check": "conformance/backends/pmm-backend-check",
}
COUNTERS = ("allocations", "requested_bytes", "peak_bytes", "collections")
"""Of a case, as reports/pmm/judge/compare.py compares them."""
BOUNDS = {"null", "bump"}
"""Backends that give nothing back: the cases cannot run over them."""
STALE_AFTER = 10
"""So many repeats have to agree before a declaration counts as not needed."""
EXAMPLES = """\
examples:
  repeat.py build                                  all there is, ten times
  repeat.py build --backend libc --mode counting   one column
  repeat.py build --case 'wrf.*' --times 100       some cases, often
  repeat.py build --part work                      the workloads alone

exit code: 0 all equal; 1 the tool failed; 2 wrong usage; 3 something differed.
"""


class RepeatError(Exception):
    """A program that did not do its part."""


@dataclass(frozen=True)
class Task:
    """One thing to repeat: what to run, and how to call it in messages."""

    name: str
    argv: tuple[str, ...]
    document: str
    """The option that names the file to write."""


@dataclass
class Seen:
    """The values that the repeats of one task gave, by key."""

    values: dict[str, Counter[Any]] = field(default_factory=dict)
    declared: dict[str, str] = field(default_factory=dict)
    """The reason for each key that may differ."""

    def add(self, key: str, value: Any) -> None:
        """Take one value in."""
        self.values.setdefault(key, Counter())[value] += 1

    def differing(self) -> list[str]:
        """Keys that had more than one value and are not declared."""
        return [
            key
            for key, seen in self.values.items()
            if len(seen) > 1 and key not in self.declared
        ]

    def needed(self) -> set[str]:
        """Declared keys that had more than one value."""
        return {key for key in self.declared if len(self.values[key]) > 1}


# ---- elsewhere ---------------------------------------------------------------


def may(*command: str) -> bool:
    """Whether this machine lets us run a command."""
    if shutil.which(command[0]) is None:
        return False
    done = subprocess.run([*command, "true"], capture_output=True, check=False)
    return done.returncode == 0


@cache
def places() -> list[tuple[tuple[str, ...], dict[str, str]]]:
    """Where memory may lie: what to put before a command, and its environment."""
    found: list[tuple[tuple[str, ...], dict[str, str]]] = [((), {})]
    found += [
        (("setarch", option), {}) for option in ("-R", "-L") if may("setarch", option)
    ]
    found += [
        ((), {"MALLOC_TOP_PAD_": "0"}),
        ((), {"MALLOC_MMAP_THRESHOLD_": "4096"}),
        ((), {"MALLOC_TOP_PAD_": str(1 << 24), "MALLOC_PERTURB_": "85"}),
        ((), {"MALLOC_PERTURB_": "170"}),
    ]
    return found


def run_once(task: Task, number: int, file: Path) -> None:
    """Run a task at its `number`-th place; `file` gets its document."""
    everywhere = places()
    before, environment = everywhere[number % len(everywhere)]
    padding = "x" * (number * 7919 % 100_000)
    done = subprocess.run(
        [*before, *task.argv, task.document, str(file)],
        env={**os.environ, **environment, "PMM_PADDING": padding},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 3):
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise RepeatError(f"{task.name}: exit code {done.returncode}: {last}")


# ---- what a document says ----------------------------------------------------


def read_cases(text: str, seen: Seen) -> None:
    """Classes and counters of the cases or checks of one document."""
    for line in map(json.loads, text.splitlines()):
        if line["type"] != "case":
            continue
        seen.add(f"{line['id']} class", line["class"])
        counters = line.get("counters") or {}
        for name in COUNTERS:
            if line["class"] == "PASS" and counters.get(name) is not None:
                key = f"{line['id']} {name}"
                seen.add(key, counters[name])
                if name in (line.get("inexact") or {}):
                    seen.declared[key] = line["inexact"][name]


def read_figures(text: str, seen: Seen) -> None:
    """The exact figures of one workload's document."""
    document = json.loads(text)
    seen.add("verified", document["verified"])
    for variant in document["variants"]:
        for figure in variant["figures"]:
            if figure["exact"] and figure["value"] is not None:
                seen.add(f"{variant['name']} {figure['name']}", figure["value"])


def repeat(task: Task, times: int) -> Seen:
    """Run a task so often and read what it wrote."""
    seen = Seen()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(times):
            file = Path(folder) / f"{number}.json"
            run_once(task, number, file)
            text = file.read_text(encoding="utf-8")
            (read_cases if task.document == "--jsonl" else read_figures)(text, seen)
    return seen


# ---- the tasks ---------------------------------------------------------------


def listing(*argv: str) -> Any:
    """What a program answers to a question for JSON."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RepeatError(f"{argv[0]}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def conform_tasks(
    program: str, backends: list[str], arguments: argparse.Namespace
) -> Iterator[Task]:
    """The cases, over each backend, in each mode and lane."""
    subject = ["--subject", arguments.subject] if arguments.subject else []
    modes = arguments.mode or listing(program, *subject, "--list", "--json")["modes"]
    cases = [part for glob in arguments.case for part in ("--case", glob)]
    for backend in (name for name in backends if name not in BOUNDS):
        for mode in modes:
            for lane in arguments.lane:
                argv = [program, *subject, "--backend", backend, "--mode", mode]
                name = f"{backend} {mode} {lane}"
                yield Task(name, (*argv, "--lane", lane, *cases), "--jsonl")


def work_tasks(program: str, backends: list[str]) -> Iterator[Task]:
    """The workloads, over each backend, and their twins in this interpreter."""
    document = listing(program, "--list", "--json", "/dev/stdout")
    for workload in (entry["name"] for entry in document["workloads"]):
        for backend in (name for name in backends if name not in BOUNDS):
            argv = (program, workload, "--backend", backend)
            yield Task(f"{workload} {backend}", argv, "--json")
        twin = (sys.executable, str(TWINS), workload)
        yield Task(f"{workload} twin", twin, "--json")


def check_tasks(program: str, backends: list[str]) -> Iterator[Task]:
    """The allocator contract, on each backend."""
    for backend in backends:
        yield Task(f"check {backend}", (program, "--backend", backend), "--jsonl")


def tasks(arguments: argparse.Namespace) -> list[Task]:
    """All that is to be repeated."""
    program = {part: str(arguments.build / path) for part, path in PROGRAMS.items()}
    known = listing(program["check"], "--list", "--json")["backends"]
    backends = arguments.backend or [b["name"] for b in known if b["available"]]
    found: list[Task] = []
    if "conform" in arguments.part:
        found += conform_tasks(program["conform"], backends, arguments)
    if "work" in arguments.part:
        found += work_tasks(program["work"], backends)
    if "check" in arguments.part:
        found += check_tasks(program["check"], backends)
    return found


# ---- the program -------------------------------------------------------------


def stale(results: list[Seen]) -> list[str]:
    """Declared keys that had one value each time, wherever they were asked."""
    declared = {key for seen in results for key in seen.declared}
    return sorted(declared - {key for seen in results for key in seen.needed()})


def say(task: Task, seen: Seen) -> int:
    """Print one task's result; how many keys differed."""
    wrong = seen.differing()
    print(f"{'DIFFERS' if wrong else 'equal'}  {task.name}: {len(seen.values)} values")
    for key in wrong:
        values = ", ".join(f"{value} x {n}" for value, n in seen.values[key].items())
        print(f"    {key}: {values}")
    sys.stdout.flush()
    return len(wrong)


def document(times: int, todo: list[Task], results: list[Seen]) -> dict[str, Any]:
    """The outcome as JSON: of each task its keys, and the values that differed."""
    return {
        "times": times,
        "tasks": [
            {
                "name": task.name,
                "keys": list(seen.values),
                "differing": {
                    key: {str(value): n for value, n in seen.values[key].items()}
                    for key in seen.differing()
                },
            }
            for task, seen in zip(todo, results, strict=True)
        ],
    }


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    parts = tuple(PROGRAMS)
    add("build", type=Path, help="the build folder")
    add("--times", type=int, default=10, help="how often (default: 10)")
    add("--part", action="append", choices=parts, help="default: all")
    add("--subject", help="of the cases; default: reference")
    add("--backend", action="append", help="default: all that are installed")
    add("--mode", action="append", help="default: all modes of the subject")
    add("--lane", action="append", help="default: plain")
    add("--case", action="append", default=[], metavar="GLOB")
    add("--json", type=Path, metavar="FILE", help="write what differed, too")
    add("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    arguments.build = arguments.build.resolve()
    arguments.part = arguments.part or list(parts)
    arguments.lane = arguments.lane or ["plain"]
    if arguments.times < 2:
        parser.error("--times: two at least, or nothing is compared")
    for part in {"check", *arguments.part}:
        if not (arguments.build / PROGRAMS[part]).is_file():
            parser.error(f"{arguments.build} has no {PROGRAMS[part]}: build it first")
    return arguments


def main() -> int:
    """Repeat, compare, say."""
    arguments = parse()
    try:
        todo = tasks(arguments)
        with ThreadPoolExecutor(arguments.jobs) as pool:
            results, counts = [], []
            work = pool.map(lambda task: repeat(task, arguments.times), todo)
            for task, seen in zip(todo, work, strict=True):
                results.append(seen)
                counts.append(say(task, seen))
    except RepeatError as error:
        print(f"repeat.py: {error}", file=sys.stderr)
        return 1
    if arguments.json:
        said = json.dumps(document(arguments.times, todo, results), indent=1)
        arguments.json.write_text(said + "\n", encoding="utf-8")
    for key in stale(results) if arguments.times >= STALE_AFTER else []:
        print(f"not needed: {key} is declared inexact, and was equal all the time")
    print(f"{arguments.times} times {len(todo)} tasks: {sum(counts)} values differed")
    return 3 if any(counts) else 0


if __name__ == "__main__":
    raise SystemExit(main())
