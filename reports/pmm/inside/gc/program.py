# SPDX-License-Identifier: MIT
"""The collector's figures over a whole program: what `pmm gc programs` runs.

    PYTHON -B program.py on|off OUT PACKAGES SCRIPT [ARGUMENT ...]

1. SCRIPT runs as it would by itself, with the folder PACKAGES to import from, and
   the collector on, or off.
2. A callback notes each collection: what it found, how long it took.
3. Behind the program a full collection tells what was left; garbage in all is what
   every collection found.

One line of JSON goes to the file OUT. Standard library alone, Python 3.8 to 3.15.
"""

import gc
import os
import runpy
import sys
import time
from array import array

GENERATIONS = 3
MOST_PAUSES = 1 << 16


class Account:
    """Figures of a run; all are numbers, and made before it begins."""

    runs = array("q", [0]) * GENERATIONS
    collected = array("q", [0]) * GENERATIONS
    candidates = array("q", [0]) * GENERATIONS
    uncollectable = 0
    told = 0
    stops = 0
    most = 0
    began = 0
    pauses = array("q", [0]) * MOST_PAUSES


clock = getattr(time, "thread_time_ns", time.perf_counter_ns)
try:
    clock()
except OSError:
    clock = time.perf_counter_ns


def heard(phase, info):
    """Hear of a collection."""
    if phase == "start":
        Account.began = clock()
        return
    spent = clock() - Account.began
    generation = info["generation"]
    Account.pauses[Account.stops % MOST_PAUSES] = spent
    Account.stops += 1
    Account.runs[generation] += 1
    Account.collected[generation] += info["collected"]
    Account.uncollectable += info["uncollectable"]
    if info["collected"] > Account.most:
        Account.most = info["collected"]
    if "candidates" in info:
        Account.candidates[generation] += info["candidates"]
        Account.told += 1


def peak_bytes():
    """Return the most that was resident; None where the system does not tell."""
    try:
        with open("/proc/self/status", "rb", buffering=0) as file:
            lines = file.read().splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith(b"VmHWM:"):
            return int(line.split()[1]) * 1024
    return None


def run(script, arguments):
    """Run the program; return how it ended: None: well."""
    sys.argv[:] = [script, *arguments]
    sys.path.insert(0, os.path.dirname(os.path.abspath(script)))
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as error:
        if error.code not in (None, 0):
            return f"it ended with {str(error.code)[:200]}"
    except BaseException as error:
        return f"it raised {type(error).__name__}: {str(error)[:200]}"
    return None


def troubles(on):
    """Return what the program did that moves its figures."""
    found = []
    if heard not in gc.callbacks:
        found.append("it took our callback out of gc.callbacks")
    if on and not gc.isenabled():
        found.append("it disabled the collector")
    if not on and gc.isenabled():
        found.append("it enabled the collector")
    return found


def measured(on, script, arguments):
    """Run the program and return its figures."""
    gc.collect()
    if not on:
        gc.disable()
    thresholds = list(gc.get_threshold())
    gc.callbacks.append(heard)
    began, began_cpu = time.perf_counter_ns(), time.process_time_ns()
    failure = run(script, arguments)
    spent, spent_cpu = (
        time.perf_counter_ns() - began,
        time.process_time_ns() - began_cpu,
    )
    found = troubles(on)
    if heard in gc.callbacks:
        gc.callbacks.remove(heard)
    peak = peak_bytes()
    left = gc.collect()
    told = Account.told == Account.stops > 0
    return {
        "version": ".".join(map(str, sys.version_info[:3])),
        "failure": failure,
        "troubles": found,
        "thresholds": thresholds,
        "changed_thresholds": list(gc.get_threshold()) != thresholds,
        "collections": list(Account.runs),
        "collected": list(Account.collected),
        "candidates": list(Account.candidates) if told else None,
        "uncollectable": Account.uncollectable,
        "most": Account.most,
        "left": left,
        "pauses_ns": list(Account.pauses[: min(Account.stops, MOST_PAUSES)]),
        "program_ns": spent,
        "cpu_ns": spent_cpu,
        "peak_bytes": peak,
    }


def main(what, out, packages, script, *arguments):
    """Do it, and write what came out."""
    if packages:
        sys.path.insert(0, packages)
    import json

    pid = os.getpid()
    found = measured(what == "on", script, list(arguments))
    if os.getpid() == pid:  # a fork that came back has no figures of its own
        with open(out, "w", encoding="utf-8") as file:
            json.dump(found, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
