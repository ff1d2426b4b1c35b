# SPDX-License-Identifier: MIT
"""Build pages from the project's own text with docutils, each text in turn."""

import sys

from docutils.core import publish_parts
from texts import project_texts

MARKS = "=-~^"
SETTINGS = {"report_level": 5, "halt_level": 5, "file_insertion_enabled": False}


def restructured(text):
    """Turn headings, lists and code of Markdown into reStructuredText."""
    lines, inside = [], False
    for line in text.splitlines():
        if line.startswith("```"):
            inside = not inside
            lines += ["", "::", ""] if inside else [""]
        elif inside:
            lines.append("    " + line)
        elif line.startswith("#"):
            level = len(line) - len(line.lstrip("#"))
            title = line.lstrip("# ")
            lines += [
                "",
                title,
                MARKS[min(level, len(MARKS)) - 1] * len(title),
                "",
            ]
        elif line.startswith("|"):
            lines += ["", "    " + line, ""]
        else:
            lines.append(line.replace("`", "``"))
    return "\n".join(lines)


def main(rounds):
    """Build everything so often."""
    sources = [restructured(text) for text in project_texts()]
    size = 0
    for _ in range(rounds):
        for source in sources:
            parts = publish_parts(
                source, writer_name="html5", settings_overrides=SETTINGS
            )
            size += len(parts["whole"])
    if size < 10_000:
        raise SystemExit("the pages are empty")


main(int(sys.argv[1]))
