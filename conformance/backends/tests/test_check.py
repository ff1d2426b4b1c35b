# SPDX-License-Identifier: MIT
"""pmm-backend-check tells broken backends from good ones.

Each plug-in breaks one rule (impl/tests/backends/plugins.c).  The case of that
rule must give the expected class, the exit code must be 3, and the line that
the tool prints to repeat a failure must repeat it.

Usage: test_check.py PMM_BACKEND_CHECK PLUGIN_FOLDER
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

Case = dict[str, Any]

# Plug-in, options, class, words of the message.
BROKEN = [
    ("overlaps", ["--case", "backend.no_overlap"], "FAIL", "overlaps"),
    ("dirty", ["--case", "backend.zeroed"], "FAIL", "byte 0"),
    ("crashes", ["--case", "backend.realloc_data"], "CRASH", "Segmentation"),
    ("hangs", ["--case", "backend.zeroed", "--timeout", "1"], "TIMEOUT", "1 s"),
    ("null_zero", ["--case", "backend.zero_size"], "FAIL", "gave NULL"),
    ("same_zero", ["--case", "backend.zero_size"], "FAIL", "size 0 gave"),
    ("leaves", ["--case", "backend.sized_free"], "HARNESS_ERROR", "left no record"),
]


class Tap:
    """Counts and prints results."""

    def __init__(self) -> None:
        self.run = 0
        self.failed = 0

    def ok(self, good: bool, text: str) -> None:
        self.run += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.run} - {text}")

    def done(self) -> int:
        print(f"1..{self.run}")
        return 1 if self.failed else 0


def call(tool: str, *arguments: str) -> tuple[int, list[Case]]:
    """Exit code, and the cases of the JSON lines written."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "result.jsonl")
        done = subprocess.run(
            [tool, "--jsonl", str(path), *arguments],
            capture_output=True, text=True, timeout=120, check=False,
        )
        text = path.read_text() if path.exists() else ""
    lines = [json.loads(line) for line in text.splitlines()]
    return done.returncode, [line for line in lines if line["type"] == "case"]


def test_good(tap: Tap, tool: str, folder: Path) -> None:
    code, cases = call(tool, "--backend", str(folder / "plugin_good.so"))
    classes = {case["class"] for case in cases}
    tap.ok(code == 0 and classes == {"PASS", "UNSUPPORTED"},
           f"a good plug-in passes: {code}, {sorted(classes)}")
    features = {case["id"]: case["feature"] for case in cases}
    tap.ok(features["backend.owns"] == "OWNS", "a missing claim is named")
    tap.ok(len({case["id"] for case in cases}) == len(cases) >= 15,
           f"{len(cases)} cases, each with an id of its own")


def test_broken(tap: Tap, tool: str, folder: Path) -> None:
    for name, options, kind, words in BROKEN:
        plugin = str(folder / f"plugin_{name}.so")
        code, cases = call(tool, "--backend", plugin, *options)
        found = cases[0] if cases else {}
        tap.ok(code == 3 and found.get("class") == kind
               and words in (found.get("message") or ""),
               f"{name}: {found.get('class')}, {found.get('message')}")
        again = shlex.split(found.get("reproduce", ""))[1:]
        code, cases = call(tool, *again)
        tap.ok(code == 3 and len(cases) == 1 and cases[0]["class"] == kind,
               f"{name}: the line printed repeats it")


def test_meddling(tap: Tap, tool: str, folder: Path) -> None:
    """What a library does to the process that loads it is not the next case's loss."""
    code, cases = call(tool, "--backend", str(folder / "plugin_meddles.so"),
                       "--case", "backend.al*", "--case", "backend.realloc*")
    tap.ok(code == 0
           and {one["class"] for one in cases} == {"PASS", "UNSUPPORTED"},
           f"limits, timers and signals: exit {code}, "
           f"{[one['message'] for one in cases]}")
    code, cases = call(tool, "--backend", str(folder / "plugin_scribbles.so"),
                       "--case", "backend.al*")
    tap.ok(code == 3 and len(cases) > 1
           and {one["class"] for one in cases} == {"HARNESS_ERROR"}
           and all("torn record" in one["message"] for one in cases),
           f"scribbles: exit {code}, the document of {len(cases)} cases is whole")


