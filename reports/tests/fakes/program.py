# SPDX-License-Identifier: MIT
"""Stands in for every program of the suite; behaves as its backend is named.

Started under the name of the program it plays. `fake.json` beside the build
folder lists the backends; a backend named `crash`, `hang`, `torn` … misbehaves.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

ME = Path(sys.argv[0]).absolute()
CONFIG = json.loads((ME.parents[1] / "fake.json").read_text())
SUBJECT = None if ME.name == "pmm-backend-check" else "reference"
CASES = CONFIG.get("cases", ["ref.one", "ref.two", "gc.one"])


def option(name: str, default: str | None = None) -> str | None:
    """Return an option's value."""
    for index, word in enumerate(sys.argv):
        if word == name:
            return sys.argv[index + 1]
        if word.startswith(name + "="):
            return word.split("=", 1)[1]
    return default


BACKEND = option("--backend", "pool") or ""
BEHAVIOUR = CONFIG.get("behaviour", {}).get(BACKEND, BACKEND)


def misbehave(path: Path) -> None:
    """Do what the backend's name says instead of the work."""
    if BEHAVIOUR == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if BEHAVIOUR == "hang":
        if os.fork() == 0:
            os.setpgid(0, 0)
            (ME.parents[1] / "orphan").write_text(str(os.getpid()))
        time.sleep(600)
    if BEHAVIOUR == "exit1":
        print("cannot open the subject", file=sys.stderr)
        sys.exit(1)
    if BEHAVIOUR == "silent":
        sys.exit(0)
    if BEHAVIOUR == "flood":
        block = b"x" * (1 << 16)
        for _ in range(64):
            os.write(1, block)
            os.write(2, block)
    if BEHAVIOUR == "torn":
        path.write_text('{"schema":1,"type":"host","sub')
        sys.exit(0)
    if BEHAVIOUR == "slow":
        time.sleep(0.05)


def case(name: str, outcome: str) -> dict[str, object]:
    """Return a case line."""
    return {
        "schema": 1, "type": "case", "id": name, "title": f"Title of {name} <b>[red]",
        "requirements": ["REF-001"], "level": "MUST", "class": outcome,
        "message": None if outcome == "PASS" else "expected 1 < 2", "feature": None,
        "signal": None, "phase": None, "point": None, "file": "cases/ref.c", "line": 1,
        "elapsed_ns": 1000,
        "counters": {"allocations": CONFIG.get("allocations", 3), "frees": 3,
                     "requested_bytes": 96, "peak_bytes": 96, "collections": 0},
        "reproduce": f"pmm-conform --case {name}",
    }  # fmt: skip


def conform() -> int:
    """Play pmm-conform or pmm-backend-check."""
    path = Path(option("--jsonl") or "/dev/null")
    misbehave(path)
    classes = dict.fromkeys(CASES, "PASS")
    classes.update(CONFIG.get("classes", {}).get(BACKEND, {}))
    if BEHAVIOUR == "fail":
        classes[CASES[0]] = "FAIL"
    lines: list[dict[str, object]] = [
        {
            "schema": 1, "type": "host",
            "subject": "another" if BEHAVIOUR == "impostor" else SUBJECT,
            "subject_version": "0.1.0", "build": "fake", "backend": BACKEND,
            "mode": "full", "lane": option("--lane", "plain"), "features": [],
            "seed": 1, "attach": "vtable",
        }
    ]  # fmt: skip
    chosen = option("--case")
    lines += [case(n, c) for n, c in classes.items() if chosen in (None, n)]
    counts: dict[str, int] = {}
    for line in lines[1:]:
        counts[str(line["class"])] = counts.get(str(line["class"]), 0) + 1
    if BEHAVIOUR == "miscount":
        counts["PASS"] += 1
    if BEHAVIOUR == "twice":
        lines.append(lines[-1])
    lines.append({"schema": 1, "type": "end", "counts": counts})
    if BEHAVIOUR == "unfinished":
        lines = lines[:2]
    if BEHAVIOUR == "stranger":
        lines[1]["surprise"] = 1
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    if BEHAVIOUR == "unfinished":
        os.kill(os.getpid(), signal.SIGABRT)
    bad = set(counts) & {"FAIL", "CRASH"}
    return 3 if bad and BEHAVIOUR != "denial" else 0


