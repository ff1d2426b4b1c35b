# SPDX-License-Identifier: MIT
"""Make the JUnit files of several lanes one set of results.

usage: lanes.py DIRECTORY

The same test runs in several lanes (gcc, clang, asan …), and a CI server that
reads all files keeps one result of those that bear the same name: each test
case's class gets the lane, which is the file's name, in front.  What Jenkins'
xUnit plug-in refuses is taken out: attributes that its schema lacks, times that
are no plain decimals, bytes that XML forbids.  Safe to repeat.
"""

import re
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

# A test may print bytes that XML 1.0 forbids, and Meson copies them.
FORBIDDEN = re.compile("[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")
COUNTS = {"name", "tests", "failures", "errors", "time"}
ATTRIBUTES = {
    "testsuites": COUNTS,
    "testsuite": COUNTS | {"skipped", "timestamp", "hostname", "id", "package"},
    "testcase": {"name", "classname", "time", "group"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"type", "message"},
}
CASE_PARTS = {"skipped", "error", "failure", "system-out", "system-err"}


def read(path: Path) -> ET.Element:
    """A file's root, whatever bytes are in it."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return ET.fromstring(FORBIDDEN.sub("?", text))


def seconds(text: str) -> str:
    """A time as a plain decimal."""
    try:
        return f"{float(text):.3f}"
    except ValueError:
        return "0.000"


def keep_to_schema(root: ET.Element) -> None:
    """Take out what the schema lacks; add the counts that it wants."""
    for element in root.iter():
        allowed = ATTRIBUTES.get(element.tag, set(element.attrib))
        for name in set(element.attrib) - allowed:
            del element.attrib[name]
        if "time" in element.attrib:
            element.set("time", seconds(element.attrib["time"]))
    for suite in root.iter("testsuite"):
        for name in ("tests", "failures", "errors"):
            suite.attrib.setdefault(name, "0")
    for case in root.iter("testcase"):
        for part in [part for part in case if part.tag not in CASE_PARTS]:
            case.remove(part)


def name_lane(root: ET.Element, lane: str) -> None:
    """Put the lane before each class; number the cases that are still alike."""
    seen: Counter[tuple[str, str]] = Counter()
    for suite in root.iter("testsuite"):
        for case in suite.findall("testcase"):
            of = case.get("classname") or suite.get("name") or "tests"
            of = of if of.startswith(f"{lane}.") else f"{lane}.{of}"
            name = case.get("name", "")
            seen[of, name] += 1
            number = seen[of, name]
            case.set("classname", of)
            case.set("name", name if number == 1 else f"{name} ({number})")


def main(directory: Path) -> None:
    for path in sorted(directory.glob("*.xml")):
        root = read(path)
        keep_to_schema(root)
        name_lane(root, path.stem)
        ET.ElementTree(root).write(path, "utf-8", xml_declaration=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
