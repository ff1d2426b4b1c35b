# SPDX-License-Identifier: MIT
"""Measure the reference pool against what it is to reach, on a quiet machine.

1. All arms of a row follow one another in fresh processes, in random order; rounds
   alternate over all rows, so that what slows the machine slows them all.
2. Every figure is net: of the backend `null` in the same round, of an empty loop
   where the pool is compiled into it. Churn has its draws, which all pay alike.
3. A ratio is the Hodges-Lehmann estimate over the rounds, with the exact 95 %
   signed-rank interval. A target holds, or is missed, when the whole interval says
   so; else it is undecided.

usage: targets.py [--build build] [--rounds 6] [--json FILE] [TRACE...]

Traces are those of the set that are here: `pmm trace remake` records all twelve.
About six minutes with twelve. Exit code 0: all targets hold; 3: one does not.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import geometric_mean, median

from pmm.base.paths import find_paths
from pmm.discover.fetched import fetched_allocators
from pmm.discover.trace_set import place_of, read_set
from pmm.judge.pair_stats import estimate

REPETITIONS = 4
CHURN = "alloc/churn/100000"
SIZES = (513, 768, 1024, 2048, 4096)
SMALL = 48
LEAST_PEAK = 16 << 20
"""Bytes that are live at the peak of a trace whose resident memory is judged."""
GENERAL = ("mimalloc", "jemalloc", "tcmalloc", "rpmalloc-2")
"""The general allocators, in their newest version that is here."""
NOISE = 1.01
Row = tuple[str, ...]


@dataclass(frozen=True)
class Bench:
    """Where the programs are, and the allocators by their names."""

    build: Path
    peers: dict[str, str]

    def run(self, *argv: str | Path) -> str:
        """Run a program of the build; its own words where it fails."""
        tunable = {"GLIBC_TUNABLES": "glibc.rtld.optional_static_tls=16384"}
        done = subprocess.run(
            [self.build / argv[0], *argv[1:]], capture_output=True, text=True,
            check=False, env={**os.environ, **tunable},
        )  # fmt: skip
        if done.returncode != 0:
            raise SystemExit(f"targets.py: {done.stderr.strip() or argv}")
        return done.stdout

    def replay(self, spec: str, trace: Path, aged: bool, seed: int) -> float:
        """Return nanoseconds a call, of the best repetition after the first."""
        told = json.loads(self.run(
            "workloads/traces/pmm-trace", "replay", "--backend", spec, "--time-only",
            "--repetitions", str(REPETITIONS), "--seed", str(seed),
            *(["--aged"] if aged else []), trace,
        ))  # fmt: skip
        return float(min(told["time"]["repetitions_ns"][1:]) / told["calls"])

    def churn(self, spec: str) -> float:
        """Return nanoseconds a step."""
        with tempfile.NamedTemporaryFile(suffix=".json") as out:
            self.run(
                "bench/pmm-bench-alloc", "--backend", spec,
                f"--benchmark_filter={CHURN}$", "--benchmark_min_time=0.2",
                "--benchmark_repetitions=1", f"--benchmark_out={out.name}",
            )  # fmt: skip
            told = json.load(out)
        [one] = [b for b in told["benchmarks"] if b.get("run_type") == "iteration"]
        return float(one["cpu_time"])

    def pairs(self, arm: str, size: int) -> dict[str, float]:
        """Return nanoseconds a block, by how blocks are used."""
        lines = self.run("bench/pool/pmm-pool-pairs", arm, str(size)).splitlines()
        return {word: float(figure) for word, figure in map(str.split, lines)}

    def resident(self, trace: Path, aged: bool) -> tuple[int, int]:
        """Return the pool's peak of resident bytes, and that of live ones."""
        told = json.loads(self.run(
            "workloads/traces/pmm-trace", "replay", "--backend", "pool", "--no-time",
            *(["--aged"] if aged else []), trace,
        ))  # fmt: skip
        return told["memory"]["peak_bytes"], told["peak_live_bytes"]


