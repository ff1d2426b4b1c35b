# SPDX-License-Identifier: MIT
"""What `pmm cycles` and `pmm rss` cost: user CPU time with and without each.

    python3 workloads/python/overhead.py               # all programs and tools
    python3 workloads/python/overhead.py xml_feed --tool rss --seconds 4

The programs are those of workloads/traces/programs, each run so often within
one interpreter that it takes the seconds alone. Alone and under a tool they are
run in turns, PAIRS times; the least of either is compared. User CPU time is
that of the process itself, which another load of the machine changes little.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAMS = HERE.parent / "traces" / "programs"
INSIDE = HERE.parents[1] / "reports" / "pmm" / "inside"
PAIRS = 2
TOOLS = ("cycles", "rss")
REPEATED = """
import os, resource, sys
pmm_path, pmm_seconds, pmm_times = sys.argv[1], float(sys.argv[2]), 0
sys.stdout = open(os.devnull, "w")
pmm_code = compile(open(pmm_path).read(), pmm_path, "exec")
def pmm_goes_on():
    if pmm_seconds < 0:
        return pmm_times < -pmm_seconds
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime < pmm_seconds
while pmm_goes_on():
    pmm_times += 1
    exec(pmm_code)
print(pmm_times, file=sys.stderr)
"""
"""Runs a program for so many seconds; for minus so many, as many times."""


def run(path, seconds, environment):
    """Run a program; return how many times, and its user CPU time."""
    before = os.times().children_user
    words = [sys.executable, "-c", REPEATED, str(path), str(seconds)]
    done = subprocess.run(
        words, env=environment, stderr=subprocess.PIPE, text=True, check=True
    )
    return int(done.stderr.split()[-1]), os.times().children_user - before


def with_tool(tool, out):
    """Return the environment in which a tool is in every interpreter."""
    return {
        **os.environ,
        "PYTHONPATH": str(INSIDE / "start"),
        "PMM_INSIDE": str(INSIDE / tool / f"pmm_{tool}"),
        "PMM_INSIDE_OUT": out,
    }


def ratio(path, tool, seconds):
    """Return by how much a tool makes a program longer, and its time alone."""
    times, _ = run(path, seconds, os.environ)
    alone, under = [], []
    for _ in range(PAIRS):
        alone.append(run(path, -times, os.environ)[1])
        with tempfile.TemporaryDirectory() as out:
            under.append(run(path, -times, with_tool(tool, out))[1])
    return min(under) / min(alone), min(alone)


def main():
    """Print a line a program and tool, and the most of each tool."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("program", nargs="*")
    parser.add_argument("--tool", choices=TOOLS)
    parser.add_argument("--seconds", type=float, default=2.0)
    given = parser.parse_args()
    names = given.program or sorted(one.stem for one in PROGRAMS.glob("*.py"))
    for tool in [given.tool] if given.tool else TOOLS:
        found = []
        for name in names:
            path = PROGRAMS / f"{name}.py"
            times, alone = ratio(path, tool, given.seconds)
            found.append(times)
            line = f"{alone:5.2f} s alone, {times:.2f} × with it"
            print(f"{tool:<7} {name:<16} {line}", flush=True)
        least, most = min(found), max(found)
        print(f"{tool:<7} {least:.2f} to {most:.2f} × of {len(found)}")


if __name__ == "__main__":
    main()
