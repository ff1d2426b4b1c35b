# SPDX-License-Identifier: MIT
"""Bugs that happened: hold history.toml against the suite, and print it.

    history.py check --list cases.json    # exit 1 when an entry is wrong
    history.py write --list cases.json    # HISTORY.md anew
    history.py list --list cases.json --json FILE    # each bug and its state

An entry is a memory bug that somebody reported and somebody mended::

    [[bug]]
    issue = "cpython gh-111777"
    url = "https://github.com/python/cpython/issues/111777"
    year = 2023                       # of the mend where known, else of the report
    kind = "weak callback"
    essence = "What was got wrong, in our words, as any runtime could get it wrong."
    seed = "memory: how the same mistake is written into the reference"
    requirements = ["RENT-003"]
    cases = ["rent.callbacks_collect"]     # that fail on a runtime with this bug
    fault = "rent.dying_objects_stay_tracked"

    holdout = 1                            # only these: drawn when the cases stood
    first = "missed"                       # what they said of the seeded fault then

and it stands in one of four states:

    proved       `fault` is the bug in the reference, which the cases catch
    read         `cases` would fail, by reading them; nothing was built
    missing      `wanted` says the smallest case, which nobody has written
    out of reach `out_of_reach` says why the contract cannot show it

Python 3.11, the standard library alone.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
STATES = ("proved", "read", "missing", "out of reach")
ALWAYS = {"issue": str, "url": str, "year": int, "kind": str, "essence": str}
SOMETIMES = {
    "seed": str, "requirements": list, "cases": list, "fault": str, "wanted": str,
    "out_of_reach": str, "note": str, "holdout": int, "first": str,
}  # fmt: skip
FIRST = ("caught", "missed")

Bug = dict[str, Any]


def load(path: Path) -> dict[str, Any]:
    """Read a TOML file."""
    with path.open("rb") as stream:
        return tomllib.load(stream)


def state(bug: Bug) -> str:
    """Return one of STATES."""
    if bug.get("out_of_reach"):
        return "out of reach"
    if not bug.get("cases"):
        return "missing"
    return "proved" if bug.get("fault") else "read"


def form_faults(bug: Bug) -> list[str]:
    """What is wrong with an entry by itself."""
    faults = [
        f"{key} is missing or no {kind.__name__}"
        for key, kind in ALWAYS.items()
        if not isinstance(bug.get(key), kind) or not bug[key]
    ]
    for key, value in bug.items():
        kind = ALWAYS.get(key) or SOMETIMES.get(key)
        if kind is None:
            faults.append(f"no key {key!r} is known")
        elif not isinstance(value, kind):
            faults.append(f"{key} is no {kind.__name__}")
    if ("first" in bug) != ("holdout" in bug) or bug.get(
        "first", "caught"
    ) not in FIRST:
        faults.append("holdout and first come together; first is caught or missed")
    said = [key for key in ("cases", "wanted", "out_of_reach") if bug.get(key)]
    if len(said) != 1:
        faults.append(f"one of cases, wanted and out_of_reach, not {said or 'none'}")
    if bug.get("cases") and not bug.get("requirements"):
        faults.append("it has cases and no requirement")
    return faults


def reference_faults(
    bug: Bug, requirements: set[str], cases: dict[str, list[str]],
    seeded: dict[str, list[str]],
) -> list[str]:  # fmt: skip
    """What an entry names that does not exist, or that belongs elsewhere."""
    faults = [f"no requirement {n}" for n in bug.get("requirements", ())
              if n not in requirements]  # fmt: skip
    faults += [f"no case {n}" for n in bug.get("cases", ()) if n not in cases]
    fault = bug.get("fault")
    if fault is not None and fault not in seeded:
        faults.append(f"no seeded fault {fault}")
    elif fault is not None:
        asked = set(seeded[fault])
        for name in bug.get("cases", ()):
            if name in cases and not asked.intersection(cases[name]):
                faults.append(f"{name} is no case of {fault}'s requirements")
    return faults


def all_faults(bugs: list[Bug], listing: Path) -> list[str]:
    """Every fault of the file, each with the entry it is in."""
    requirements = {r["id"] for r in load(HERE / "requirements.toml")["requirement"]}
    listed = json.loads(listing.read_text(encoding="utf-8"))["cases"]
    cases = {case["id"]: case["requirements"] for case in listed}
    seeded = {
        entry["id"]: entry.get("requirements", [])
        for path in (HERE / "faults").glob("*.toml")
        for entry in load(path).get("fault", [])
    }
    faults = [f"{name}: there twice" for name, n in
              Counter(bug.get("issue") for bug in bugs).items() if n > 1]  # fmt: skip
    for bug in bugs:
        wrong = form_faults(bug) or reference_faults(bug, requirements, cases, seeded)
        faults += [f"{bug.get('issue', 'an entry')}: {text}" for text in wrong]
    return faults


# ---- HISTORY.md ----------------------------------------------------------------

HEAD = """\
# Bugs that happened