@dataclass
class Figures:
    """What every arm of every row gave, round by round."""

    found: dict[Row, dict[str, list[float]]] = field(default_factory=dict)

    def add(self, row: Row, arm: str, value: float) -> None:
        """Keep a figure."""
        self.found.setdefault(row, {}).setdefault(arm, []).append(value)

    def net(self, row: Row, arm: str) -> list[float]:
        """Return an arm's figures less what the harness took."""
        arms = self.found[row]
        price = arms.get("empty" if arm == "inlined" else "null")
        if price is None:
            return arms[arm]
        return [max(one - less, 1e-3)
                for one, less in zip(arms[arm], price, strict=True)]  # fmt: skip

    def best(self, row: Row) -> str:
        """Return the general allocator with the least median."""
        general = [arm for arm in self.found[row]
                   if arm not in ("pool", "pymalloc", "null", "inlined", "empty")]  # fmt: skip
        return min(general, key=lambda arm: median(self.net(row, arm)))


@dataclass(frozen=True)
class Result:
    """One target: what was asked, what came out, and whether that is reached."""

    target: str
    measured: str
    verdict: str


# ------------------------------------------------------------------- measuring


def round_of(
    bench: Bench, traces: dict[str, Path], number: int, figures: Figures,
    draw: random.Random,
) -> None:  # fmt: skip
    """Measure every row once."""
    rows: list[Row] = [("trace", name, heap) for name in traces
                       for heap in ("fresh", "aged")]  # fmt: skip
    rows += [("churn",), *(("pairs", str(size)) for size in (SMALL, *SIZES))]
    for row in draw.sample(rows, len(rows)):
        arms = {"pool": "pool", **bench.peers, "null": "null"}
        if row[0] == "churn":
            del arms["null"]
        if row == ("pairs", str(SMALL)):
            arms |= {"inlined": "inlined", "empty": "empty"}
        for arm in draw.sample(sorted(arms), len(arms)):
            measure(bench, row, (arm, arms[arm]), number, (figures, traces))


def measure(
    bench: Bench, row: Row, arm: tuple[str, str], number: int,
    place: tuple[Figures, dict[str, Path]],
) -> None:  # fmt: skip
    """Run one process, and keep what it gives."""
    figures, traces = place
    name, spec = arm
    if row[0] == "trace":
        aged = row[2] == "aged"
        figures.add(row, name, bench.replay(spec, traces[row[1]], aged, number))
    elif row[0] == "churn":
        figures.add(row, name, bench.churn(spec))
    else:
        for word, value in bench.pairs(spec, int(row[1])).items():
            figures.add((*row, word), name, value)


# --------------------------------------------------------------------- judging


def judged(
    target: str, ours: Sequence[float], theirs: Sequence[float], most: float,
    against: str,
) -> Result:  # fmt: skip
    """Hold a ratio against the most that it may be."""
    found = estimate(list(zip(ours, theirs, strict=True)))
    if found is None:
        return Result(target, "no figure", "undecided")
    said = f"{found.ratio:.3f} × {against}"
    if found.low is None or found.high is None:
        return Result(target, said, "undecided")
    verdict = "holds" if found.high <= most else "missed" if found.low > most \
        else "undecided"  # fmt: skip
    return Result(target, f"{said} ({found.low:.3f} to {found.high:.3f})", verdict)


def of_traces(figures: Figures, names: Sequence[str]) -> Iterator[Result]:
    """Judge each trace, fresh and aged, and how much slower aged is."""
    for name in names:
        for heap in ("fresh", "aged"):
            row = ("trace", name, heap)
            ours, best = figures.net(row, "pool"), figures.best(row)
            yield judged(f"{name} {heap} ≤ 0.50 pymalloc", ours,
                         figures.net(row, "pymalloc"), 0.5, "pymalloc")  # fmt: skip
            yield judged(f"{name} {heap} ≤ best", ours, figures.net(row, best),
                         NOISE, best)  # fmt: skip
    both = [[figures.net(("trace", name, heap), "pool") for name in names]
            for heap in ("aged", "fresh")]  # fmt: skip
    aged, fresh = ([geometric_mean(one) for one in zip(*part, strict=True)]
                   for part in both)  # fmt: skip
    yield judged("aged / fresh ≤ 1.10, mean", aged, fresh, 1.10, "fresh")


