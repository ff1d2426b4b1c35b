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
    shows = "SIGSEGV"                    # how it ends, or what it prints, elsewhere;
                                         # "False or SIGSEGV": either
    cases = ["rent.lists_are_emptied_in_allocations"]    # that ask for the same
    issue = "gh-75348"                   # left out: no issue was found
    url = "https://..."
    broken = ["3.8.18", "3.11.7"]        # versions that were tried
    sound = ["3.12.1", "pypy3 8.0.1"]    # a CPython's stands alone

What `pmm check-extension` found in types of extensions stands in
found/extensions.toml: instead of `cases` there are `type`, `check` and `where`, the C
function whose source was read; with `package` the versions are the package's.

``try`` takes whatever runs the cases in plain Python: a CPython, PyPy, MicroPython,
the folder of pyodide. It is exit 1 when a version that stands in the file ends
otherwise than it says. A program that needs a module which the interpreter lacks
(_testcapi, with which allocations are made to fail) is left out, and that is said.
Python 3.11, the standard library alone.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "python"))

from interpreters import CannotStartError, Interpreter, introduced, run, signal_name

LINES_MAX = 10
TEXTS = ("id", "title", "what", "shows")
SECONDS = 120
OR = " or "
LACKS = ("ModuleNotFoundError", "ImportError")
FILES = ("found.toml", "extensions.toml")
VERSIONS = """
import sys
from importlib.metadata import PackageNotFoundError, version
for name in sys.argv[1:]:
    try: print(name, version(name))
    except PackageNotFoundError: pass
"""

Finding = dict[str, Any]


def load() -> list[Finding]:
    """Read the findings."""
    found: list[Finding] = []
    for name in FILES:
        with (HERE / "found" / name).open("rb") as stream:
            found += tomllib.load(stream)["finding"]
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
    if not finding.get("cases") and not (finding.get("type") and finding.get("check")):
        faults.append("neither cases nor a type and its check")
    both = set(finding.get("broken", ())) & set(finding.get("sound", ()))
    faults += [f"{version} is broken and sound" for version in sorted(both)]
    if not finding.get("broken"):
        faults.append("no version shows it")
    if not faults and not program(finding).is_file():
        faults.append(f"there is no {program(finding).name}")
    elif not faults and len(program(finding).read_text().splitlines()) > LINES_MAX:
        faults.append(f"its program has more than {LINES_MAX} lines")
    return faults


def outcome(python: Interpreter, path: Path, packages: bool = False) -> str:
    """How a program ends: the signal, or the last line that it wrote.

    `packages` are those that were installed for the interpreter.
    """
    options = [one for one in python.options if one != "-S" or not packages]
    ending = run([*python.command, *options, str(path)], SECONDS)
    if ending.seconds is not None:
        return "hangs"
    if ending.signal is not None:
        return signal_name(ending.signal)
    lines = (ending.out if ending.code == 0 else ending.err).splitlines()
    return lines[-1] if lines else f"exit code {ending.code}"


def name_of(python: Interpreter) -> str:
    """What an interpreter is called in the file."""
    is_cpython = python.family == "python"
    return python.version if is_cpython else f"{python.family} {python.version}"


def installed(python: Interpreter, findings: list[Finding]) -> dict[str, str]:
    """The versions of the packages of the findings that an interpreter has."""
    names = sorted({one["package"] for one in findings if "package" in one})
    ending = run([*python.command, "-I", "-c", VERSIONS, *names], SECONDS)
    return dict(line.split() for line in ending.out.splitlines())


def tried_on(finding: Finding, python: Interpreter, has: dict[str, str]) -> str:
    """What a finding's program runs on, as the file calls it."""
    package = finding.get("package")
    return f"{package} {has.get(package)}" if package else name_of(python)


def wanted_of(finding: Finding, name: str) -> str | None:
    """How the file says that a program ends; None where it does not say."""
    if name in finding["broken"]:
        return str(finding["shows"])
    return "True" if name in finding["sound"] else None


def try_one(path: str, findings: list[Finding]) -> int:
    """Run the programs on one interpreter; how many end as the file does not say."""
    python = introduced(path)
    if python.wrong:
        raise CannotStartError(f"{path}: {python.wrong}")
    has = installed(python, findings) if python.family == "python" else {}
    wrong = 0
    print(f"{name_of(python)} ({path})")
    for finding in findings:
        wanted = wanted_of(finding, tried_on(finding, python, has))
        seen = outcome(python, program(finding), "package" in finding)
        lacks = seen.startswith(LACKS)
        good = lacks or wanted is None or seen in wanted.split(OR)
        wrong += not good
        known = "not in the file" if wanted is None else f"file: {wanted}"
        known = f"left out; {known}" if lacks else known
        print(f"{'ok' if good else 'not ok'} - {finding['id']}: {seen} ({known})")
    return wrong


def try_all(paths: list[str], findings: list[Finding]) -> int:
    """`try`: the exit code."""
    try:
        return 1 if sum([try_one(path, findings) for path in paths]) else 0
    except CannotStartError as error:
        print(f"found.py: {error}", file=sys.stderr)
        return 2


HEAD = """\
# Found by pmm

What the cases show in shipped interpreters, and `pmm check-extension` in types of
extensions, each with a program of at most ten lines that needs no pmm. `python3
conformance/found.py try python3.12 pypy3` runs them all on interpreters; a program
prints `True` where all is well. `found.py` made this page of `found/found.toml` and
`found/extensions.toml`; the versions are those that were tried. Where `_testcapi` is
imported, one allocation after another is made to fail.
{count} findings, {unknown} of them without an issue that we know of.
"""


NAMES = {"pypy3": "PyPy", "micropython": "MicroPython", "pyodide": "pyodide"}


def listed(versions: list[str]) -> str:
    """Return `CPython 3.8.18, 3.9.18; PyPy 8.0.1`."""
    ours = [version for version in versions if " " not in version]
    others = [version.split() for version in versions if " " in version]
    parts = [f"CPython {', '.join(ours)}"] if ours else []
    parts += [f"{NAMES.get(family, family)} {version}" for family, version in others]
    return "; ".join(parts)


def section(finding: Finding) -> str:
    """One finding."""
    known = (
        f"[{finding['issue']}]({finding['url']})" if "issue" in finding
        else "no issue known"
    )  # fmt: skip
    broken, sound = listed(finding["broken"]), listed(finding["sound"])
    asked = ", ".join(f"`{name}`" for name in finding.get("cases", ()))
    if "type" in finding:
        asked = f"`pmm check-extension`: check `{finding['check']}` of `{finding['type']}`"
    where = f"- in `{finding['where']}`\n" if "where" in finding else ""
    shows = OR.join(f"`{part}`" for part in finding["shows"].split(OR))
    return (
        f"\n## {finding['title']}\n\n{finding['what']} ({known})\n\n"
        f"- {shows} on {broken}\n"
        f"- sound on {sound or 'none that was tried'}\n- asked by {asked}\n{where}\n"
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
        return try_all(names, findings)
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