{total} memory bugs of Python-like runtimes that were reported and mended, and whether
a conformance case would have caught each. `history.toml` has them; `history.py` made
this page and says there what the four states are. Of the {reach} that the contract can
show, **{caught} ({share} %) are caught**: {proved} were seeded into the reference and
caught by the cases, {read} are judged by reading the cases.
"""


def table(heads: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def counted(bugs: list[Bug], key: str) -> str:
    """How many bugs of each kind or project are in which state."""
    groups: dict[str, Counter[str]] = {}
    for bug in bugs:
        groups.setdefault(bug[key], Counter())[state(bug)] += 1
    rows = [
        [name, *(str(n[one] or "") for one in STATES)]
        for name, n in sorted(groups.items(), key=lambda g: (-g[1].total(), g[0]))
    ]
    return table([key, *STATES], rows)


HOLDOUT = """
## Holdouts

Bugs that were drawn when the cases stood, and written as faults of the reference
before anybody looked whether a case catches them. *First* is how many the cases
caught then, by a case of the right requirement; the others got cases by their kind.

"""


def holdouts(bugs: list[Bug]) -> str:
    """How the cases did on each holdout at first, and how they do today."""
    rows = []
    for number in sorted({bug["holdout"] for bug in bugs if "holdout" in bug}):
        drawn = [bug for bug in bugs if bug.get("holdout") == number]
        first = sum(bug["first"] == "caught" for bug in drawn)
        today = sum(state(bug) == "proved" for bug in drawn)
        share = f"{first} ({100 * first // len(drawn)} %)"
        rows.append([str(number), str(len(drawn)), share, str(today)])
    heads = ["holdout", "bugs seeded", "caught first", "caught today"]
    return HOLDOUT + table(heads, rows) if rows else ""


def row(bug: Bug) -> list[str]:
    """One bug's line."""
    answer = {
        "missing": f"wanted: {bug.get('wanted')}",
        "out of reach": bug.get("out_of_reach", ""),
    }.get(state(bug)) or ", ".join(f"`{name}`" for name in bug["cases"])
    issue = f"[{bug['issue']}]({bug['url']}) ({bug['year']})"
    asked = " ".join(bug.get("requirements", ()))
    return [issue, bug["essence"], asked, state(bug), answer]


def text(bugs: list[Bug]) -> str:
    """Return the page."""
    n = Counter(map(state, bugs))
    reach = len(bugs) - n["out of reach"]
    caught = n["proved"] + n["read"]
    parts = [HEAD.format(total=len(bugs), reach=reach, caught=caught,
                         share=100 * caught // reach, **n)]  # fmt: skip
    projects = [{**bug, "project": bug["issue"].split()[0]} for bug in bugs]
    parts += [holdouts(bugs)]
    parts += ["\n## By project\n\n", counted(projects, "project")]
    parts += ["\n## By kind\n\n", counted(bugs, "kind"), "\n## Bug by bug\n"]
    for kind in sorted({bug["kind"] for bug in bugs}):
        heads = ["issue", "what was wrong", "requirement", "state", "case"]
        rows = [[cell.replace("|", "\\|") for cell in row(bug)]
                for bug in bugs if bug["kind"] == kind]  # fmt: skip
        parts += [f"\n### {kind}\n\n", table(heads, rows)]
    return "".join(parts)


def document(bugs: list[Bug]) -> dict[str, Any]:
    """Each bug and its state, for programs."""
    return {
        "bugs": [
            {
                "issue": bug["issue"],
                "essence": bug["essence"],
                "state": state(bug),
                "requirements": bug.get("requirements", []),
                "fault": bug.get("fault"),
            }
            for bug in bugs
        ]
    }


def main(argv: list[str] | None = None) -> int:
    """Exit code 1 when the file is wrong or the page is out of date."""
    parser = argparse.ArgumentParser(description="Bugs that happened.")
    parser.add_argument("verb", choices=("check", "write", "list"))
    parser.add_argument("--list", type=Path, required=True, metavar="FILE",
                        help="what `pmm-conform --list --json` prints")  # fmt: skip
    parser.add_argument("--json", type=Path, default=Path("/dev/stdout"),
                        metavar="FILE", help="of list; default: stdout")  # fmt: skip
    parser.add_argument("--stamp", type=Path, help="file to write when all is well")
    options = parser.parse_args(argv)
    bugs: list[Bug] = load(HERE / "history.toml")["bug"]
    faults = all_faults(bugs, options.list)
    page = HERE / "HISTORY.md"
    if not faults and options.verb == "write":
        page.write_text(text(bugs), encoding="utf-8")
    elif not faults and options.verb == "list":
        said = json.dumps(document(bugs), indent=1)
        options.json.write_text(said + "\n", encoding="utf-8")
    elif not faults and page.read_text(encoding="utf-8") != text(bugs):
        faults.append("HISTORY.md is out of date: conformance/history.py write")
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults and options.stamp:
        options.stamp.write_text("", encoding="utf-8")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