def of_blocks(figures: Figures) -> Iterator[Result]:
    """Judge churn, the sizes above the pool's classes, and the inlined pair."""
    best = figures.best(("churn",))
    yield judged("churn, 100,000 live ≤ best", figures.net(("churn",), "pool"),
                 figures.net(("churn",), best), NOISE, best)  # fmt: skip
    for size in SIZES:
        for word in ("pair", "stack"):
            row = ("pairs", str(size), word)
            best = figures.best(row)
            yield judged(f"{word} of {size} ≤ best", figures.net(row, "pool"),
                         figures.net(row, best), NOISE, best)  # fmt: skip
    row = ("pairs", str(SMALL), "pair")
    yield judged("inlined pair ≤ 0.35 pymalloc", figures.net(row, "inlined"),
                 figures.net(row, "pymalloc"), 0.35, "pymalloc")  # fmt: skip


def of_memory(bench: Bench, traces: dict[str, Path]) -> Iterator[Result]:
    """Judge resident memory at the peak of the large traces."""
    for name, path in traces.items():
        peak, live = bench.resident(path, aged=False)
        if live >= LEAST_PEAK:
            ratio = peak / live
            said = f"{ratio:.3f} ({peak / 2**20:.1f} of {live / 2**20:.1f} MiB)"
            verdict = "holds" if ratio <= 1.10 else "missed"
            yield Result(f"{name} resident ≤ 1.10 live", said, verdict)


# ------------------------------------------------------------------- the script


def peers_of(build: Path) -> dict[str, str]:
    """Return pymalloc and the general allocators that are here, by name."""
    fetched = {one.instead_of or one.name: one for one in fetched_allocators()}
    found = {"pymalloc": str((build / "bench/pool/pymalloc.so").resolve())}
    for name in GENERAL:
        one = fetched.get(name)
        if one is not None:
            found[one.name] = one.spec
        elif "-" not in name:
            found[name] = name
    return found


def traces_of(build: Path, names: Sequence[str]) -> dict[str, Path]:
    """Return the traces that are asked for and are here."""
    paths = find_paths(None, build)
    known = [one.name for one in read_set(paths.root).program]
    found = {name: place_of(paths, name) for name in names or known}
    return {name: path for name, path in found.items() if path is not None}


def say(results: Sequence[Result]) -> None:
    """Print the table, and what it comes to."""
    width = max(len(one.target) for one in results)
    for one in results:
        print(f"{one.verdict:<10} {one.target:<{width}}  {one.measured}")
    counts = {word: sum(one.verdict == word for one in results)
              for word in ("holds", "missed", "undecided")}  # fmt: skip
    print(", ".join(f"{count} {word}" for word, count in counts.items()))


def options() -> argparse.Namespace:
    """Read the command line."""
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        usage=argparse.SUPPRESS,
    )  # fmt: skip
    words.add_argument("traces", nargs="*", metavar="TRACE")
    words.add_argument("--build", type=Path, default=Path("build"))
    words.add_argument("--rounds", type=int, default=6)
    words.add_argument("--json", type=Path)
    return words.parse_args()


def main() -> int:
    """Build, measure, judge."""
    asked = options()
    subprocess.run(["ninja", "-C", asked.build, "workloads/traces/pmm-trace",
                    "bench/pmm-bench-alloc", "bench/pool/pmm-pool-pairs",
                    "bench/pool/pymalloc.so"], check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    bench = Bench(asked.build, peers_of(asked.build))
    traces = traces_of(asked.build, asked.traces)
    figures, draw = Figures(), random.Random(1)
    for number in range(1, asked.rounds + 1):
        print(f"round {number} of {asked.rounds}", file=sys.stderr, flush=True)
        round_of(bench, traces, number, figures, draw)
    results = [*of_traces(figures, list(traces)), *of_blocks(figures),
               *of_memory(bench, traces)]  # fmt: skip
    say(results)
    if asked.json is not None:
        rows = {" ".join(row): arms for row, arms in figures.found.items()}
        told = [{"target": r.target, "measured": r.measured, "verdict": r.verdict}
                for r in results]  # fmt: skip
        asked.json.write_text(json.dumps({"results": told, "figures": rows}, indent=1))
    return 0 if all(one.verdict == "holds" for one in results) else 3


if __name__ == "__main__":
    sys.exit(main())