def work() -> int:
    """Play pmm-work."""
    path = Path(option("--json") or "/dev/stdout")
    misbehave(path)
    figure = {"name": "peak_bytes", "value": CONFIG.get("peak", 4096),
              "unit": "bytes", "exact": True}  # fmt: skip
    good = BEHAVIOUR != "wrong"
    document = {
        "schema": 1, "type": "work", "workload": sys.argv[1], "form": "c",
        "subject": "reference", "subject_version": "0.1.0", "backend": BACKEND,
        "mode": "full", "attach": "vtable",
        "parameters": {"items": int(CONFIG.get("items", 10))},
        "seed": 1, "verified": good, "checksum": "1",
        "variants": [{
            "name": option("--variant", "list"), "verified": good, "checksum": "1",
            "elapsed_ns": 10, "phases": [], "figures": [figure],
            "series": {"columns": ["t_ns", "live_bytes"], "rows": [[0, 1], [1, None]]},
        }],
        "claims": [], "findings": [], "error": None,
        "witness": {"object": "/lib/x.so", "symbol_in_object": BEHAVIOUR != "forged",
                    "owns": True, "usable_size": None, "counters_moved": True},
    }  # fmt: skip
    text = json.dumps(document)
    path.write_text(text.replace("4096", "NaN") if BEHAVIOUR == "nan" else text)
    return 0 if good else 3


FIGURES = ("per_object_ns", "longest_step_ns", "collector_ns", "most_garbage",
           "rss_growth_bytes")  # fmt: skip


def pair() -> int:
    """Play one arm of a comparison: a subject from a file takes twice as long."""
    names, _, size = (option("--benchmark_filter") or "")[2:].partition(")/")
    subject = option("--subject") or "reference"
    value = random.lognormvariate(0, 0.01) * (2.0 if "/" in subject else 1.0)
    rows = []
    for name in names.split("|"):
        full = f"{name}/{size.partition('(')[0]}/iterations:3/manual_time"
        figures = dict.fromkeys(FIGURES, 1000 * value)
        rows.append(
            {"name": full, "run_name": full, "run_type": "iteration", **figures}
        )
    context = {"date": "x", "executable": "x", "num_cpus": 2, "pmm_subject": subject,
               "pmm_backend": BACKEND, "pmm_mode": option("--mode", "generational"),
               "pmm_subject_version": "0.1.0"}  # fmt: skip
    path = Path(option("--benchmark_out") or "/dev/stdout")
    path.write_text(json.dumps({"context": context, "benchmarks": rows}))
    return 0


def bench() -> int:
    """Play a Google Benchmark program."""
    if (option("--benchmark_filter") or "").startswith("^("):
        return pair()
    path = Path(option("--benchmark_out") or "/dev/stdout")
    misbehave(path)
    base = CONFIG.get("bench_ns", 10.0) * (1.0 if BACKEND == "libc" else 0.5)
    rows = [
        {
            "name": "alloc/pair/48/repeats:5", "run_name": "alloc/pair/48/repeats:5",
            "run_type": "iteration", "repetition_index": i, "iterations": 100,
            "real_time": base + i / 100, "cpu_time": base + i / 100, "time_unit": "ns",
        }
        for i in range(5)
    ]  # fmt: skip
    rows.append({"name": "alloc/pair/48_mean", "run_name": "alloc/pair/48/repeats:5",
                 "run_type": "aggregate", "real_time": 1, "cpu_time": 1})  # fmt: skip
    document = {
        "context": {"date": "x", "executable": "x", "num_cpus": 2,
                    "pmm_backend": BACKEND, "pmm_witness_ok": "true"},
        "benchmarks": [] if BEHAVIOUR == "empty" else rows,
    }  # fmt: skip
    path.write_text(json.dumps(document))
    return 0


def listing() -> int:
    """Answer --list."""
    if ME.name == "pmm-conform":
        said = {"name": "fake"}
        cases = [{"id": name} for name in CASES]
        print(json.dumps({"schema": 1, "cases": cases, "subject": said}))
    elif ME.name == "pmm-backend-check":
        entries = [
            {
                "name": name, "version": "1", "summary": f"The {name}",
                "available": name != "absent",
                "reason": "libabsent.so: not found" if name == "absent" else None,
                "capabilities": [], "object": None,
            }
            for name in CONFIG["backends"]
        ]  # fmt: skip
        print(json.dumps({"schema": 1, "backends": entries}))
    else:
        entries = [
            {"name": name, "title": f"The {name}", "question": "What does it cost?",
             "page": "memory", "small": "items=1000", "smallest": None,
             "variants": [{"name": one} for one in ("clean", "lost_reference")]}
            for name in CONFIG["workloads"]
        ]  # fmt: skip
        print(json.dumps({"schema": 1, "workloads": entries}))
    return 0


def describe() -> int:
    """Answer --describe."""
    entry = {"name": Path(BACKEND).name, "version": "1", "summary": f"The {BACKEND}",
             "available": True, "reason": None, "capabilities": [], "object": None,
             "origin": "given", "repairs": None}  # fmt: skip
    print(json.dumps(entry))
    return 0


def main() -> int:
    """Play the program whose name this one was started under."""
    if "--describe" in sys.argv:
        return describe()
    if "--list" in sys.argv:
        return listing()
    with (ME.parents[1] / "started").open("a") as log:
        log.write(f"{ME.name} {BACKEND}\n")
    if ME.name in ("pmm-conform", "pmm-backend-check"):
        return conform()
    return work() if ME.name == "pmm-work" else bench()


if __name__ == "__main__":
    sys.exit(main())
