# SPDX-License-Identifier: MIT
"""Run clang over the sources of a build folder: its warnings, its static analyzer.

usage: analyze.py BUILD_DIRECTORY JUNIT_FILE [--jobs N] [--part I/N]

Each C and C++ source of the project that compile_commands.json names is one test:
it passes when clang says nothing with the build's own warnings.  Every Nth C
source from the Ith on (all, unless told) is read by the analyzer as well, which
follows the paths of a function and of those it calls within one source; what it
doubts is either a fault or an invariant that no assert states.  Exit code 0 when
all pass, 1 when there is a finding, 2 when clang is missing.
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
FOREIGN = ("-M", "-c", "-fno-semantic", "-flto", "-fdiagnostics-color")
WARN = ["-fsyntax-only", "-Werror", "-Wno-unknown-warning-option"]
ANALYZE = ["--analyze", "--analyzer-output", "text", "-Xclang", "-analyzer-werror"]


def clang_command(command: str, task: list[str]) -> list[str]:
    """Clang's call for a task, with the options of a compiler's call."""
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
    # Colours are nothing that JUnit can hold.
    return ["clang", "-fno-color-diagnostics", *kept, *task]


def ask(entry: dict[str, str], task: list[str]) -> str:
    """What clang says of one source; nothing when it is clean."""
    done = subprocess.run(
        clang_command(entry["command"], task),
        cwd=entry["directory"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr.strip() if done.returncode else ""


def sources(build: Path) -> list[dict[str, str]]:
    """One entry for each source, largest first: the last ones are short."""
    entries = json.loads((build / "compile_commands.json").read_text())
    first = {}
    for entry in entries:
        path = (Path(entry["directory"]) / entry["file"]).resolve()
        if not path.is_relative_to(build.resolve()):
            first.setdefault(path, entry)
    return [first[path] for path in sorted(first, key=lambda p: -p.stat().st_size)]


def tasks(build: Path, part: str) -> list[tuple[dict[str, str], list[str]]]:
    """The analyzer's sources first, for they take longest; then all, for warnings."""
    number, parts = map(int, part.split("/"))
    entries = sources(build)
    in_c = [entry for entry in entries if entry["file"].endswith(".c")]
    return [(entry, ANALYZE) for entry in in_c[number - 1 :: parts]] + [
        (entry, WARN) for entry in entries
    ]


def write_junit(path: Path, results: dict[tuple[str, str], str]) -> None:
    """The findings as one suite of tests."""
    bad = sum(bool(text) for text in results.values())
    suite = ET.Element(
        "testsuite", name="clang", tests=str(len(results)), failures=str(bad)
    )
    for (kind, name), text in sorted(results.items()):
        case = ET.SubElement(suite, "testcase", classname=kind, name=name)
        if text:
            ET.SubElement(case, "failure", message="finding").text = text
    ET.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)


def main() -> int:
    """Ask of all; print what is found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("junit", type=Path)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--part", default="1/1", metavar="I/N")
    arguments = parser.parse_args()
    if shutil.which("clang") is None:
        print("analyze.py: clang is missing", file=sys.stderr)
        return 2
    asked = tasks(arguments.build, arguments.part)
    with ThreadPoolExecutor(arguments.jobs) as pool:
        said = list(pool.map(lambda one: ask(*one), asked))
    names = [
        ("analyzer" if task is ANALYZE else "warnings", entry["file"].lstrip("./"))
        for entry, task in asked
    ]
    results = dict(zip(names, said, strict=True))
    write_junit(arguments.junit, results)
    for text in filter(None, results.values()):
        print(text)
    bad = sum(bool(text) for text in said)
    analyzed = sum(kind == "analyzer" for kind, _ in results)
    print(
        f"   {len(results) - analyzed} sources compiled, {analyzed} analyzed,"
        f" {bad} with findings"
    )
    return 1 if bad or not results else 0


if __name__ == "__main__":
    sys.exit(main())