def describe(tool: str, spec: str) -> Case:
    """What the tool says of a backend without checking it."""
    done = subprocess.run([tool, "--describe", "--backend", spec],
                          capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        return {}
    found: Case = json.loads(done.stdout)["backends"][0]
    return found


def test_describe(tap: Tap, tool: str, folder: Path) -> None:
    plugin = describe(tool, str(folder / "plugin_good.so"))
    tap.ok((plugin["name"], plugin["version"], plugin["origin"])
           == ("plugin", "1", "given"),
           f"a plug-in is asked for its name: {plugin}")
    mine = f"mine={folder / 'mylib.so'},prefix=my_"
    plain, sized = describe(tool, mine), describe(
        tool, f"{mine},free_sized=my_sdallocx")
    tap.ok("SIZED_FREE" not in plain["capabilities"]
           and "SIZED_FREE" in sized["capabilities"],
           "a sized free can be named")
    code, _ = call(tool, "--backend", f"{mine},free_sized=my_sdallocx")
    tap.ok(code == 0, f"and is used as the contract says: {code}")
    tap.ok(describe(tool, str(folder / "plugin_hides.so")) == {},
           "what cannot be opened is not described")


def test_repairs(tap: Tap, tool: str) -> None:
    """A shipped backend says that it is repaired exactly where its library fails."""
    entry = describe(tool, "mimalloc")
    if not entry:
        return tap.ok(True, "mimalloc # SKIP not on this machine")
    bare = f"bare={entry['object']},prefix=mi_"
    code, cases = call(tool, "--backend", bare, "--case", "backend.aligned")
    tap.ok((code == 3) == (entry["repairs"] is not None),
           f"the bare library: exit {code}; repaired: {entry['repairs']}")
    tap.ok(describe(tool, bare)["repairs"] is None, "the bare one is not repaired")
    message = cases[0]["message"] or "aligned to, is asked for"
    tap.ok("aligned to" in message and "is asked for" in message,
           f"the message says what was asked for: {message}")
    code, _ = call(tool, "--backend", "mimalloc", "--case", "backend.aligned")
    tap.ok(code == 0, "the shipped one keeps the rule")


def test_selection(tap: Tap, tool: str) -> None:
    """What both programs that run cases share: globs, samples, no fork."""
    libc = ("--backend", "libc")
    _, cases = call(tool, *libc, "--case", "backend.zero*", "--case", "backend.batch")
    tap.ok([case["id"] for case in cases]
           == ["backend.batch", "backend.zero_size", "backend.zeroed",
               "backend.zeroed_large"],
           "globs may be repeated; cases come by id")
    listing = json.loads(subprocess.run(
        [tool, "--cases", "--json", "--sample", "20"],
        capture_output=True, text=True, timeout=60, check=True).stdout)
    tap.ok(1 <= len(listing["cases"]) <= 4, "one in 20 is a few")
    code, cases = call(tool, *libc, "--no-fork", "--case", "backend.alignment")
    tap.ok(code == 0 and cases[0]["class"] == "PASS", "a case runs without a fork")


def test_usage(tap: Tap, tool: str) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([tool, *arguments], capture_output=True,
                              text=True, timeout=60, check=False)

    unknown = run("--backend", "minalloc")
    tap.ok(unknown.returncode == 2 and "mimalloc" in unknown.stderr,
           "an unknown backend gets the nearest name and exit 2")
    case = run("--case", "backend.zeroes")
    tap.ok(case.returncode == 2 and "nearest: backend.zeroed" in case.stderr,
           f"so does a case: {case.stderr.strip()}")
    option = run("--requirment", "ALLOC-001")
    tap.ok(option.returncode == 2 and "nearest: requirement" in option.stderr,
           f"and an option: {option.stderr.strip()}")
    tap.ok(run("--timeout", "x").returncode == 2, "and a wrong number")
    tap.ok(run("--jsonl", "/no/such/folder/x").returncode == 1,
           "a file that cannot be written is exit 1")
    listing = json.loads(run("--list", "--json").stdout)
    names = [backend["name"] for backend in listing["backends"]]
    tap.ok(names[0] == "pool" and {"libc", "jemalloc", "null"} <= set(names),
           f"the list names {', '.join(names)}")
    described = json.loads(run("--backend", "libc", "--describe").stdout)
    tap.ok([one["name"] for one in described["backends"]] == ["libc"],
           "one that is described stands alone")
    tap.ok(run("--backend", "/no/such.so", "--describe").returncode == 2,
           "what cannot be loaded is not described")
    tap.ok(all(backend["available"] == (backend["reason"] is None)
               for backend in listing["backends"]),
           "what is not to be had has a reason")


def main() -> int:
    tool, folder = sys.argv[1], Path(sys.argv[2])
    tap = Tap()
    test_good(tap, tool, folder)
    test_broken(tap, tool, folder)
    test_meddling(tap, tool, folder)
    test_describe(tap, tool, folder)
    test_repairs(tap, tool)
    test_selection(tap, tool)
    test_usage(tap, tool)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
