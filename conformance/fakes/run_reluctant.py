# SPDX-License-Identifier: MIT
"""Run the suite on the reference as a stranger's runtime; TAP on stdout.

The reluctant fake (reluctant.c) has no profile, or refuses one operation, and
dies at its end when objects are left.  It is a sound runtime, so whatever goes
wrong is the cases' own fault:

1. Without a profile no case crashes, leaks or fails; what asks for a number is
   UNSUPPORTED, with the number's name.
2. A case that needs the refused operation is UNSUPPORTED, with its name; all
   others pass.  Some operations, or with --all each one.
3. Without weak references a case that has no need of them passes as ever.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

FINE = {"PASS", "UNSUPPORTED"}
LEAVES = {
    "fin.closing_gives_all_back", "fin.open_files_are_closed_with_their_runtime",
    "fin.unseen_objects_keep_their_own_blocks_alone",
}  # fmt: skip
"""They close a runtime with objects left, as the reference's profile allows; there
the fake dies as it says."""
# operation: (lane, cases, how many it makes UNSUPPORTED at least)
REFUSED = {
    "frozenset_new": ("plain", ["*"], 10),
    "call_on_stack": ("plain", ["deep.*", "fin.*", "genr.*"], 7),
    "weakref_new": ("plain", ["wrf.*", "oom.fail*"], 20),
    "list_sort": ("oom-once", ["lst.sort*", "ref.every*"], 1),
    "list_set_steal": ("plain", ["lst.*", "ref.*"], 1),
    "str_append": ("plain", ["str.*"], 1),
    "domain_set": ("plain", ["dom.*"], 1),
    "equals": ("oom-once", ["imm.*"], 1),
}


def run(program: str, fake: str, wish: dict[str, str], *options: str) -> list[Any]:
    """The case lines of a run."""
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "out.jsonl"
        subprocess.run(
            [program, "--subject", fake, "--jsonl", str(lines), *options],
            env={**os.environ, **wish},
            capture_output=True,
            check=False,
        )
        documents = [json.loads(text) for text in lines.read_text().splitlines()]
    return [document for document in documents if document["type"] == "case"]


def shown(case: dict[str, Any]) -> str:
    """A case's result in one line."""
    return f"{case['id']} {case['class']}({case['feature']}): {case['message']}"


def without_profile(program: str, fake: str) -> list[str]:
    """What is wrong when there is no profile."""
    cases = run(program, fake, {})
    wrong = [shown(case) for case in cases if case["class"] not in FINE]
    named = [case for case in cases if case["class"] == "UNSUPPORTED"]
    wrong += [
        shown(case) for case in named if not case["feature"].startswith("profile.")
    ]
    if len(named) < 50:
        wrong.append(f"only {len(named)} of {len(cases)} cases ask for a number")
    return wrong


def without_weak_references(program: str, fake: str) -> list[str]:
    """What is wrong when there are no weak references."""
    wish = {"FAKE_PROFILE": "reference", "FAKE_NO_WEAKREF": "1"}
    globs = ("ref.*", "gc.*", "lst.*")
    options = [part for glob in globs for part in ("--case", glob)]
    cases = run(program, fake, wish, *options)
    wrong = [shown(case) for case in cases if case["class"] not in FINE]
    named = [case for case in cases if case["class"] == "UNSUPPORTED"]
    wrong += [
        shown(case)
        for case in named
        if not case["feature"].startswith(("weak", "proxy", "finalize"))
    ]
    return wrong if named else [*wrong, "no case asked for weak references"]


def without_operation(program: str, fake: str, operation: str, all_: bool) -> list[str]:
    """What is wrong when one operation is refused."""
    lane, globs, least = REFUSED.get(operation, ("plain", ["*"], 0))
    if all_:
        lane, globs, least = "plain", ["*"], 0
    options = ["--lane", lane, *(part for glob in globs for part in ("--case", glob))]
    wish = {"FAKE_PROFILE": "reference", "FAKE_REFUSES": operation}
    cases = run(program, fake, wish, *options)
    wrong = [
        shown(case)
        for case in cases
        if case["class"] not in {*FINE, "WAIVED"} and case["id"] not in LEAVES
    ]
    named = [case for case in cases if case["feature"] == operation]
    if not cases or len(named) < least:
        wrong.append(f"{len(named)} of {len(cases)} cases name it, {least} should")
    return wrong


def operations(program: str, fake: str) -> list[str]:
    """The operations that can be refused."""
    done = subprocess.run(
        [program, "--subject", fake, "--no-fork", "--case", "ref.an_alias_adds_one"],
        env={**os.environ, "FAKE_REFUSES": "?"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def main(program: str, fake: str, *rest: str) -> int:
    """One TAP line for each kind of want."""
    names = operations(program, fake)
    chosen = names if "--all" in rest else list(REFUSED)
    print(f"1..{len(chosen) + 3}")
    wrong = [f"cannot be refused: {name}" for name in REFUSED if name not in names]
    results = [("operations", wrong), ("no profile", without_profile(program, fake))]
    results += [("no weak references", without_weak_references(program, fake))]
    results += [
        (name, without_operation(program, fake, name, "--all" in rest))
        for name in chosen
    ]
    for number, (what, wrong) in enumerate(results, 1):
        print(f"{'not ok' if wrong else 'ok'} {number} - {what}")
        for line in wrong:
            print(f"# {line}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
