# SPDX-License-Identifier: MIT
"""What the cases found in shipped interpreters, with programs that show it.

    found.py check --list cases.json     # exit 1 when an entry is wrong
    found.py write --list cases.json     # FOUND.md anew
    found.py try PYTHON...               # run each program on each interpreter

A finding is an entry of found/found.toml and a program found/ID.py of at most ten
lines, without pmm, that prints True where all is well::

    [[finding]]
    id = "slice_while_emptied"
    title = "..."
    what = "what goes wrong, and why"
    shows = "SIGSEGV"                    # how it ends, or what it prints, elsewhere
    cases = ["rent.lists_are_emptied_in_allocations"]    # that ask for the same
    issue = "gh-75348"                   # left out: no issue was found
    url = "https://..."
    broken = ["3.8.18", "3.11.7"]        # versions that were tried
    sound = ["3.12.1"]

``try`` is exit 1 when a version that stands in the file ends otherwise than it says.
Python 3.11, the standard library alone.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
LINES_MAX = 10
TEXTS = ("id", "title", "what", "shows")
SECONDS = 120
VERSION = "import platform; print(platform.python_version())"

Finding = dict[str, Any]


def load() -> list[Finding]:
    """Read the findings."""
    with (HERE / "found" / "found.toml").open("rb") as stream:
        found: list[Finding] = tomllib.load(stream)["finding"]
    return found


def program(finding: Finding) -> Path:
    """The file that shows a finding."""
    return HERE / "found" / f"{finding['id']}.py"


def faults_of(finding: Finding, cases: set[str]) -> list[str]:
    """What is wrong with an entry."""
    faults = [f"{key} is missing" for key in TEXTS if not finding.get(key)]
    faults += [f"no case {name}" for name in finding.get("cases", ())
               if name not in cases]  # fmt: skip
    if bool(finding.get("issue")) != bool(finding.get("url")):
        faults.append("an issue and its url belong together")
    both = set(finding.get("broken", ())) & set(finding.get("sound", ()))
    faults += [f"{version} is broken and sound" for version in sorted(both)]
    if not finding.get("broken"):
        faults.append("no version shows it")
    if not faults and not program(finding).is_file():
        faults.append(f"there is no {program(finding).name}")
    elif not faults and len(program(finding).read_text().splitlines()) > LINES_MAX:
        faults.append(f"its program has more than {LINES_MAX} lines")
    return faults


def outcome(python: str, path: Path) -> str:
    """How a program ends: the signal, or the last line that it wrote."""
    try:
        done = subprocess.run(
            [python, "-I", str(path)], capture_output=True, text=True,
            timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "hangs"
    if done.returncode < 0:
        return signal.Signals(-done.returncode).name
    lines = (done.stdout if done.returncode == 0 else done.stderr).splitlines()
    return lines[-1] if lines else f"exit code {done.returncode}"


def try_one(python: str, findings: list[Finding]) -> int:
    """Run the programs on one interpreter; how many end as the file does not say."""
    asked = subprocess.run(
        [python, "-I", "-c", VERSION], capture_output=True, text=True, check=False
    )
    version, wrong = asked.stdout.strip(), 0
    print(f"{version or 'unknown'} ({python})")
    for finding in findings:
        wanted = (
            finding["shows"] if version in finding["broken"]
            else "True" if version in finding["sound"] else None
        )  # fmt: skip
        seen = outcome(python, program(finding))
        good = wanted is None or seen == wanted
        wrong += not good
        known = "not in the file" if wanted is None else f"file: {wanted}"
        print(f"{'ok' if good else 'not ok'} - {finding['id']}: {seen} ({known})")
    return wrong


HEAD = """\
# Found by pmm

What the cases show in shipped CPythons, each with a program of at most ten lines that
needs no pmm. `python3 conformance/found.py try python3.12` runs them all on an
interpreter; a program prints `True` where all is well. `found.py` made this page of
`found/found.toml`; the versions are those that were tried.
{count} findings, {unknown} of them without an issue that we know of.
"""


def section(finding: Finding) -> str:
    """One finding."""
    known = (
        f"[{finding['issue']}]({finding['url']})" if "issue" in finding
        else "no issue known"
    )  # fmt: skip
    broken, sound = ", ".join(finding["broken"]), ", ".join(finding["sound"])
    asked = ", ".join(f"`{name}`" for name in finding["cases"])
    return (
        f"\n## {finding['title']}\n\n{finding['what']} ({known})\n\n"
        f"- `{finding['shows']}` on CPython {broken}\n"
        f"- sound on {sound or 'none that was tried'}\n- asked by {asked}\n\n"
        f"```python\n{program(finding).read_text()}```\n"
    )


def page(findings: list[Finding]) -> str:
    """FOUND.md."""
    unknown = sum("issue" not in finding for finding in findings)
    head = HEAD.format(count=len(findings), unknown=unknown)
    return head + "".join(map(section, findings))


def check(findings: list[Finding], listing: Path, write: bool) -> list[str]:
    """Hold the file and the page against one another; write the page."""
    listed = json.loads(listing.read_text(encoding="utf-8"))["cases"]
    cases = {case["id"] for case in listed}
    faults = [f"{finding.get('id', 'an entry')}: {text}" for finding in findings
              for text in faults_of(finding, cases)]  # fmt: skip
    path = HERE / "FOUND.md"
    if not faults and write:
        path.write_text(page(findings), encoding="utf-8")
    elif not faults and path.read_text(encoding="utf-8") != page(findings):
        faults.append("FOUND.md is out of date: conformance/found.py write")
    return faults


def main(argv: list[str] | None = None) -> int:
    """Exit code 1 when something is not as it is said."""
    parser = argparse.ArgumentParser(description="What the cases found.")
    parser.add_argument("verb", choices=("check", "write", "try"))
    parser.add_argument("python", nargs="*")
    parser.add_argument("--list", type=Path, metavar="FILE",
                        help="what `pmm-conform --list --json` prints")  # fmt: skip
    parser.add_argument("--stamp", type=Path, help="file to write when all is well")
    options = parser.parse_args(argv)
    findings = load()
    if options.verb == "try":
        names = options.python or [sys.executable]
        return 1 if sum(try_one(name, findings) for name in names) else 0
    if options.list is None:
        parser.error("--list is needed")
    faults = check(findings, options.list, options.verb == "write")
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults and options.stamp:
        options.stamp.write_text("", encoding="utf-8")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
