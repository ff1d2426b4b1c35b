# SPDX-License-Identifier: MIT
"""Run clang's static analyzer over the C sources of a build folder.

usage: analyze.py BUILD_DIRECTORY JUNIT_FILE [--jobs N]

Each C source of the project that compile_commands.json names is one test: it
passes when the analyzer says nothing.  The analyzer follows the paths of a
function and of those it calls within one source, so what it doubts is either a
fault or an invariant that no assert states.  Exit code 0 when all pass, 1 when
there is a finding, 2 when clang is missing.
"""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# What comes with an argument of its own and names output.
OUTPUTS = {"-o", "-MF", "-MQ", "-MT"}
# What gcc knows and clang may not.
FOREIGN = ("-W", "-M", "-c", "-fno-semantic", "-flto", "-fdiagnostics-color")


def analyzer_command(command: str) -> list[str]:
    """The analyzer's call for a compiler's call."""
    kept = []
    words = shlex.split(command)
    while not words[0].startswith("-"):  # the compiler, and who calls it
        words.pop(0)
    rest = iter(words)
    for word in rest:
        if word in OUTPUTS:
            next(rest)
        elif not word.startswith(FOREIGN):
            kept.append(word)
    analyzer = ["clang", "--analyze", "--analyzer-output", "text"]
    analyzer.append("-fno-color-diagnostics")  # JUnit cannot hold them
    return [*analyzer, "-Xclang", "-analyzer-werror", *kept]


def analyze(entry: dict[str, str]) -> str:
    """What the analyzer says of one source; nothing when it is clean."""
    done = subprocess.run(
        analyzer_command(entry["command"]),
        cwd=entry["directory"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr.strip() if done.returncode else ""


def sources(build: Path) -> list[dict[str, str]]:
    """One entry for each C source, largest first: the last ones are short."""
    entries = json.loads((build / "compile_commands.json").read_text())
    first = {}
    for entry in entries:
        path = (Path(entry["directory"]) / entry["file"]).resolve()
        if path.suffix == ".c" and not path.is_relative_to(build.resolve()):
            first.setdefault(path, entry)
    return [first[path] for path in sorted(first, key=lambda p: -p.stat().st_size)]


def write_junit(path: Path, results: dict[str, str]) -> None:
    """The findings as one suite of tests."""
    bad = sum(bool(text) for text in results.values())
    suite = ET.Element(
        "testsuite", name="analyzer", tests=str(len(results)), failures=str(bad)
    )
    for name, text in sorted(results.items()):
        case = ET.SubElement(suite, "testcase", classname="analyzer", name=name)
        if text:
            ET.SubElement(case, "failure", message="finding").text = text
    ET.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)


def main() -> int:
    """Analyze all; print what is found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("junit", type=Path)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    if shutil.which("clang") is None:
        print("analyze.py: clang is missing", file=sys.stderr)
        return 2
    entries = sources(arguments.build)
    with ThreadPoolExecutor(arguments.jobs) as pool:
        said = list(pool.map(analyze, entries))
    names = [entry["file"].replace("../", "") for entry in entries]
    results = dict(zip(names, said, strict=True))
    write_junit(arguments.junit, results)
    for text in filter(None, results.values()):
        print(text)
    bad = sum(bool(text) for text in said)
    print(f"   {len(results)} sources analyzed, {bad} with findings")
    return 1 if bad or not results else 0


if __name__ == "__main__":
    sys.exit(main())
